//go:build !unix

package envoytest

// lock does nothing where no Envoy can be installed.
func lock(string) (unlock func() error, err error) {
	return func() error { return nil }, nil
}
