package main

import (
	"context"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/translate"
	"github.com/gatewayxds/gatewayxds/version"
)

var (
	crdKind     = schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"}
	trustBundle = schema.GroupKind{Group: "certificates.k8s.io", Kind: "ClusterTrustBundle"}
)

// trustBundles is the feature that takes objects of kind trustBundle.
const trustBundles gwv1.FeatureName = "ClusterTrustBundle"

// watcher keeps an informer for every kind that is enabled and served. Gateway API kinds are watched in the version that
// the cluster has, whichever that is; their caches hold today's Go types (see transform).
type watcher struct {
	cache   cache.Cache
	mapper  meta.RESTMapper
	scheme  *runtime.Scheme // core kinds
	enabled version.Enabled
	claims  []gwv1.FeatureName // of --claim
	changed func()             // something that a translation reads
	status  func(key)          // only the status of an object
	log     *slog.Logger

	features []gwv1.FeatureName // those that hold in this cluster
	bundles  []version.CRD      // what the API server has of trustBundle

	mu        sync.Mutex
	informers map[schema.GroupVersionKind]toolscache.SharedIndexInformer
}

// update starts watches for what is served by now, and ends those for what no longer is once all others have their first
// list: a kind that moves to another version is never without its objects. It reports whether all caches are filled.
func (w *watcher) update(ctx context.Context) (bool, error) {
	if filled, err := w.watch(ctx, crdKind); !filled || err != nil {
		return false, err
	}
	if err := w.findTrustBundles(); err != nil {
		return false, err
	}
	var have []version.CRD
	var installed version.Bundle
	for _, o := range w.informers[crdKind].GetStore().List() {
		if crd, err := version.ReadCRD(o.(*unstructured.Unstructured)); err == nil {
			have = append(have, crd)
			if crd.GroupKind == (schema.GroupKind{Group: gwv1.GroupName, Kind: "GatewayClass"}) {
				installed = crd.Bundle
			}
		}
	}
	w.features = features(installed, w.claims)
	if slices.Contains(w.features, trustBundles) {
		have = append(have, w.bundles...)
	}
	wanted := append(version.Watch(have, w.enabled).Watch, crdKind)
	filled, err := w.watch(ctx, wanted...)
	if err != nil {
		return false, err
	}
	return filled, w.unwatch(ctx, wanted)
}

// findTrustBundles asks once in which versions the API server has a built-in kind that not every one has. Where it has
// none, the claim is dropped.
func (w *watcher) findTrustBundles() error {
	if w.bundles != nil || !slices.Contains(w.claims, trustBundles) {
		return nil
	}
	mappings, err := w.mapper.RESTMappings(trustBundle)
	if meta.IsNoMatchError(err) {
		w.log.Warn("the API server has no ClusterTrustBundles: the feature is not claimed")
		w.claims = slices.DeleteFunc(w.claims, func(name gwv1.FeatureName) bool { return name == trustBundles })
		return nil
	}
	var served []schema.GroupVersionKind
	for _, m := range mappings {
		served = append(served, m.GroupVersionKind)
	}
	w.bundles = version.FromServed(served)
	return err
}

// watch does not wait for the first list of a kind, which may never come where the rights are missing.
func (w *watcher) watch(ctx context.Context, wanted ...schema.GroupVersionKind) (filled bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	filled = true
	for _, gvk := range wanted {
		inf := w.informers[gvk]
		if inf == nil {
			inf, err = w.informer(ctx, gvk)
			if meta.IsNoMatchError(err) { // the CRD is there, but not served yet
				time.AfterFunc(time.Second, w.changed)
				continue
			}
			if err != nil {
				return false, err
			}
			w.informers[gvk] = inf
			w.log.Info("watching", "kind", gvk.String())
			go func() { // an empty list is no event
				if toolscache.WaitForCacheSync(ctx.Done(), inf.HasSynced) {
					w.changed()
				}
			}()
		}
		filled = filled && inf.HasSynced()
	}
	return filled, nil
}

// unwatch ends the watches of all kinds but those wanted, when all of these are filled.
func (w *watcher) unwatch(ctx context.Context, wanted []schema.GroupVersionKind) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, gvk := range wanted {
		if inf := w.informers[gvk]; inf == nil || !inf.HasSynced() {
			return nil
		}
	}
	for gvk := range w.informers {
		if slices.Contains(wanted, gvk) {
			continue
		}
		if err := w.cache.RemoveInformer(ctx, w.object(gvk)); err != nil {
			return err
		}
		delete(w.informers, gvk)
		w.log.Info("no longer watching", "kind", gvk.String())
	}
	return nil
}

func (w *watcher) informer(ctx context.Context, gvk schema.GroupVersionKind) (toolscache.SharedIndexInformer, error) {
	i, err := w.cache.GetInformer(ctx, w.object(gvk), cache.BlockUntilSynced(false))
	if err != nil {
		return nil, err
	}
	inf := i.(toolscache.SharedIndexInformer) // it always is one; the interface lacks the store
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

// object is what controller-runtime knows a kind by: its Go type for core kinds.
func (w *watcher) object(gvk schema.GroupVersionKind) client.Object {
	if o, err := w.scheme.New(gvk); err == nil {
		return o.(client.Object)
	}
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(gvk)
	return u
}

// objects returns what the caches hold now: the very objects, not copies.
func (w *watcher) objects() *translate.Objects {
	w.mu.Lock()
	defer w.mu.Unlock()
	objs := &translate.Objects{}
	for _, inf := range w.informers {
		for _, o := range inf.GetStore().List() {
			objs.Add(o)
		}
	}
	return objs
}

// get returns a cached object and the kind and version that the API server has it in; nil if there is none.
func (w *watcher) get(k key) (client.Object, schema.GroupVersionKind) {
	w.mu.Lock()
	defer w.mu.Unlock()
	name := toolscache.NewObjectName(k.Namespace, k.Name).String()
	for gvk, inf := range w.informers {
		if o, ok, _ := inf.GetStore().GetByKey(name); ok {
			if obj := o.(client.Object); keyOf(obj) == k {
				return obj, gvk
			}
		}
	}
	return nil, schema.GroupVersionKind{}
}

// transform turns objects into what the caches hold: Gateway API objects of any version into today's Go types, and CRDs
// into little, since schemas are most of them.
func transform(obj any) (any, error) {
	u, ok := obj.(*unstructured.Unstructured)
	switch {
	case !ok:
	case u.GroupVersionKind() == crdKind:
		versions, _, _ := unstructured.NestedFieldNoCopy(u.Object, "spec", "versions")
		for _, v := range versions.([]any) {
			delete(v.(map[string]any), "schema")
		}
	default:
		o, report := version.Convert(u)
		if o.Object == nil {
			slog.Error("cannot read object: it is left out", "report", report.Lost().String())
		} else {
			obj = o.Object
		}
	}
	return cache.TransformStripManagedFields()(obj)
}

// onlyStatus reports whether nothing but status and bookkeeping changed. Kinds without generations always change.
func onlyStatus(old, obj client.Object) bool {
	return obj.GetGeneration() != 0 && old.GetGeneration() == obj.GetGeneration() && old.GetUID() == obj.GetUID() &&
		maps.Equal(old.GetLabels(), obj.GetLabels()) && maps.Equal(old.GetAnnotations(), obj.GetAnnotations()) &&
		old.GetDeletionTimestamp().IsZero() == obj.GetDeletionTimestamp().IsZero() && keyOf(obj).kind != "Unstructured"
}

// key identifies an object among all kinds, as they are called today.
type key struct {
	kind string
	types.NamespacedName
}

func keyOf(obj client.Object) key {
	return key{kind: reflect.TypeOf(obj).Elem().Name(), NamespacedName: client.ObjectKeyFromObject(obj)}
}

// enabledKinds reads the value of --enable.
func enabledKinds(list string) version.Enabled {
	switch list {
	case "":
		return version.Enabled{}
	case "all":
		return version.Enabled{All: true}
	}
	return version.Enabled{Kinds: strings.Split(list, ",")}
}

// claims reads the value of --claim.
func claims(list string) (names []gwv1.FeatureName) {
	for name := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' }) {
		names = append(names, gwv1.FeatureName(name))
	}
	return names
}
