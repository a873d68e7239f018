// Package traffic sends requests while something happens, and counts what becomes of every one of them.
package traffic

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// An Answer is what became of one request.
type Answer struct {
	Begin, End time.Time
	// Err is set when no answer came; the other fields then mean nothing.
	Err    error
	Status int
	Header http.Header
	// Service is the backend that answered, as it names itself; empty when Envoy answered by itself.
	Service string
	// Closing is set when the server is about to close the connection, as Envoy does when it drains a listener.
	Closing bool
}

// A Client sends requests to one address, whatever their host, over connections that it keeps.
type Client struct{ http http.Client }

// NewClient returns a client for an IP address and port. It takes any certificate for any https URL, and shows its own if
// it has any.
func NewClient(address string, own ...tls.Certificate) *Client {
	return NewClientOver(func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", address)
	}, own...)
}

// NewClientOver is NewClient for connections that dial makes.
func NewClientOver(dial func(context.Context) (net.Conn, error), own ...tls.Certificate) *Client {
	return &Client{http: http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DialContext:     func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, Certificates: own},
	}}}
}

// Close closes the connections that the client keeps.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Send sends one request: a POST, since net/http silently repeats a GET that got no answer.
func (c *Client) Send(url string) Answer {
	answer := Answer{Begin: time.Now()}
	response, err := c.http.Post(url, "", nil)
	if err == nil {
		defer func() { _ = response.Body.Close() }()
		err = answer.read(response)
	}
	answer.Err, answer.End = err, time.Now()
	return answer
}

func (a *Answer) read(response *http.Response) error {
	a.Status, a.Header, a.Closing = response.StatusCode, response.Header, response.Close
	body, err := io.ReadAll(response.Body)
	if err != nil || a.Status != http.StatusOK {
		return err
	}
	var echo struct{ Service string }
	err = json.Unmarshal(body, &echo)
	a.Service = echo.Service
	return err
}

// Load is requests in loops, bounded in time.
type Load struct {
	stop chan struct{}
	wg   sync.WaitGroup
	mu   sync.Mutex
	sum  Sum
}

// A Sum counts answers.
type Sum struct {
	Total int
	// ByOutcome counts by status, or "error" when there was no answer.
	ByOutcome map[string]int
	// Wrong holds what the check had against answers, at most a few of them, and WrongCount says how many.
	Wrong      []string
	WrongCount int
	// Gap is the longest time without an answer of status 200.
	Gap time.Duration

	lastGood time.Time
}

const (
	pause    = 2 * time.Millisecond
	longest  = 5 * time.Minute
	examples = 5
)

// Start sends requests for url from so many clients, each on a connection of its own, until Stop is called, and for five
// minutes at most. check says what is wrong with an answer, or nothing; it is called by one goroutine at a time.
func Start(address, url string, clients int, check func(client int, a Answer) string) *Load {
	l := &Load{stop: make(chan struct{}), sum: Sum{ByOutcome: map[string]int{}, lastGood: time.Now()}}
	for i := range clients {
		l.wg.Go(func() {
			client := NewClient(address)
			defer client.Close()
			for deadline := time.Now().Add(longest); time.Now().Before(deadline); {
				select {
				case <-l.stop:
					return
				case <-time.After(pause):
				}
				answer := client.Send(url)
				l.mu.Lock()
				l.sum.add(answer, check(i, answer))
				l.mu.Unlock()
			}
		})
	}
	return l
}

func (s *Sum) add(a Answer, complaint string) {
	s.Total++
	outcome := "error"
	if a.Err == nil {
		outcome = fmt.Sprint(a.Status)
	}
	s.ByOutcome[outcome]++
	if a.Err == nil && a.Status == http.StatusOK {
		s.Gap = max(s.Gap, a.End.Sub(s.lastGood))
		s.lastGood = a.End
	}
	if complaint == "" {
		return
	}
	s.WrongCount++
	if len(s.Wrong) < examples {
		s.Wrong = append(s.Wrong, complaint)
	}
}

// Stop ends the load and returns what it counted.
func (l *Load) Stop() Sum {
	close(l.stop)
	l.wg.Wait()
	return l.sum
}

// So says how the requests have gone so far.
func (l *Load) So() Sum {
	l.mu.Lock()
	defer l.mu.Unlock()
	sum := l.sum
	sum.ByOutcome = maps.Clone(sum.ByOutcome)
	return sum
}

// String is the counts in one line.
func (s Sum) String() string {
	var parts []string
	for _, outcome := range slices.Sorted(maps.Keys(s.ByOutcome)) {
		parts = append(parts, fmt.Sprintf("%s: %d", outcome, s.ByOutcome[outcome]))
	}
	return fmt.Sprintf("%d requests (%s), %d wrong, longest time without a good answer %s",
		s.Total, strings.Join(parts, ", "), s.WrongCount, s.Gap.Round(time.Millisecond))
}

// OK complains about every answer that is not a 200 from one of the services.
func OK(services ...string) func(int, Answer) string {
	return func(_ int, a Answer) string {
		switch {
		case a.Err != nil:
			return errors.Join(errors.New("lost"), a.Err).Error()
		case a.Status != http.StatusOK:
			return fmt.Sprintf("status %d", a.Status)
		case !slices.Contains(services, a.Service):
			return fmt.Sprintf("answered by %q", a.Service)
		}
		return ""
	}
}
