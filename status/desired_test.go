package status

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Listeners in the states that decide about their parent.
var (
	serving       = ListenerFacts{Name: "serving", Serving: true}
	unsupported   = ListenerFacts{Name: "unsupported", Problems: []Problem{{Code: ListenerUnsupportedProtocol}}}
	noCertificate = ListenerFacts{Name: "no-certificate", Problems: []Problem{{Code: ListenerInvalidCertificateRef}}}
	oneOfTwoCerts = ListenerFacts{Name: "one-of-two", Serving: true, Problems: []Problem{{Code: ListenerInvalidCertificateRef}}}
	losing        = ListenerFacts{Name: "losing", Problems: []Problem{{Code: ListenerHostnameConflict}}}
)

func TestGatewayFollowsItsListeners(t *testing.T) {
	tests := []struct {
		reason    string
		listeners []ListenerFacts
		problems  []Problem
		want      string
	}{
		{
			"all is well",
			[]ListenerFacts{serving},
			nil,
			"Accepted=True/Accepted Programmed=True/Programmed ResolvedRefs=True/ResolvedRefs",
		},
		{
			"some own listener is not accepted",
			[]ListenerFacts{serving, unsupported},
			nil,
			"Accepted=True/ListenersNotValid Programmed=True/Programmed ResolvedRefs=True/ResolvedRefs",
		},
		{
			"no own listener is accepted",
			[]ListenerFacts{unsupported, losing},
			nil,
			"Accepted=False/ListenersNotValid Programmed=False/Invalid ResolvedRefs=True/ResolvedRefs",
		},
		{
			"no listener at all", nil, nil,
			"Accepted=False/ListenersNotValid Programmed=False/Invalid ResolvedRefs=True/ResolvedRefs",
		},
		{
			"a listener without certificate stays accepted, but nothing is programmed",
			[]ListenerFacts{noCertificate},
			nil,
			"Accepted=True/Accepted Programmed=False/Invalid ResolvedRefs=False/ListenersNotResolved",
		},
		{
			"a listener with one usable certificate of two serves",
			[]ListenerFacts{oneOfTwoCerts},
			nil,
			"Accepted=True/Accepted Programmed=True/Programmed ResolvedRefs=False/ListenersNotResolved",
		},
		{
			"its own reference comes before those of listeners",
			[]ListenerFacts{serving, noCertificate},
			[]Problem{{Code: ClientCertificateRefNotPermitted}},
			"Accepted=True/Accepted Programmed=True/Programmed ResolvedRefs=False/RefNotPermitted",
		},
		{
			"a reason of its own comes before the listeners'",
			[]ListenerFacts{unsupported},
			[]Problem{{Code: GatewayInvalidParameters}},
			"Accepted=False/InvalidParameters Programmed=False/Invalid ResolvedRefs=True/ResolvedRefs",
		},
		{
			"an unusable address is named, though it keeps every listener from serving",
			[]ListenerFacts{noCertificate},
			[]Problem{{Code: AddressNotUsable}},
			"Accepted=True/Accepted Programmed=False/AddressNotUsable ResolvedRefs=False/ListenersNotResolved",
		},
		{
			"an unsupported address hides an unusable one",
			[]ListenerFacts{serving},
			[]Problem{{Code: AddressNotUsable}, {Code: UnsupportedAddress}},
			"Accepted=False/UnsupportedAddress Programmed=False/Invalid ResolvedRefs=True/ResolvedRefs",
		},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			facts := GatewayFacts{Object: Object{Generation: 7}, Listeners: test.listeners, Problems: test.problems}
			status := facts.Desired().Status
			require.Equal(t, test.want, brief(status.Conditions))
			require.Len(t, status.Listeners, len(test.listeners))
			for _, c := range status.Conditions {
				require.Equal(t, int64(7), c.ObservedGeneration)
				require.True(t, c.LastTransitionTime.IsZero())
			}
		})
	}
}

func TestGatewayNamesItsBrokenListeners(t *testing.T) {
	conditions := GatewayFacts{Listeners: []ListenerFacts{serving, unsupported, noCertificate, losing}}.Desired().Status.Conditions
	require.Equal(t, "Some listeners are not accepted: unsupported, losing.", conditions[0].Message)
	require.Equal(t, "Some listeners have unresolved references: no-certificate.", conditions[2].Message)
}

func TestGatewayInsecureFrontendValidation(t *testing.T) {
	facts := GatewayFacts{Listeners: []ListenerFacts{serving}, InsecureFrontendValidation: true}
	require.Equal(t, "Accepted=True/Accepted Programmed=True/Programmed ResolvedRefs=True/ResolvedRefs "+
		"InsecureFrontendValidationMode=True/ConfigurationChanged", brief(facts.Desired().Status.Conditions))
}

func TestGatewayStatusFields(t *testing.T) {
	hostname := gwv1.HostnameAddressType
	addresses := []gwv1.GatewayStatusAddress{{Value: "10.0.0.1"}, {Type: &hostname, Value: "a.example"}}
	status := GatewayFacts{AttachedListenerSets: 2, Addresses: addresses}.Desired().Status
	require.Equal(t, int32(2), *status.AttachedListenerSets)
	require.Equal(t, gwv1.IPAddressType, *status.Addresses[0].Type, "an address without a type is invisible to its readers")
	require.Equal(t, hostname, *status.Addresses[1].Type)
	require.Nil(t, addresses[0].Type, "facts are not written to")
	require.Equal(t, int32(0), *GatewayFacts{}.Desired().Status.AttachedListenerSets, "none is said, not left out")
}

func TestListenerStatusFields(t *testing.T) {
	facts := ListenerFacts{
		Name: "http", Serving: true, AttachedRoutes: 3,
		SupportedKinds: []gwv1.RouteGroupKind{{Kind: "HTTPRoute"}},
	}
	status := GatewayFacts{Listeners: []ListenerFacts{facts, {Name: "udp"}, {Name: "http"}}}.Desired().Status
	require.Len(t, status.Listeners, 2, "the list is a map by name")
	require.Equal(t, int32(3), status.Listeners[0].AttachedRoutes)
	require.Equal(t, gwv1.Group(gwv1.GroupName), *status.Listeners[0].SupportedKinds[0].Group)
	require.NotNil(t, status.Listeners[1].SupportedKinds, "no kind is said, not left out")
	require.Empty(t, status.Listeners[1].SupportedKinds)
	require.Nil(t, facts.SupportedKinds[0].Group, "facts are not written to")
}

func TestListenerSetFollowsItsEntries(t *testing.T) {
	tests := []struct {
		reason    string
		listeners []ListenerFacts
		problems  []Problem
		want      string
		entries   int
	}{
		{"all is well", []ListenerFacts{serving}, nil, "Accepted=True/Accepted Programmed=True/Programmed", 1},
		{
			"one valid entry is enough",
			[]ListenerFacts{losing, serving},
			nil,
			"Accepted=True/ListenersNotValid Programmed=True/Programmed", 2,
		},
		{
			"no entry is accepted",
			[]ListenerFacts{losing, unsupported},
			nil,
			"Accepted=False/ListenersNotValid Programmed=False/ListenersNotValid", 2,
		},
		{
			"an entry without certificate is not valid, although it is accepted",
			[]ListenerFacts{noCertificate},
			nil,
			"Accepted=False/ListenersNotValid Programmed=False/ListenersNotValid", 1,
		},
		{"no entries", nil, nil, "Accepted=False/ListenersNotValid Programmed=False/ListenersNotValid", 0},
		{
			"not admitted: no entries either",
			[]ListenerFacts{serving},
			[]Problem{{Code: ListenerSetNotAllowed}},
			"Accepted=False/NotAllowed Programmed=False/NotAllowed", 0,
		},
		{
			"the parent is not accepted",
			[]ListenerFacts{serving},
			[]Problem{{Code: ListenerSetParentNotAccepted}},
			"Accepted=False/ParentNotAccepted Programmed=False/ParentNotProgrammed", 1,
		},
		{
			"not accepted for an unknown reason",
			[]ListenerFacts{serving},
			[]Problem{{}},
			"Accepted=False/Invalid Programmed=False/Invalid", 1,
		},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			status := ListenerSetFacts{Listeners: test.listeners, Problems: test.problems}.Desired().Status
			require.Equal(t, test.want, brief(status.Conditions))
			require.Len(t, status.Listeners, test.entries)
		})
	}
}

func TestRouteParents(t *testing.T) {
	dropped := []Problem{{IncompatibleFilters, "spec.rules[0].filters", "rewrite and redirect"}, {UnsupportedValue, "spec.rules[2]", "odd"}}
	tests := []struct {
		reason string
		parent ParentFacts
		want   string
	}{
		{"all is well", ParentFacts{}, "Accepted=True/Accepted ResolvedRefs=True/ResolvedRefs"},
		{
			"references are judged although the route is not accepted",
			ParentFacts{Problems: []Problem{{Code: NoMatchingParent}, {Code: BackendNotFound}}},
			"Accepted=False/NoMatchingParent ResolvedRefs=False/BackendNotFound",
		},
		{
			"the first broken reference gives the reason",
			ParentFacts{Problems: []Problem{{Code: BackendNotFound}, {Code: RefNotPermitted}}},
			"Accepted=True/Accepted ResolvedRefs=False/BackendNotFound",
		},
		{
			"some rules are dropped",
			ParentFacts{Dropped: dropped},
			"Accepted=True/Accepted ResolvedRefs=True/ResolvedRefs PartiallyInvalid=True/UnsupportedValue",
		},
		{
			"every rule is dropped: never partial",
			ParentFacts{Dropped: dropped[:1], AllDropped: true},
			"Accepted=False/IncompatibleFilters ResolvedRefs=True/ResolvedRefs",
		},
		{
			"every rule is dropped, and nobody says why",
			ParentFacts{AllDropped: true},
			"Accepted=False/UnsupportedValue ResolvedRefs=True/ResolvedRefs",
		},
		{
			"not attached: never partial, and the attachment gives the reason",
			ParentFacts{Problems: []Problem{{Code: NotAllowedByListeners}}, Dropped: dropped, AllDropped: true},
			"Accepted=False/NotAllowedByListeners ResolvedRefs=True/ResolvedRefs",
		},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			facts := RouteFacts{Controller: "example.com/gateway", Parents: []ParentFacts{test.parent, {}}}
			parents := facts.Desired().Status.Parents
			require.Equal(t, test.want, brief(parents[0].Conditions))
			require.Equal(t, "Accepted=True/Accepted ResolvedRefs=True/ResolvedRefs", brief(parents[1].Conditions),
				"parents are judged each for itself")
			require.Equal(t, gwv1.GatewayController("example.com/gateway"), parents[0].ControllerName)
		})
	}
	partial := RouteFacts{Parents: []ParentFacts{{Dropped: dropped}}}.Desired().Status.Parents[0].Conditions[2]
	require.Equal(t, "Dropped Rule: spec.rules[2]: odd; spec.rules[0].filters: rewrite and redirect", partial.Message)
}

func TestWithoutParentsOrAncestorsTheListIsEmptyAndThere(t *testing.T) {
	require.NotNil(t, RouteFacts{}.Desired().Status.Parents)
	require.Empty(t, RouteFacts{}.Desired().Status.Parents)
	require.NotNil(t, PolicyFacts{}.Desired().Status.Ancestors)
	require.Empty(t, PolicyFacts{}.Desired().Status.Ancestors)
}

func TestSupportedFeatures(t *testing.T) {
	facts := GatewayClassFacts{Features: []gwv1.FeatureName{"TLSRoute", "Gateway", "TLSRoute", "HTTPRoute"}}
	require.Equal(t, []gwv1.SupportedFeature{{Name: "Gateway"}, {Name: "HTTPRoute"}, {Name: "TLSRoute"}},
		facts.Desired().Status.SupportedFeatures)
	require.Equal(t, gwv1.FeatureName("TLSRoute"), facts.Features[0], "facts are not written to")
}

func TestDesiredStaysWithinTheLimitsOfTheCRDs(t *testing.T) {
	var class GatewayClassFacts
	var gateway GatewayFacts
	var set ListenerSetFacts
	var route RouteFacts
	var policy PolicyFacts
	for i := range 100 {
		name := strconv.Itoa(1000 + i)
		class.Features = append(class.Features, gwv1.FeatureName(name))
		listener := ListenerFacts{Name: gwv1.SectionName(name), SupportedKinds: make([]gwv1.RouteGroupKind, 20)}
		gateway.Listeners = append(gateway.Listeners, listener)
		gateway.Addresses = append(gateway.Addresses, gwv1.GatewayStatusAddress{Value: name})
		set.Listeners = append(set.Listeners, listener)
		ref := gwv1.ParentReference{Name: gwv1.ObjectName(name)}
		route.Parents = append(route.Parents, ParentFacts{Ref: ref})
		policy.Ancestors = append(policy.Ancestors, AncestorFacts{Ref: ref})
	}
	require.Len(t, class.Desired().Status.SupportedFeatures, 64)
	require.Len(t, gateway.Desired().Status.Listeners, 64)
	require.Len(t, gateway.Desired().Status.Listeners[0].SupportedKinds, 8)
	require.Len(t, gateway.Desired().Status.Addresses, 16)
	require.Len(t, set.Desired().Status.Listeners, 64)
	require.Len(t, route.Desired().Status.Parents, 32)
	require.Len(t, policy.Desired().Status.Ancestors, 16)
}

// Conditions of several parents lie in one array; whoever appends to one must not write into the next.
func TestConditionsOfOneParentEndWhereTheyEnd(t *testing.T) {
	parents := RouteFacts{Parents: make([]ParentFacts, 2)}.Desired().Status.Parents
	_ = append(parents[0].Conditions, metav1.Condition{Type: "Foreign"})
	require.Equal(t, "Accepted", parents[1].Conditions[0].Type)
	ancestors := PolicyFacts{Ancestors: make([]AncestorFacts, 2)}.Desired().Status.Ancestors
	_ = append(ancestors[0].Conditions, metav1.Condition{Type: "Foreign"})
	require.Equal(t, "Accepted", ancestors[1].Conditions[0].Type)
}
