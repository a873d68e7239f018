package attach

import (
	"fmt"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/internal/secret"
)

// resolveCertificateRef finds the Secret with a usable certificate that an object refers to. Otherwise the flaw says what
// is wrong. Permission comes before kind and existence, so that a refused reference tells nothing of what exists elsewhere.
func resolveCertificateRef(
	r *objects.Reader, from objects.Parent, ref *gwv1.SecretObjectReference,
) (name objects.Name, permitted bool, flaw string) {
	to := Target{
		Group:     string(objects.Deref(ref.Group, "")),
		Kind:      string(objects.Deref(ref.Kind, "Secret")),
		Namespace: string(objects.Deref(ref.Namespace, gwv1.Namespace(from.Namespace))),
		Name:      string(ref.Name),
	}
	if !Permitted(r, from.Kind, from.Namespace, to) {
		return objects.Name{}, false, to.NotPermitted()
	}
	if to.Group != "" || to.Kind != "Secret" {
		return objects.Name{}, true, fmt.Sprintf("kind %q of group %q is not supported, use a Secret", to.Kind, to.Group)
	}
	name = objects.Name{Namespace: to.Namespace, Name: to.Name}
	return name, true, secret.Certificates.Get(r, name).Flaw
}
