package kubelet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gatewayxds/gatewayxds/conformance/internal/sandbox"
)

// ExtraIPsAnnotation gives a pod more IP addresses, a list with commas: those that a load balancer or a kube-proxy would
// lead to it.
const ExtraIPsAnnotation = "conformance.gatewayxds.dev/extra-ips"

// A pod is one process and what surrounds it.
type pod struct {
	id   int
	key  types.NamespacedName
	root string

	mu        sync.Mutex
	namespace *sandbox.Namespace
	cmd       *exec.Cmd
	ended     chan struct{} // closed when cmd has ended
	started   metav1.Time
	restarts  int32
	log       logBuffer
}

// ip is unique to the pod for the life of the sandbox: 10.244.1.1 and up.
func (p *pod) ip() string {
	n := p.id + 255
	return fmt.Sprintf("10.244.%d.%d", n/254, n%254+1)
}

func (p *pod) alive() bool {
	if p.cmd == nil {
		return false
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// create makes the pod's root directory and its namespace.
func (p *pod) create(object *corev1.Pod, image image, volumes map[string][]byte) error {
	if err := writeFiles(p.root, volumes); err != nil {
		return err
	}
	if !image.shared {
		if err := bindProgram(image.program, filepath.Join(p.root, "program")); err != nil {
			return err
		}
	}
	ips := []string{p.ip()}
	if extra := object.Annotations[ExtraIPsAnnotation]; extra != "" {
		ips = append(ips, strings.Split(extra, ",")...)
	}
	const longestHostName = 63
	namespace, err := sandbox.NewNamespace(p.id, object.Name[:min(len(object.Name), longestHostName)], ips...)
	if err != nil {
		return err
	}
	p.namespace = namespace
	return nil
}

// bindProgram makes a program appear at path; it may lie on another file system or belong to another user.
func bindProgram(program, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, nil, 0o755); err != nil {
		return err
	}
	return syscall.Mount(program, path, "", syscall.MS_BIND, "")
}

// start runs the program inside the pod.
func (p *pod) start(object *corev1.Pod, image image) error {
	container := object.Spec.Containers[0]
	cmd := exec.Command(image.program, container.Args...)
	cmd.Dir = "/"
	if !image.shared {
		cmd.Path = "/program"
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: p.root}
	}
	cmd.Env = environment(object)
	cmd.Stdout, cmd.Stderr = &p.log, &p.log
	if err := p.namespace.Do(cmd.Start); err != nil {
		return fmt.Errorf("start pod %s: %w", p.key, err)
	}
	if p.cmd != nil {
		p.restarts++
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // a pod that has ended is started again, however it ended
		close(ended)
	}()
	p.cmd, p.ended, p.started = cmd, ended, metav1.NewTime(time.Now())
	return nil
}

// environment resolves the container's env.
func environment(object *corev1.Pod) []string {
	env := []string{"PATH=/usr/bin:/bin", "HOSTNAME=" + object.Name}
	for _, variable := range object.Spec.Containers[0].Env {
		value := variable.Value
		if from := variable.ValueFrom; from != nil && from.FieldRef != nil {
			switch from.FieldRef.FieldPath {
			case "metadata.name":
				value = object.Name
			case "metadata.namespace":
				value = object.Namespace
			}
		}
		env = append(env, variable.Name+"="+value)
	}
	return env
}

// ready tells whether the program has opened a port. Its manifest may not say which, so any will do.
func (p *pod) ready() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.alive() {
		return false
	}
	const listeningTCP, boundUDP = " 0A ", " 07 " // states of sockets
	for family, state := range map[string]string{"tcp": listeningTCP, "tcp6": listeningTCP, "udp": boundUDP, "udp6": boundUDP} {
		sockets, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", p.cmd.Process.Pid, family))
		if err != nil {
			return false // it has just ended
		}
		if strings.Contains(string(sockets), state) {
			return true
		}
	}
	return false
}

// kill ends the process.
func (p *pod) kill() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.end()
}

// end kills the process, if there is one, and waits for its end. The caller holds mu.
func (p *pod) end() error {
	if !p.alive() {
		return nil
	}
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-p.ended
	return nil
}

// destroy ends the process and removes what create made.
func (p *pod) destroy() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.end(); err != nil {
		return err
	}
	if p.namespace == nil {
		return nil
	}
	errs := []error{p.namespace.Close()}
	p.namespace = nil
	program := filepath.Join(p.root, "program")
	if err := syscall.Unmount(program, syscall.MNT_DETACH); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOENT) {
		errs = append(errs, err)
	}
	return errors.Join(append(errs, os.RemoveAll(p.root))...)
}

// writeStatus writes the pod's status if it says something new.
func (k *Kubelet) writeStatus(ctx context.Context, object *corev1.Pod, p *pod, ready bool) error {
	p.mu.Lock()
	updated := object.DeepCopy()
	p.describe(updated, ready)
	p.mu.Unlock()
	if apiequality.Semantic.DeepEqual(object.Status, updated.Status) {
		return nil
	}
	return client.IgnoreNotFound(k.client.Status().Update(ctx, updated))
}

// describe fills a status in.
func (p *pod) describe(object *corev1.Pod, ready bool) {
	status := &object.Status
	status.Phase = corev1.PodRunning
	status.HostIP = "127.0.0.1"
	status.PodIP = p.ip()
	status.PodIPs = []corev1.PodIP{{IP: p.ip()}}
	if status.StartTime == nil {
		started := p.started.Rfc3339Copy()
		status.StartTime = &started
	}
	for _, condition := range []corev1.PodConditionType{
		corev1.PodScheduled, corev1.PodInitialized, corev1.ContainersReady, corev1.PodReady,
	} {
		value := corev1.ConditionTrue
		if !ready && (condition == corev1.ContainersReady || condition == corev1.PodReady) {
			value = corev1.ConditionFalse
		}
		setCondition(status, condition, value)
	}
	container := object.Spec.Containers[0]
	status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: container.Name, Image: container.Image, Ready: ready, RestartCount: p.restarts, Started: &ready,
		ImageID: container.Image, ContainerID: "process://" + strings.ReplaceAll(p.key.String(), "/", "-"),
		State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: p.started.Rfc3339Copy()}},
	}}
}

func setCondition(status *corev1.PodStatus, condition corev1.PodConditionType, value corev1.ConditionStatus) {
	for i := range status.Conditions {
		if c := &status.Conditions[i]; c.Type == condition {
			if c.Status != value {
				c.Status, c.LastTransitionTime = value, metav1.Now()
			}
			return
		}
	}
	status.Conditions = append(status.Conditions,
		corev1.PodCondition{Type: condition, Status: value, LastTransitionTime: metav1.Now()})
}
