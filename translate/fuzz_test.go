package translate_test

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/internal/envoytest"
	"github.com/gatewayxds/gatewayxds/translate"
	"github.com/gatewayxds/gatewayxds/translate/goldentest"
)

// FuzzTranslate translates mutants of the cases of testdata: none may panic, be changed, translate differently a second
// time, or yield messages that their own rules refuse or names that lead nowhere.
func FuzzTranslate(f *testing.F) {
	inputs := loadInputs(f)
	for i := range inputs {
		for seed := range uint64(4) {
			f.Add(uint(i), randomTape(seed))
		}
	}
	f.Fuzz(func(t *testing.T, input uint, changes []byte) {
		translateMutant(t, mutate(inputs[input%uint(len(inputs))], changes[:min(len(changes), 256)]))
	})
}

var mutants = flag.Int("mutants", 60, "number of mutants that a real Envoy is asked to accept")

// TestEnvoyAcceptsMutants is FuzzTranslate's other half: what mutants yield, a real Envoy accepts.
func TestEnvoyAcceptsMutants(t *testing.T) {
	envoytest.Binary(t)
	inputs := loadInputs(t)
	for i := range *mutants {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			result := translateMutant(t, mutate(inputs[i%len(inputs)], randomTape(uint64(i))))
			for _, g := range result.Gateways {
				bootstrap, err := envoytest.Bootstrap(configOf(g))
				require.NoError(t, err)
				envoytest.Validate(t, bootstrap)
			}
		})
	}
}

func loadInputs(tb testing.TB) []*translate.Objects {
	tb.Helper()
	paths, err := filepath.Glob(filepath.Join(testdata, "*", "*", "input.yaml"))
	require.NoError(tb, err)
	inputs := make([]*translate.Objects, len(paths))
	for i, path := range paths {
		inputs[i] = goldentest.Load(tb, path)
	}
	return inputs
}

// randomTape holds about as many changes as its seed chooses, from one to ten.
func randomTape(seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 1))
	out := make([]byte, 6+random.IntN(60))
	for i := range out {
		out[i] = byte(random.Uint32())
	}
	return out
}

func translateMutant(t *testing.T, mutant *translate.Objects) *translate.Result {
	t.Helper()
	opts := options
	opts.Addresses = map[types.NamespacedName][]gwv1.GatewayStatusAddress{}
	for _, g := range mutant.Gateways {
		if g != nil {
			opts.Addresses[types.NamespacedName{Namespace: g.Namespace, Name: g.Name}] = []gwv1.GatewayStatusAddress{{Value: "10.0.0.1"}}
		}
	}
	before := deepCopy(mutant)
	result, err := translate.Translate(mutant, opts)
	require.NoError(t, err)
	require.Equal(t, before, mutant, "the input was changed")
	for _, g := range result.Gateways {
		require.NoError(t, configOf(g).Check(), "gateway %s", g.Gateway)
	}
	again, err := translate.Translate(mutant, opts)
	require.NoError(t, err)
	require.True(t, bytes.Equal(encode(t, result), encode(t, again)), "a second translation differs")
	return result
}
