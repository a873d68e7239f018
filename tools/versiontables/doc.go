// Package versiontables holds package version against the API server's own code for custom resources: its pruning, its
// defaulting and its validation. It is a module of its own, so that k8s.io/apiextensions-apiserver stays out of the library's
// requirements. It has tests only.
package versiontables
