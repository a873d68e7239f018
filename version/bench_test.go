package version

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// routeManifest is one HTTPRoute of v1beta1 with two rules, 600 bytes or so.
func routeManifest(i int) []byte {
	return fmt.Appendf(nil, `apiVersion: gateway.networking.k8s.io/v1beta1
kind: HTTPRoute
metadata:
  name: route-%d
  namespace: apps
spec:
  parentRefs:
  - name: edge
    namespace: infra
    sectionName: https
  hostnames:
  - app-%d.example.com
  rules:
  - matches:
    - path: {type: PathPrefix, value: /api}
      headers: [{name: x-version, value: "2"}]
    filters:
    - type: RequestHeaderModifier
      requestHeaderModifier: {set: [{name: x-from, value: edge}]}
    backendRefs:
    - {name: api, port: 8080, weight: 9}
    - {name: api-next, port: 8080, weight: 1}
  - backendRefs: [{name: web, port: 80}]
`, i, i)
}

func BenchmarkDecodeRoute(b *testing.B) {
	in := routeManifest(1)
	b.ReportAllocs()
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		Decode(in)
	}
}

func BenchmarkDecodeStream1000(b *testing.B) {
	var in bytes.Buffer
	for i := range 1000 {
		in.WriteString("---\n")
		in.Write(routeManifest(i))
	}
	b.ReportAllocs()
	b.SetBytes(int64(in.Len()))
	for b.Loop() {
		Decode(in.Bytes())
	}
}

func BenchmarkConvertRoute(b *testing.B) {
	us, _ := Read(routeManifest(1))
	b.ReportAllocs()
	for b.Loop() {
		Convert(us[0])
	}
}

func BenchmarkDecodeConformanceBase(b *testing.B) {
	in, err := os.ReadFile("testdata/official/v0.8.1/manifests.yaml")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		Decode(in)
	}
}

func BenchmarkEncodeRoute(b *testing.B) {
	objects, _ := Decode(routeManifest(1))
	gvk := schema.GroupVersionKind{Group: gatewayGroup, Version: "v1beta1", Kind: "HTTPRoute"}
	b.ReportAllocs()
	for b.Loop() {
		Encode(objects[0], gvk)
	}
}

func BenchmarkWatch(b *testing.B) {
	have := CRDs(Bundle{"v1.6.3", Experimental})
	b.ReportAllocs()
	for b.Loop() {
		Watch(have, Enabled{All: true})
	}
}

func BenchmarkPreflight1000(b *testing.B) {
	var objects []*unstructured.Unstructured
	for i := range 1000 {
		us, _ := Read(routeManifest(i))
		objects = append(objects, us...)
	}
	have := CRDs(Bundle{"v1.0.0", Experimental})
	b.ReportAllocs()
	for b.Loop() {
		Preflight(have, Bundle{"v1.7.0", Standard}, objects)
	}
}
