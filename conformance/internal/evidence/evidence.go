// Package evidence keeps the state of a failing test: objects with statuses, what each Envoy had been given, logs.
package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
	gwv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"
	"sigs.k8s.io/yaml"

	"github.com/gatewayxds/gatewayxds/conformance/internal/gateway"
)

// A Collector writes evidence below Dir.
type Collector struct {
	Client    client.Client
	Clientset *kubernetes.Clientset
	// Logs are files, of which what was written during the test is kept.
	Logs []string
	Dir  string
}

// timeout bounds one collection, so that a broken test cannot stop the run.
const timeout = 20 * time.Second

// Collect writes the present state into a directory named after the test and returns its path. Logs begin at since. It
// keeps as much as it can: an error says what is missing.
func (c Collector) Collect(test string, since time.Time) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	dir := filepath.Join(c.Dir, strings.ReplaceAll(test, "/", "_"))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return dir, err
	}
	errs := []error{c.objects(ctx, dir), c.envoys(ctx, dir, since)}
	for _, log := range c.Logs {
		errs = append(errs, copySince(log, filepath.Join(dir, filepath.Base(log)), since))
	}
	return dir, errors.Join(errs...)
}

// objects writes one file per kind.
func (c Collector) objects(ctx context.Context, dir string) error {
	var errs []error
	for name, list := range map[string]client.ObjectList{
		"gatewayclasses": &gwv1.GatewayClassList{}, "gateways": &gwv1.GatewayList{}, "listenersets": &gwv1.ListenerSetList{},
		"httproutes": &gwv1.HTTPRouteList{}, "grpcroutes": &gwv1.GRPCRouteList{}, "tlsroutes": &gwv1.TLSRouteList{},
		"referencegrants": &gwv1beta1.ReferenceGrantList{}, "backendtlspolicies": &gwv1.BackendTLSPolicyList{},
		"services": &corev1.ServiceList{}, "pods": &corev1.PodList{}, "namespaces": &corev1.NamespaceList{},
		"endpointslices": &discoveryv1.EndpointSliceList{}, "configmaps": &corev1.ConfigMapList{},
	} {
		if err := c.Client.List(ctx, list); err != nil {
			errs = append(errs, fmt.Errorf("list %s: %w", name, err))
			continue
		}
		content, err := yaml.Marshal(list)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name+".yaml"), content, 0o644)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// envoys writes the configuration and the log of every Envoy.
func (c Collector) envoys(ctx context.Context, dir string, since time.Time) error {
	var pods corev1.PodList
	if err := c.Client.List(ctx, &pods, client.HasLabels{gwv1.GatewayNameLabelKey}); err != nil {
		return err
	}
	var errs []error
	for _, pod := range pods.Items {
		name := "envoy-" + pod.Namespace + "-" + pod.Labels[gwv1.GatewayNameLabelKey]
		from := fmt.Sprintf("http://%s:%d/config_dump?include_eds", pod.Status.PodIP, gateway.AdminPort)
		errs = append(errs, download(ctx, from, filepath.Join(dir, name+".json")))
		start := metav1.NewTime(since)
		log, err := c.Clientset.CoreV1().Pods(pod.Namespace).
			GetLogs(pod.Name, &corev1.PodLogOptions{SinceTime: &start}).DoRaw(ctx)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name+".log"), log, 0o644)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func download(ctx context.Context, url, path string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}

// copySince copies the lines of a log whose time is since or later; lines without a time belong to the one before. The
// time is the first RFC 3339 time in the line.
func copySince(from, to string, since time.Time) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var kept bytes.Buffer
	keep := true
	for line := range bytes.Lines(content) {
		if at, ok := lineTime(string(line)); ok {
			keep = !at.Before(since.Truncate(time.Second))
		}
		if keep {
			kept.Write(line)
		}
	}
	return os.WriteFile(to, kept.Bytes(), 0o644)
}

func lineTime(line string) (time.Time, bool) {
	for word := range strings.FieldsFuncSeq(line, func(r rune) bool { return strings.ContainsRune(" \t\"=,{}", r) }) {
		if at, err := time.Parse(time.RFC3339Nano, word); err == nil {
			return at, true
		}
		if len(word) > 10 {
			return time.Time{}, false
		}
	}
	return time.Time{}, false
}
