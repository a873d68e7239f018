package version

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"

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

// badBase64 reports the values of a Secret or ConfigMap that are not base64 and tells whether there are any: the error of
// the decoder does not say which.
func (c *conversion) badBase64() bool {
	bad := false
	for _, field := range [...]string{"binaryData", "data"} {
		values := object(c.content, field)
		for _, key := range sortedKeys(values) {
			text, ok := values[key].(string)
			if !ok || (field == "data" && c.to.Kind != "Secret") {
				continue
			}
			if _, err := base64.StdEncoding.DecodeString(text); err != nil {
				bad = true
				c.add(Invalid, field+"."+key, "must be base64: "+err.Error())
			}
		}
	}
	return bad
}
