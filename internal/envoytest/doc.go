// Package envoytest runs a real Envoy in tests. Only tests import it.
package envoytest
