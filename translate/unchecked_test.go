package translate_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	"github.com/gatewayxds/gatewayxds/translate"
	"github.com/gatewayxds/gatewayxds/translate/goldentest"
)

// An embedder without an API server has objects without the defaults of their CRDs: they mean the same.
func TestAbsentDefaultsAreAssumed(t *testing.T) {
	inputs, err := filepath.Glob(filepath.Join(testdata, "*", "*", "input.yaml"))
	require.NoError(t, err)
	for _, input := range inputs {
		bare := loadBare(t, input)
		if bare == nil {
			continue
		}
		t.Run(strings.TrimPrefix(filepath.Dir(input), testdata+string(filepath.Separator)), func(t *testing.T) {
			want, err := translate.Translate(goldentest.Load(t, input), options)
			require.NoError(t, err)
			got, err := translate.Translate(bare, options)
			require.NoError(t, err)
			require.True(t, bytes.Equal(encode(t, want), encode(t, got)), "other bytes without the defaults")
		})
	}
}

// An object that no API server checked may have more backends than Envoy can add up the weights of.
func TestWeightsThatEnvoyCannotAddUp(t *testing.T) {
	objects := goldentest.Load(t, filepath.Join(testdata, "httproute", "simple", "input.yaml"))
	rule, weight := &objects.HTTPRoutes[0].Spec.Rules[0], int32(1_000_000)
	ref := rule.BackendRefs[0]
	ref.Weight = &weight
	rule.BackendRefs = slices.Repeat([]gwv1.HTTPBackendRef{ref}, 4295)
	result, err := translate.Translate(objects, options)
	require.NoError(t, err)
	require.NoError(t, configOf(result.Gateways[0]).Check())
	require.EqualValues(t, 500, result.Gateways[0].Routes[0].VirtualHosts[1].Routes[0].GetDirectResponse().GetStatus())
	require.Equal(t, "UnsupportedValue", result.Statuses.HTTPRoutes[0].Status.Parents[0].Conditions[0].Reason)
}

// A TLSRoute that is not accepted sends nothing to its backends, and is no reason to judge their policies.
func TestPoliciesBehindRefusedStreams(t *testing.T) {
	objects := goldentest.Load(t, filepath.Join(testdata, "backendtlspolicy", "tlsroute", "input.yaml"))
	objects.TLSRoutes = objects.TLSRoutes[:1]
	policies := func() (n int) {
		result, err := translate.Translate(objects, options)
		require.NoError(t, err)
		for _, p := range result.Statuses.BackendTLSPolicies {
			n += len(p.Status.Ancestors)
		}
		return n
	}
	require.Positive(t, policies())
	refs, weight := &objects.TLSRoutes[0].Spec.Rules[0].BackendRefs, int32(1_000_000)
	(*refs)[0].Weight = &weight
	*refs = slices.Repeat((*refs)[:1], 4295)
	require.Zero(t, policies())
}

// Nothing is named after a name that no message can hold.
func TestNamesThatAreNotUTF8(t *testing.T) {
	rename := map[string]func(o *translate.Objects, name string){
		"gateway":   func(o *translate.Objects, name string) { o.Gateways[0].Name = name },
		"namespace": func(o *translate.Objects, name string) { o.Gateways[0].Namespace = name },
		"listener":  func(o *translate.Objects, name string) { o.Gateways[0].Spec.Listeners[0].Name = gwv1.SectionName(name) },
		"route":     func(o *translate.Objects, name string) { o.HTTPRoutes[0].Name = name },
		"service":   func(o *translate.Objects, name string) { o.Services[0].Name = name },
	}
	for what, set := range rename {
		t.Run(what, func(t *testing.T) {
			objects := goldentest.Load(t, filepath.Join(testdata, "httproute", "simple", "input.yaml"))
			set(objects, "name\xff\xfe")
			result, err := translate.Translate(objects, options)
			require.NoError(t, err)
			for _, g := range result.Gateways {
				require.NoError(t, configOf(g).Check())
			}
		})
	}
}

// A reference may hold a name that no message can, and weights that nothing can add up.
func TestStreamsThatNoMessageCanHold(t *testing.T) {
	for reason, spoil := range map[string]func(*gwv1.TCPRoute){
		"Accepted": func(r *gwv1.TCPRoute) { r.Spec.Rules[0].BackendRefs[0].Name = "name\xff\xfe" },
		"UnsupportedValue": func(r *gwv1.TCPRoute) {
			ref, weight := r.Spec.Rules[0].BackendRefs[0], int32(1_000_000)
			ref.Weight = &weight
			r.Spec.Rules[0].BackendRefs = slices.Repeat([]gwv1.BackendRef{ref}, 4295)
		},
	} {
		t.Run(reason, func(t *testing.T) {
			objects := goldentest.Load(t, filepath.Join(testdata, "tcproute", "weights", "input.yaml"))
			spoil(objects.TCPRoutes[0])
			result, err := translate.Translate(objects, options)
			require.NoError(t, err)
			require.NoError(t, configOf(result.Gateways[0]).Check())
			encode(t, result)
			require.Equal(t, reason, result.Statuses.TCPRoutes[0].Status.Parents[0].Conditions[0].Reason)
		})
	}
}

// loadBare reads objects as they are written; nil if one is of an API version, or has a field, that is not of the release
// at hand: moving those is what goldentest.Load does.
func loadBare(t *testing.T, path string) *translate.Objects {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	objects := &translate.Objects{}
	for doc := range strings.SplitSeq(string(text), "\n---\n") {
		var meta metav1.TypeMeta
		require.NoError(t, yaml.Unmarshal([]byte(doc), &meta))
		object := newObject(meta)
		if object == nil {
			return nil
		}
		if yaml.UnmarshalStrict([]byte(doc), object) != nil {
			return nil
		}
		require.True(t, objects.Add(object))
	}
	return objects
}

func newObject(meta metav1.TypeMeta) any {
	switch meta.APIVersion + " " + meta.Kind {
	case gwv1.GroupVersion.String() + " GatewayClass":
		return &gwv1.GatewayClass{}
	case gwv1.GroupVersion.String() + " Gateway":
		return &gwv1.Gateway{}
	case gwv1.GroupVersion.String() + " ListenerSet":
		return &gwv1.ListenerSet{}
	case gwv1.GroupVersion.String() + " HTTPRoute":
		return &gwv1.HTTPRoute{}
	case gwv1.GroupVersion.String() + " GRPCRoute":
		return &gwv1.GRPCRoute{}
	case gwv1.GroupVersion.String() + " TLSRoute":
		return &gwv1.TLSRoute{}
	case gwv1.GroupVersion.String() + " TCPRoute":
		return &gwv1.TCPRoute{}
	case gwv1.GroupVersion.String() + " UDPRoute":
		return &gwv1.UDPRoute{}
	case gwv1.GroupVersion.String() + " BackendTLSPolicy":
		return &gwv1.BackendTLSPolicy{}
	case gwv1.GroupVersion.String() + " ReferenceGrant":
		return &gwv1.ReferenceGrant{}
	case "v1 Service":
		return &corev1.Service{}
	case "v1 ConfigMap":
		return &corev1.ConfigMap{}
	case "v1 Secret":
		return &corev1.Secret{}
	case certificatesv1beta1.SchemeGroupVersion.String() + " ClusterTrustBundle":
		return &certificatesv1beta1.ClusterTrustBundle{}
	case "v1 Namespace":
		return &corev1.Namespace{}
	case "discovery.k8s.io/v1 EndpointSlice":
		return &discoveryv1.EndpointSlice{}
	}
	return nil
}
