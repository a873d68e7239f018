package attach

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/status"
)

// ListenerSet is a ListenerSet that names a Gateway of ours (GEP-1713).
type ListenerSet struct {
	Object    *gwv1.ListenerSet
	Problems  []status.Problem
	Listeners []*Listener
}

// Accepted reports whether the set is part of its Gateway: admitted, with at least one entry that serves.
func (s *ListenerSet) Accepted() bool {
	for _, l := range s.Listeners {
		if l.Serving() && len(s.Problems) == 0 {
			return true
		}
	}
	return false
}

// Name of the set.
func (s *ListenerSet) Name() objects.Name {
	return objects.Name{Namespace: s.Object.Namespace, Name: s.Object.Name}
}

// resolveListenerSets merges the sets that the Gateway admits, each after those that precede it, so that its listeners
// give way to theirs. A set that is not admitted takes no part.
func (g *Gateway) resolveListenerSets(r *objects.Reader, taken *ports) {
	name := g.Name()
	sets := r.ListenerSetsOf(name)
	g.byName = make(map[objects.Name]*ListenerSet, len(sets))
	for _, object := range sets {
		s := &ListenerSet{Object: object}
		g.Sets = append(g.Sets, s)
		g.byName[s.Name()] = s
		if !g.admits(r, object.Namespace) {
			s.problem(status.ListenerSetNotAllowed, "spec.parentRef",
				fmt.Sprintf("Gateway %q admits no ListenerSets of namespace %q", name, object.Namespace))
			continue
		}
		if !g.Accepted() {
			s.problem(status.ListenerSetParentNotAccepted, "spec.parentRef", fmt.Sprintf("Gateway %q is not accepted", name))
		}
		owner := objects.Parent{Kind: objects.ListenerSet, Name: s.Name()}
		specs := make([]gwv1.Listener, len(object.Spec.Listeners))
		for i, entry := range object.Spec.Listeners {
			specs[i] = gwv1.Listener(entry)
		}
		s.Listeners = resolveListeners(r, owner, specs, taken)
		g.Listeners = append(g.Listeners, s.Listeners...)
	}
}

func (s *ListenerSet) problem(code status.Code, field, detail string) {
	s.Problems = append(s.Problems, status.Problem{Code: code, Field: field, Detail: detail})
}

// admits reports whether ListenerSets of a namespace may join: none, unless the Gateway says otherwise.
func (g *Gateway) admits(r *objects.Reader, namespace string) bool {
	allowed := g.Object.Spec.AllowedListeners
	if allowed == nil || allowed.Namespaces == nil {
		return false
	}
	switch objects.Deref(allowed.Namespaces.From, gwv1.NamespacesFromNone) {
	case gwv1.NamespacesFromAll:
		return true
	case gwv1.NamespacesFromSame:
		return namespace == g.Object.Namespace
	case gwv1.NamespacesFromSelector:
		return selects(r, selectorOf(allowed.Namespaces.Selector), namespace)
	default:
		return false
	}
}

// selectorOf is nil, which selects nothing, for a selector that is missing or malformed.
func selectorOf(s *metav1.LabelSelector) labels.Selector {
	if s == nil {
		return nil
	}
	selector, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		return nil
	}
	return selector
}

func selects(r *objects.Reader, selector labels.Selector, namespace string) bool {
	if selector == nil {
		return false
	}
	set, ok := r.NamespaceLabels(namespace)
	return ok && selector.Matches(labels.Set(set))
}
