package status

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestMergeConditions(t *testing.T) {
	const yes, no = metav1.ConditionTrue, metav1.ConditionFalse
	owned := []string{"Accepted", "Programmed"}
	foreign := condition("example.com/Foreign", yes, 1, before)
	tests := []struct {
		reason         string
		existing, want []metav1.Condition
		merged         []metav1.Condition // nil: nothing changes
	}{
		{"nothing there, nothing wanted", nil, nil, nil},
		{
			"a new one transitions now",
			nil,
			[]metav1.Condition{condition("Accepted", yes, 0, metav1.Time{})},
			[]metav1.Condition{condition("Accepted", yes, 5, now)},
		},
		{
			"the same state keeps its time, and the generation moves",
			[]metav1.Condition{condition("Accepted", yes, 4, before)},
			[]metav1.Condition{condition("Accepted", yes, 0, metav1.Time{})},
			[]metav1.Condition{condition("Accepted", yes, 5, before)},
		},
		{
			"another state has another time",
			[]metav1.Condition{condition("Accepted", yes, 5, before)},
			[]metav1.Condition{condition("Accepted", no, 0, metav1.Time{})},
			[]metav1.Condition{condition("Accepted", no, 5, now)},
		},
		{
			"what is as it should be is no difference",
			[]metav1.Condition{foreign, condition("Accepted", yes, 5, before)},
			[]metav1.Condition{condition("Accepted", yes, 0, metav1.Time{})},
			nil,
		},
		{
			"others' conditions stay in place, ours of old go, new ones come last",
			[]metav1.Condition{condition("Programmed", yes, 5, before), foreign, condition("Accepted", yes, 5, before)},
			[]metav1.Condition{condition("New", yes, 0, metav1.Time{}), condition("Accepted", no, 0, metav1.Time{})},
			[]metav1.Condition{foreign, condition("Accepted", no, 5, now), condition("New", yes, 5, now)},
		},
		{
			"nothing is written over what is newer",
			[]metav1.Condition{condition("Accepted", yes, 6, before), condition("Programmed", yes, 5, before)},
			[]metav1.Condition{condition("Accepted", no, 0, metav1.Time{})},
			nil,
		},
		{
			"nor over one that only the desired status says is ours",
			[]metav1.Condition{condition("New", yes, 6, before)},
			[]metav1.Condition{condition("New", no, 0, metav1.Time{})},
			nil,
		},
		{
			"how new others' conditions are is not our business",
			[]metav1.Condition{condition("example.com/Foreign", yes, 9, before)},
			[]metav1.Condition{condition("Accepted", yes, 0, metav1.Time{})},
			[]metav1.Condition{condition("example.com/Foreign", yes, 9, before), condition("Accepted", yes, 5, now)},
		},
		{
			"a condition without a time would be refused by the API server",
			[]metav1.Condition{condition("Accepted", yes, 5, metav1.Time{})},
			[]metav1.Condition{condition("Accepted", yes, 0, metav1.Time{})},
			[]metav1.Condition{condition("Accepted", yes, 5, now)},
		},
		{
			"a list is a map by type: what is there twice goes, what is wanted twice is taken once",
			[]metav1.Condition{condition("Accepted", yes, 5, before), condition("Accepted", no, 5, before), foreign, foreign},
			[]metav1.Condition{
				condition("Accepted", yes, 0, metav1.Time{}),
				condition("New", yes, 0, metav1.Time{}), condition("New", no, 0, metav1.Time{}),
			},
			[]metav1.Condition{condition("Accepted", yes, 5, before), foreign, foreign, condition("New", yes, 5, now)},
		},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			merged, changed := MergeConditions(test.existing, test.want, 5, owned, now)
			require.Equal(t, test.merged != nil, changed)
			if !changed {
				test.merged = test.existing
			}
			require.Equal(t, test.merged, merged)
		})
	}
}

func TestMergeConditionsFillsInWhatTheCRDsDemand(t *testing.T) {
	want := []metav1.Condition{{Type: "Accepted", Message: "\xff"}}
	merged, changed := MergeConditions(nil, want, 1, nil, metav1.NewTime(now.Add(time.Millisecond).In(time.FixedZone("", 3600))))
	require.True(t, changed)
	require.Equal(t, []metav1.Condition{{
		Type: "Accepted", Status: metav1.ConditionUnknown, Reason: "Unspecified", Message: "\uFFFD",
		ObservedGeneration: 1, LastTransitionTime: now,
	}}, merged)
	_, changed = MergeConditions(merged, want, 1, nil, now)
	require.False(t, changed, "what was filled in is no difference afterwards")
}

func TestMergeConditionsStopsAtEight(t *testing.T) {
	var existing []metav1.Condition
	for i := range 7 {
		existing = append(existing, condition("example.com/"+strconv.Itoa(i), metav1.ConditionTrue, 1, before))
	}
	want := []metav1.Condition{{Type: "Accepted"}, {Type: "Programmed"}}
	merged, changed := MergeConditions(existing, want, 1, nil, now)
	require.True(t, changed)
	require.Len(t, merged, 8)
	require.Equal(t, "Accepted", merged[7].Type)
	_, changed = MergeConditions(merged, want, 1, nil, now)
	require.False(t, changed, "what has no room is not tried again and again")
}
