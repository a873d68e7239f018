package objects

import (
	"encoding/json"
	"reflect"
	"strings"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// The fields of this file came with Gateway API v1.7.0, later than the oldest release that this module compiles with.
// They are read by their JSON names, and are unset where the linked release does not have them.

var (
	wantedRoutability   = fieldOf[gwv1.GatewaySpecAddress]("routability")
	reportedRoutability = fieldOf[gwv1.GatewayStatusAddress]("routability")
	listenerFilters     = fieldOf[gwv1.Listener]("filters")
)

// fieldOf is the index of the field of a struct with a JSON name; -1 if there is none.
func fieldOf[S any](name string) int {
	t := reflect.TypeFor[S]()
	for i := range t.NumField() {
		if tag, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); tag == name {
			return i
		}
	}
	return -1
}

// HasRoutability reports whether the linked release has routability of addresses (GEP-5093).
func HasRoutability() bool { return wantedRoutability >= 0 && reportedRoutability >= 0 }

// HasListenerFilters reports whether the linked release has filters of listeners (GEP-5224).
func HasListenerFilters() bool { return listenerFilters >= 0 }

// WantedRoutability is the routability that a request for an address asks for; "" for any.
func WantedRoutability(a *gwv1.GatewaySpecAddress) string {
	if wantedRoutability < 0 {
		return ""
	}
	return reflect.ValueOf(a).Elem().Field(wantedRoutability).String()
}

// Routability is that of an address; "" also where it is not said.
func Routability(a *gwv1.GatewayStatusAddress) string {
	if reportedRoutability < 0 {
		return ""
	}
	field := reflect.ValueOf(a).Elem().Field(reportedRoutability)
	if field.IsNil() {
		return ""
	}
	return field.Elem().String()
}

// SetRoutability says the routability of an address, "" too.
func SetRoutability(a *gwv1.GatewayStatusAddress, routability string) {
	if reportedRoutability < 0 {
		return
	}
	field := reflect.ValueOf(a).Elem().Field(reportedRoutability)
	field.Set(reflect.New(field.Type().Elem()))
	field.Elem().SetString(routability)
}

// ListenerFilter is an element of filters.requests of a listener.
type ListenerFilter struct {
	Type         string                       `json:"type"`
	ExternalAuth *gwv1.HTTPExternalAuthFilter `json:"externalAuth"`
	ExtensionRef *gwv1.LocalObjectReference   `json:"extensionRef"`
}

// ListenerFilters are those that requests pass before they are routed. The flaw says why they cannot be read.
func ListenerFilters(l *gwv1.Listener) (filters []ListenerFilter, flaw error) {
	if listenerFilters < 0 {
		return nil, nil
	}
	field := reflect.ValueOf(l).Elem().Field(listenerFilters)
	if field.IsNil() {
		return nil, nil
	}
	text, err := json.Marshal(field.Interface())
	if err != nil {
		return nil, err
	}
	var list struct {
		Requests []ListenerFilter `json:"requests"`
	}
	err = json.Unmarshal(text, &list)
	return list.Requests, err
}
