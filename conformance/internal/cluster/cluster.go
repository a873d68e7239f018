// Package cluster runs a Kubernetes control plane from its real programs: etcd, kube-apiserver and
// kube-controller-manager.
package cluster

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/gatewayxds/gatewayxds/conformance/internal/build"
	"github.com/gatewayxds/gatewayxds/conformance/internal/sandbox"
)

const (
	etcdURL  = "http://127.0.0.1:2379"
	etcdPeer = "http://127.0.0.1:2380"
	// apiServerPort is served on the bridge, the only address that the API server accepts to advertise.
	apiServerPort = "6443"
	// token is of a user in system:masters. It is no secret: nothing outside the sandbox can reach the API server.
	token = "conformance"
)

// TrustBundles names an API, for --runtime-config, that is off by default in this version.
const TrustBundles = "certificates.k8s.io/v1beta1/clustertrustbundles"

// A Cluster is a running control plane.
type Cluster struct {
	// Config connects to it with every right, unthrottled.
	Config *rest.Config
	// Kubeconfig is a file with the same content.
	Kubeconfig string
	// Dir holds the logs.
	Dir string
	// APIServer may be ended and started again.
	APIServer *Process

	etcd, controllerManager *Process
}

// Start runs the control plane in dir and returns when it serves. There is no Stop: it ends with the sandbox.
func Start(programs build.Programs, dir string) (*Cluster, error) {
	c := &Cluster{Dir: dir, Kubeconfig: filepath.Join(dir, "kubeconfig"), Config: &rest.Config{
		Host:            "https://" + sandbox.BridgeIP + ":" + apiServerPort,
		BearerToken:     token,
		TLSClientConfig: rest.TLSClientConfig{Insecure: true}, // its certificate signs itself
		QPS:             500,
		Burst:           1000,
	}}
	if err := c.writeFiles(); err != nil {
		return nil, err
	}
	c.etcd = NewProcess(dir, "etcd", programs.Etcd,
		"--data-dir="+filepath.Join(dir, "etcd"), "--unsafe-no-fsync", "--log-level=warn",
		"--listen-client-urls="+etcdURL, "--advertise-client-urls="+etcdURL,
		"--listen-peer-urls="+etcdPeer, "--initial-advertise-peer-urls="+etcdPeer, "--initial-cluster=default="+etcdPeer)
	c.APIServer = NewProcess(dir, "kube-apiserver", programs.APIServer, c.apiServerFlags()...)
	c.controllerManager = NewProcess(dir, "kube-controller-manager", programs.ControllerManager,
		"--kubeconfig="+c.Kubeconfig, "--leader-elect=false", "--bind-address=127.0.0.1", "--secure-port=0",
		"--use-service-account-credentials=false", "--kube-api-qps=500", "--kube-api-burst=1000",
		"--controllers=deployment-controller,replicaset-controller,endpointslice-controller,namespace-controller,"+
			"garbage-collector-controller,serviceaccount-controller")
	for _, p := range []*Process{c.etcd, c.APIServer} {
		if err := p.Start(); err != nil {
			return nil, err
		}
	}
	if err := c.APIServer.WaitReady(c.ready); err != nil {
		return nil, err
	}
	return c, c.controllerManager.Start()
}

// WaitReady returns when the API server, having been started again, serves.
func (c *Cluster) WaitReady() error { return c.APIServer.WaitReady(c.ready) }

func (c *Cluster) apiServerFlags() []string {
	return []string{
		"--etcd-servers=" + etcdURL,
		"--advertise-address=" + sandbox.BridgeIP, // without a default route it finds no address by itself
		"--bind-address=" + sandbox.BridgeIP, "--secure-port=" + apiServerPort,
		"--cert-dir=" + filepath.Join(c.Dir, "certs"),
		"--token-auth-file=" + filepath.Join(c.Dir, "tokens"), "--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + c.serviceAccountKey(), "--service-account-signing-key-file=" + c.serviceAccountKey(),
		"--disable-admission-plugins=ServiceAccount", // so that pods need no token
		"--service-cluster-ip-range=" + sandbox.ServiceRange,
		"--feature-gates=ClusterTrustBundle=true", "--runtime-config=" + TrustBundles + "=true",
		"--kubelet-preferred-address-types=InternalIP",
	}
}

func (c *Cluster) serviceAccountKey() string { return filepath.Join(c.Dir, "service-account.key") }

// writeFiles writes what the programs read.
func (c *Cluster) writeFiles() error {
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	if err := os.WriteFile(c.serviceAccountKey(), pem.EncodeToMemory(block), 0o600); err != nil {
		return err
	}
	tokens := token + `,admin,admin,"system:masters"` + "\n"
	if err := os.WriteFile(filepath.Join(c.Dir, "tokens"), []byte(tokens), 0o600); err != nil {
		return err
	}
	const name = "conformance"
	return clientcmd.WriteToFile(clientcmdapi.Config{
		Clusters:       map[string]*clientcmdapi.Cluster{name: {Server: c.Config.Host, InsecureSkipTLSVerify: true}},
		AuthInfos:      map[string]*clientcmdapi.AuthInfo{name: {Token: token}},
		Contexts:       map[string]*clientcmdapi.Context{name: {Cluster: name, AuthInfo: name}},
		CurrentContext: name,
	}, c.Kubeconfig)
}

// ready asks the API server.
func (c *Cluster) ready() error {
	client, err := rest.HTTPClientFor(c.Config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Config.Host+"/readyz", nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("readyz answers %s", response.Status)
	}
	return nil
}
