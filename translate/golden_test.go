package translate_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/envoy"
	"github.com/gatewayxds/gatewayxds/internal/envoytest"
	"github.com/gatewayxds/gatewayxds/translate"
	"github.com/gatewayxds/gatewayxds/translate/goldentest"
)

const testdata = "../testdata"

// options claim one feature only, lest every status of a GatewayClass change with each feature that comes.
var options = translate.Options{
	ControllerName: "example.com/gateway-controller",
	Features:       []gwv1.FeatureName{"HTTPRoute"},
	Filters:        testFilters,
	Backends:       testBackends,
}

// TestGolden holds each case of testdata in all the ways that testdata/README.md lists.
func TestGolden(t *testing.T) {
	for _, root := range translate.Roots() {
		goldentest.Run(t, root, options, checkFiles, checkOrder, checkConcurrent, checkHooks, checkInputUntouched, checkResources, checkEnvoy)
	}
}

func checkFiles(t *testing.T, c goldentest.Case) {
	require.NotEmpty(t, c.Reason, "an input opens with a comment: the reason for the case")
	known := []string{"ca.pem", "input.yaml", "options.yaml", "requests.yaml", "status.yaml", "xds.yaml"}
	entries, err := os.ReadDir(c.Dir)
	require.NoError(t, err)
	for _, e := range entries {
		require.Contains(t, known, e.Name(), "no file of a case has this name")
	}
}

// checkOrder: the same objects in another order give the same bytes.
func checkOrder(t *testing.T, c goldentest.Case) {
	want := encode(t, c.Result)
	for seed := range uint64(5) {
		result, err := translate.Translate(shuffle(c.Objects, seed), c.Options)
		require.NoError(t, err)
		if !bytes.Equal(want, encode(t, result)) {
			goldentest.Compare(t, c.Dir, result)
			t.Errorf("another order of the input gives other bytes (seed %d)", seed)
		}
	}
}

// checkConcurrent: several goroutines may translate the same objects, and use one result, at a time. The race detector,
// where it is on, sees what equal bytes hide.
func checkConcurrent(t *testing.T, c goldentest.Case) {
	want := encode(t, c.Result)
	const goroutines = 3
	same := make(chan bool, goroutines)
	for range goroutines {
		go func() {
			result, err := translate.Translate(c.Objects, c.Options)
			if err != nil {
				same <- false
				return
			}
			own, err := bytesOf(result)
			shared, err2 := bytesOf(c.Result)
			same <- err == nil && err2 == nil && bytes.Equal(own, want) && bytes.Equal(shared, want)
		}()
	}
	for range goroutines {
		require.True(t, <-same, "a translation beside others gives other bytes")
	}
}

// checkHooks: hooks that change nothing make no difference.
func checkHooks(t *testing.T, c goldentest.Case) {
	opts := c.Options
	opts.Hooks = translate.Hooks{
		Listener: func(translate.Origin, *listenerv3.Listener) {},
		Route:    func(translate.Origin, *routev3.Route) {},
		Cluster:  func(translate.Origin, *clusterv3.Cluster) {},
	}
	result, err := translate.Translate(c.Objects, opts)
	require.NoError(t, err)
	require.True(t, bytes.Equal(encode(t, c.Result), encode(t, result)), "hooks that do nothing change the result")
}

func shuffle(objects *translate.Objects, seed uint64) *translate.Objects {
	random := rand.New(rand.NewPCG(seed, 0))
	shuffled := *objects
	for _, kind := range slicesOf(&shuffled) {
		list := reflect.MakeSlice(kind.Type(), kind.Len(), kind.Len())
		reflect.Copy(list, kind)
		random.Shuffle(list.Len(), reflect.Swapper(list.Interface()))
		kind.Set(list)
	}
	return &shuffled
}

// slicesOf returns the settable slices of objects, one for each kind.
func slicesOf(objects *translate.Objects) []reflect.Value {
	fields := reflect.ValueOf(objects).Elem()
	kinds := make([]reflect.Value, fields.NumField())
	for i := range kinds {
		kinds[i] = fields.Field(i)
	}
	return kinds
}

// encode returns the bytes of all that a result holds.
func encode(t testing.TB, result *translate.Result) []byte {
	t.Helper()
	text, err := bytesOf(result)
	require.NoError(t, err)
	return text
}

func bytesOf(result *translate.Result) ([]byte, error) {
	var out bytes.Buffer
	for _, g := range result.Gateways {
		if err := json.NewEncoder(&out).Encode([]any{g.Gateway, g.Generation, g.Infrastructure}); err != nil {
			return nil, err
		}
		c := configOf(g)
		for _, m := range c.Messages() {
			text, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
			if err != nil {
				return nil, fmt.Errorf("%w: %v", err, m)
			}
			out.Write(text)
		}
	}
	err := json.NewEncoder(&out).Encode(result.Statuses)
	return out.Bytes(), err
}

func configOf(g translate.GatewayResources) envoytest.Config {
	return envoytest.Config{
		Listeners: g.Listeners, Routes: g.Routes, Clusters: g.Clusters, Endpoints: g.Endpoints, Secrets: g.Secrets,
		NoCluster: envoy.NoCluster,
	}
}

// checkInputUntouched: after all translations the objects are what the file says.
func checkInputUntouched(t *testing.T, c goldentest.Case) {
	require.Equal(t, goldentest.Load(t, filepath.Join(c.Dir, "input.yaml")), c.Objects, "the input was changed")
}

// checkResources: messages keep their own rules, and every name is there and used.
func checkResources(t *testing.T, c goldentest.Case) {
	for _, g := range c.Result.Gateways {
		require.NoError(t, configOf(g).Check(), "gateway %s", g.Gateway)
	}
}

// checkEnvoy: a real Envoy serves the requests of the case as they expect it, and accepts the resources of each Gateway.
func checkEnvoy(t *testing.T, c goldentest.Case) {
	t.Run("envoy", func(t *testing.T) {
		started := checkRequests(t, c)
		for _, g := range c.Result.Gateways {
			if started[g.Gateway] != nil { // it would not serve what it does not accept
				continue
			}
			bootstrap, err := envoytest.Bootstrap(configOf(g))
			require.NoError(t, err, "gateway %s", g.Gateway)
			envoytest.Validate(t, bootstrap)
		}
	})
}
