package filter

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/status"
)

// extension is a filter that the host resolved.
type extension struct{ objects.FilterEffect }

// resolveExtension asks the host about an ExtensionRef. What nobody resolves is never skipped (Gateway API,
// HTTPRouteFilter): the rule fails.
func resolveExtension(r *resolver, f *gwv1.HTTPRouteFilter) {
	ref := f.ExtensionRef
	resolve := r.Settings.Filters[schema.GroupKind{Group: string(ref.Group), Kind: string(ref.Kind)}]
	if resolve == nil {
		r.unresolved(status.InvalidKind, "extensionRef", fmt.Sprintf("filters of kind %q are not supported", ref.Kind))
		r.set.Failed = true
		return
	}
	effect, flaw := resolve(objects.Name{Namespace: r.from.Namespace, Name: string(ref.Name)}, r.route, r.rule)
	if flaw != "" {
		r.unresolved(status.InvalidKind, "extensionRef", fmt.Sprintf("%s %q: %s", ref.Kind, ref.Name, flaw))
		r.set.Failed = true
		return
	}
	r.add(extension{effect})
}

// Traits: a weighted cluster can have all but fields of a route.
func (e extension) Traits() Traits {
	if e.Route != nil {
		return Opaque
	}
	return Weighted
}

func (e extension) Apply(t *Target) {
	for _, f := range e.HTTPFilters {
		t.AddFilter(f.GetName(), f.GetTypedConfig())
	}
	for name, config := range e.PerFilter {
		t.perFilter(name, config)
	}
	if e.Route != nil {
		t.Finish = append(t.Finish, e.Route)
	}
}
