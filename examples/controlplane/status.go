package main

import (
	"context"
	"log/slog"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/status"
)

// writers is how many statuses are written at once.
const writers = 8

// statusWriter brings the statuses of objects to what the last translation wants. Objects whose status is right already
// cost one comparison in memory.
type statusWriter struct {
	client  client.Client
	live    client.Reader // for a second look after a conflict
	watcher *watcher
	log     *slog.Logger
	queue   workqueue.TypedRateLimitingInterface[key]

	mu     sync.Mutex
	wanted map[key]merge
}

// merge returns a copy of obj with the wanted status, or nil when obj has it, or is not of the generation that it was
// computed from: the translation of that one is on its way.
type merge func(obj client.Object) client.Object

func newStatusWriter(c client.Client, live client.Reader, w *watcher, log *slog.Logger) *statusWriter {
	return &statusWriter{
		client: c, live: live, watcher: w, log: log,
		queue: workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[key]()),
	}
}

// want replaces what is wanted by set and queues the objects whose status differs. It does not wait for any write.
func (w *statusWriter) want(set *status.Set) {
	wanted := map[key]merge{}
	collect(wanted, set.GatewayClasses, func(o *gwv1.GatewayClass) *gwv1.GatewayClassStatus { return &o.Status })
	collect(wanted, set.Gateways, func(o *gwv1.Gateway) *gwv1.GatewayStatus { return &o.Status })
	collect(wanted, set.ListenerSets, func(o *gwv1.ListenerSet) *gwv1.ListenerSetStatus { return &o.Status })
	collect(wanted, set.HTTPRoutes, func(o *gwv1.HTTPRoute) *gwv1.RouteStatus { return &o.Status.RouteStatus })
	collect(wanted, set.GRPCRoutes, func(o *gwv1.GRPCRoute) *gwv1.RouteStatus { return &o.Status.RouteStatus })
	collect(wanted, set.TLSRoutes, func(o *gwv1.TLSRoute) *gwv1.RouteStatus { return &o.Status.RouteStatus })
	collect(wanted, set.TCPRoutes, func(o *gwv1.TCPRoute) *gwv1.RouteStatus { return &o.Status.RouteStatus })
	collect(wanted, set.UDPRoutes, func(o *gwv1.UDPRoute) *gwv1.RouteStatus { return &o.Status.RouteStatus })
	collect(wanted, set.BackendTLSPolicies, func(o *gwv1.BackendTLSPolicy) *gwv1.PolicyStatus { return &o.Status })

	w.mu.Lock()
	w.wanted = wanted
	w.mu.Unlock()
	for k, m := range wanted {
		if obj := w.watcher.get(k); obj != nil && m(obj) != nil {
			w.queue.Add(k)
		}
	}
}

func collect[T any, S status.Status, P interface {
	*T
	client.Object
}](wanted map[key]merge, desired []status.Desired[S], field func(P) *S) {
	for i := range desired {
		d := &desired[i]
		k := key{kind: kindOf(P(new(T))), NamespacedName: types.NamespacedName{Namespace: d.Namespace, Name: d.Name}}
		wanted[k] = func(obj client.Object) client.Object {
			if obj.GetGeneration() != d.Generation {
				return nil
			}
			merged, differs := status.Merge(field(obj.(P)), d, metav1.Now())
			if !differs {
				return nil
			}
			out := obj.DeepCopyObject().(P)
			*field(out) = merged
			return out
		}
	}
}

// check queues an object whose status was written by someone.
func (w *statusWriter) check(k key) { w.queue.Add(k) }

// run writes until ctx ends.
func (w *statusWriter) run(ctx context.Context) error {
	var running sync.WaitGroup
	for range writers {
		running.Go(func() {
			for {
				k, done := w.queue.Get()
				if done {
					return
				}
				w.handle(ctx, k)
				w.queue.Done(k)
			}
		})
	}
	<-ctx.Done()
	w.queue.ShutDown()
	running.Wait()
	return nil
}

func (w *statusWriter) handle(ctx context.Context, k key) {
	err := w.write(ctx, k)
	if err == nil || ctx.Err() != nil {
		w.queue.Forget(k)
		return
	}
	w.log.Error("cannot write status", "kind", k.kind, "object", k.String(), "error", err)
	w.queue.AddRateLimited(k)
}

// write merges into the object of the cache, and after a conflict into that of the API server.
func (w *statusWriter) write(ctx context.Context, k key) error {
	w.mu.Lock()
	m := w.wanted[k]
	w.mu.Unlock()
	if m == nil {
		return nil
	}
	var reader client.Reader = w.client
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		obj := k.newObject()
		if err := reader.Get(ctx, k.NamespacedName, obj); err != nil {
			return client.IgnoreNotFound(err)
		}
		reader = w.live
		merged := m(obj)
		if merged == nil {
			return nil
		}
		err := client.IgnoreNotFound(w.client.Status().Update(ctx, merged))
		result := "ok"
		switch {
		case apierrors.IsConflict(err):
			result = "conflict"
		case err != nil:
			result = "error"
		}
		statusWrites.WithLabelValues(k.kind, result).Inc()
		return err
	})
}
