package version

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// defaultCore does to a core kind what the API server does and what a translation relies on.
func (c *conversion) defaultCore(r Resource) {
	switch o := r.(type) {
	case *corev1.Namespace:
		if o.Name != "" && o.Labels[corev1.LabelMetadataName] == "" {
			if o.Labels == nil {
				o.Labels = map[string]string{}
			}
			o.Labels[corev1.LabelMetadataName] = o.Name
			c.add(Defaulted, "metadata.labels["+corev1.LabelMetadataName+"]", o.Name)
		}
	case *corev1.Secret:
		for _, key := range slices.Sorted(maps.Keys(o.StringData)) {
			if o.Data == nil {
				o.Data = map[string][]byte{}
			}
			o.Data[key] = []byte(o.StringData[key])
			c.add(Renamed, "stringData."+key, "→ data."+key)
		}
		o.StringData = nil
	case *corev1.Service:
		for i := range o.Spec.Ports {
			p, path := &o.Spec.Ports[i], fmt.Sprintf("spec.ports[%d].", i)
			c.defaultProtocol(&p.Protocol, path)
			if p.TargetPort == (intstr.IntOrString{}) && o.Spec.Type != corev1.ServiceTypeExternalName {
				p.TargetPort = intstr.FromInt32(p.Port)
				c.add(Defaulted, path+"targetPort", p.TargetPort.String())
			}
		}
	case *discoveryv1.EndpointSlice:
		for i := range o.Ports {
			if o.Ports[i].Protocol == nil {
				o.Ports[i].Protocol = new(corev1.Protocol)
			}
			c.defaultProtocol(o.Ports[i].Protocol, fmt.Sprintf("ports[%d].", i))
		}
	}
}

func (c *conversion) defaultProtocol(p *corev1.Protocol, path string) {
	if *p == "" {
		*p = corev1.ProtocolTCP
		c.add(Defaulted, path+"protocol", string(*p))
	}
}

// valueAt returns the value at a path, nil where there is none. A key may hold dots: the longest one that fits wins.
func valueAt(v any, path string) any {
	if path == "" {
		return v
	}
	switch v := v.(type) {
	case map[string]any:
		path = strings.TrimPrefix(path, ".")
		for end := len(path); end > 0; end = strings.LastIndexAny(path[:end], ".[") {
			if member, ok := v[path[:end]]; ok {
				return valueAt(member, path[end:])
			}
		}
	case []any:
		var i int
		if n, err := fmt.Sscanf(path, "[%d]", &i); n == 1 && err == nil && i >= 0 && i < len(v) {
			return valueAt(v[i], path[strings.IndexByte(path, ']')+1:])
		}
	}
	return nil
}
