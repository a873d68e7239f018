// Package version reads Gateway API objects of every version that was ever served since v0.8 into today's Go types, says
// what it did to them, and knows what each release of the Gateway API has.
//
//	           YAML, JSON, lists                     CRDs of every release v0.8.0 … v1.7.0
//	                  │                                            │ internal/tables/gen
//	                  ▼                                            ▼
//	                Read                                    internal/tables
//	                  │ generic                    schemas, served and storage versions, features
//	  ┌───────────────┴───────────┐                      │         │          │
//	  ▼                           ▼                      │         │          │
//	Decode ── moves, defaults ── Convert ◀───────────────┘         │          │
//	  │                                                            │          │
//	  ├─▶ []Object: *gwv1.HTTPRoute, *corev1.Service, …            ▼          ▼
//	  │      └─▶ Encode ─▶ YAML of a named version        Watch      Preflight     CRDs, Features
//	  └─▶ Report: converted, defaulted, renamed,          which      what an       tables for
//	      dropped, unknown, invalid, by field path        versions   upgrade       other uses
//	                                                      to watch   would break
//
// # Reading
//
// [Decode] does what an API server of the linked release does on create: it fits the object to that release's schema,
// removes null, and fills in defaults. Before that it moves values from where older and newer releases have them
// (BackendTLSPolicy v1alpha2, client validation by listener, session persistence before and since v1.7.0, XListenerSet and
// every reference to one, …). Unlike an API server it says so, and loses nothing: what today's Go type has no field for is
// in [Object].Rest, by its path, and in the [Report]. Of what a document may hold, only its types are judged: patterns,
// limits and CEL rules are left to whoever uses the object, who can say so in its status.
//
// Kinds without a Go type (Deployments, a host's own policies, kinds of a newer release) come as
// *unstructured.Unstructured. Core kinds that a translation reads pass through, with what the API server adds to them: a
// Namespace's name as label, a Secret's stringData in data, a Service's protocols and target ports. A namespace that is
// not written stays empty: which one is meant is the host's to know.
//
// Which release is linked follows from the host's go.mod. At v1.6.3 a field of v1.7.0 is in Rest; at v1.7.0 it is in the
// Go type, with no change here.
//
// # Writing
//
// [Encode] is the way back, to any version that a release has had of the kind, with a report of what that version cannot
// express. [RestoreNames] gives references the names that an older cluster has.
//
// # Deciding
//
// [Watch] says which versions of which kinds of a cluster a host should watch, and why each of the others not. Nothing is
// watched unless it is enabled. [Preflight] says what installing another bundle over what a cluster has would break: CRDs
// that the API server would refuse for their storedVersions, versions no longer served, fields pruned, values refused,
// defaults that change. What a cluster has is read from its CRDs by [ReadCRD], or from discovery by [FromServed]; [BundleOf]
// says of which bundle it is.
//
// # Tables
//
// The tables are constant data generated from the CRDs themselves; a test regenerates and compares them, and another one
// fails when go.mod requires a release that they lack. To add a release, add its name to internal/tables/gen and run
// go generate ./version/internal/tables; golden files of the release follow by go test ./version -update.
//
// All functions are pure, deterministic to the byte, and safe for concurrent use. No input makes them panic.
package version
