// Command quickstart translates Gateway API YAML and prints what comes out: the statuses that the objects would get, and
// the Envoy configuration. It needs no cluster and no Envoy.
//
//	go run ./examples/quickstart                  an example that it brings along
//	go run ./examples/quickstart -f FILE|DIR      yours
//	go run ./examples/quickstart -o yaml          all of it
//
// What cannot be read is told on standard error, with its file and document, and the rest is translated. The exit code is
// 1 only if nothing could be read, 2 for a wrong flag.
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/types"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/examples/internal/manifests"
	"github.com/gatewayxds/gatewayxds/translate"
)

//go:embed example.yaml
var example []byte

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(stderr)
	file := flags.String("f", "", "`FILE` or directory of YAML; the bundled example when empty")
	format := flags.String("o", "table", "output: table or yaml")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	complain := func(what any) { _, _ = fmt.Fprintln(stderr, what) }
	write, ok := map[string]func(io.Writer, *translate.Result) error{"table": writeTable, "yaml": writeYAML}[*format]
	if !ok {
		complain("-o must be table or yaml, not " + *format)
		return 2
	}

	set := manifests.Parse("example.yaml", example)
	if *file != "" {
		var err error
		if set, err = manifests.Read(*file); err != nil {
			complain(err)
			return 1
		}
	}
	for _, p := range set.Problems {
		complain(p)
	}
	if set.Read == 0 {
		complain("nothing to translate")
		return 1
	}

	result, err := translate.Translate(set.Objects, translate.Options{
		ControllerName: set.Controller,
		Addresses:      loopback(set.Objects.Gateways),
		Features:       translate.SupportedFeatures("ClusterTrustBundle"), // files can hold them
	})
	if err == nil {
		err = write(stdout, result)
	}
	if err != nil {
		complain(err)
		return 1
	}
	return 0
}

// loopback is the address of every Gateway: without one it would not be Programmed.
func loopback(gateways []*gwv1.Gateway) map[types.NamespacedName][]gwv1.GatewayStatusAddress {
	kind := gwv1.IPAddressType
	out := map[types.NamespacedName][]gwv1.GatewayStatusAddress{}
	for _, gw := range gateways {
		name := types.NamespacedName{Namespace: gw.Namespace, Name: gw.Name}
		out[name] = []gwv1.GatewayStatusAddress{{Type: &kind, Value: "127.0.0.1"}}
	}
	return out
}
