package status_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/status"
)

// server stands for an API server: it refuses a patch that was made from another version of the object, and bumps the
// version when it accepts one.
type server struct {
	route  gwv1.HTTPRoute
	writes int
}

var errConflict = errors.New("conflict")

func (s *server) get() *gwv1.HTTPRoute { return s.route.DeepCopy() }

func (s *server) patchStatus(patch []byte) error {
	var read gwv1.HTTPRoute
	if err := json.Unmarshal(patch, &read); err != nil {
		return err
	}
	if read.ResourceVersion != s.route.ResourceVersion {
		return errConflict
	}
	s.writes++
	s.route.Status.Parents = read.Status.Parents
	s.route.ResourceVersion += "'"
	return nil
}

// write is the loop of a host: read, merge, write what differs, and again after a conflict.
func write(s *server, want *status.Desired[gwv1.RouteStatus], now metav1.Time) error {
	for {
		route := s.get()
		patch := status.Patch(route, &route.Status.RouteStatus, want, now)
		if patch == nil {
			return nil
		}
		if err := s.patchStatus(patch); !errors.Is(err, errConflict) {
			return err
		}
	}
}

// A host writes the statuses of a translation. Here it has one route, and makes up what a translation would have decided.
func Example() {
	s := &server{}
	s.route.Name, s.route.Generation, s.route.ResourceVersion = "shop", 1, "1"
	s.route.Status.Parents = []gwv1.RouteParentStatus{{
		ParentRef:      gwv1.ParentReference{Name: "mesh"},
		ControllerName: "example.net/another-controller",
		Conditions:     []metav1.Condition{{Type: "Accepted", Status: metav1.ConditionTrue, Reason: "Accepted"}},
	}}

	facts := status.RouteFacts{
		Object:     status.Object{Kind: "HTTPRoute", Name: "shop", Generation: 1},
		Controller: "example.com/gateway-controller",
		Parents: []status.ParentFacts{{
			Ref: gwv1.ParentReference{Name: "public"},
			Problems: []status.Problem{{
				Code:   status.BackendNotFound,
				Field:  "spec.rules[0].backendRefs[0].name",
				Detail: `there is no Service "cart" in namespace "default"`,
			}},
		}},
	}
	want := facts.Desired()
	for range 1000 { // translations that decide the same
		if err := write(s, &want, metav1.NewTime(time.Now())); err != nil {
			fmt.Println(err)
		}
	}

	fmt.Println(s.writes, "write")
	for _, parent := range s.route.Status.Parents {
		fmt.Println(parent.ParentRef.Name, "by", parent.ControllerName)
		for _, c := range parent.Conditions {
			fmt.Printf("  %s=%s/%s %s\n", c.Type, c.Status, c.Reason, c.Message)
		}
	}
	// Output:
	// 1 write
	// public by example.com/gateway-controller
	//   Accepted=True/Accepted The route is accepted.
	//   ResolvedRefs=False/BackendNotFound spec.rules[0].backendRefs[0].name: there is no Service "cart" in namespace "default"
	// mesh by example.net/another-controller
	//   Accepted=True/Accepted
}

// RateLimit is a policy kind of a host's own.
type RateLimit struct {
	metav1.ObjectMeta
	Status gwv1.PolicyStatus
}

// A host's own policy kind has a PolicyStatus and, here, a condition type of the host's own. The translator knows nothing
// of it; the host says what the status shall be.
func ExamplePatch() {
	policy := &RateLimit{ObjectMeta: metav1.ObjectMeta{Name: "login", Generation: 3, ResourceVersion: "17"}}
	const controller = "example.com/gateway-controller"
	want := status.Desired[gwv1.PolicyStatus]{
		Object:     status.Object{Kind: "RateLimit", Name: "login", Generation: 3},
		Controller: controller,
		Owned:      []string{"Enforced"}, // deleted when it is not desired
		Status: gwv1.PolicyStatus{Ancestors: []gwv1.PolicyAncestorStatus{{
			AncestorRef:    gwv1.ParentReference{Name: "public"},
			ControllerName: controller,
			Conditions: []metav1.Condition{
				{Type: "Accepted", Status: metav1.ConditionTrue, Reason: "Accepted"},
				{Type: "Enforced", Status: metav1.ConditionFalse, Reason: "NoLimitServer", Message: "the limit server is away"},
			},
		}}},
	}
	at := metav1.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	fmt.Println(string(status.Patch(policy, &policy.Status, &want, at)))

	policy.Status, _ = status.Merge(&policy.Status, &want, at)
	fmt.Println("then:", status.Patch(policy, &policy.Status, &want, at) == nil)
	// Output:
	// {"metadata":{"resourceVersion":"17"},"status":{"ancestors":[{"ancestorRef":{"name":"public"},"controllerName":"example.com/gateway-controller","conditions":[{"type":"Accepted","status":"True","observedGeneration":3,"lastTransitionTime":"2026-08-01T12:00:00Z","reason":"Accepted","message":""},{"type":"Enforced","status":"False","observedGeneration":3,"lastTransitionTime":"2026-08-01T12:00:00Z","reason":"NoLimitServer","message":"the limit server is away"}]}]}}
	// then: true
}

// Where a host writes with Update, Merge gives it the whole status. The copy keeps the resourceVersion, which guards it.
func ExampleMerge() {
	cached := &gwv1.Gateway{}
	cached.ResourceVersion = "5"
	facts := status.GatewayFacts{Listeners: []status.ListenerFacts{{Name: "http", Serving: true}}}
	want := facts.Desired()

	merged, changed := status.Merge(&cached.Status, &want, metav1.Now())
	if changed {
		update := cached.DeepCopy() // what the cache holds is not ours to write to
		update.Status = merged
		fmt.Println("update", update.ResourceVersion)
		for _, c := range update.Status.Conditions {
			fmt.Printf("%s=%s/%s\n", c.Type, c.Status, c.Reason)
		}
	}
	// Output:
	// update 5
	// Accepted=True/Accepted
	// Programmed=True/Programmed
	// ResolvedRefs=True/ResolvedRefs
}
