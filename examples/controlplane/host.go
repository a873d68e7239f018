package main

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
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
func (h *host) statusChanged(k key) { h.statuses.check(k) }

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
		Addresses:      addresses(objs.Services),
		AddressTypes:   []gwv1.AddressType{gwv1.IPAddressType, gwv1.HostnameAddressType},
		Features:       features(h.watcher.release, *claim),
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

// features are those that the library and whoever deploys Envoys (claims, a list) support, as far as the release of the
// installed CRDs has them: names come and go.
func features(release, claims string) []gwv1.FeatureName {
	all := translate.SupportedFeatures()
	for name := range strings.FieldsFuncSeq(claims, func(r rune) bool { return r == ',' }) {
		all = append(all, gwv1.FeatureName(name))
	}
	known := version.Features(release)
	return slices.DeleteFunc(all, func(name gwv1.FeatureName) bool {
		return known != nil && !slices.ContainsFunc(known, func(f version.Feature) bool { return f.Name == string(name) })
	})
}

// addresses are those of the Services that say which Gateway they belong to (GEP-1762), in a stable order.
func addresses(services []*corev1.Service) map[types.NamespacedName][]gwv1.GatewayStatusAddress {
	services = slices.SortedFunc(slices.Values(services), func(a, b *corev1.Service) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	out := map[types.NamespacedName][]gwv1.GatewayStatusAddress{}
	for _, svc := range services {
		gateway := types.NamespacedName{Namespace: svc.Namespace, Name: svc.Labels[gwv1.GatewayNameLabelKey]}
		if gateway.Name == "" {
			continue
		}
		for _, ingress := range svc.Status.LoadBalancer.Ingress {
			if ingress.IP != "" {
				out[gateway] = append(out[gateway], address(gwv1.IPAddressType, ingress.IP))
			}
			if ingress.Hostname != "" {
				out[gateway] = append(out[gateway], address(gwv1.HostnameAddressType, ingress.Hostname))
			}
		}
	}
	return out
}

func address(kind gwv1.AddressType, value string) gwv1.GatewayStatusAddress {
	return gwv1.GatewayStatusAddress{Type: &kind, Value: value}
}
