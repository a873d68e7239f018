package version

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatewayxds/gatewayxds/version/internal/tables"
)

// A settler fits generic content to a schema, as an API server does on create: null members are removed, missing ones get
// their defaults, and members that the schema does not have are taken out. Unlike an API server it says so.
type settler struct {
	base     Entry // what every entry has in common
	report   *Report
	rest     []Field
	defaults bool
	// missing says what to report of a member, at a path, that an object's schema does not have
	missing func(n *tables.Node, name, path string) (What, string)
	broken  bool      // a value has a type that the schema does not allow
	path    fieldPath // of the value at hand
}

func (s *settler) add(what What, detail string) {
	e := s.base
	e.Field, e.What, e.Detail = string(s.path), what, detail
	*s.report = append(*s.report, e)
}

// value settles one value in place. The value is not null.
func (s *settler) value(n *tables.Node, v any) {
	if !isType(n, v) {
		s.broken = true
		s.add(Invalid, fmt.Sprintf("must be %s, not %s", article(n), describe(v)))
		return
	}
	switch v := v.(type) {
	case map[string]any:
		s.object(n, v)
	case []any:
		items := n.Items.Get()
		if items == nil {
			return
		}
		for i, item := range v {
			at := s.path.index(i)
			s.value(items, item)
			s.path = s.path[:at]
		}
	}
}

func (s *settler) object(n *tables.Node, m map[string]any) {
	s.renameKind(m)
	if values := n.Values.Get(); values != nil {
		for _, name := range sortedKeys(m) {
			s.member(values, m, name)
		}
		return
	}
	present := 0
	for i := range n.Fields {
		f := &n.Fields[i]
		if s.member(f.Node.Get(), m, f.Name) {
			present++
		}
	}
	if present < len(m) && len(n.Fields) > 0 {
		s.takeOut(n, m)
	}
}

// member settles one member of an object and tells whether the object has it then.
func (s *settler) member(n *tables.Node, m map[string]any, name string) bool {
	at, defaults := s.path.enter(name), s.defaults
	if at == 0 && name == "status" {
		s.defaults = false // a status is its controllers' to write
	}
	v := m[name]
	if v == nil {
		delete(m, name)
		if v = s.defaultOf(n); v != nil {
			m[name] = v
			s.add(Defaulted, n.Default)
		}
	}
	if v != nil {
		s.value(n, v)
	}
	s.path, s.defaults = s.path[:at], defaults
	return v != nil
}

// defaultOf returns a fresh copy of a schema's default, nil for none.
func (s *settler) defaultOf(n *tables.Node) any {
	if !s.defaults || n.Default == "" {
		return nil
	}
	var v any
	if err := json.Unmarshal([]byte(n.Default), &v); err != nil {
		return nil
	}
	return v
}

// takeOut moves the members that an object's schema does not have to the rest.
func (s *settler) takeOut(n *tables.Node, m map[string]any) {
	for _, name := range sortedKeys(m) {
		if n.Field(name) != nil {
			continue
		}
		if v := m[name]; v != nil {
			at := s.path.enter(name)
			s.rest = append(s.rest, Field{Path: string(s.path), Value: v})
			s.add(s.missing(n, name, string(s.path)))
			s.path = s.path[:at]
		}
		delete(m, name)
	}
}

// unplaced says what is known of a field that the linked release's schema of a kind does not have.
func unplaced(gk schema.GroupKind, n *tables.Node, name, path string) (What, string) {
	first, last := fieldSpan(gk, path)
	releases := tables.Releases()
	linked, newest := linkedRelease().Name, releases[len(releases)-1].Name
	switch {
	case first == "":
		for _, f := range n.Fields {
			if strings.EqualFold(strings.TrimSuffix(f.Name, "s"), strings.TrimSuffix(name, "s")) {
				return Unknown, "no release has this field; did you mean " + f.Name + "?"
			}
		}
		return Unknown, "no release has this field"
	case last == newest:
		return Unknown, fmt.Sprintf("a field of %s and later; %s of %s has none", first, gk.Kind, linked)
	case first != last:
		first += " to " + last
	}
	return Dropped, fmt.Sprintf("a field of %s only; %s of %s has no place for it", first, gk.Kind, linked)
}

// isType tells whether a value has the JSON type that the schema asks for. An integer fits 32 bits unless its format says
// more: no Go type of the API is wider.
func isType(n *tables.Node, v any) bool {
	switch n.Type {
	case "":
		return true
	case "object":
		_, ok := v.(map[string]any)
		return ok
	case "array":
		_, ok := v.([]any)
		return ok
	case "string":
		_, ok := v.(string)
		return ok
	case "boolean":
		_, ok := v.(bool)
		return ok
	case "integer":
		low, high := int64(math.MinInt32), int64(math.MaxInt32)
		if n.Format == "int64" {
			low, high = math.MinInt64, math.MaxInt64
		}
		switch v := v.(type) {
		case int64:
			return v >= low && v <= high
		case float64:
			return v == math.Trunc(v) && v >= float64(low) && v <= float64(high)
		}
		return false
	default:
		switch v.(type) {
		case int64, float64:
			return true
		}
		return false
	}
}

func article(n *tables.Node) string {
	switch n.Type {
	case "array":
		return "a list"
	case "integer":
		if n.Format == "int64" {
			return "an integer of 64 bits"
		}
		return "an integer of 32 bits"
	case "object":
		return "an object"
	}
	return "a " + n.Type
}
