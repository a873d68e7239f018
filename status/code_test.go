package status

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// brief renders conditions as Type=Status/Reason, in their order.
func brief(conditions []metav1.Condition) string {
	var b strings.Builder
	for _, c := range conditions {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(c.Type + "=" + string(c.Status) + "/" + c.Reason)
	}
	return b.String()
}

// The conditions of an object that has one problem, by the place where the problem is reported.
var placesOfProblems = map[string]func(Problem) []metav1.Condition{
	"class": func(p Problem) []metav1.Condition {
		return GatewayClassFacts{Problems: []Problem{p}}.Desired().Status.Conditions
	},
	"gateway": func(p Problem) []metav1.Condition {
		return GatewayFacts{Problems: []Problem{p}, Listeners: []ListenerFacts{{Serving: true}}}.Desired().Status.Conditions
	},
	"assigned": func(p Problem) []metav1.Condition {
		facts := GatewayFacts{Problems: []Problem{p}, Listeners: []ListenerFacts{{Serving: true}}, AddressesDecided: true}
		return facts.Desired().Status.Conditions
	},
	"listener": func(p Problem) []metav1.Condition {
		facts := []ListenerFacts{{Serving: true, Problems: []Problem{p}}}
		ofGateway := GatewayFacts{Listeners: facts}.Desired().Status.Listeners[0]
		ofSet := ListenerSetFacts{Listeners: facts}.Desired().Status.Listeners[0]
		if brief(ofGateway.Conditions) != brief(ofSet.Conditions) {
			return nil
		}
		return ofGateway.Conditions
	},
	"set": func(p Problem) []metav1.Condition {
		return ListenerSetFacts{Problems: []Problem{p}, Listeners: []ListenerFacts{{Serving: true}}}.Desired().Status.Conditions
	},
	"route": func(p Problem) []metav1.Condition {
		return RouteFacts{Parents: []ParentFacts{{Problems: []Problem{p}}}}.Desired().Status.Parents[0].Conditions
	},
	"every rule": func(p Problem) []metav1.Condition {
		return RouteFacts{Parents: []ParentFacts{{Dropped: []Problem{p}, AllDropped: true}}}.Desired().Status.Parents[0].Conditions
	},
	"policy": func(p Problem) []metav1.Condition {
		return PolicyFacts{Ancestors: []AncestorFacts{{Problems: []Problem{p}}}}.Desired().Status.Ancestors[0].Conditions
	},
}

func TestEveryCodeSetsItsConditions(t *testing.T) {
	const (
		noConflict    = " Conflicted=False/NoConflicts"
		listenerOK    = "Accepted=True/Accepted Programmed=True/Programmed "
		routeResolved = " ResolvedRefs=True/ResolvedRefs"
	)
	tests := []struct {
		code  Code
		place string
		want  string
	}{
		{ClassInvalidParameters, "class", "Accepted=False/InvalidParameters SupportedVersion=True/SupportedVersion"},
		{ClassUnsupportedVersion, "class", "Accepted=True/Accepted SupportedVersion=False/UnsupportedVersion"},

		{GatewayInvalidParameters, "gateway", "Accepted=False/InvalidParameters Programmed=False/Invalid" + routeResolved},
		{UnsupportedAddress, "gateway", "Accepted=False/UnsupportedAddress Programmed=False/Invalid" + routeResolved},
		{AddressNotUsable, "gateway", "Accepted=True/Accepted Programmed=False/AddressNotUsable" + routeResolved},
		{AddressNotAssigned, "gateway", "Accepted=True/Accepted Programmed=False/AddressNotAssigned" + routeResolved},
		{AddressesNotAssigned, "assigned", listenerOK + "ResolvedRefs=True/ResolvedRefs AddressesAssigned=False/NotAssigned"},
		{AddressesPartiallyAssigned, "assigned", listenerOK + "ResolvedRefs=True/ResolvedRefs AddressesAssigned=False/PartiallyAssigned"},
		{InvalidClientCertificateRef, "gateway", listenerOK + "ResolvedRefs=False/InvalidClientCertificateRef"},
		{ClientCertificateRefNotPermitted, "gateway", listenerOK + "ResolvedRefs=False/RefNotPermitted"},

		{
			ListenerHostnameConflict, "listener",
			"Accepted=False/HostnameConflict Programmed=False/HostnameConflict" + routeResolved + " Conflicted=True/HostnameConflict",
		},
		{
			ListenerProtocolConflict, "listener",
			"Accepted=False/ProtocolConflict Programmed=False/ProtocolConflict" + routeResolved + " Conflicted=True/ProtocolConflict",
		},
		{ListenerUnsupportedProtocol, "listener", "Accepted=False/UnsupportedProtocol Programmed=False/Invalid" + routeResolved + noConflict},
		{ListenerUnsupportedValue, "listener", "Accepted=False/UnsupportedValue Programmed=False/Invalid" + routeResolved + noConflict},
		{ListenerInvalidFilter, "listener", "Accepted=False/InvalidListenerFilter Programmed=False/Invalid ResolvedRefs=True/ResolvedRefs" + noConflict},
		{ListenerInvalidFilterRef, "listener", listenerOK + "ResolvedRefs=False/InvalidListenerFilterRef" + noConflict},
		{ListenerPortUnavailable, "listener", "Accepted=False/PortUnavailable Programmed=False/Invalid" + routeResolved + noConflict},
		{ListenerNoValidCACertificate, "listener", "Accepted=False/NoValidCACertificate Programmed=False/Invalid" + routeResolved + noConflict},
		{ListenerInvalidCertificateRef, "listener", listenerOK + "ResolvedRefs=False/InvalidCertificateRef" + noConflict},
		{ListenerInvalidCACertificateRef, "listener", listenerOK + "ResolvedRefs=False/InvalidCACertificateRef" + noConflict},
		{ListenerInvalidCACertificateKind, "listener", listenerOK + "ResolvedRefs=False/InvalidCACertificateKind" + noConflict},
		{ListenerRefNotPermitted, "listener", listenerOK + "ResolvedRefs=False/RefNotPermitted" + noConflict},
		{ListenerInvalidRouteKinds, "listener", listenerOK + "ResolvedRefs=False/InvalidRouteKinds" + noConflict},
		{
			ListenerOverlappingHostnames, "listener",
			listenerOK + "ResolvedRefs=True/ResolvedRefs" + noConflict + " OverlappingTLSConfig=True/OverlappingHostnames",
		},
		{
			ListenerOverlappingCertificates, "listener",
			listenerOK + "ResolvedRefs=True/ResolvedRefs" + noConflict + " OverlappingTLSConfig=True/OverlappingCertificates",
		},

		{ListenerSetNotAllowed, "set", "Accepted=False/NotAllowed Programmed=False/NotAllowed"},
		{ListenerSetParentNotAccepted, "set", "Accepted=False/ParentNotAccepted Programmed=False/ParentNotProgrammed"},

		{NoMatchingParent, "route", "Accepted=False/NoMatchingParent" + routeResolved},
		{NotAllowedByListeners, "route", "Accepted=False/NotAllowedByListeners" + routeResolved},
		{NoMatchingListenerHostname, "route", "Accepted=False/NoMatchingListenerHostname" + routeResolved},
		{UnsupportedValue, "every rule", "Accepted=False/UnsupportedValue" + routeResolved},
		{IncompatibleFilters, "every rule", "Accepted=False/IncompatibleFilters" + routeResolved},
		{RefNotPermitted, "route", "Accepted=True/Accepted ResolvedRefs=False/RefNotPermitted"},
		{InvalidKind, "route", "Accepted=True/Accepted ResolvedRefs=False/InvalidKind"},
		{BackendNotFound, "route", "Accepted=True/Accepted ResolvedRefs=False/BackendNotFound"},
		{UnsupportedProtocol, "route", "Accepted=True/Accepted ResolvedRefs=False/UnsupportedProtocol"},

		{PolicyConflicted, "policy", "Accepted=False/Conflicted" + routeResolved},
		{PolicyNoValidCACertificate, "policy", "Accepted=False/NoValidCACertificate" + routeResolved},
		{PolicyInvalid, "policy", "Accepted=False/Invalid" + routeResolved},
		{PolicyTargetNotFound, "policy", "Accepted=False/TargetNotFound" + routeResolved},
		{PolicyInvalidCACertificateRef, "policy", "Accepted=True/Accepted ResolvedRefs=False/InvalidCACertificateRef"},
		{PolicyInvalidKind, "policy", "Accepted=True/Accepted ResolvedRefs=False/InvalidKind"},
	}
	missing := map[Code]bool{}
	for code := range Codes() {
		missing[code] = true
	}
	for _, test := range tests {
		delete(missing, test.code)
		t.Run(test.code.String(), func(t *testing.T) {
			conditions := placesOfProblems[test.place](Problem{test.code, "spec.field", "what is wrong"})
			require.Equal(t, test.want, brief(conditions))
			var told bool
			for _, c := range conditions {
				require.NotContains(t, c.Message, "\n")
				require.NotEmpty(t, c.Message)
				told = told || c.Message == "spec.field: what is wrong"
			}
			require.True(t, told, "no condition tells the problem")
		})
	}
	require.Empty(t, missing, "codes that no row shows")
}

func TestCodeNames(t *testing.T) {
	names := map[string]bool{}
	for code := range Codes() {
		require.NotEmpty(t, codes[code].effects, code)
		require.False(t, names[code.String()], "two codes are named %s", code)
		names[code.String()] = true
	}
	require.Equal(t, "BackendNotFound", BackendNotFound.String())
	require.Equal(t, "Code(0)", Code(0).String())
	require.Equal(t, "Code(255)", Code(255).String())
}

func TestUnknownCodeIsReported(t *testing.T) {
	for _, code := range []Code{0, Code(len(codes)), 255} {
		conditions := placesOfProblems["route"](Problem{Code: code, Detail: "made up"})
		require.Equal(t, "Accepted=False/Invalid ResolvedRefs=True/ResolvedRefs", brief(conditions))
		require.Equal(t, "made up", conditions[0].Message)
	}
}

func TestPrecedenceAmongProblems(t *testing.T) {
	listener := func(codes ...Code) string {
		facts := ListenerFacts{Serving: true}
		for _, code := range codes {
			facts.Problems = append(facts.Problems, Problem{Code: code})
		}
		return brief(facts.status(1, &listenerTally{}).Conditions[:3])
	}
	const conflict = "Accepted=False/HostnameConflict Programmed=False/HostnameConflict ResolvedRefs=True/ResolvedRefs"
	require.Equal(t, conflict, listener(ListenerHostnameConflict, ListenerNoValidCACertificate))
	require.Equal(t, conflict, listener(ListenerNoValidCACertificate, ListenerHostnameConflict),
		"a conflict gives the reason wherever it is reported")
	const notPermitted = "Accepted=True/Accepted Programmed=True/Programmed ResolvedRefs=False/RefNotPermitted"
	require.Equal(t, notPermitted, listener(ListenerRefNotPermitted, ListenerInvalidCertificateRef))
	require.NotEqual(t, notPermitted, listener(ListenerInvalidCertificateRef, ListenerRefNotPermitted),
		"the first broken reference gives the reason")
}

func TestMessages(t *testing.T) {
	tests := []struct {
		reason   string
		problems []Problem
		want     string
	}{
		{"field and detail", []Problem{{BackendNotFound, "spec.rules[0]", "no Service"}}, "spec.rules[0]: no Service"},
		{"no field", []Problem{{BackendNotFound, "", "no Service"}}, "no Service"},
		{
			"problems of other conditions are not told",
			[]Problem{{NoMatchingParent, "a", "b"}, {BackendNotFound, "c", "d"}},
			"c: d",
		},
		{
			"those of the winning reason come first",
			[]Problem{{InvalidKind, "a", "1"}, {BackendNotFound, "b", "2"}, {InvalidKind, "c", "3"}},
			"a: 1; c: 3; b: 2",
		},
		{"repaired to UTF-8", []Problem{{BackendNotFound, "a\xff", "b"}}, "a\uFFFD: b"},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			v, ok := judge(resolvedRefs, test.problems)
			require.True(t, ok)
			require.Equal(t, test.want, v.condition(resolvedRefs, 1).Message)
		})
	}
}

func TestMessagesAreBounded(t *testing.T) {
	long := strings.Repeat("é", 1000)
	problems := make([]Problem, 100)
	for i := range problems {
		problems[i] = Problem{UnsupportedValue, long, long}
	}
	facts := RouteFacts{Parents: []ParentFacts{{Dropped: problems}}}
	message := facts.Desired().Status.Parents[0].Conditions[2].Message
	require.LessOrEqual(t, len(message), maxMessage)
	require.Greater(t, len(message), maxMessage-10)
	require.True(t, strings.HasPrefix(message, "Dropped Rule"))
	require.True(t, strings.HasSuffix(message, "é …"), "cut between characters, with a sign that it is cut")

	require.Equal(t, strings.Repeat("a", maxMessage), bounded(strings.Repeat("a", maxMessage)))
	for _, shift := range []string{"", "a"} {
		require.True(t, utf8.ValidString(bounded(shift+strings.Repeat("é", maxMessage))), "cut within a character")
	}
}

func TestRouteWithoutProblemAllocatesTwice(t *testing.T) {
	facts := RouteFacts{Parents: []ParentFacts{{Ref: gwv1.ParentReference{Name: "gw"}}}}
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { facts.Desired() }), 2.0)
}
