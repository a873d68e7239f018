package translate_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
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
		for seed := range uint64(2) {
			f.Add(uint(i), randomTape(seed))
		}
	}
	f.Fuzz(func(t *testing.T, input uint, changes []byte) {
		_, err := translateMutant(mutate(inputs[input%uint(len(inputs))], changes[:min(len(changes), 256)]))
		require.NoError(t, err)
	})
}

var mutants = flag.Int("mutants", 1000, "about how many mutants of each sort a real Envoy is asked to accept")

// TestEnvoyAcceptsMutants is FuzzTranslate's other half: what mutants yield, a real Envoy accepts.
func TestEnvoyAcceptsMutants(t *testing.T) {
	inputs := loadInputs(t)
	acceptsMutants(t, *mutants, func(i int) *translate.Objects {
		return mutate(inputs[i%len(inputs)], randomTape(uint64(i)))
	})
}

// TestEnvoyAcceptsEveryValue gives each field that any case has, in the first case that has it, every alternative value:
// all of them with -mutants 100000, else a sample.
func TestEnvoyAcceptsEveryValue(t *testing.T) {
	type mutation struct {
		input              *translate.Objects
		place, alternative int
	}
	var all []mutation
	seen := map[string]bool{}
	for _, input := range loadInputs(t) {
		for i, s := range placesOf(input) {
			if seen[s.field] {
				continue
			}
			seen[s.field] = true
			for alternative := range alternatives(s.value) {
				all = append(all, mutation{input, i, alternative})
			}
		}
	}
	stride := max(1, len(all) / *mutants)
	acceptsMutants(t, len(all)/stride, func(i int) *translate.Objects {
		i *= stride
		mutant := deepCopy(all[i].input)
		assign(placesOf(mutant)[all[i].place].value, all[i].alternative)
		return mutant
	})
}

// acceptsMutants asks about many mutants at a time.
func acceptsMutants(t *testing.T, n int, mutant func(i int) *translate.Objects) {
	envoytest.Binary(t)
	const batch = 200
	for first := 0; first < n; first += batch {
		t.Run(fmt.Sprint(first), func(t *testing.T) {
			t.Parallel()
			var bootstraps []*bootstrapv3.Bootstrap
			var origins []int
			for i := first; i < min(first+batch, n); i++ {
				result, err := translateMutant(mutant(i))
				if err != nil {
					t.Errorf("mutant %d: %v", i, err)
					continue
				}
				for _, g := range result.Gateways {
					bootstrap, err := envoytest.Bootstrap(configOf(g))
					require.NoError(t, err)
					bootstraps, origins = append(bootstraps, bootstrap), append(origins, i)
				}
			}
			for i, err := range envoytest.Refusals(t, bootstraps...) {
				t.Errorf("mutant %d: %v", origins[i], err)
			}
		})
	}
}

func loadInputs(tb testing.TB) []*translate.Objects {
	tb.Helper()
	var inputs []*translate.Objects
	for _, root := range translate.Roots() {
		paths, err := filepath.Glob(filepath.Join(root, "*", "*", "input.yaml"))
		require.NoError(tb, err)
		for _, path := range paths {
			inputs = append(inputs, goldentest.Load(tb, path))
		}
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

// translateMutant returns the result, or what is wrong with it.
func translateMutant(mutant *translate.Objects) (*translate.Result, error) {
	opts := options
	opts.Features = nil // all, also those that are served only where they are claimed
	for _, f := range translate.Features() {
		opts.Features = append(opts.Features, f.Name)
	}
	opts.Addresses = map[types.NamespacedName][]gwv1.GatewayStatusAddress{}
	for _, g := range mutant.Gateways {
		if g != nil {
			opts.Addresses[types.NamespacedName{Namespace: g.Namespace, Name: g.Name}] = []gwv1.GatewayStatusAddress{{Value: "10.0.0.1"}}
		}
	}
	before := deepCopy(mutant)
	result, err := translate.Translate(mutant, opts)
	if err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(before, mutant) {
		return nil, errors.New("the input was changed")
	}
	for _, g := range result.Gateways {
		if err := configOf(g).Check(); err != nil {
			return nil, fmt.Errorf("gateway %s: %w", g.Gateway, err)
		}
	}
	first, err := bytesOf(result)
	if err != nil {
		return nil, err
	}
	again, err := translate.Translate(mutant, opts)
	if err != nil {
		return nil, err
	}
	if second, err := bytesOf(again); err != nil || !bytes.Equal(first, second) {
		return nil, errors.New("a second translation differs")
	}
	return result, nil
}
