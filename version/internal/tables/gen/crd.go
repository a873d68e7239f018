package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/gatewayxds/gatewayxds/version/internal/tables"
)

// definition is the part of a CustomResourceDefinition that the table keeps.
type definition struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Spec struct {
		Group string `json:"group"`
		Names struct {
			Kind   string `json:"kind"`
			Plural string `json:"plural"`
		} `json:"names"`
		Scope    string `json:"scope"`
		Versions []struct {
			Name       string `json:"name"`
			Served     bool   `json:"served"`
			Storage    bool   `json:"storage"`
			Deprecated bool   `json:"deprecated"`
			Schema     struct {
				Root json.RawMessage `json:"openAPIV3Schema"`
			} `json:"schema"`
		} `json:"versions"`
	} `json:"spec"`
}

// schemaProps is the part of OpenAPI that the releases' CRDs use. A key outside it fails the run: no new kind of
// constraint slips by unseen.
type schemaProps struct {
	Description   string                  `json:"description"`
	Type          string                  `json:"type"`
	Format        string                  `json:"format"`
	Properties    map[string]*schemaProps `json:"properties"`
	Items         *schemaProps            `json:"items"`
	Additional    *schemaProps            `json:"additionalProperties"`
	Required      []string                `json:"required"`
	Default       json.RawMessage         `json:"default"`
	Enum          []json.RawMessage       `json:"enum"`
	Pattern       string                  `json:"pattern"`
	Minimum       *int64                  `json:"minimum"`
	Maximum       *int64                  `json:"maximum"`
	MinLength     *int64                  `json:"minLength"`
	MaxLength     *int64                  `json:"maxLength"`
	MinItems      *int64                  `json:"minItems"`
	MaxItems      *int64                  `json:"maxItems"`
	MinProperties *int64                  `json:"minProperties"`
	MaxProperties *int64                  `json:"maxProperties"`
	OneOf         json.RawMessage         `json:"oneOf"`
	ListType      string                  `json:"x-kubernetes-list-type"`
	MapType       string                  `json:"x-kubernetes-map-type"`
	ListMapKeys   []string                `json:"x-kubernetes-list-map-keys"`
	Validations   []struct {
		Rule              string `json:"rule"`
		Message           string `json:"message"`
		MessageExpression string `json:"messageExpression"`
		OptionalOldSelf   *bool  `json:"optionalOldSelf"`
		FieldPath         string `json:"fieldPath"`
		Reason            string `json:"reason"`
	} `json:"x-kubernetes-validations"`
}

// table collects the distinct nodes and CRDs of all releases.
type table struct {
	nodes    []tables.Node
	nodeIDs  map[string]tables.ID
	crds     []tables.CRD
	crdIDs   map[string]uint16
	releases []tables.Release
}

func newTable() *table {
	return &table{nodes: make([]tables.Node, 1), nodeIDs: map[string]tables.ID{}, crdIDs: map[string]uint16{}}
}

// addRelease reads one release from its module directory.
func (t *table) addRelease(name, dir string) error {
	r := tables.Release{Name: name}
	var err error
	if r.Standard, err = t.addChannel(&r, filepath.Join(dir, "config", "crd", "standard")); err != nil {
		return err
	}
	if r.Experimental, err = t.addChannel(&r, filepath.Join(dir, "config", "crd", "experimental")); err != nil {
		return err
	}
	if r.Features, err = readFeatures(dir); err != nil {
		return err
	}
	t.releases = append(t.releases, r)
	return nil
}

// addChannel reads the CRDs of a directory, sorted by group and kind.
func (t *table) addChannel(r *tables.Release, dir string) ([]uint16, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	var ids []uint16
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for doc := range bytes.SplitSeq(text, []byte("\n---")) {
			var head struct {
				Kind string `json:"kind"`
			}
			if err := yaml.Unmarshal(doc, &head); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			if head.Kind != "CustomResourceDefinition" {
				continue
			}
			id, err := t.addCRD(r, doc)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("%s holds no CRD", dir)
	}
	slices.SortFunc(ids, func(a, b uint16) int {
		return cmp.Or(strings.Compare(t.crds[a].Group, t.crds[b].Group), strings.Compare(t.crds[a].Kind, t.crds[b].Kind))
	})
	return ids, nil
}

func (t *table) addCRD(r *tables.Release, doc []byte) (uint16, error) {
	var d definition
	if err := yaml.Unmarshal(doc, &d); err != nil {
		return 0, err
	}
	annotation := d.Metadata.Annotations["gateway.networking.k8s.io/bundle-version"]
	if r.Annotation != "" && r.Annotation != annotation {
		return 0, fmt.Errorf("bundle-version %q beside %q", annotation, r.Annotation)
	}
	r.Annotation = annotation
	crd := tables.CRD{Group: d.Spec.Group, Kind: d.Spec.Names.Kind, Plural: d.Spec.Names.Plural, Namespaced: d.Spec.Scope == "Namespaced"}
	for _, v := range d.Spec.Versions {
		schema, err := readSchema(v.Schema.Root)
		if err != nil {
			return 0, err
		}
		id, err := t.addNode(schema)
		if err != nil {
			return 0, err
		}
		crd.Versions = append(crd.Versions, tables.Version{
			Name: v.Name, Served: v.Served, Storage: v.Storage, Deprecated: v.Deprecated, Schema: id,
		})
	}
	key, err := json.Marshal(crd)
	if err != nil {
		return 0, err
	}
	id, ok := t.crdIDs[string(key)]
	if !ok {
		id = uint16(len(t.crds))
		t.crdIDs[string(key)] = id
		t.crds = append(t.crds, crd)
	}
	return id, nil
}

// readSchema reads a schema and refuses keys that schemaProps does not have.
func readSchema(raw []byte) (*schemaProps, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	var s schemaProps
	return &s, dec.Decode(&s)
}

// addNode adds a schema and all below it, each distinct one once.
func (t *table) addNode(s *schemaProps) (tables.ID, error) {
	if s == nil {
		return 0, nil
	}
	n := tables.Node{
		Type: s.Type, Format: s.Format, Required: s.Required, Default: string(s.Default), Pattern: s.Pattern,
		Number: span(s.Minimum, s.Maximum), Length: lengthOf(s),
	}
	for _, e := range s.Enum {
		n.Enum = append(n.Enum, string(e))
	}
	switch s.ListType {
	case "map":
		n.Keys = s.ListMapKeys
	case "set":
		n.Unique = true
	}
	for _, v := range s.Validations {
		n.Rules = append(n.Rules, tables.Rule{Expression: v.Rule, Message: cmp.Or(v.Message, v.MessageExpression)})
	}
	if len(s.OneOf) > 0 {
		n.Rules = append(n.Rules, tables.Rule{Expression: string(s.OneOf), Message: "must match one of the alternatives of the schema"})
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		id, err := t.addNode(s.Properties[name])
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		n.Fields = append(n.Fields, tables.Field{Name: name, Node: id})
	}
	var err error
	if n.Items, err = t.addNode(s.Items); err != nil {
		return 0, err
	}
	if n.Values, err = t.addNode(s.Additional); err != nil {
		return 0, err
	}
	key, err := json.Marshal(n)
	if err != nil {
		return 0, err
	}
	id, ok := t.nodeIDs[string(key)]
	if !ok {
		id = tables.ID(len(t.nodes))
		t.nodeIDs[string(key)] = id
		t.nodes = append(t.nodes, n)
	}
	return id, nil
}

func lengthOf(s *schemaProps) tables.Range {
	switch s.Type {
	case "string":
		return span(s.MinLength, s.MaxLength)
	case "array":
		return span(s.MinItems, s.MaxItems)
	case "object":
		return span(s.MinProperties, s.MaxProperties)
	}
	return tables.Range{}
}

func span(low, high *int64) tables.Range {
	if low == nil && high == nil {
		return tables.Range{}
	}
	r := tables.Range{Set: true, Min: math.MinInt64, Max: math.MaxInt64}
	if low != nil {
		r.Min = *low
	}
	if high != nil {
		r.Max = *high
	}
	return r
}
