package attach

import (
	"fmt"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/objects"
)

// Target is what a reference points at.
type Target struct {
	Group     string
	Kind      string
	Namespace string
	Name      string
}

// NotPermitted is what a user is told about a reference to the target without a ReferenceGrant.
func (t *Target) NotPermitted() string {
	return fmt.Sprintf("no ReferenceGrant in namespace %q permits %s %q", t.Namespace, t.Kind, t.Name)
}

// Permitted reports whether an object of a kind of the Gateway API group may refer to the target: always within its own
// namespace, elsewhere if a ReferenceGrant of the target's namespace says so. It does not matter whether the target
// exists.
func Permitted(r *objects.Reader, kind objects.Kind, namespace string, to Target) bool {
	if namespace == to.Namespace {
		return true
	}
	for _, grant := range r.Grants(objects.Crossing{Kind: kind, From: namespace, To: to.Namespace}) {
		if grantTo(grant, to) {
			return true
		}
	}
	return false
}

func grantTo(g *gwv1.ReferenceGrant, target Target) bool {
	for _, to := range g.Spec.To {
		named := to.Name == nil || *to.Name == "" || string(*to.Name) == target.Name
		if string(to.Group) == target.Group && string(to.Kind) == target.Kind && named {
			return true
		}
	}
	return false
}
