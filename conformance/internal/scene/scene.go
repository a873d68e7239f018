// Package scene sets up what our own end-to-end tests play with: a namespace with a Gateway, backends and routes.
package scene

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/conformance/internal/testbed"
)

const (
	// GatewayName is the name of the Gateway in every scene.
	GatewayName = "gateway"
	// EchoImage is the suite's echo server; the kubelet does not look at the version.
	EchoImage = "registry.k8s.io/gateway-api/echo-basic:any"
	echoPort  = 3000
	patience  = 90 * time.Second
)

// A Scene is a namespace with a Gateway that has an HTTP listener on port 80.
type Scene struct {
	Bed       *testbed.Testbed
	Namespace string
	// Address is where the Gateway is reached.
	Address string
}

// New creates a scene for a GatewayClass and waits until its Gateway is programmed. The listeners come on top of the one
// on port 80. It is deleted when the test ends.
func New(t testing.TB, b *testbed.Testbed, namespace, class string, listeners ...gwv1.Listener) *Scene {
	t.Helper()
	s := &Scene{Bed: b, Namespace: namespace}
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	s.Create(t, ns)
	t.Cleanup(func() { // begins it: nobody needs to wait for the end
		require.NoError(t, client.IgnoreNotFound(b.Client.Delete(context.Background(), ns)))
	})
	s.Address = s.Gateway(t, GatewayName, class, listeners...)
	return s
}

// Gateway creates one more Gateway and returns its address.
func (s *Scene) Gateway(t testing.TB, name, class string, listeners ...gwv1.Listener) string {
	t.Helper()
	http := gwv1.Listener{Name: "http", Port: 80, Protocol: gwv1.HTTPProtocolType}
	s.Create(t, &gwv1.Gateway{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: name},
		Spec:       gwv1.GatewaySpec{GatewayClassName: gwv1.ObjectName(class), Listeners: append([]gwv1.Listener{http}, listeners...)},
	})
	var gw gwv1.Gateway
	s.Wait(t, "Gateway "+name+" is programmed", func(ctx context.Context) (bool, error) {
		err := s.Bed.Client.Get(ctx, client.ObjectKey{Namespace: s.Namespace, Name: name}, &gw)
		return meta.IsStatusConditionTrue(gw.Status.Conditions, string(gwv1.GatewayConditionProgrammed)), err
	})
	return gw.Status.Addresses[0].Value
}

// Backend creates a Service and a Deployment of the echo server, and waits until its pods are ready.
func (s *Scene) Backend(t testing.TB, name string, replicas int32) {
	t.Helper()
	labels := map[string]string{"app": name}
	fromField := func(path string) *corev1.EnvVarSource {
		return &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}
	}
	s.Create(t, s.Service(name, name))
	s.Create(t, &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: name}, Spec: appsv1.DeploymentSpec{
		Replicas: &replicas,
		Selector: &metav1.LabelSelector{MatchLabels: labels},
		Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: labels},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{
				Name: "echo", Image: EchoImage,
				Env: []corev1.EnvVar{
					{Name: "POD_NAME", ValueFrom: fromField("metadata.name")},
					{Name: "NAMESPACE", ValueFrom: fromField("metadata.namespace")},
					{Name: "SERVICE_NAME", Value: name},
				},
			}}},
		},
	}})
	s.WaitReplicas(t, name, replicas)
}

// Service is a Service in front of the pods of a backend.
func (s *Scene) Service(name, backend string) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: name},
		Spec: corev1.ServiceSpec{
			Selector: map[string]string{"app": backend},
			Ports:    []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(echoPort)}},
		},
	}
}

// Scale sets the number of pods of a backend, and waits for it.
func (s *Scene) Scale(t testing.TB, name string, replicas int32) {
	t.Helper()
	patch := client.RawPatch("application/merge-patch+json", fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, replicas))
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: name}}
	require.NoError(t, s.Bed.Client.Patch(t.Context(), deployment, patch))
	s.WaitReplicas(t, name, replicas)
}

// WaitReplicas returns when a backend has exactly so many pods, all ready.
func (s *Scene) WaitReplicas(t testing.TB, name string, replicas int32) {
	t.Helper()
	s.Wait(t, fmt.Sprintf("%s has %d ready pods", name, replicas), func(ctx context.Context) (bool, error) {
		var d appsv1.Deployment
		err := s.Bed.Client.Get(ctx, client.ObjectKey{Namespace: s.Namespace, Name: name}, &d)
		return d.Status.ReadyReplicas == replicas && d.Status.Replicas == replicas, err
	})
}

// Route is an HTTPRoute of the scene's Gateway for one host, all of whose requests go to a backend.
func (s *Scene) Route(name, hostname, backend string) *gwv1.HTTPRoute {
	port := gwv1.PortNumber(80)
	return &gwv1.HTTPRoute{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: name},
		Spec: gwv1.HTTPRouteSpec{
			CommonRouteSpec: gwv1.CommonRouteSpec{ParentRefs: []gwv1.ParentReference{{Name: GatewayName}}},
			Hostnames:       []gwv1.Hostname{gwv1.Hostname(hostname)},
			Rules: []gwv1.HTTPRouteRule{{BackendRefs: []gwv1.HTTPBackendRef{{BackendRef: gwv1.BackendRef{
				BackendObjectReference: gwv1.BackendObjectReference{Name: gwv1.ObjectName(backend), Port: &port},
			}}}}},
		},
	}
}

// SetVersion makes a route answer with this x-version header and through this backend: what an answer shows of the
// configuration that it was given by.
func SetVersion(route *gwv1.HTTPRoute, version int, backend string) {
	rule := &route.Spec.Rules[0]
	rule.BackendRefs[0].Name = gwv1.ObjectName(backend)
	rule.Filters = []gwv1.HTTPRouteFilter{{
		Type: gwv1.HTTPRouteFilterResponseHeaderModifier,
		ResponseHeaderModifier: &gwv1.HTTPHeaderFilter{
			Set: []gwv1.HTTPHeader{{Name: VersionHeader, Value: fmt.Sprint(version)}},
		},
	}}
}

// VersionHeader is set by SetVersion.
const VersionHeader = "x-version"

// WaitRoute returns when the host has accepted the route as it is now, at its only or first parent.
func (s *Scene) WaitRoute(t testing.TB, name string) *gwv1.HTTPRoute {
	t.Helper()
	route := &gwv1.HTTPRoute{}
	s.Wait(t, "HTTPRoute "+name+" is accepted", func(ctx context.Context) (bool, error) {
		err := s.Bed.Client.Get(ctx, client.ObjectKey{Namespace: s.Namespace, Name: name}, route)
		return Accepted(route), err
	})
	return route
}

// Accepted tells whether every parent's host has accepted this generation of the route.
func Accepted(route *gwv1.HTTPRoute) bool {
	if len(route.Status.Parents) < len(route.Spec.ParentRefs) {
		return false
	}
	for _, parent := range route.Status.Parents {
		c := meta.FindStatusCondition(parent.Conditions, string(gwv1.RouteConditionAccepted))
		if c == nil || c.Status != metav1.ConditionTrue || c.ObservedGeneration != route.Generation {
			return false
		}
	}
	return true
}

// Create creates an object.
func (s *Scene) Create(t testing.TB, object client.Object) {
	t.Helper()
	require.NoError(t, s.Bed.Client.Create(t.Context(), object))
}

// Update changes an object as it is now, again when it has changed meanwhile.
func Update[T client.Object](t testing.TB, s *Scene, object T, change func(T)) {
	t.Helper()
	require.NoError(t, s.Bed.Update(t.Context(), object, func() { change(object) }))
}

// Wait polls until done, which says what it waits for when it gives up. Errors of a poll are not final: an API server
// may be away.
func (s *Scene) Wait(t testing.TB, what string, done func(context.Context) (bool, error)) {
	t.Helper()
	var last error
	err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		ok, err := done(ctx)
		last = err
		return ok && err == nil, nil
	})
	require.NoError(t, err, "%s: %v", what, last)
}
