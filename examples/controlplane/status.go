package main

import (
	"context"
	"log/slog"
	"maps"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/status"
	"github.com/gatewayxds/gatewayxds/translate"
	"github.com/gatewayxds/gatewayxds/version"
)

// writers is how many statuses are written at once.
const writers = 8

// statusWriter brings the statuses of objects to what the last translation wants. Objects whose status is right already
// cost one comparison in memory.
type statusWriter struct {
	client client.Client                                      // without a cache
	lookup func(key) (client.Object, schema.GroupVersionKind) // in the cache
	log    *slog.Logger
	queue  workqueue.TypedRateLimitingInterface[key]

	mu     sync.Mutex
	wanted wishes
	futile map[key]string // patches that the API server took and did nothing with: an older CRD drops what it does not know
}

// wishes are the patches that objects need, computed from the object as the API server has it at that time: nil when its
// status is right, or when it is of another generation, whose translation is on its way.
type wishes map[key]func(client.Object) []byte

func newStatusWriter(c client.Client, w *watcher, log *slog.Logger) *statusWriter {
	return &statusWriter{
		client: c, lookup: w.get, log: log, futile: map[key]string{},
		queue: workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[key]()),
	}
}

// want replaces what is wanted by set, the outcome of objs, and queues the objects whose status differs. It does not wait
// for any write.
func (w *statusWriter) want(objs *translate.Objects, set *status.Set) {
	c := collector{wanted: wishes{}}
	collect(&c, objs.GatewayClasses, set.GatewayClasses, func(o *gwv1.GatewayClass) *gwv1.GatewayClassStatus { return &o.Status })
	collect(&c, objs.Gateways, set.Gateways, func(o *gwv1.Gateway) *gwv1.GatewayStatus { return &o.Status })
	collect(&c, objs.ListenerSets, set.ListenerSets, func(o *gwv1.ListenerSet) *gwv1.ListenerSetStatus { return &o.Status })
	collect(&c, objs.HTTPRoutes, set.HTTPRoutes, func(o *gwv1.HTTPRoute) *gwv1.RouteStatus { return &o.Status.RouteStatus })
	collect(&c, objs.GRPCRoutes, set.GRPCRoutes, func(o *gwv1.GRPCRoute) *gwv1.RouteStatus { return &o.Status.RouteStatus })
	collect(&c, objs.TLSRoutes, set.TLSRoutes, func(o *gwv1.TLSRoute) *gwv1.RouteStatus { return &o.Status.RouteStatus })
	collect(&c, objs.TCPRoutes, set.TCPRoutes, func(o *gwv1.TCPRoute) *gwv1.RouteStatus { return &o.Status.RouteStatus })
	collect(&c, objs.UDPRoutes, set.UDPRoutes, func(o *gwv1.UDPRoute) *gwv1.RouteStatus { return &o.Status.RouteStatus })
	collect(&c, objs.BackendTLSPolicies, set.BackendTLSPolicies, func(o *gwv1.BackendTLSPolicy) *gwv1.PolicyStatus { return &o.Status })

	w.mu.Lock()
	w.wanted = c.wanted
	maps.DeleteFunc(w.futile, func(k key, _ string) bool { return w.wanted[k] == nil })
	w.mu.Unlock()
	for _, k := range c.differ {
		w.queue.Add(k)
	}
}

type collector struct {
	wanted wishes
	differ []key
}

// collect adds what is wanted of one kind.
func collect[S status.Status, P client.Object](c *collector, objects []P, desired []status.Desired[S], statusOf func(P) *S) {
	byName := make(map[types.NamespacedName]*status.Desired[S], len(desired))
	for i := range desired {
		byName[types.NamespacedName{Namespace: desired[i].Namespace, Name: desired[i].Name}] = &desired[i]
	}
	for _, obj := range objects {
		k := keyOf(obj)
		want := byName[k.NamespacedName]
		if want == nil {
			continue // not ours
		}
		patch := func(o client.Object) []byte { return status.Patch(o, statusOf(o.(P)), want, metav1.Now()) }
		c.wanted[k] = patch
		if patch(obj) != nil {
			c.differ = append(c.differ, k)
		}
	}
}

// run writes until ctx ends.
func (w *statusWriter) run(ctx context.Context) error {
	var running sync.WaitGroup
	for range writers {
		running.Go(func() {
			for k, done := w.queue.Get(); !done; k, done = w.queue.Get() {
				if err := w.write(ctx, k); err != nil && ctx.Err() == nil {
					w.log.Error("cannot write status", "kind", k.kind, "object", k.String(), "error", err)
					w.queue.AddRateLimited(k)
				} else {
					w.queue.Forget(k)
				}
				w.queue.Done(k)
			}
		})
	}
	<-ctx.Done()
	w.queue.ShutDown()
	running.Wait()
	return nil
}

// write patches the object as the cache has it, and after a conflict as the API server has it.
func (w *statusWriter) write(ctx context.Context, k key) error {
	w.mu.Lock()
	patch, futile := w.wanted[k], w.futile[k]
	w.mu.Unlock()
	obj, gvk := w.lookup(k)
	if patch == nil || obj == nil {
		return nil
	}
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		data := patch(obj)
		if data == nil || string(data) == futile { // a patch names the version of the object
			return nil
		}
		u := &unstructured.Unstructured{} // in the version of the API server, which may have no Go type
		u.SetGroupVersionKind(gvk)
		u.SetNamespace(k.Namespace)
		u.SetName(k.Name)
		err := client.IgnoreNotFound(w.client.Status().Patch(ctx, u, client.RawPatch(types.MergePatchType, data)))
		result := "ok"
		if err != nil {
			result = "error"
		}
		if apierrors.IsConflict(err) {
			result = "conflict"
			if gone := w.client.Get(ctx, k.NamespacedName, u); gone != nil {
				return client.IgnoreNotFound(gone)
			}
			if now, _ := version.Convert(u); now.Object != nil {
				obj = now.Object
			}
		}
		if err == nil && u.GetResourceVersion() == obj.GetResourceVersion() {
			w.mu.Lock()
			w.futile[k] = string(data)
			w.mu.Unlock()
		}
		statusWrites.WithLabelValues(k.kind, result).Inc()
		return err
	})
}
