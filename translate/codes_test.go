package translate_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/gatewayxds/gatewayxds/status"
)

// unshown are the codes that no case can show, and why.
var unshown = map[status.Code]string{
	status.ClassUnsupportedVersion: "only a host sees the CRDs",
}

// TestEveryCodeIsShown holds that for every kind of mistake some case shows the conditions it sets.
func TestEveryCodeIsShown(t *testing.T) {
	shown := shownConditions(t)
	for code := range status.Codes() {
		t.Run(code.String(), func(t *testing.T) {
			object, want := conditionsOf(code)
			require.NotEmpty(t, want, "the code does nothing")
			all := true
			for _, c := range want {
				all = all && shown[object][c]
				require.True(t, shown[object][c] || unshown[code] != "", "no status.yaml shows %v of a %s", c, object)
			}
			require.False(t, all && unshown[code] != "", "some case shows it now")
		})
	}
}

// condition is what a code decides of a condition.
type condition struct {
	Type   string                 `json:"type"`
	Status metav1.ConditionStatus `json:"status"`
	Reason string                 `json:"reason"`
}

// conditionsOf returns what a problem changes in the status of an otherwise sound object, and of what object.
func conditionsOf(code status.Code) (object string, changed []condition) {
	object, with := statusOf(code, status.Problem{Code: code})
	_, without := statusOf(code)
	sound := map[condition]bool{}
	for _, c := range without {
		sound[condition{c.Type, c.Status, c.Reason}] = true
	}
	for _, c := range with {
		if c := (condition{c.Type, c.Status, c.Reason}); !sound[c] {
			changed = append(changed, c)
		}
	}
	return object, changed
}

// statusOf returns the status of an object with these problems, of the kind that a code belongs to.
func statusOf(code status.Code, problems ...status.Problem) (object string, conditions []metav1.Condition) {
	sound := []status.ListenerFacts{{Name: "sound", Serving: true}}
	switch {
	case code <= status.ClassUnsupportedVersion:
		return "GatewayClass", status.GatewayClassFacts{Problems: problems}.Desired().Status.Conditions
	case code <= status.ClientCertificateRefNotPermitted:
		return "Gateway", status.GatewayFacts{Problems: problems, Listeners: sound, AddressesDecided: true}.Desired().Status.Conditions
	case code <= status.ListenerOverlappingHostnames:
		facts := status.GatewayFacts{Listeners: []status.ListenerFacts{{Problems: problems, Serving: true}}}
		return "listener", facts.Desired().Status.Listeners[0].Conditions
	case code <= status.ListenerSetParentNotAccepted:
		return "ListenerSet", status.ListenerSetFacts{Problems: problems, Listeners: sound}.Desired().Status.Conditions
	case code <= status.UnsupportedProtocol:
		facts := status.RouteFacts{Parents: []status.ParentFacts{{Problems: problems, Dropped: problems, AllDropped: len(problems) > 0}}}
		return "route", facts.Desired().Status.Parents[0].Conditions
	}
	return "policy", status.PolicyFacts{Ancestors: []status.AncestorFacts{{Problems: problems}}}.Desired().Status.Ancestors[0].Conditions
}

// shownConditions reads the conditions of all cases, by the object that they are of.
func shownConditions(t *testing.T) map[string]map[condition]bool {
	type holder struct {
		Conditions []condition `json:"conditions"`
	}
	shown := map[string]map[condition]bool{}
	add := func(object string, holders ...holder) {
		if shown[object] == nil {
			shown[object] = map[condition]bool{}
		}
		for _, h := range holders {
			for _, c := range h.Conditions {
				shown[object][c] = true
			}
		}
	}
	files, err := filepath.Glob(filepath.Join(testdata, "*", "*", "status.yaml"))
	require.NoError(t, err)
	later, err := filepath.Glob(filepath.Join(testdata, "v*", "*", "*", "status.yaml")) // also those that cannot run here
	require.NoError(t, err)
	files = append(files, later...)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for doc := range bytes.SplitSeq(text, []byte("\n---\n")) {
			var s struct {
				Object string `json:"object"`
				Status struct {
					holder
					Listeners []holder `json:"listeners"`
					Parents   []holder `json:"parents"`
					Ancestors []holder `json:"ancestors"`
				} `json:"status"`
			}
			require.NoError(t, yaml.Unmarshal(doc, &s), file)
			kind, _, _ := strings.Cut(s.Object, " ")
			add(kind, s.Status.holder)
			add("listener", s.Status.Listeners...)
			add("route", s.Status.Parents...)
			add("policy", s.Status.Ancestors...)
		}
	}
	return shown
}
