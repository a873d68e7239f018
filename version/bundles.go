package version

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatewayxds/gatewayxds/version/internal/tables"
)

// Channel is a release channel of the Gateway API, as the CRDs' channel annotation spells it.
type Channel string

// The channels. Experimental has every kind and field of Standard and more.
const (
	Standard     Channel = "standard"
	Experimental Channel = "experimental"
)

// Bundle names one installable set of CRDs.
type Bundle struct {
	Version string // v1.6.3
	Channel Channel
}

// String returns version/channel.
func (b Bundle) String() string { return b.Version + "/" + string(b.Channel) }

// CRD is a kind as a bundle defines it, or as a cluster has it.
type CRD struct {
	schema.GroupKind
	Plural     string
	Namespaced bool
	Versions   []CRDVersion // in the order of the CRD
	// Stored is status.storedVersions: every version that objects in etcd may still be written in. Bundles have none.
	Stored []string
	// Bundle is what the CRD's annotations say; empty parts where it has none.
	Bundle Bundle
}

// CRDVersion is one API version of a kind.
type CRDVersion struct {
	Name       string
	Served     bool // clients may read and write it
	Storage    bool // new writes are stored in it; exactly one version is
	Deprecated bool // the API server warns
}

// Served returns the names of the served versions.
func (c CRD) Served() []string {
	var out []string
	for _, v := range c.Versions {
		if v.Served {
			out = append(out, v.Name)
		}
	}
	return out
}

// Storage returns the name of the storage version.
func (c CRD) Storage() string {
	for _, v := range c.Versions {
		if v.Storage {
			return v.Name
		}
	}
	return ""
}

func (c CRD) has(version string) bool {
	return slices.ContainsFunc(c.Versions, func(v CRDVersion) bool { return v.Name == version })
}

// Feature is a feature name of the conformance suite.
type Feature struct {
	Name string
	// Channel of the API that the feature needs. Empty in releases before v1.2.0, which did not say.
	Channel Channel
}

// Releases returns the names of all releases that the tables hold, oldest first.
func Releases() []string {
	var out []string
	for _, r := range tables.Releases() {
		out = append(out, r.Name)
	}
	return out
}

// CRDs returns the kinds of a bundle, sorted by group and kind; nil for a bundle that the tables do not hold. The result
// is the caller's.
func CRDs(b Bundle) []CRD {
	r := releaseOf(b.Version)
	if r == nil {
		return nil
	}
	indices := r.Experimental
	if b.Channel == Standard {
		indices = r.Standard
	} else if b.Channel != Experimental {
		return nil
	}
	out := make([]CRD, 0, len(indices))
	for _, i := range indices {
		out = append(out, publicCRD(tables.Get(i), Bundle{Version: r.Annotation, Channel: b.Channel}))
	}
	return out
}

// Features returns the feature names that a release's conformance suite knows, sorted; nil for an unknown release.
func Features(release string) []Feature {
	r := releaseOf(release)
	if r == nil {
		return nil
	}
	out := make([]Feature, len(r.Features))
	for i, f := range r.Features {
		out[i] = Feature{Name: f.Name, Channel: Channel(f.Channel)}
	}
	return out
}

func publicCRD(c *tables.CRD, b Bundle) CRD {
	out := CRD{GroupKind: schema.GroupKind{Group: c.Group, Kind: c.Kind}, Plural: c.Plural, Namespaced: c.Namespaced, Bundle: b}
	for _, v := range c.Versions {
		out.Versions = append(out.Versions, CRDVersion{Name: v.Name, Served: v.Served, Storage: v.Storage, Deprecated: v.Deprecated})
	}
	return out
}

// releaseOf returns the release of a name, nil when the tables do not have it.
func releaseOf(name string) *tables.Release {
	releases := tables.Releases()
	for i := range releases {
		if releases[i].Name == name {
			return &releases[i]
		}
	}
	return nil
}
