package main

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/examples/ads"
	"github.com/gatewayxds/gatewayxds/translate"
	"github.com/gatewayxds/gatewayxds/version"
)

// host runs the loop: objects in, Envoy configuration and statuses out.
type host struct {
	log        *slog.Logger
	controller gwv1.GatewayController
	changed    chan struct{} // holds a token while a change waits
	watcher    *watcher
	xds        *ads.Server
	statuses   *statusWriter
	published  atomic.Bool
}

// change notes that some object has changed.
func (h *host) change() {
	select {
	case h.changed <- struct{}{}:
	default:
	}
}

// statusChanged notes that someone wrote the status of an object, be it us.
func (h *host) statusChanged(k key) { h.statuses.queue.Add(k) }

// ready is the readiness probe: Envoys may connect once there is something to serve, or nothing is to be served.
func (h *host) ready(w http.ResponseWriter, _ *http.Request) {
	if !h.published.Load() {
		http.Error(w, "caches are not filled yet", http.StatusServiceUnavailable)
	}
}

// run translates whenever something has changed, until ctx ends.
func (h *host) run(ctx context.Context) error {
	if *enable == "" {
		h.log.Info("no kind is enabled: watching nothing")
		h.published.Store(true)
		return nil
	}
	h.change()
	for debounce(ctx, h.changed, quiet, atMost) {
		synced, err := h.watcher.update(ctx)
		if err != nil {
			h.log.Error("cannot watch", "error", err)
			time.AfterFunc(time.Second, h.change)
		}
		if !synced && !h.published.Load() {
			time.AfterFunc(atMost, h.change)
			continue
		}
		if err := h.translate(); err != nil {
			return err
		}
	}
	return nil
}

// debounce waits for a change and then until none has come for quiet, atMost after the first. It reports false when ctx
// has ended.
func debounce(ctx context.Context, changed <-chan struct{}, quiet, atMost time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-changed:
	}
	end := time.After(atMost)
	for {
		select {
		case <-ctx.Done():
			return false
		case <-changed:
		case <-time.After(quiet):
			return true
		case <-end:
			return true
		}
	}
}

// translate reads the caches once and publishes what they mean: configuration first, since statuses wait for the API
// server.
func (h *host) translate() error {
	start := time.Now()
	objs := h.watcher.objects()
	result, err := translate.Translate(objs, translate.Options{
		ControllerName: h.controller,
		Addresses:      addresses(objs, slices.Contains(h.watcher.features, "GatewayAddressRoutabilityCluster")),
		AddressTypes:   []gwv1.AddressType{gwv1.IPAddressType, gwv1.HostnameAddressType},
		Features:       h.watcher.features,
	})
	if err != nil {
		return err
	}
	translationSeconds.Observe(time.Since(start).Seconds())
	if err := h.xds.Publish(result.Gateways); err != nil {
		return err
	}
	h.published.Store(true)
	h.statuses.want(objs, &result.Statuses)
	return nil
}

// features are those that the library gives and those of claims, which others provide, as far as the installed CRDs have
// them: names come and go with releases, and some features need the experimental channel.
func features(installed version.Bundle, claims []gwv1.FeatureName) []gwv1.FeatureName {
	known := map[gwv1.FeatureName]version.Channel{}
	for _, f := range version.Features(installed.Version) {
		known[gwv1.FeatureName(f.Name)] = f.Channel
	}
	return slices.DeleteFunc(translate.SupportedFeatures(claims...), func(name gwv1.FeatureName) bool {
		channel, ok := known[name]
		return len(known) > 0 && (!ok || channel == version.Experimental && installed.Channel == version.Standard)
	})
}

// routabilityAnnotation says of a Service where its addresses are reachable from (GEP-5093). Without it that is nothing
// in particular for those of a load balancer, and Cluster for cluster IPs.
const routabilityAnnotation = "gatewayxds.example/routability"

// addresses are those of the Services that say which Gateway they belong to (GEP-1762), in a stable order: those of load
// balancers and, if wanted, the cluster IPs of the Services of that type.
func addresses(objs *translate.Objects, clusterIPs bool) map[types.NamespacedName][]gwv1.GatewayStatusAddress {
	labelled := make(map[types.NamespacedName]types.NamespacedName, len(objs.Gateways)) // the Gateway, by its namespace and label
	for _, gw := range objs.Gateways {
		labelled[types.NamespacedName{Namespace: gw.Namespace, Name: translate.GatewayNameLabel(gw.Name)}] = client.ObjectKeyFromObject(gw)
	}
	services := slices.SortedFunc(slices.Values(objs.Services), func(a, b *corev1.Service) int {
		return cmp.Or(cmp.Compare(b.Spec.Type, a.Spec.Type), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	out := map[types.NamespacedName][]gwv1.GatewayStatusAddress{}
	for _, svc := range services {
		gateway, ok := labelled[types.NamespacedName{Namespace: svc.Namespace, Name: svc.Labels[gwv1.GatewayNameLabelKey]}]
		if !ok {
			continue
		}
		add := func(kind gwv1.AddressType, value, otherwise string) {
			if value != "" && value != corev1.ClusterIPNone {
				out[gateway] = append(out[gateway], address(kind, value, cmp.Or(svc.Annotations[routabilityAnnotation], otherwise)))
			}
		}
		for _, ingress := range svc.Status.LoadBalancer.Ingress {
			add(gwv1.IPAddressType, ingress.IP, "")
			add(gwv1.HostnameAddressType, ingress.Hostname, "")
		}
		if clusterIPs && svc.Spec.Type == corev1.ServiceTypeClusterIP {
			for _, ip := range svc.Spec.ClusterIPs {
				add(gwv1.IPAddressType, ip, "Cluster")
			}
		}
	}
	return out
}

// address sets routability by its name in JSON: the Go types of Gateway API v1.6 do not have it, and leave it out.
func address(kind gwv1.AddressType, value, routability string) gwv1.GatewayStatusAddress {
	out := gwv1.GatewayStatusAddress{Type: &kind, Value: value}
	if routability != "" {
		text, _ := json.Marshal(map[string]string{"routability": routability})
		_ = json.Unmarshal(text, &out) // a string always is one
	}
	return out
}
