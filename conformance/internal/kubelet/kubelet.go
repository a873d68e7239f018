// Package kubelet is the one stand-in of the sandbox: it runs pods as plain processes, each pod in a network namespace
// of its own with its own IP address and host name, and reports their status as a kubelet would.
//
//	Pod ── bind ──► namespace, root directory with volumes ── start ──► process ── answers ──► Ready
//	                                                          ◄── restart when it ends
//
// Images are a table from names to programs (images.go). It knows what the suite's manifests use: one container, args,
// env, Secret and ConfigMap volumes, logs; no probes, no init containers, no exec.
package kubelet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/gatewayxds/gatewayxds/conformance/internal/build"
)

// nodeName is the only node, to which the kubelet binds every pod itself.
const nodeName = "sandbox"

// A Kubelet runs every pod of the cluster.
type Kubelet struct {
	client client.Client
	images []image
	root   string

	mu   sync.Mutex
	pods map[types.UID]*pod
	next int // counts pods: ids, hence IP addresses, are not used twice
}

// Add registers a kubelet with the manager and returns it. Pods live under dir.
func Add(ctx context.Context, mgr ctrl.Manager, programs build.Programs, dir string) (*Kubelet, error) {
	k := &Kubelet{client: mgr.GetClient(), images: images(programs), root: dir, pods: map[types.UID]*pod{}}
	port, err := k.serve()
	if err != nil {
		return nil, fmt.Errorf("serve logs: %w", err)
	}
	// The manager's client reads from caches that do not run yet, but writes at once.
	if err := k.createNode(ctx, port); err != nil {
		return nil, err
	}
	return k, ctrl.NewControllerManagedBy(mgr).Named("kubelet").For(&corev1.Pod{}).
		WithOptions(controller.Options{MaxConcurrentReconciles: 16}).Complete(k)
}

// Kill ends the process of a pod by SIGKILL. As of any that ends, a new one takes its place.
func (k *Kubelet) Kill(pod types.NamespacedName) error {
	p, err := k.find(pod)
	if err != nil {
		return err
	}
	return p.kill()
}

// Inside calls f where a pod is: what it opens has the pod's network.
func (k *Kubelet) Inside(pod types.NamespacedName, f func() error) error {
	p, err := k.find(pod)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.namespace == nil {
		return fmt.Errorf("pod %s has ended", pod)
	}
	return p.namespace.Do(f)
}

func (k *Kubelet) find(name types.NamespacedName) (*pod, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, p := range k.pods {
		if p.key == name {
			return p, nil
		}
	}
	return nil, fmt.Errorf("no pod %s runs", name)
}

// createNode registers the node. The API server asks the given port of 127.0.0.1 for logs.
func (k *Kubelet) createNode(ctx context.Context, port int32) error {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: nodeName}}
	if err := k.client.Create(ctx, node); err != nil {
		return fmt.Errorf("create the node: %w", err)
	}
	node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "127.0.0.1"}}
	node.Status.DaemonEndpoints.KubeletEndpoint.Port = port
	node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	return k.client.Status().Update(ctx, node)
}

// Reconcile brings one pod nearer to what its object says.
func (k *Kubelet) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	var object corev1.Pod
	err := k.client.Get(ctx, request.NamespacedName, &object)
	switch {
	case apierrors.IsNotFound(err):
		return reconcile.Result{}, k.stopMissing(request.NamespacedName)
	case err != nil:
		return reconcile.Result{}, err
	case object.DeletionTimestamp != nil:
		return reconcile.Result{}, k.remove(ctx, &object)
	case object.Spec.NodeName == "":
		return reconcile.Result{}, ignoreConflict(k.bind(ctx, &object))
	case object.Spec.NodeName != nodeName:
		return reconcile.Result{}, nil
	}
	p, err := k.running(ctx, &object)
	if _, absent := errors.AsType[*absentVolume](err); absent {
		// The suite creates the Secrets of its pods after the pods.
		return reconcile.Result{RequeueAfter: 100 * time.Millisecond}, nil
	}
	if err != nil {
		return reconcile.Result{}, err
	}
	ready := p.ready()
	if err := ignoreConflict(k.writeStatus(ctx, &object, p, ready)); err != nil {
		return reconcile.Result{}, err
	}
	again := time.Second // a process may have ended
	if !ready {
		again = 50 * time.Millisecond
	}
	return reconcile.Result{RequeueAfter: again}, nil
}

func (k *Kubelet) bind(ctx context.Context, object *corev1.Pod) error {
	return k.client.SubResource("binding").Create(ctx, object, &corev1.Binding{
		ObjectMeta: metav1.ObjectMeta{Namespace: object.Namespace, Name: object.Name},
		Target:     corev1.ObjectReference{Kind: "Node", Name: nodeName},
	})
}

// running returns the pod's process, after starting it if need be.
func (k *Kubelet) running(ctx context.Context, object *corev1.Pod) (*pod, error) {
	k.mu.Lock()
	p, ok := k.pods[object.UID]
	if !ok {
		k.next++
		p = &pod{id: k.next, key: client.ObjectKeyFromObject(object), root: filepath.Join(k.root, string(object.UID))}
		k.pods[object.UID] = p
	}
	k.mu.Unlock()

	p.mu.Lock()
	defer p.mu.Unlock()
	if p.alive() {
		return p, nil
	}
	image, err := findImage(k.images, object.Spec.Containers[0].Image)
	if err != nil {
		return nil, err
	}
	if err := k.prepare(ctx, p, object, image); err != nil {
		return nil, err
	}
	return p, p.start(object, image)
}

// prepare makes what the first start of a pod needs.
func (k *Kubelet) prepare(ctx context.Context, p *pod, object *corev1.Pod, image image) error {
	if p.namespace != nil {
		return nil
	}
	volumes, err := k.volumes(ctx, object)
	if err != nil {
		return err
	}
	return p.create(object, image, volumes)
}

// remove ends a pod that is being deleted and lets its object go.
func (k *Kubelet) remove(ctx context.Context, object *corev1.Pod) error {
	if err := k.stop(object.UID); err != nil {
		return err
	}
	uid := object.UID
	return client.IgnoreNotFound(ignoreConflict(k.client.Delete(ctx, object,
		client.GracePeriodSeconds(0), client.Preconditions{UID: &uid})))
}

// stop ends the pod's process and takes its namespace down.
func (k *Kubelet) stop(uid types.UID) error {
	k.mu.Lock()
	p, ok := k.pods[uid]
	delete(k.pods, uid)
	k.mu.Unlock()
	if !ok {
		return nil
	}
	return p.destroy()
}

// stopMissing ends pods whose object has gone without notice.
func (k *Kubelet) stopMissing(key types.NamespacedName) error {
	var errs []error
	for _, uid := range k.named(key) {
		errs = append(errs, k.stop(uid))
	}
	return errors.Join(errs...)
}

func (k *Kubelet) named(key types.NamespacedName) []types.UID {
	k.mu.Lock()
	defer k.mu.Unlock()
	var uids []types.UID
	for uid, p := range k.pods {
		if p.key == key {
			uids = append(uids, uid)
		}
	}
	return uids
}

// ignoreConflict drops the error of a write from an outdated object: its newer version is on its way here.
func ignoreConflict(err error) error {
	if apierrors.IsConflict(err) {
		return nil
	}
	return err
}

// volumes reads the files of the pod's Secret and ConfigMap volumes, by absolute path inside the pod.
func (k *Kubelet) volumes(ctx context.Context, object *corev1.Pod) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, mount := range object.Spec.Containers[0].VolumeMounts {
		for _, volume := range object.Spec.Volumes {
			if volume.Name != mount.Name {
				continue
			}
			data, items, err := k.volume(ctx, object.Namespace, volume)
			if err != nil {
				return nil, err
			}
			for key, content := range data {
				if path, ok := itemPath(items, key); ok {
					files[filepath.Join(mount.MountPath, path)] = content
				}
			}
		}
	}
	return files, nil
}

// itemPath is the file name of a key: itself when the volume lists no items.
func itemPath(items []corev1.KeyToPath, key string) (string, bool) {
	for _, item := range items {
		if item.Key == key {
			return item.Path, true
		}
	}
	return key, len(items) == 0
}

// absentVolume says that an object to be mounted does not exist yet.
type absentVolume struct{ name string }

func (e *absentVolume) Error() string { return "no " + e.name + " to mount" }

func (k *Kubelet) volume(ctx context.Context, namespace string, volume corev1.Volume) (map[string][]byte, []corev1.KeyToPath, error) {
	switch {
	case volume.Secret != nil:
		var secret corev1.Secret
		err := k.client.Get(ctx, types.NamespacedName{Namespace: namespace, Name: volume.Secret.SecretName}, &secret)
		if apierrors.IsNotFound(err) {
			err = &absentVolume{"Secret " + volume.Secret.SecretName}
		}
		return secret.Data, volume.Secret.Items, err
	case volume.ConfigMap != nil:
		var configMap corev1.ConfigMap
		err := k.client.Get(ctx, types.NamespacedName{Namespace: namespace, Name: volume.ConfigMap.Name}, &configMap)
		if apierrors.IsNotFound(err) {
			err = &absentVolume{"ConfigMap " + volume.ConfigMap.Name}
		}
		data := map[string][]byte{}
		for key, text := range configMap.Data {
			data[key] = []byte(text)
		}
		return data, volume.ConfigMap.Items, err
	case volume.EmptyDir != nil:
		return nil, nil, nil
	default:
		return nil, nil, fmt.Errorf("volume %s is of a kind that this kubelet does not know", volume.Name)
	}
}

// writeFiles puts files under root.
func writeFiles(root string, files map[string][]byte) error {
	for path, content := range files {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
