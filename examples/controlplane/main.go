// Command controlplane is a gateway controller on this library, small enough to copy: Gateway API objects from the caches
// of controller-runtime, Envoy configuration over delta ADS, statuses written back.
//
//	API server ──informers──► watcher ──Objects──► translate.Translate ──Gateways──► ads.Server ──delta ADS──► Envoys
//	    ▲                                                 │
//	    └───────────────── statusWriter ◄────Statuses─────┘
//
// It runs against any kubeconfig:
//
//	go run . --enable all --controller-name example.com/gateway-controller
//
// What it does not do is deploy Envoys. See README.md for what an Envoy and its Service must look like.
package main

import (
	"context"
	"flag"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	toolscache "k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/examples/ads"
)

var (
	controllerName = flag.String("controller-name", "gatewayxds.example/controlplane", "the GatewayClasses with this spec.controllerName are ours")
	enable         = flag.String("enable", "", `Gateway API kinds to watch: "all", or a list such as GatewayClass,Gateway,HTTPRoute; none when empty`)
	claim          = flag.String("claim", "", "further features for GatewayClass status, a list: see README.md for who provides them")
	xdsAddress     = flag.String("xds-address", ":18000", "where Envoys find delta ADS")
	metricsAddress = flag.String("metrics-address", ":8080", "where /metrics, /healthz and /readyz are served")
)

func main() {
	flag.Parse() // controller-runtime adds --kubeconfig
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	slog.SetDefault(log)
	ctrl.SetLogger(logr.FromSlogHandler(log.Handler()))
	if err := run(ctrl.SetupSignalHandler(), log); err != nil {
		log.Error("controlplane ended", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, log *slog.Logger) error {
	cfg, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	h := &host{log: log}
	scheme := runtime.NewScheme() // of the core kinds
	utilruntime.Must(corev1.AddToScheme(scheme))
	utilruntime.Must(discoveryv1.AddToScheme(scheme))
	mgr, err := ctrl.NewManager(cfg, manager.Options{
		Scheme: scheme,
		Cache:  cache.Options{DefaultTransform: transform},
		Metrics: metricsserver.Options{BindAddress: *metricsAddress, ExtraHandlers: map[string]http.Handler{
			"/healthz": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }),
			"/readyz":  http.HandlerFunc(h.ready),
		}},
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *xdsAddress)
	if err != nil {
		return err
	}

	direct, err := client.New(cfg, client.Options{Scheme: scheme, Mapper: mgr.GetRESTMapper(), HTTPClient: mgr.GetHTTPClient()})
	if err != nil {
		return err
	}

	h.controller = gwv1.GatewayController(*controllerName)
	h.changed = make(chan struct{}, 1)
	h.watcher = &watcher{
		cache: mgr.GetCache(), mapper: mgr.GetRESTMapper(), scheme: scheme, enabled: enabledKinds(*enable), claims: claims(*claim),
		changed: h.change, status: h.statusChanged, log: log,
		informers: map[schema.GroupVersionKind]toolscache.SharedIndexInformer{},
	}
	h.statuses = newStatusWriter(direct, h.watcher, log)
	h.xds = ads.New(ads.Hooks{
		Sent: func(_, typeURL string, _, size int) { sentBytes.WithLabelValues(typeURL).Add(float64(size)) },
		Refused: func(gateway, typeURL, reason string) {
			refusals.WithLabelValues(typeURL).Inc()
			log.Error("Envoy refused configuration", "gateway", gateway, "type", typeURL, "reason", reason)
		},
	})
	for _, r := range []manager.RunnableFunc{
		func(ctx context.Context) error { return h.xds.Serve(ctx, listener) },
		h.statuses.run,
		h.run,
	} {
		if err := mgr.Add(r); err != nil {
			return err
		}
	}
	return mgr.Start(ctx)
}

// Changes are collected until none has come for quiet, and for atMost since the first.
const (
	quiet  = 10 * time.Millisecond
	atMost = 100 * time.Millisecond
)
