package status

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// choices is a source of decisions: a fuzzer's bytes, or random ones. Spent, it always decides for 0.
type choices struct{ data []byte }

func (c *choices) below(n int) int {
	if len(c.data) == 0 {
		return 0
	}
	v := int(c.data[0]) % n
	c.data = c.data[1:]
	return v
}

func pick[T any](c *choices, from ...T) T { return from[c.below(len(from))] }

func (c *choices) text() string {
	n := min(c.below(4), len(c.data))
	s := string(c.data[:n])
	c.data = c.data[n:]
	return s
}

// The vocabularies are small, so that what is there and what is wanted meet often.

func (c *choices) conditions(most int) []metav1.Condition {
	var list []metav1.Condition
	for range c.below(most + 1) {
		list = append(list, metav1.Condition{
			Type: pick(c, accepted, programmed, resolvedRefs, partiallyInvalid, conflicted, "example.com/A", "example.com/B",
				"example.com/"+strconv.Itoa(c.below(10))),
			Status:             pick(c, metav1.ConditionTrue, metav1.ConditionFalse, metav1.ConditionUnknown, ""),
			ObservedGeneration: int64(c.below(8)),
			LastTransitionTime: pick(c, before, now, metav1.Time{}),
			Reason:             pick(c, "A", "B", ""),
			Message:            c.text(),
		})
	}
	return list
}

func (c *choices) ref() gwv1.ParentReference {
	ref := gwv1.ParentReference{
		Group:     pick(c, nil, ptr[gwv1.Group](gwv1.GroupName), ptr[gwv1.Group]("")),
		Kind:      pick(c, nil, ptr[gwv1.Kind]("Gateway"), ptr[gwv1.Kind]("ListenerSet")),
		Namespace: pick(c, nil, ptr[gwv1.Namespace]("ns"), ptr[gwv1.Namespace]("other")),
		Name:      gwv1.ObjectName(strconv.Itoa(c.below(3))),
	}
	if c.below(4) == 0 {
		ref.SectionName, ref.Port = pick(c, nil, ptr[gwv1.SectionName]("s")), pick(c, nil, ptr[gwv1.PortNumber](80))
	}
	return ref
}

func (c *choices) route(most int, controllers ...gwv1.GatewayController) (s gwv1.RouteStatus) {
	for range c.below(most + 1) {
		s.Parents = append(s.Parents, gwv1.RouteParentStatus{
			ParentRef: c.ref(), ControllerName: pick(c, controllers...), Conditions: c.conditions(9),
		})
	}
	return s
}

func (c *choices) policy(most int, controllers ...gwv1.GatewayController) (s gwv1.PolicyStatus) {
	for _, p := range c.route(most, controllers...).Parents {
		s.Ancestors = append(s.Ancestors, gwv1.PolicyAncestorStatus{
			AncestorRef: p.ParentRef, ControllerName: p.ControllerName, Conditions: p.Conditions,
		})
	}
	return s
}

func (c *choices) gateway() (s gwv1.GatewayStatus) {
	s.Conditions = c.conditions(9)
	for range c.below(4) {
		l := gwv1.ListenerStatus{
			Name: gwv1.SectionName(strconv.Itoa(c.below(3))), AttachedRoutes: int32(c.below(2)), Conditions: c.conditions(9),
		}
		for range c.below(3) {
			l.SupportedKinds = append(l.SupportedKinds, gwv1.RouteGroupKind{Group: c.ref().Group, Kind: pick[gwv1.Kind](c, "A", "B")})
		}
		s.Listeners = append(s.Listeners, l)
	}
	for range c.below(3) {
		s.Addresses = append(s.Addresses, gwv1.GatewayStatusAddress{
			Type: pick(c, nil, ptr(gwv1.IPAddressType), ptr(gwv1.HostnameAddressType)), Value: strconv.Itoa(c.below(2)),
		})
	}
	s.AttachedListenerSets = pick(c, nil, ptr[int32](0), ptr[int32](1))
	return s
}

func (c *choices) listenerSet() gwv1.ListenerSetStatus {
	g := c.gateway()
	s := gwv1.ListenerSetStatus{Conditions: g.Conditions}
	for _, l := range g.Listeners {
		s.Listeners = append(s.Listeners, gwv1.ListenerEntryStatus(l))
	}
	return s
}

func (c *choices) class() gwv1.GatewayClassStatus {
	s := gwv1.GatewayClassStatus{Conditions: c.conditions(9)}
	for i := range c.below(4) {
		s.SupportedFeatures = append(s.SupportedFeatures, gwv1.SupportedFeature{Name: gwv1.FeatureName(strconv.Itoa(i + c.below(2)))})
	}
	return s
}

func desired[S Status](c *choices, controller gwv1.GatewayController, status S) Desired[S] {
	return Desired[S]{
		Object: Object{Namespace: "ns", Generation: int64(c.below(8))}, Controller: controller,
		Owned: pick(c, nil, []string{"example.com/A"}), Status: status,
	}
}

// forEachRandomInput runs a check over the same inputs every time.
func forEachRandomInput(t *testing.T, check func(*testing.T, *choices)) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		data := make([]byte, random.IntN(600))
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		check(t, &choices{data})
	}
}

// checkAnyMerge holds for every kind of status: a merge changes no input and, repeated, nothing; the patch, if any, makes
// out of the existing status the merged one.
func checkAnyMerge[S Status](t *testing.T, existing S, want Desired[S]) (merged S) {
	t.Helper()
	existingBytes, wantBytes := encode(existing), encode(want)
	merged, changed := Merge(&existing, &want, now)
	if !changed {
		require.Equal(t, existing, merged)
	}
	later := metav1.NewTime(now.Add(time.Hour))
	again, changedAgain := Merge(&merged, &want, later)
	require.False(t, changedAgain, "a second merge changes something")
	require.Equal(t, merged, again)

	object := &metav1.ObjectMeta{ResourceVersion: "1", Generation: want.Generation}
	patch := Patch(object, &existing, &want, now)
	require.Equal(t, changed, patch != nil)
	if changed {
		requirePatchMakes(t, patch, existing, merged)
	}
	require.Equal(t, string(existingBytes), string(encode(existing)), "the existing status was written to")
	require.Equal(t, string(wantBytes), string(encode(want)), "the desired status was written to")
	return merged
}

// checkConditions holds for every list of conditions that may have been changed.
func checkConditions(t *testing.T, existing, merged []metav1.Condition, want *Desired[gwv1.RouteStatus], types []string) {
	t.Helper()
	isOurs := func(c metav1.Condition) bool {
		return slices.Contains(types, c.Type) || slices.Contains(want.Owned, c.Type)
	}
	require.LessOrEqual(t, len(merged), max(len(existing), maxConditions))
	for _, c := range merged {
		if !isOurs(c) {
			continue
		}
		require.Equal(t, want.Generation, c.ObservedGeneration)
		require.NotEmpty(t, c.Reason)
		require.False(t, c.LastTransitionTime.IsZero())
		if i := indexOf(existing, c.Type); i >= 0 && existing[i].Status == c.Status && !existing[i].LastTransitionTime.IsZero() {
			require.Equal(t, existing[i].LastTransitionTime, c.LastTransitionTime)
		} else {
			require.Equal(t, now, c.LastTransitionTime)
		}
	}
}

func entriesOf(s gwv1.RouteStatus, keep func(gwv1.GatewayController) bool) (entries []gwv1.RouteParentStatus) {
	for _, p := range s.Parents {
		if keep(p.ControllerName) {
			entries = append(entries, p)
		}
	}
	return entries
}

// checkMerge draws one input of every kind and holds all properties against it.
func checkMerge(t *testing.T, c *choices) {
	checkAnyMerge(t, c.gateway(), desired(c, us, c.gateway()))
	checkAnyMerge(t, c.listenerSet(), desired(c, us, c.listenerSet()))
	checkAnyMerge(t, c.class(), desired(c, us, c.class()))
	checkAnyMerge(t, c.policy(20, us, them), desired(c, us, c.policy(20, us)))

	existing := c.route(40, us, them, "a.example/first")
	want := desired(c, us, c.route(40, us))
	merged := checkAnyMerge(t, existing, want)
	isOther := func(controller gwv1.GatewayController) bool { return controller != us }
	require.Equal(t, entriesOf(existing, isOther), entriesOf(merged, isOther), "an entry of another controller has changed")
	require.LessOrEqual(t, len(merged.Parents), max(len(existing.Parents), maxParents))

	changed := string(encode(existing)) != string(encode(merged))
	m := entryMerger[gwv1.RouteParentStatus]{controller: us, namespace: "ns"}
	for _, p := range merged.Parents {
		if isOther(p.ControllerName) || !changed {
			continue
		}
		require.GreaterOrEqual(t, m.index(want.Status.Parents, p.ParentRef), 0, "a stale entry of ours is still there")
		var old []metav1.Condition
		if i := m.index(existing.Parents, p.ParentRef); i >= 0 {
			old = existing.Parents[i].Conditions
		}
		checkConditions(t, old, p.Conditions, &want, parentTypes[:])
	}
}

func TestMergeProperties(t *testing.T) { forEachRandomInput(t, checkMerge) }

func FuzzMerge(f *testing.F) {
	f.Add([]byte("\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01"))
	f.Add([]byte("the merge of one status is the existing one of the next, whoever came first"))
	f.Fuzz(func(t *testing.T, data []byte) {
		checkMerge(t, &choices{data})
		checkControllers(t, &choices{data})
	})
}

// checkControllers lets two controllers write into one list for a while.
func checkControllers(t *testing.T, c *choices) {
	t.Helper()
	fixed := func(d Desired[gwv1.RouteStatus]) Desired[gwv1.RouteStatus] {
		d.Generation = 8 // later than what is there, so that nothing is refused for its age
		return d
	}
	ours, theirs := fixed(desired(c, us, c.route(8, us))), fixed(desired(c, them, c.route(8, them)))
	start := c.route(8, us, them, "a.example/first", "z.example/last")

	ab, _ := Merge(&start, &ours, now)
	ab, _ = Merge(&ab, &theirs, now)
	ba, _ := Merge(&start, &theirs, now)
	ba, _ = Merge(&ba, &ours, now)
	for _, controller := range []gwv1.GatewayController{us, them, "a.example/first", "z.example/last"} {
		of := func(other gwv1.GatewayController) bool { return controller == other }
		require.Equal(t, entriesOf(ab, of), entriesOf(ba, of), "whoever was first, the entries are the same")
	}
	empty := gwv1.RouteStatus{}
	ab, _ = Merge(&empty, &ours, now)
	ab, _ = Merge(&ab, &theirs, now)
	ba, _ = Merge(&empty, &theirs, now)
	ba, _ = Merge(&ba, &ours, now)
	require.Equal(t, ab, ba, "into an empty list, their order is the same too")

	_, changedOurs := Merge(&ab, &ours, now)
	_, changedTheirs := Merge(&ab, &theirs, now)
	require.False(t, changedOurs || changedTheirs, "two controllers that have had their say would go on writing")

	status := start
	isOther := func(controller gwv1.GatewayController) bool { return controller != us }
	for range 3 {
		next := desired(c, us, c.route(8, us))
		status, _ = Merge(&status, &next, now)
		require.Equal(t, entriesOf(start, isOther), entriesOf(status, isOther), "merges of one controller change another's entries")
	}
}

func TestTwoControllers(t *testing.T) { forEachRandomInput(t, checkControllers) }

// A client decodes the API server's answer into the object it has sent: that must reach no cache.
func TestMergedStatusSharesNoMemory(t *testing.T) {
	theirs := parent(them, "gw", condition("Accepted", metav1.ConditionTrue, 1, before))
	existing := gwv1.RouteStatus{Parents: []gwv1.RouteParentStatus{theirs}}
	facts := RouteFacts{Controller: us, Parents: []ParentFacts{{Ref: gwv1.ParentReference{Namespace: ptr[gwv1.Namespace]("ns")}}}}
	want := facts.Desired()
	merged, changed := Merge(&existing, &want, now)
	require.True(t, changed)
	for i := range merged.Parents {
		merged.Parents[i].Conditions[0].Reason = "overwritten"
	}
	*merged.Parents[0].ParentRef.Namespace = "x"
	require.Equal(t, "Reason", existing.Parents[0].Conditions[0].Reason)
	require.Equal(t, "Accepted", want.Status.Parents[0].Conditions[0].Reason)
	require.Equal(t, gwv1.Namespace("ns"), *facts.Parents[0].Ref.Namespace)
}

func FuzzMessage(f *testing.F) {
	f.Add("spec.rules[0]", "no Service \"a\"")
	f.Add("\xff", "\xed\xa0\x80")
	f.Fuzz(func(t *testing.T, field, detail string) {
		facts := PolicyFacts{Controller: us, Ancestors: []AncestorFacts{{Problems: []Problem{
			{PolicyInvalid, field, detail}, {PolicyInvalid, detail, field},
		}}}}
		want := facts.Desired()
		merged := checkAnyMerge(t, gwv1.PolicyStatus{}, want)
		require.Equal(t, want.Status.Ancestors[0].Conditions[0].Message, merged.Ancestors[0].Conditions[0].Message)
		require.LessOrEqual(t, len(merged.Ancestors[0].Conditions[0].Message), maxMessage)
	})
}
