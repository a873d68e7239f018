package goldentest_test

import (
	"testing"

	"github.com/gatewayxds/gatewayxds/translate"
	"github.com/gatewayxds/gatewayxds/translate/goldentest"
)

// A control plane holds the translation of its users' YAML, with its own options and hooks, against golden files.
func ExampleCompare() {
	_ = func(t *testing.T) { // TestTranslation
		objects := goldentest.Load(t, "testdata/gateway.yaml", "testdata/routes.yaml")
		result, err := translate.Translate(objects, translate.Options{ControllerName: "example.com/controller"})
		if err != nil {
			t.Fatal(err)
		}
		goldentest.Compare(t, "testdata", result)
	}
}

// A tree of cases, each of them a directory <feature>/<case> with an input.yaml.
func ExampleRun() {
	_ = func(t *testing.T) { // TestTranslations
		goldentest.Run(t, "testdata", translate.Options{ControllerName: "example.com/controller"})
	}
}
