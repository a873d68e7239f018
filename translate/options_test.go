package translate_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gatewayxds/gatewayxds/translate"
)

func TestOptionsThatMakeNoSense(t *testing.T) {
	for want, change := range map[string]func(*translate.Options){
		`Options.ControllerName "" is not`:                func(o *translate.Options) { o.ControllerName = "" },
		`Options.ControllerName "controller" is not`:      func(o *translate.Options) { o.ControllerName = "controller" },
		`Options.ControllerName "/controller" is not`:     func(o *translate.Options) { o.ControllerName = "/controller" },
		`Options.ControllerName "example.com/" is not`:    func(o *translate.Options) { o.ControllerName = "example.com/" },
		"Options.BindAddress":                             func(o *translate.Options) { o.BindAddress = "localhost" },
		"Options.PrivilegedPortOffset 65000":              func(o *translate.Options) { o.PrivilegedPortOffset = 65000 },
		`Options.SystemCABundle "/etc/\xff" is not UTF-8`: func(o *translate.Options) { o.SystemCABundle = "/etc/\xff" },
	} {
		opts := options
		change(&opts)
		result, err := translate.Translate(nil, opts)
		require.ErrorContains(t, err, want)
		require.Nil(t, result)
	}
	_, err := translate.Translate(nil, options)
	require.NoError(t, err)
}
