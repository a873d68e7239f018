package translate

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/attach"
	"github.com/gatewayxds/gatewayxds/internal/objects"
)

// Infrastructure is what a host that deploys Envoys puts on the objects that it makes for a Gateway, in the Gateway's
// namespace: Deployment, Service, ServiceAccount and so on (GEP-1762, GEP-1867). It then may claim the feature
// GatewayInfrastructure, see [SupportedFeatures].
type Infrastructure struct {
	// Name for the objects: the Gateway's and its class's, joined by a hyphen; with a hash in the place of what does not
	// fit the name of a Service, a DNS label of at most 63 characters.
	Name string
	// Labels are those of spec.infrastructure and, whatever that says, gateway.networking.k8s.io/gateway-name, whose value
	// is that of GatewayNameLabel.
	Labels map[string]string
	// Annotations are those of spec.infrastructure; nil for none.
	Annotations map[string]string
	// Ports are those of the accepted listeners, for the Service, and where Envoy binds them. None for a Gateway that is
	// not accepted.
	Ports []corev1.ServicePort
}

func infrastructure(s *objects.Settings, g *attach.Gateway) Infrastructure {
	gw := g.Object
	out := Infrastructure{
		Name:   gw.Name + "-" + string(gw.Spec.GatewayClassName),
		Labels: map[string]string{},
		Ports:  servicePorts(s, g),
	}
	if len(validation.IsDNS1035Label(out.Name)) > 0 {
		out.Name = hashed(out.Name)
	}
	if infra := gw.Spec.Infrastructure; infra != nil {
		for key, value := range infra.Labels {
			out.Labels[string(key)] = string(value)
		}
		if len(infra.Annotations) > 0 {
			out.Annotations = make(map[string]string, len(infra.Annotations))
		}
		for key, value := range infra.Annotations {
			out.Annotations[string(key)] = string(value)
		}
	}
	out.Labels[gwv1.GatewayNameLabelKey] = GatewayNameLabel(gw.Name)
	return out
}

// GatewayNameLabel is the value of the label gateway.networking.k8s.io/gateway-name (GEP-1762) for a Gateway of that name:
// the name itself or, since a label's value holds 63 characters and a Gateway's name up to 253, its beginning and a hash.
// Who looks for a Gateway's objects compares the label with this.
func GatewayNameLabel(name string) string {
	if len(validation.IsValidLabelValue(name)) > 0 {
		return hashed(name)
	}
	return name
}

// hashed is a DNS label that begins as the name does, as far as that is possible, and ends in a hash of it.
func hashed(name string) string {
	sum := sha256.Sum256([]byte(name))
	hash := hex.EncodeToString(sum[:5])
	kept := strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			return c
		case c >= 'A' && c <= 'Z':
			return c - 'A' + 'a'
		}
		return '-'
	}, name)
	kept = strings.TrimLeft(kept, "-0123456789")
	kept = strings.TrimRight(kept[:min(len(kept), validation.DNS1035LabelMaxLength-1-len(hash))], "-")
	return cmp.Or(kept, "gateway") + "-" + hash
}

// servicePorts are sorted by number, TCP before UDP.
func servicePorts(s *objects.Settings, g *attach.Gateway) []corev1.ServicePort {
	if !g.Accepted() {
		return nil
	}
	var ports []corev1.ServicePort
	for _, l := range g.Listeners {
		if !l.Accepted {
			continue
		}
		ports = append(ports, corev1.ServicePort{
			Name:       l.Transport() + "-" + strconv.Itoa(int(l.Port)),
			Protocol:   corev1.Protocol(strings.ToUpper(l.Transport())),
			Port:       l.Port,
			TargetPort: intstr.FromInt32(int32(s.Bound(l.Port))),
		})
	}
	slices.SortFunc(ports, func(a, b corev1.ServicePort) int {
		return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.Protocol, b.Protocol))
	})
	return slices.Compact(ports)
}
