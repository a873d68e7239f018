package status

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// entry is an element of a list that several controllers share: what one of them says about one parent or ancestor. The
// list is a map whose key is the reference and the controller name together.
type entry interface {
	gwv1.RouteParentStatus | gwv1.PolicyAncestorStatus
}

// entryFields are the fields of an entry, whose names depend on its type.
type entryFields struct {
	ref        gwv1.ParentReference
	controller gwv1.GatewayController
	conditions []metav1.Condition
}

func fieldsOf[E entry](e *E) (f entryFields) {
	switch e := any(e).(type) {
	case *gwv1.RouteParentStatus:
		f = entryFields{e.ParentRef, e.ControllerName, e.Conditions}
	case *gwv1.PolicyAncestorStatus:
		f = entryFields{e.AncestorRef, e.ControllerName, e.Conditions}
	}
	return f
}

// withConditions returns a copy of an entry with other conditions.
func withConditions[E entry](e E, conditions []metav1.Condition) E {
	switch e := any(&e).(type) {
	case *gwv1.RouteParentStatus:
		e.Conditions = conditions
	case *gwv1.PolicyAncestorStatus:
		e.Conditions = conditions
	}
	return e
}

// entryMerger merges the entries of one controller into a list.
type entryMerger[E entry] struct {
	merger
	controller gwv1.GatewayController
	namespace  gwv1.Namespace // of the object: what a reference without a namespace means
	types      []string       // condition types that a controller owns within its entries
	limit      int
}

// merge returns the list to write and whether it differs from the existing one.
func (m *entryMerger[E]) merge(existing, want []E) ([]E, bool) {
	if m.controller == "" || m.isNewerEntry(existing, want) {
		return existing, false
	}
	return m.entries(existing, want)
}

// entries merges one list. Entries of others stay as they are and in their order. Ours are updated in place, or left out
// when they are stale. A new one follows the last of ours or, when it is the first, precedes the first of a controller
// with a greater name, so that two controllers that begin with an empty list end with the same one, whoever comes first.
// It is left out when the list is full, and when it has no conditions, for the CRDs demand one.
func (m *entryMerger[E]) entries(existing, want []E) ([]E, bool) {
	want = want[:min(len(want), m.limit)]
	merged := rebuild(existing)
	for i := range existing {
		old := fieldsOf(&existing[i])
		if old.controller != m.controller {
			merged.keep(i)
			continue
		}
		w := m.index(want, old.ref)
		if w < 0 || m.index(existing[:i], old.ref) >= 0 {
			continue
		}
		next := fieldsOf(&want[w])
		conditions, changed := m.conditions(old.conditions, next.conditions, m.types)
		switch {
		case len(conditions) == 0:
		case changed || !equalValue(old.ref.Namespace, next.ref.Namespace):
			merged.add(withConditions(want[w], conditions))
		default:
			merged.keep(i)
		}
	}
	for i := range want {
		w := fieldsOf(&want[i])
		if w.controller != m.controller || m.index(want[:i], w.ref) >= 0 || m.index(existing, w.ref) >= 0 {
			continue
		}
		if len(w.conditions) == 0 || len(merged.list()) >= m.limit {
			continue
		}
		conditions, _ := m.conditions(nil, w.conditions, m.types)
		merged.insert(m.place(merged.list()), withConditions(want[i], conditions))
	}
	return merged.done()
}

// place returns where a new entry of ours belongs.
func (m *entryMerger[E]) place(list []E) int {
	at := len(list)
	for i := len(list) - 1; i >= 0; i-- {
		switch controller := fieldsOf(&list[i]).controller; {
		case controller == m.controller:
			return i + 1
		case controller > m.controller:
			at = i
		}
	}
	return at
}

// isNewerEntry tells whether a condition of ours was computed from a later generation than want was.
func (m *entryMerger[E]) isNewerEntry(existing, want []E) bool {
	for i := range existing {
		old := fieldsOf(&existing[i])
		if old.controller != m.controller {
			continue
		}
		var conditions []metav1.Condition
		if w := m.index(want, old.ref); w >= 0 {
			conditions = fieldsOf(&want[w]).conditions
		}
		if m.isNewer(old.conditions, conditions, m.types) {
			return true
		}
	}
	return false
}

// index finds our entry for a reference.
func (m *entryMerger[E]) index(list []E, ref gwv1.ParentReference) int {
	for i := range list {
		if e := fieldsOf(&list[i]); e.controller == m.controller && m.sameTarget(&e.ref, &ref) {
			return i
		}
	}
	return -1
}

// sameTarget takes what a reference leaves out for the defaults, which the API server writes in their place.
func (m *entryMerger[E]) sameTarget(a, b *gwv1.ParentReference) bool {
	return a.Name == b.Name &&
		valueOr(a.Group, gwv1.GroupName) == valueOr(b.Group, gwv1.GroupName) &&
		valueOr(a.Kind, "Gateway") == valueOr(b.Kind, "Gateway") &&
		valueOr(a.Namespace, m.namespace) == valueOr(b.Namespace, m.namespace) &&
		equalValue(a.SectionName, b.SectionName) &&
		equalValue(a.Port, b.Port)
}

func equalValue[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}
