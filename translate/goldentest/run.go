package goldentest

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	"github.com/gatewayxds/gatewayxds/translate"
)

// Case is one directory with an input.yaml. Checks must leave it as it is.
type Case struct {
	Name    string // <feature>/<case>
	Dir     string
	Reason  string // the comment that the input opens with
	Objects *translate.Objects
	Options translate.Options
	Result  *translate.Result
}

// caseOptions is the form of options.yaml: fields of translate.Options; one that is not written stays as it was.
type caseOptions struct {
	Addresses            map[string][]gwv1.GatewayStatusAddress `json:"addresses"` // by namespace/name
	AddressTypes         []gwv1.AddressType                     `json:"addressTypes"`
	BindAddress          *string                                `json:"bindAddress"`
	BindToAddresses      *bool                                  `json:"bindToAddresses"`
	PrivilegedPortOffset *uint32                                `json:"privilegedPortOffset"`
	SystemCABundle       *string                                `json:"systemCABundle"`
	Features             []gwv1.FeatureName                     `json:"features"`
}

// defaultAddress is of a block that is reserved for documentation.
const defaultAddress = "192.0.2.1"

// Run translates each <root>/<feature>/<case>/input.yaml, compares the result with the golden files beside it, and then
// calls checks, in a parallel subtest per case. opts holds for all cases; an options.yaml in the directory of a case
// overrides what it names (addresses by namespace/name, addressTypes, bindAddress, bindToAddresses,
// privilegedPortOffset, systemCABundle, features). A Gateway that has no entry in the addresses of either gets 192.0.2.1, since without
// an address it would not be Programmed. Golden files without an input fail the test; with -update they are removed.
func Run(t *testing.T, root string, opts translate.Options, checks ...func(t *testing.T, c Case)) {
	t.Helper()
	removeOrphans(t, root)
	inputs, err := filepath.Glob(filepath.Join(root, "*", "*", "input.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(inputs) == 0 {
		t.Fatalf("no input.yaml in %s/*/*", root)
	}
	for _, input := range inputs {
		dir := filepath.Dir(input)
		feature := filepath.Base(filepath.Dir(dir))
		name := feature + "/" + filepath.Base(dir)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := load(t, name, dir, opts)
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("reason for the case: %s", c.Reason)
				}
			})
			Compare(t, dir, c.Result)
			for _, check := range checks {
				check(t, c)
			}
		})
	}
}

func load(t *testing.T, name, dir string, opts translate.Options) Case {
	t.Helper()
	input := filepath.Join(dir, "input.yaml")
	text, err := os.ReadFile(input)
	if err != nil {
		t.Fatal(err)
	}
	c := Case{Name: name, Dir: dir, Reason: reason(string(text)), Objects: Load(t, input)}
	if c.Options, err = optionsOf(dir, opts, c.Objects.Gateways); err != nil {
		t.Fatalf("%s: %v", dir, err)
	}
	if c.Result, err = translate.Translate(c.Objects, c.Options); err != nil {
		t.Fatal(err)
	}
	return c
}

// reason returns the comment at the start of a text.
func reason(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		comment, ok := strings.CutPrefix(line, "#")
		if !ok {
			break
		}
		lines = append(lines, strings.TrimSpace(comment))
	}
	return strings.Join(lines, " ")
}

func optionsOf(dir string, opts translate.Options, gateways []*gwv1.Gateway) (translate.Options, error) {
	var own caseOptions
	text, err := os.ReadFile(filepath.Join(dir, "options.yaml"))
	if err != nil && !os.IsNotExist(err) {
		return opts, err
	}
	if err := yaml.UnmarshalStrict(text, &own); err != nil {
		return opts, err
	}
	addresses := map[types.NamespacedName][]gwv1.GatewayStatusAddress{}
	for _, g := range gateways {
		ip := gwv1.IPAddressType
		addresses[types.NamespacedName{Namespace: g.Namespace, Name: g.Name}] = []gwv1.GatewayStatusAddress{
			{Type: &ip, Value: defaultAddress},
		}
	}
	maps.Copy(addresses, opts.Addresses)
	for key, list := range own.Addresses {
		namespace, name, _ := strings.Cut(key, "/")
		addresses[types.NamespacedName{Namespace: namespace, Name: name}] = list
	}
	opts.Addresses = addresses
	if own.AddressTypes != nil {
		opts.AddressTypes = own.AddressTypes
	}
	if own.Features != nil {
		opts.Features = own.Features
	}
	override(&opts.BindAddress, own.BindAddress)
	override(&opts.BindToAddresses, own.BindToAddresses)
	override(&opts.PrivilegedPortOffset, own.PrivilegedPortOffset)
	override(&opts.SystemCABundle, own.SystemCABundle)
	return opts, nil
}

func override[T any](field, with *T) {
	if with != nil {
		*field = *with
	}
}

// removeOrphans fails the test for golden files that no input belongs to, or with -update removes them.
func removeOrphans(tb testing.TB, root string) {
	tb.Helper()
	for _, file := range []string{xdsFile, statusFile} {
		goldens, err := filepath.Glob(filepath.Join(root, "*", "*", file))
		if err != nil {
			tb.Fatal(err)
		}
		for _, golden := range goldens {
			if _, err := os.Stat(filepath.Join(filepath.Dir(golden), "input.yaml")); err == nil {
				continue
			}
			if !updating() {
				tb.Errorf("%s is an orphan: there is no input.yaml beside it; go test -update removes it", golden)
			} else if err := os.Remove(golden); err != nil {
				tb.Fatal(err)
			}
		}
	}
}
