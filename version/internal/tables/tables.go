// Package tables holds what the CRDs and the conformance suite of every Gateway API release say, as data.
//
//	module zips of sigs.k8s.io/gateway-api ──gen──▶ generated.go ──▶ Releases ▶ CRD ▶ Version ▶ Node
//
// generated.go is written by the program in gen from the CRDs themselves; equal schemas are one Node, so that sixteen
// releases in two channels take a few hundred. All of it is read-only.
package tables

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

//go:generate go run ./gen -write generated.go

// ID refers to a Node of the table; 0 is none.
type ID uint16

// A Node is an OpenAPI schema without its prose.
type Node struct {
	Type     string // object, array, string, integer, number, boolean; empty for int-or-string
	Format   string
	Fields   []Field // of an object, by name
	Items    ID      // the elements of an array
	Values   ID      // the values of an object used as a map
	Required []string
	Default  string   // JSON; empty for none
	Enum     []string // JSON
	Pattern  string   // RE2
	Number   Range    // minimum, maximum
	Length   Range    // of a string, in characters; of an array, in items; of a map, in keys
	Keys     []string // what makes an element of a list-type=map array unique
	Unique   bool     // the elements of a list-type=set array are
	Rules    []Rule
}

// A Field is a named member of an object.
type Field struct {
	Name string
	Node ID
}

// A Range is inclusive on both sides; an open side has the extreme of int64.
type Range struct {
	Set      bool
	Min, Max int64
}

// A Rule is what a schema says in CEL, or in a combination of other schemas (JSON).
type Rule struct{ Expression, Message string }

// A CRD is one kind of one release and channel.
type CRD struct {
	Group, Kind, Plural string
	Namespaced          bool
	Versions            []Version
}

// A Version is one version of a kind.
type Version struct {
	Name                        string
	Served, Storage, Deprecated bool
	Schema                      ID
}

// A Release is one version of the module.
type Release struct {
	Name         string   // v1.6.3
	Annotation   string   // what its CRDs have as bundle-version: v0.8.1 says v0.8.0
	Standard     []uint16 // indices for Table.CRD
	Experimental []uint16
	Features     []Feature
}

// A Feature is a name that the release's conformance suite knows. Channel is empty before v1.2.0, which had none.
type Feature struct{ Name, Channel string }

// Get returns the node, nil for ID 0 and for what the table does not have.
func (id ID) Get() *Node {
	if id == 0 || int(id) >= len(nodes) {
		return nil
	}
	return &nodes[id]
}

// Field returns the schema of a member, nil when the object has none of that name.
func (n *Node) Field(name string) *Node {
	if n == nil {
		return nil
	}
	i, ok := slices.BinarySearchFunc(n.Fields, name, func(f Field, name string) int { return strings.Compare(f.Name, name) })
	if !ok {
		return nil
	}
	return n.Fields[i].Node.Get()
}

// compiled holds every pattern of the table: constant, but made on first use.
var compiled = sync.OnceValue(func() map[string]*regexp.Regexp {
	out := map[string]*regexp.Regexp{}
	for i := range nodes {
		if p := nodes[i].Pattern; p != "" && out[p] == nil {
			out[p] = regexp.MustCompile(p) // a test has compiled them all
		}
	}
	return out
})

// Match tells whether a string matches the node's pattern; without one, all do.
func (n *Node) Match(s string) bool { return n.Pattern == "" || compiled()[n.Pattern].MatchString(s) }

// Releases returns all releases, oldest first.
func Releases() []Release { return releases }

// Get returns the CRD of an index in a Release.
func Get(i uint16) *CRD { return &crds[i] }

// Version returns a version of the CRD, nil when it has none of that name.
func (c *CRD) Version(name string) *Version {
	for i := range c.Versions {
		if c.Versions[i].Name == name {
			return &c.Versions[i]
		}
	}
	return nil
}
