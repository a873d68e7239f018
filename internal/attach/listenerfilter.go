package attach

import (
	"fmt"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/status"
)

// maxListenerFilters is how many filters the API admits on a listener.
const maxListenerFilters = 16

// resolveFilters judges the filters that requests pass before they are routed (GEP-5224). None is ever skipped: one that
// cannot be carried out as it is written costs the listener. All can stand in any order. What each says in detail is
// package filter's to judge.
func (l *Listener) resolveFilters() {
	filters, err := objects.ListenerFilters(l.spec)
	switch {
	case err != nil:
		l.refuse(status.ListenerInvalidFilter, "filters", err.Error())
		return
	case len(filters) > 0 && l.Protocol != gwv1.HTTPProtocolType && l.Protocol != gwv1.HTTPSProtocolType:
		l.refuse(status.ListenerUnsupportedValue, "filters", fmt.Sprintf("protocol %s has no requests to filter", l.Protocol))
		return
	case len(filters) > maxListenerFilters:
		l.refuse(status.ListenerInvalidFilter, "filters.requests", fmt.Sprintf("are more than %d", maxListenerFilters))
		return
	}
	for i := range filters {
		l.resolveFilter(fmt.Sprintf("filters.requests[%d]", i), &filters[i])
	}
	l.Filters = filters
}

func (l *Listener) resolveFilter(field string, f *objects.ListenerFilter) {
	switch {
	case f.Type != "ExternalAuth":
		l.refuse(status.ListenerUnsupportedValue, field+".type", fmt.Sprintf("filter type %q is not supported", f.Type))
	case f.ExternalAuth == nil || f.ExtensionRef != nil:
		l.refuse(status.ListenerInvalidFilter, field, "a filter of type ExternalAuth has the field of that name, and no other")
	}
}
