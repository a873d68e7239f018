package main

import (
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

var (
	// translationSeconds also counts the translations, in its _count.
	translationSeconds = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "controlplane_translation_seconds", Help: "Time that one translation of all objects took.",
		Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
	})
	refusals = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "controlplane_xds_refusals_total", Help: "Responses that an Envoy did not accept (NACK); the log has its reasons.",
	}, []string{"type"})
	sentBytes = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "controlplane_xds_sent_bytes_total", Help: "Bytes of xDS responses sent.",
	}, []string{"type"})
	statusWrites = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "controlplane_status_writes_total", Help: "Statuses written, by kind and result (ok, conflict, error).",
	}, []string{"kind", "result"})
)

func init() {
	metrics.Registry.MustRegister(translationSeconds, refusals, sentBytes, statusWrites)
}
