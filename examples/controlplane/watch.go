package main

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/translate"
)

// source is one kind that is watched, and where its objects go.
type source struct {
	kind   string
	crd    bool // watched only while the API server serves it
	object client.Object
	load   func(*translate.Objects, []any)
}

var allSources = []source{
	from(func(o *translate.Objects) *[]*gwv1.GatewayClass { return &o.GatewayClasses }),
	from(func(o *translate.Objects) *[]*gwv1.Gateway { return &o.Gateways }),
	from(func(o *translate.Objects) *[]*gwv1.ListenerSet { return &o.ListenerSets }),
	from(func(o *translate.Objects) *[]*gwv1.HTTPRoute { return &o.HTTPRoutes }),
	from(func(o *translate.Objects) *[]*gwv1.GRPCRoute { return &o.GRPCRoutes }),
	from(func(o *translate.Objects) *[]*gwv1.TLSRoute { return &o.TLSRoutes }),
	from(func(o *translate.Objects) *[]*gwv1.TCPRoute { return &o.TCPRoutes }),
	from(func(o *translate.Objects) *[]*gwv1.UDPRoute { return &o.UDPRoutes }),
	from(func(o *translate.Objects) *[]*gwv1.ReferenceGrant { return &o.ReferenceGrants }),
	from(func(o *translate.Objects) *[]*gwv1.BackendTLSPolicy { return &o.BackendTLSPolicies }),
	from(func(o *translate.Objects) *[]*corev1.Service { return &o.Services }),
	from(func(o *translate.Objects) *[]*discoveryv1.EndpointSlice { return &o.EndpointSlices }),
	from(func(o *translate.Objects) *[]*corev1.Secret { return &o.Secrets }),
	from(func(o *translate.Objects) *[]*corev1.ConfigMap { return &o.ConfigMaps }),
	from(func(o *translate.Objects) *[]*corev1.Namespace { return &o.Namespaces }),
}

// from makes a source of a field of Objects.
func from[T any, P interface {
	*T
	client.Object
}](field func(*translate.Objects) *[]P) source {
	t := reflect.TypeFor[T]()
	return source{
		kind:   t.Name(),
		crd:    t.PkgPath() == reflect.TypeFor[gwv1.Gateway]().PkgPath(),
		object: P(new(T)),
		load: func(objs *translate.Objects, items []any) {
			list := make([]P, len(items))
			for i, it := range items {
				list[i] = it.(P)
			}
			*field(objs) = list
		},
	}
}

// enabledSources returns the kinds of the list, and with any of them the core kinds that they refer to.
func enabledSources(list string) ([]source, error) {
	switch list {
	case "":
		return nil, nil
	case "all":
		return allSources, nil
	}
	kinds := strings.Split(list, ",")
	for _, kind := range kinds {
		if !slices.ContainsFunc(allSources, func(s source) bool { return s.crd && s.kind == kind }) {
			return nil, fmt.Errorf("--enable: %q is no kind of the Gateway API that is read here", kind)
		}
	}
	var out []source
	for _, s := range allSources {
		if !s.crd || slices.Contains(kinds, s.kind) {
			out = append(out, s)
		}
	}
	return out, nil
}

// watcher keeps informers for the sources that the API server serves.
type watcher struct {
	cache   cache.Cache
	sources []source
	changed func()    // something that a translation reads
	status  func(key) // only the status of an object

	crds      toolscache.Store
	informers map[string]toolscache.SharedIndexInformer // by kind
}

// update starts watches for what is served by now and ends those for what no longer is. It reports whether all caches
// are filled.
func (w *watcher) update(ctx context.Context) (bool, error) {
	if w.crds == nil {
		inf, err := w.informer(ctx, &apiextensionsv1.CustomResourceDefinition{})
		if err != nil {
			return false, err
		}
		w.crds, w.informers = inf.GetStore(), map[string]toolscache.SharedIndexInformer{"CustomResourceDefinition": inf}
	}
	if !w.informers["CustomResourceDefinition"].HasSynced() {
		return false, nil
	}
	served := servedKinds(w.crds.List())
	synced := true
	for _, s := range w.sources {
		inf, running := w.informers[s.kind]
		switch serve := !s.crd || served[s.kind]; {
		case serve && !running:
			inf, err := w.informer(ctx, s.object)
			if err != nil {
				return false, err
			}
			w.informers[s.kind] = inf
			synced = false
		case serve:
			synced = synced && inf.HasSynced()
		case running:
			if err := w.cache.RemoveInformer(ctx, s.object); err != nil {
				return false, err
			}
			delete(w.informers, s.kind)
		}
	}
	return synced, nil
}

// informer starts a watch without waiting for its first list, which may never come where the rights are missing.
func (w *watcher) informer(ctx context.Context, object client.Object) (toolscache.SharedIndexInformer, error) {
	i, err := w.cache.GetInformer(ctx, object, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, err
	}
	inf := i.(toolscache.SharedIndexInformer) // what controller-runtime documents Informer to be a part of
	_, err = inf.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { w.changed() },
		DeleteFunc: func(any) { w.changed() },
		UpdateFunc: func(before, after any) {
			if old, obj := before.(client.Object), after.(client.Object); onlyStatus(old, obj) {
				w.status(keyOf(obj))
			} else {
				w.changed()
			}
		},
	})
	return inf, err
}

// objects returns what the caches hold now: the very objects, not copies.
func (w *watcher) objects() *translate.Objects {
	objs := &translate.Objects{}
	for _, s := range w.sources {
		if inf := w.informers[s.kind]; inf != nil {
			s.load(objs, inf.GetStore().List())
		}
	}
	return objs
}

// onlyStatus reports whether nothing but status and bookkeeping changed. Kinds without generations always change.
func onlyStatus(old, obj client.Object) bool {
	return obj.GetGeneration() != 0 && old.GetGeneration() == obj.GetGeneration() && old.GetUID() == obj.GetUID() &&
		maps.Equal(old.GetLabels(), obj.GetLabels()) && maps.Equal(old.GetAnnotations(), obj.GetAnnotations()) &&
		old.GetDeletionTimestamp().IsZero() == obj.GetDeletionTimestamp().IsZero()
}

// servedKinds are the kinds of Gateway API that the API server serves in the version whose Go types we read.
func servedKinds(crds []any) map[string]bool {
	out := map[string]bool{}
	for _, c := range crds {
		crd := c.(*apiextensionsv1.CustomResourceDefinition)
		established := slices.ContainsFunc(crd.Status.Conditions, func(c apiextensionsv1.CustomResourceDefinitionCondition) bool {
			return c.Type == apiextensionsv1.Established && c.Status == apiextensionsv1.ConditionTrue
		})
		out[crd.Spec.Names.Kind] = out[crd.Spec.Names.Kind] || established && crd.Spec.Group == gwv1.GroupName &&
			slices.ContainsFunc(crd.Spec.Versions, func(v apiextensionsv1.CustomResourceDefinitionVersion) bool {
				return v.Name == gwv1.GroupVersion.Version && v.Served
			})
	}
	return out
}

// stripSchemas keeps the cache of CRDs small: schemas are most of it.
func stripSchemas(obj any) (any, error) {
	if crd, ok := obj.(*apiextensionsv1.CustomResourceDefinition); ok {
		crd.ManagedFields = nil
		for i := range crd.Spec.Versions {
			crd.Spec.Versions[i].Schema = nil
		}
	}
	return obj, nil
}

// key identifies an object among all kinds.
type key struct {
	kind string
	types.NamespacedName
}

func keyOf(obj client.Object) key {
	return key{kind: kindOf(obj), NamespacedName: client.ObjectKeyFromObject(obj)}
}

// kindOf is the name of the Go type: objects from caches have no TypeMeta.
func kindOf(obj client.Object) string { return reflect.TypeOf(obj).Elem().Name() }

// newObject returns an empty object of the key's kind.
func (k key) newObject() client.Object {
	i := slices.IndexFunc(allSources, func(s source) bool { return s.kind == k.kind })
	return allSources[i].object.DeepCopyObject().(client.Object)
}
