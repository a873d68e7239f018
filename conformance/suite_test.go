package conformance_test

import (
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/gateway-api/conformance"
	conformancev1 "sigs.k8s.io/gateway-api/conformance/apis/v1"
	"sigs.k8s.io/gateway-api/conformance/tests"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"
	"sigs.k8s.io/gateway-api/pkg/consts"

	"github.com/gatewayxds/gatewayxds/conformance/internal/evidence"
	"github.com/gatewayxds/gatewayxds/conformance/internal/testbed"
)

func TestMain(m *testing.M) { os.Exit(testbed.Main(m.Run)) }

// TestConformance is the official suite. Its own flags choose otherwise than the options here; -test.run
// 'TestConformance/^(A|B)$' runs single tests.
func TestConformance(t *testing.T) {
	started := time.Now()
	host := testbed.DefaultHost()
	b, err := testbed.Start(t.Context(), host)
	require.NoError(t, err)
	process := b.NewHost(host)
	require.NoError(t, testbed.StartHost(host, process))
	class, err := b.WaitAccepted(t.Context(), host.ClassName)
	require.NoError(t, err)
	t.Logf("control plane and host are up after %s", time.Since(started).Round(time.Millisecond))

	t.Setenv("KUBECONFIG", b.Cluster.Kubeconfig)
	options := conformance.DefaultOptions(t)
	options.RestConfig.QPS, options.RestConfig.Burst = b.Cluster.Config.QPS, b.Cluster.Config.Burst
	options.GatewayClassName = host.ClassName
	options.ConformanceProfiles = profiles(class)
	options.UsableNetworkAddresses = addresses("10.245.9.9")
	options.UnusableNetworkAddresses = addresses("198.51.100.7")
	options.CleanupBaseResources = false // the sandbox is thrown away
	options.Implementation = implementation()
	ran := keepEvidence(evidence.Collector{
		Client: b.Client, Clientset: b.Clientset, Logs: []string{process.LogPath()}, Dir: b.Evidence,
	})
	t.Cleanup(func() { require.Positive(t, ran.Load(), "no test of that name ran") })
	conformance.RunConformanceWithOptions(t, options)
}

// profiles are those of the route kinds that the class claims to support.
func profiles(class *gwv1.GatewayClass) []suite.ConformanceProfileName {
	var names []suite.ConformanceProfileName
	for _, profile := range []struct {
		feature gwv1.FeatureName
		name    suite.ConformanceProfileName
	}{
		{"HTTPRoute", suite.GatewayHTTPConformanceProfileName},
		{"GRPCRoute", suite.GatewayGRPCConformanceProfileName},
		{"TLSRoute", suite.GatewayTLSConformanceProfileName},
		{"TCPRoute", suite.GatewayTCPConformanceProfileName},
		{"UDPRoute", suite.GatewayUDPConformanceProfileName},
	} {
		if slices.Contains(class.Status.SupportedFeatures, gwv1.SupportedFeature{Name: profile.feature}) {
			names = append(names, profile.name)
		}
	}
	return names
}

func addresses(ip string) []gwv1.GatewaySpecAddress {
	kind := gwv1.IPAddressType
	return []gwv1.GatewaySpecAddress{{Type: &kind, Value: ip}}
}

// implementation is what the report says about us.
func implementation() conformancev1.Implementation {
	i := conformancev1.Implementation{
		Organization: "gatewayxds",
		Project:      "gatewayxds",
		URL:          "https://github.com/gatewayxds/gatewayxds",
		Version:      "v0.1.0",
		Contact:      []string{"https://github.com/gatewayxds/gatewayxds/issues/new"},
	}
	if consts.BundleVersion == "v1.7.0" {
		i.Contact = append(i.Contact, "note: built with sigs.k8s.io/gateway-api-conformance-images v0.1.0 in place of v0.2.0")
	}
	return i
}

// keepEvidence makes every test of the suite that fails leave its state behind before it cleans up, and counts the tests
// that run. The tests themselves are as published.
func keepEvidence(collector evidence.Collector) *atomic.Int64 {
	ran := &atomic.Int64{}
	for i := range tests.ConformanceTests {
		test := &tests.ConformanceTests[i]
		published := test.Test
		test.Test = func(t *testing.T, s *suite.ConformanceTestSuite) {
			started := time.Now()
			defer func() {
				if !t.Failed() {
					return
				}
				dir, err := collector.Collect(test.ShortName, started)
				fmt.Printf("evidence of %s: %s\n", test.ShortName, dir)
				if err != nil {
					t.Log("evidence is incomplete:", err)
				}
			}()
			ran.Add(1)
			published(t, s)
		}
	}
	return ran
}
