package version

import (
	"fmt"
	"reflect"
	"strconv"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatewayxds/gatewayxds/version/internal/tables"
)

// renamedKinds are the kinds that graduated under another name, old and new.
var renamedKinds = [...][2]schema.GroupKind{
	{{Group: experimentalGroup, Kind: "XListenerSet"}, {Group: gatewayGroup, Kind: "ListenerSet"}},
	{{Group: gatewayGroup, Kind: "BackendLBPolicy"}, {Group: experimentalGroup, Kind: "XBackendTrafficPolicy"}},
}

// successor returns what a kind is called today.
func successor(gk schema.GroupKind) schema.GroupKind {
	for _, r := range renamedKinds {
		if r[0] == gk {
			return r[1]
		}
	}
	return gk
}

// predecessors returns what a kind was called before.
func predecessors(gk schema.GroupKind) []schema.GroupKind {
	var out []schema.GroupKind
	for _, r := range renamedKinds {
		if r[1] == gk {
			out = append(out, r[0])
		}
	}
	return out
}

// renameKind follows a kind's new name in an object reference: group and kind beside each other in whatever field.
func (s *settler) renameKind(m map[string]any) {
	kind, ok := m["kind"].(string)
	if !ok {
		return
	}
	group, ok := m["group"].(string)
	if !ok {
		return
	}
	old := schema.GroupKind{Group: group, Kind: kind}
	if now := successor(old); now != old {
		m["group"], m["kind"] = now.Group, now.Kind
		s.add(Converted, fmt.Sprintf("a reference to %s → %s", old, now))
	}
}

// A conversion moves the values of one object from the places they had in other versions to those of the schema in root.
type conversion struct {
	content map[string]any
	to      schema.GroupVersionKind
	root    *tables.Node // nil for core kinds
	base    Entry
	report  Report
	rest    []Field
}

// moves are the differences in shape between any two versions of a kind, each in one function. A function acts on the
// shape: where the content has a field that the schema does not have, and the schema has the one that took its place.
// So the same function serves both ways where both can be asked for.
var moves = [...]func(*conversion){
	(*conversion).policyTarget,
	(*conversion).policyTLS,
	(*conversion).gatewayBackendTLS,
	(*conversion).frontendValidation,
	(*conversion).sessionPersistence,
	(*conversion).backendPort,
	(*conversion).listenerPort,
}

func (c *conversion) add(what What, field, detail string) {
	e := c.base
	e.What, e.Field, e.Detail = what, field, detail
	c.report = append(c.report, e)
}

// has tells whether the schema has a field.
func (c *conversion) has(path string) bool { return lookup(c.root, path) != nil }

// rename moves a member from one object to another under another name.
func (c *conversion) rename(from map[string]any, fromPath, name string, to map[string]any, toPath, newName string) {
	v, ok := from[name]
	if !ok || v == nil {
		return
	}
	if to[newName] != nil {
		return // both are written: the old one is left for the report
	}
	to[newName] = v
	delete(from, name)
	c.add(Renamed, fromPath+"."+name, "→ "+toPath+"."+newName)
}

// drop takes a member out of an object into the rest.
func (c *conversion) drop(m map[string]any, path, name, why string) {
	c.add(Dropped, path+"."+name, why)
	c.rest = append(c.rest, Field{Path: path + "." + name, Value: m[name]})
	delete(m, name)
}

// object returns a member that is an object, nil when it is none.
func object(m map[string]any, name string) map[string]any {
	v, _ := m[name].(map[string]any)
	return v
}

// makeObject returns a member that is an object, making it where there is nothing; nil when it is something else, and
// for a nil object.
func makeObject(m map[string]any, name string) map[string]any {
	if m != nil && m[name] == nil {
		m[name] = map[string]any{}
	}
	return object(m, name)
}

// objects returns the elements of a member that are objects, with their indices.
func objects(m map[string]any, name string) func(yield func(int, map[string]any) bool) {
	list, _ := m[name].([]any)
	return func(yield func(int, map[string]any) bool) {
		for i, v := range list {
			if o, ok := v.(map[string]any); ok && !yield(i, o) {
				return
			}
		}
	}
}

// policyTarget: BackendTLSPolicy v1alpha2 (v1.0) had one targetRef, with a namespace; since v1alpha3 it is a list, and the
// namespace is the policy's own (GEP-713).
func (c *conversion) policyTarget() {
	spec := object(c.content, "spec")
	if ref := object(spec, "targetRef"); ref != nil && spec["targetRefs"] == nil && c.has("spec.targetRefs") && !c.has("spec.targetRef") {
		if ns, ok := ref["namespace"].(string); ok && ns != c.base.Namespace {
			c.drop(spec, "spec", "targetRef", "targets namespace "+strconv.Quote(ns)+"; a policy now targets its own namespace only")
			return
		}
		delete(ref, "namespace")
		delete(spec, "targetRef")
		spec["targetRefs"] = []any{ref}
		c.add(Renamed, "spec.targetRef", "→ spec.targetRefs[0]")
		return
	}
	if list, ok := spec["targetRefs"].([]any); ok && len(list) > 0 && c.has("spec.targetRef") && !c.has("spec.targetRefs") {
		spec["targetRef"] = list[0]
		c.add(Renamed, "spec.targetRefs[0]", "→ spec.targetRef")
		for i, v := range list[1:] {
			path := fmt.Sprintf("spec.targetRefs[%d]", i+1)
			c.add(Dropped, path, "only one target can be written")
			c.rest = append(c.rest, Field{Path: path, Value: v})
		}
		delete(spec, "targetRefs")
	}
}

// policyTLS: spec.tls of BackendTLSPolicy v1alpha2 became spec.validation, and two of its fields got longer names.
func (c *conversion) policyTLS() {
	names := [...][2]string{{"caCertRefs", "caCertificateRefs"}, {"wellKnownCACerts", "wellKnownCACertificates"}, {"hostname", "hostname"}}
	from, to, back := "tls", "validation", 0
	if c.to.Kind != "BackendTLSPolicy" {
		return
	}
	if c.has("spec.tls") {
		from, to, back = "validation", "tls", 1
	}
	spec := object(c.content, "spec")
	old := object(spec, from)
	if old == nil || c.has("spec."+from) {
		return
	}
	settled := makeObject(spec, to)
	if settled == nil {
		return
	}
	for _, n := range names {
		c.rename(old, "spec."+from, n[back], settled, "spec."+to, n[1-back])
	}
	if len(old) == 0 {
		delete(spec, from)
	}
}

// gatewayBackendTLS: spec.backendTLS of Gateway (v1.2 and v1.3 experimental) became spec.tls.backend (GEP-3155).
func (c *conversion) gatewayBackendTLS() {
	spec := object(c.content, "spec")
	if object(spec, "backendTLS") == nil || !c.has("spec.tls.backend") {
		return
	}
	if tls := makeObject(spec, "tls"); tls != nil {
		c.rename(spec, "spec", "backendTLS", tls, "spec.tls", "backend")
	}
}

// frontendValidation of a listener (v1.1 to v1.3 experimental) became spec.tls.frontend.perPort of the Gateway: client
// certificates are asked for by port, not by listener, since a connection may be reused for another listener (GEP-91).
func (c *conversion) frontendValidation() {
	spec := object(c.content, "spec")
	for i, listener := range objects(spec, "listeners") {
		path := fmt.Sprintf("spec.listeners[%d].tls", i)
		listenerTLS := object(listener, "tls")
		old := object(listenerTLS, "frontendValidation")
		if old == nil || c.has(path+".frontendValidation") {
			continue
		}
		if !c.has("spec.tls.frontend.perPort") {
			c.drop(listenerTLS, path, "frontendValidation", "spec.tls.frontend of the Gateway decides now whether clients are validated")
			continue
		}
		frontend := makeObject(makeObject(spec, "tls"), "frontend")
		if frontend == nil {
			continue // spec.tls is no object: the document is refused for it
		}
		if hasPort(frontend, listener["port"]) {
			c.drop(listenerTLS, path, "frontendValidation", "an earlier listener decides how clients of this port are validated")
			continue
		}
		makeObject(frontend, "default")
		perPort, _ := frontend["perPort"].([]any)
		frontend["perPort"] = append(perPort, map[string]any{"port": listener["port"], "tls": map[string]any{"validation": old}})
		delete(listenerTLS, "frontendValidation")
		c.add(Converted, path+".frontendValidation",
			fmt.Sprintf("→ spec.tls.frontend.perPort[%d]: it now holds for all HTTPS listeners of port %v", len(perPort), listener["port"]))
	}
}

func hasPort(frontend map[string]any, port any) bool {
	for _, p := range objects(frontend, "perPort") {
		if reflect.DeepEqual(p["port"], port) { // == would panic for what is no scalar
			return true
		}
	}
	return false
}

// sessionPersistence changed with v1.7.0: the name moved into a block of its own for cookies and one for headers (GEP-1619).
func (c *conversion) sessionPersistence() {
	spec := object(c.content, "spec")
	c.persistence(spec, "spec")
	for i, rule := range objects(spec, "rules") {
		c.persistence(rule, fmt.Sprintf("spec.rules[%d]", i))
	}
}

func (c *conversion) persistence(holder map[string]any, path string) {
	path += ".sessionPersistence"
	old := object(holder, "sessionPersistence")
	if old == nil {
		return
	}
	block := "cookie"
	if old["type"] == "Header" {
		block = "header"
	}
	switch {
	case c.has(path + ".cookie"):
		if old["cookie"] != nil || old["header"] != nil {
			return
		}
		settled := makeObject(old, block) // required for its type, even when empty
		c.rename(old, path, "sessionName", settled, path+"."+block, "name")
		if config := object(old, "cookieConfig"); config != nil && block == "cookie" {
			c.rename(config, path+".cookieConfig", "lifetimeType", settled, path+".cookie", "lifetimeType")
			dropEmpty(old, "cookieConfig")
		}
	case c.has(path + ".sessionName"):
		settled := object(old, block)
		c.rename(settled, path+"."+block, "name", old, path, "sessionName")
		if settled["lifetimeType"] != nil && block == "cookie" {
			if config := makeObject(old, "cookieConfig"); config != nil {
				c.rename(settled, path+".cookie", "lifetimeType", config, path+".cookieConfig", "lifetimeType")
			}
		}
		dropEmpty(old, block)
	}
}

func dropEmpty(m map[string]any, name string) {
	if o, ok := m[name].(map[string]any); ok && len(o) == 0 {
		delete(m, name)
	}
}

// backendPort: spec.port.port of XBackend became spec.port.number with v1.7.0.
func (c *conversion) backendPort() {
	if c.to.Kind != "XBackend" {
		return
	}
	port := object(object(c.content, "spec"), "port")
	from, to := "port", "number"
	if c.has("spec.port.port") {
		from, to = to, from
	}
	if port != nil && !c.has("spec.port."+from) {
		c.rename(port, "spec.port", from, port, "spec.port", to)
	}
}

// listenerPort: 0, or no port, in an XListenerSet asked the implementation to choose one; a ListenerSet has to name it.
func (c *conversion) listenerPort() {
	if c.base.GVK.Kind != "XListenerSet" || c.to.Kind != "ListenerSet" {
		return
	}
	for i, listener := range objects(object(c.content, "spec"), "listeners") {
		if port := listener["port"]; port == nil || port == int64(0) {
			c.add(Dropped, fmt.Sprintf("spec.listeners[%d].port", i), "the choice of a port was left to the implementation; a ListenerSet must name one")
		}
	}
}
