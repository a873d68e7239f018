package attach

import (
	"fmt"

	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/status"
)

// A slot is what two listeners cannot both have.
type slot struct {
	port     int32
	group    string
	hostname string
}

// A wire is a port of one transport: TCP and UDP listeners never meet.
type wire struct {
	port      int32
	transport string
}

// ports counts which listeners hold which slots of a Gateway.
type ports struct {
	groups map[wire]map[string]int
	slots  map[slot]int
}

func newPorts() *ports { return &ports{groups: map[wire]map[string]int{}, slots: map[slot]int{}} }

func (l *Listener) slot() slot { return slot{l.Port, l.protocol.group, l.Hostname} }
func (l *Listener) wire() wire { return wire{l.Port, l.protocol.transport} }

func (p *ports) take(l *Listener) {
	if p.groups[l.wire()] == nil {
		p.groups[l.wire()] = map[string]int{}
	}
	p.groups[l.wire()][l.protocol.group]++
	p.slots[l.slot()]++
}

// conflict is the code of the conflict between a listener and those that took their slots, own of which are itself.
func (p *ports) conflict(l *Listener, own int) status.Code {
	groups := p.groups[l.wire()]
	if len(groups) > 1 || len(groups) == 1 && groups[l.protocol.group] == 0 {
		return status.ListenerProtocolConflict
	}
	switch {
	case p.slots[l.slot()] <= own:
		return 0
	case !l.protocol.hostnames:
		return status.ListenerProtocolConflict // nothing could tell the two apart
	}
	return status.ListenerHostnameConflict
}

// resolveConflicts marks the listeners of one object that conflict with those of earlier objects, or with each other.
// Between objects the earlier wins; inside one object nobody does (Gateway API, Listener "Distinct Listeners"). Those
// that remain take their slots. A listener refused for another reason takes part too, so that the outcome does not
// depend on the state of Secrets; one of an unsupported protocol has no slot.
func (p *ports) resolveConflicts(listeners []*Listener) {
	rest := make([]*Listener, 0, len(listeners))
	own := newPorts()
	for _, l := range listeners {
		if l.protocol.group == "" {
			continue
		}
		if code := p.conflict(l, 0); code != 0 {
			l.conflicted(code, "a listener of an earlier object")
			continue
		}
		rest = append(rest, l)
		own.take(l)
	}
	for _, l := range rest {
		if code := own.conflict(l, 1); code != 0 {
			l.conflicted(code, "another listener of the same object")
			continue
		}
		p.take(l)
	}
}

func (l *Listener) conflicted(code status.Code, with string) {
	if code == status.ListenerProtocolConflict {
		l.refuse(code, "protocol", fmt.Sprintf("protocol %s on port %d conflicts with %s", l.Protocol, l.Port, with))
		return
	}
	l.refuse(code, "hostname", fmt.Sprintf("hostname %q on port %d is taken by %s", l.Hostname, l.Port, with))
}

// refuseUnavailable refuses listeners whose port is the one that Envoy binds for a privileged port.
func (p *ports) refuseUnavailable(listeners []*Listener, s *objects.Settings) {
	for _, l := range listeners {
		privileged := wire{l.Port - int32(s.PortOffset), l.protocol.transport}
		if l.Accepted && privileged.port != l.Port && s.Bound(privileged.port) == uint32(l.Port) && len(p.groups[privileged]) > 0 {
			l.refuse(status.ListenerPortUnavailable, "port", fmt.Sprintf("port %d is where port %d is bound", l.Port, privileged.port))
		}
	}
}
