// Package testbed puts the parts together: a control plane with the CRDs of the suite's version, pods, an Envoy per
// Gateway and the host.
package testbed

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap/zapcore"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/util/retry"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
	gwv1alpha2 "sigs.k8s.io/gateway-api/apis/v1alpha2"
	gwv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"

	"github.com/gatewayxds/gatewayxds/conformance/internal/build"
	"github.com/gatewayxds/gatewayxds/conformance/internal/cluster"
	"github.com/gatewayxds/gatewayxds/conformance/internal/gateway"
	"github.com/gatewayxds/gatewayxds/conformance/internal/kubelet"
	"github.com/gatewayxds/gatewayxds/conformance/internal/sandbox"
)

// ControllerName is the host's, and ClassName the GatewayClass that names it.
const (
	ControllerName = gwv1.GatewayController("gatewayxds.dev/controlplane")
	ClassName      = "gatewayxds"
)

// A Testbed is everything that runs in a sandbox.
type Testbed struct {
	Cluster   *cluster.Cluster
	Client    client.Client // reads from the API server, without caches
	Clientset *kubernetes.Clientset
	Kubelet   *kubelet.Kubelet
	Programs  build.Programs
	// Evidence is a directory outside the sandbox for what is to outlive it.
	Evidence string
}

// evidenceVariable names Evidence to the inside of the sandbox.
const evidenceVariable = "GATEWAYXDS_EVIDENCE"

// Main runs tests in a sandbox; call it from TestMain with m.Run.
func Main(run func() int) int {
	evidence := "" // stays empty inside
	status := sandbox.Main(func() ([]string, error) {
		programs, err := build.All()
		if err != nil {
			return nil, err
		}
		environment, err := programs.Environment()
		if err != nil {
			return nil, err
		}
		evidence, err = os.MkdirTemp("", "gatewayxds-conformance-")
		return []string{environment, evidenceVariable + "=" + evidence}, err
	}, run)
	if evidence != "" {
		_ = os.Remove(evidence) // which fails when something is in it, as it should
	}
	return status
}

// Start starts everything but a host. Envoys ask the host of their GatewayClass's controller name for configuration.
func Start(ctx context.Context, hosts ...Host) (*Testbed, error) {
	log.SetLogger(zap.New(zap.WriteTo(os.Stderr), zap.Level(zapcore.ErrorLevel)))
	programs, err := build.FromEnvironment()
	if err != nil {
		return nil, err
	}
	b := &Testbed{Programs: programs, Evidence: os.Getenv(evidenceVariable)}
	if b.Cluster, err = cluster.Start(programs, filepath.Join(sandbox.Dir, "cluster")); err != nil {
		return nil, err
	}
	if b.Clientset, err = kubernetes.NewForConfig(b.Cluster.Config); err != nil {
		return nil, err
	}
	scheme, err := Scheme()
	if err != nil {
		return nil, err
	}
	if b.Client, err = client.New(b.Cluster.Config, client.Options{Scheme: scheme}); err != nil {
		return nil, err
	}
	if err := cluster.InstallCRDs(ctx, b.Client, programs.CRDs); err != nil {
		return nil, err
	}
	return b, b.startControllers(ctx, scheme, hosts)
}

// startControllers starts the kubelet and the infrastructure controller in this process.
func (b *Testbed) startControllers(ctx context.Context, scheme *runtime.Scheme, hosts []Host) error {
	mgr, err := ctrl.NewManager(b.Cluster.Config, ctrl.Options{
		Scheme:  scheme,
		Metrics: metricsserver.Options{BindAddress: "0"},
	})
	if err != nil {
		return err
	}
	if b.Kubelet, err = kubelet.Add(ctx, mgr, b.Programs, filepath.Join(sandbox.Dir, "pods")); err != nil {
		return err
	}
	xds := map[gwv1.GatewayController]string{}
	for _, host := range hosts {
		xds[host.ControllerName] = host.xdsAddress()
		class := &gwv1.GatewayClass{
			ObjectMeta: metav1.ObjectMeta{Name: host.ClassName},
			Spec:       gwv1.GatewayClassSpec{ControllerName: host.ControllerName},
		}
		if err := b.Client.Create(ctx, class); err != nil {
			return err
		}
	}
	if err := gateway.Add(mgr, xds); err != nil {
		return err
	}
	go func() {
		if err := mgr.Start(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "conformance: kubelet and infrastructure:", err)
			os.Exit(1)
		}
	}()
	return nil
}

// Scheme knows every type that the testbed and its tests handle.
func Scheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		clientgoscheme.AddToScheme, apiextensionsv1.AddToScheme, corev1.AddToScheme,
		gwv1.Install, gwv1beta1.Install, gwv1alpha2.Install,
	} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	return scheme, nil
}

// WaitAccepted returns a GatewayClass when its host has accepted it.
func (b *Testbed) WaitAccepted(ctx context.Context, name string) (*gwv1.GatewayClass, error) {
	class := &gwv1.GatewayClass{}
	return class, wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
		if err := b.Client.Get(ctx, client.ObjectKey{Name: name}, class); err != nil {
			return false, err
		}
		return meta.IsStatusConditionTrue(class.Status.Conditions, string(gwv1.GatewayClassConditionStatusAccepted)), nil
	})
}

// Update reads an object, changes it and writes it, again when someone else was faster.
func (b *Testbed) Update(ctx context.Context, object client.Object, change func()) error {
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		if err := b.Client.Get(ctx, client.ObjectKeyFromObject(object), object); err != nil {
			return err
		}
		change()
		return b.Client.Update(ctx, object)
	})
}
