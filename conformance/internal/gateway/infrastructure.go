// Package gateway is the infrastructure half of a gateway controller, which a user of the library brings along: it
// deploys an Envoy for every Gateway and says where it can be reached.
//
//	Gateway ──► ServiceAccount, Pod (Envoy, node.cluster "namespace/name"),
//	            Service of type LoadBalancer ── status.loadBalancer.ingress
//	            Services of type ClusterIP ──── spec.clusterIP, for addresses that ask for a routability (GEP-5093)
//
// All of them carry the label gateway.networking.k8s.io/gateway-name (GEP-1762) and the Gateway's spec.infrastructure,
// and are owned by the Gateway, so that Kubernetes removes them with it.
package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/conformance/internal/kubelet"
	"github.com/gatewayxds/gatewayxds/translate"
)

// Infrastructure deploys Envoys.
type Infrastructure struct {
	client client.Client
	// xds is, per controller name, the IP:port where the host of that name serves ADS.
	xds map[gwv1.GatewayController]string
}

// Add registers the infrastructure controller with the manager. xds gives, per controller name, the IP:port of its host.
func Add(mgr ctrl.Manager, xds map[gwv1.GatewayController]string) error {
	return ctrl.NewControllerManagedBy(mgr).Named("infrastructure").
		For(&gwv1.Gateway{}).Owns(&corev1.Pod{}).Owns(&corev1.Service{}).
		WithOptions(controller.Options{MaxConcurrentReconciles: 8}).
		Complete(&Infrastructure{client: mgr.GetClient(), xds: xds})
}

// Reconcile brings the objects of one Gateway nearer to what it says.
func (i *Infrastructure) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	var gw gwv1.Gateway
	if err := i.client.Get(ctx, request.NamespacedName, &gw); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	var class gwv1.GatewayClass
	if err := i.client.Get(ctx, types.NamespacedName{Name: string(gw.Spec.GatewayClassName)}, &class); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	xds, ours := i.xds[class.Spec.ControllerName]
	if !ours || gw.DeletionTimestamp != nil {
		return reconcile.Result{}, nil
	}
	err := i.deploy(ctx, &gw, xds)
	if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) {
		return reconcile.Result{RequeueAfter: 1}, nil // the cache was behind; look again
	}
	if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return reconcile.Result{}, nil
	}
	return reconcile.Result{}, err
}

func (i *Infrastructure) deploy(ctx context.Context, gw *gwv1.Gateway, xds string) error {
	account := &corev1.ServiceAccount{ObjectMeta: i.meta(gw)}
	if err := i.update(ctx, gw, account, func() {}); err != nil {
		return err
	}
	services, err := i.services(ctx, gw)
	if err != nil {
		return err
	}
	extra := strings.Join(extraIPs(gw, services), ",")
	pod := &corev1.Pod{ObjectMeta: i.meta(gw)}
	if err := i.update(ctx, gw, pod, func() {
		if pod.ResourceVersion == "" {
			pod.Spec = podSpec(gw, pod.Name, xds)
			pod.Annotations[kubelet.ExtraIPsAnnotation] = extra
		}
	}); err != nil {
		return err
	}
	if pod.Annotations[kubelet.ExtraIPsAnnotation] != extra {
		return client.IgnoreNotFound(i.client.Delete(ctx, pod)) // its addresses cannot change while it runs; the next one has the right ones
	}
	for _, service := range services {
		if err := i.balance(ctx, service, gw, pod); err != nil {
			return err
		}
	}
	return nil
}

// meta names the objects of a Gateway. The name of a Gateway may be too long for a Service and may hold dots.
func (i *Infrastructure) meta(gw *gwv1.Gateway) metav1.ObjectMeta {
	sum := sha256.Sum256([]byte(gw.Name))
	return metav1.ObjectMeta{Namespace: gw.Namespace, Name: "envoy-" + hex.EncodeToString(sum[:5])}
}

// update creates or updates an object of the Gateway, with its labels, annotations and owner.
func (i *Infrastructure) update(ctx context.Context, gw *gwv1.Gateway, object client.Object, describe func()) error {
	_, err := controllerutil.CreateOrUpdate(ctx, i.client, object, func() error {
		labels, annotations := object.GetLabels(), object.GetAnnotations()
		if labels == nil {
			labels = map[string]string{}
		}
		if annotations == nil {
			annotations = map[string]string{}
		}
		if infrastructure := gw.Spec.Infrastructure; infrastructure != nil {
			for key, value := range infrastructure.Labels {
				labels[string(key)] = string(value)
			}
			for key, value := range infrastructure.Annotations {
				annotations[string(key)] = string(value)
			}
		}
		labels[gwv1.GatewayNameLabelKey] = translate.GatewayNameLabel(gw.Name)
		object.SetLabels(labels)
		object.SetAnnotations(annotations)
		describe()
		return controllerutil.SetControllerReference(gw, object, i.client.Scheme())
	})
	return err
}
