package translate_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/translate"
)

// gatewayOf returns a Gateway and its class.
func gatewayOf(name, class string, spec gwv1.GatewaySpec) *translate.Objects {
	spec.GatewayClassName = gwv1.ObjectName(class)
	return &translate.Objects{
		GatewayClasses: []*gwv1.GatewayClass{{
			ObjectMeta: metav1.ObjectMeta{Name: class}, Spec: gwv1.GatewayClassSpec{ControllerName: options.ControllerName},
		}},
		Gateways: []*gwv1.Gateway{{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}, Spec: spec}},
	}
}

func infrastructureOf(t *testing.T, objects *translate.Objects, opts translate.Options) translate.Infrastructure {
	t.Helper()
	result, err := translate.Translate(objects, opts)
	require.NoError(t, err)
	require.Len(t, result.Gateways, 1)
	return result.Gateways[0].Infrastructure
}

func TestInfrastructureNames(t *testing.T) {
	long := strings.Repeat("a", 60)
	names := map[string]bool{}
	for _, row := range []struct {
		gateway, class, name, label string // "…": and a hash of ten digits
	}{
		{"gw", "class", "gw-class", "gw"},
		{"gw", strings.Repeat("c", 60), "gw-" + strings.Repeat("c", 60), "gw"},
		{"gw", strings.Repeat("c", 61), "gw-" + strings.Repeat("c", 49) + "-…", "gw"},
		{"gw", strings.Repeat("c", 62), "gw-" + strings.Repeat("c", 49) + "-…", "gw"},
		{long, "class", strings.Repeat("a", 52) + "-…", long},
		{long + "aaaa", "class", strings.Repeat("a", 52) + "-…", strings.Repeat("a", 52) + "-…"},
		{long + "aaaab", "class", strings.Repeat("a", 52) + "-…", strings.Repeat("a", 52) + "-…"},
		{"a.b", "class", "a-b-class-…", "a.b"},
		{"a-b", "c.d", "a-b-c-d-…", "a-b"},
		{"1st", "class", "st-class-…", "1st"},
		{"1", "2", "gateway-…", "1"},
		{strings.Repeat("a", 51) + ".b", "class", strings.Repeat("a", 51) + "-…", strings.Repeat("a", 51) + ".b"},
	} {
		t.Run(row.gateway+" of "+row.class, func(t *testing.T) {
			got := infrastructureOf(t, gatewayOf(row.gateway, row.class, gwv1.GatewaySpec{}), options)
			label := got.Labels[gwv1.GatewayNameLabelKey]
			for _, pair := range [][2]string{{row.name, got.Name}, {row.label, label}} {
				want, hash := strings.CutSuffix(pair[0], "…")
				rest, ok := strings.CutPrefix(pair[1], want)
				require.True(t, ok, "want %s, got %s", pair[0], pair[1])
				if hash {
					require.Len(t, rest, 10)
				} else {
					require.Empty(t, rest)
				}
			}
			require.Empty(t, validation.IsDNS1035Label(got.Name))
			require.Empty(t, validation.IsValidLabelValue(label))
			require.Equal(t, label, translate.GatewayNameLabel(row.gateway))
			require.False(t, names[got.Name], "two Gateways have the name %s", got.Name)
			names[got.Name] = true
		})
	}
}

func TestInfrastructureMetadata(t *testing.T) {
	got := infrastructureOf(t, gatewayOf("gw", "class", gwv1.GatewaySpec{Infrastructure: &gwv1.GatewayInfrastructure{
		Labels:      map[gwv1.LabelKey]gwv1.LabelValue{"team": "a", gwv1.GatewayNameLabelKey: "other"},
		Annotations: map[gwv1.AnnotationKey]gwv1.AnnotationValue{"example.com/note": "b"},
	}}), options)
	require.Equal(t, map[string]string{"team": "a", gwv1.GatewayNameLabelKey: "gw"}, got.Labels)
	require.Equal(t, map[string]string{"example.com/note": "b"}, got.Annotations)

	got = infrastructureOf(t, gatewayOf("gw", "class", gwv1.GatewaySpec{}), options)
	require.Equal(t, map[string]string{gwv1.GatewayNameLabelKey: "gw"}, got.Labels)
	require.Nil(t, got.Annotations)
}

func TestInfrastructurePorts(t *testing.T) {
	listener := func(name string, port int32, protocol gwv1.ProtocolType) gwv1.Listener {
		return gwv1.Listener{Name: gwv1.SectionName(name), Port: port, Protocol: protocol}
	}
	second := listener("second", 80, gwv1.HTTPProtocolType)
	second.Hostname = ptr(gwv1.Hostname("a.example.com"))
	spec := gwv1.GatewaySpec{Listeners: []gwv1.Listener{
		listener("udp", 5353, gwv1.UDPProtocolType),
		listener("tcp", 5353, gwv1.TCPProtocolType),
		listener("http", 80, gwv1.HTTPProtocolType),
		second,
		listener("https", 8443, gwv1.HTTPSProtocolType), // without a certificate yet
		listener("other", 81, "example.com/other"),
	}}
	opts := options
	opts.PrivilegedPortOffset = 10000
	require.Equal(t, []corev1.ServicePort{
		{Name: "tcp-80", Protocol: corev1.ProtocolTCP, Port: 80, TargetPort: intstr.FromInt32(10080)},
		{Name: "tcp-5353", Protocol: corev1.ProtocolTCP, Port: 5353, TargetPort: intstr.FromInt32(5353)},
		{Name: "udp-5353", Protocol: corev1.ProtocolUDP, Port: 5353, TargetPort: intstr.FromInt32(5353)},
		{Name: "tcp-8443", Protocol: corev1.ProtocolTCP, Port: 8443, TargetPort: intstr.FromInt32(8443)},
	}, infrastructureOf(t, gatewayOf("gw", "class", spec), opts).Ports)

	spec.Infrastructure = &gwv1.GatewayInfrastructure{ParametersRef: &gwv1.LocalParametersReference{Kind: "Unknown", Name: "a"}}
	require.Empty(t, infrastructureOf(t, gatewayOf("gw", "class", spec), opts).Ports, "the Gateway is not accepted")
}

// TestParameters: a host says which references to parameters of its kinds lead somewhere.
func TestParameters(t *testing.T) {
	const group = "example.com"
	opts := options
	opts.Parameters = map[schema.GroupKind]translate.ParametersResolver{
		{Group: group, Kind: "Parameters"}: func(namespace, name string) string {
			if namespace+"/"+name == "default/known" || namespace+"/"+name == "/known" {
				return ""
			}
			return "there are no such parameters"
		},
	}
	for _, row := range []struct {
		gateway, class, kind string // names of parameters; "": no reference
		want                 string // of the Gateway
	}{
		{"", "", "Parameters", ""},
		{"known", "known", "Parameters", ""},
		{"gone", "", "Parameters", "spec.infrastructure.parametersRef: there are no such parameters"},
		{"", "gone", "Parameters", `spec.gatewayClassName: GatewayClass "class" is not accepted: its parameters are not valid`},
		{"known", "", "Other", `spec.infrastructure.parametersRef: parameters of kind "Other" are not supported`},
	} {
		objects := gatewayOf("gw", "class", gwv1.GatewaySpec{Listeners: []gwv1.Listener{{Name: "http", Port: 80, Protocol: gwv1.HTTPProtocolType}}})
		if row.gateway != "" {
			objects.Gateways[0].Spec.Infrastructure = &gwv1.GatewayInfrastructure{ParametersRef: &gwv1.LocalParametersReference{
				Group: group, Kind: gwv1.Kind(row.kind), Name: row.gateway,
			}}
		}
		if row.class != "" {
			objects.GatewayClasses[0].Spec.ParametersRef = &gwv1.ParametersReference{Group: group, Kind: gwv1.Kind(row.kind), Name: row.class}
		}
		result, err := translate.Translate(objects, opts)
		require.NoError(t, err)
		accepted := result.Statuses.Gateways[0].Status.Conditions[0]
		require.Equal(t, "Accepted", accepted.Type)
		if row.want == "" {
			require.Equal(t, metav1.ConditionTrue, accepted.Status)
			continue
		}
		require.Equal(t, "InvalidParameters", accepted.Reason)
		require.Equal(t, row.want, accepted.Message)
	}
}
