// Package goldentest holds translations against golden files, in this library's tests and in those of its users.
//
//	input.yaml ──Load──▶ *translate.Objects ──translate.Translate──▶ *translate.Result ──Compare──▶ xds.yaml, status.yaml
//
// [Compare] does that for one result, [Run] for a tree of cases: a directory dropped into <root>/<feature>/ is a test.
//
//	<root>/<feature>/<case>/input.yaml    objects, below a comment that gives the reason for the case
//	<root>/<feature>/<case>/options.yaml  options of this case, if it needs any (see [Run])
//	<root>/<feature>/<case>/xds.yaml      what Envoy gets, written with go test -update; private keys are left out
//	<root>/<feature>/<case>/status.yaml   what the objects get to hear, written with go test -update
//
// The flag -update is defined here, unless a package that was initialised earlier has defined it.
package goldentest
