// Package envoytest runs a real Envoy in tests. Only tests import it.
//
//	Config ──Check──▶ error                         messages valid, every name there and used
//	   │
//	   └──Bootstrap──▶ bootstrap ──Validate──▶ envoy --mode validate
//	                       │
//	                       └──Start──▶ *Envoy ◀── requests        Backends answer them
//
// A bootstrap carries all of a [Config] inline, so that no xDS server is needed.
package envoytest
