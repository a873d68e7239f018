package kubelet

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatewayxds/gatewayxds/conformance/internal/build"
)

// TestIP: no two pods share an address, and none has one of the bridge's own.
func TestIP(t *testing.T) {
	seen := map[string]int{"10.244.0.1": 0}
	for id := 1; id < 60000; id++ {
		ip := (&pod{id: id}).ip()
		other, dup := seen[ip]
		require.False(t, dup, "pods %d and %d have %s", other, id, ip)
		seen[ip] = id
	}
	require.Equal(t, "10.244.1.3", (&pod{id: 1}).ip())
}

func TestLogBuffer(t *testing.T) {
	var b logBuffer
	write := func(text string) {
		_, err := b.Write([]byte(text))
		require.NoError(t, err)
	}
	write("one\ntw")
	time.Sleep(time.Millisecond)
	between := time.Now()
	write("o\nthr")
	require.Equal(t, "one\ntwo\n", string(b.since(time.Time{})))
	require.Equal(t, "two\n", string(b.since(between)), "a line belongs to the time of its end")
	require.Empty(t, b.since(time.Now()))
}

func TestItemPath(t *testing.T) {
	items := []corev1.KeyToPath{{Key: "tls.crt", Path: "crt"}}
	path, ok := itemPath(items, "tls.crt")
	require.True(t, ok)
	require.Equal(t, "crt", path)
	_, ok = itemPath(items, "tls.key")
	require.False(t, ok, "keys that are not listed are left out")
	path, ok = itemPath(nil, "tls.key")
	require.True(t, ok)
	require.Equal(t, "tls.key", path)
}

func TestFindImage(t *testing.T) {
	all := images(build.Programs{EchoBasic: "/echo", CoreDNS: "/coredns", Envoy: "/envoy"})
	for name, want := range map[string]string{
		"registry.k8s.io/gateway-api/echo-basic:v1.5.1":             "/echo",
		"registry.k8s.io/gateway-api/conformance/echo-basic:v0.1.0": "/echo",
		"registry.k8s.io/coredns/coredns:v1.12.2":                   "/coredns",
		EnvoyImage: "/envoy",
	} {
		image, err := findImage(all, name)
		require.NoError(t, err)
		require.Equal(t, want, image.program)
	}
	_, err := findImage(all, "nginx:latest")
	require.Error(t, err)
}

func TestEnvironment(t *testing.T) {
	field := func(path string) *corev1.EnvVarSource {
		return &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}
	}
	require.Subset(t, environment(&corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "pod"},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Env: []corev1.EnvVar{
			{Name: "A", Value: "1"},
			{Name: "POD_NAME", ValueFrom: field("metadata.name")},
			{Name: "NAMESPACE", ValueFrom: field("metadata.namespace")},
		}}}},
	}), []string{"A=1", "POD_NAME=pod", "NAMESPACE=ns"})
}

// TestSetCondition: the time moves only when the value does.
func TestSetCondition(t *testing.T) {
	long := metav1.NewTime(time.Unix(1, 0))
	status := &corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse, LastTransitionTime: long}}}
	setCondition(status, corev1.PodReady, corev1.ConditionFalse)
	require.Equal(t, long, status.Conditions[0].LastTransitionTime)
	setCondition(status, corev1.PodReady, corev1.ConditionTrue)
	require.NotEqual(t, long, status.Conditions[0].LastTransitionTime)
	require.Len(t, status.Conditions, 1)
}
