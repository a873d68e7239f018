package table_test

import (
	"os"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/examples/internal/table"
	"github.com/gatewayxds/gatewayxds/status"
)

func ExampleWrite() {
	set := status.Set{HTTPRoutes: []status.Desired[gwv1.RouteStatus]{{
		Object: status.Object{Kind: "HTTPRoute", Namespace: "shop", Name: "store"},
		Status: gwv1.RouteStatus{Parents: []gwv1.RouteParentStatus{{
			ParentRef: gwv1.ParentReference{Name: "web"},
			Conditions: []metav1.Condition{
				{Type: "Accepted", Status: metav1.ConditionTrue, Reason: "Accepted"},
				{Type: "ResolvedRefs", Status: metav1.ConditionFalse, Reason: "BackendNotFound", Message: "no Service"},
			},
		}}},
	}}}
	if err := table.Write(os.Stdout, table.Rows(&set)); err != nil {
		panic(err)
	}
	// Output:
	// OBJECT                PART        ROUTES  ACCEPTED  PROGRAMMED  RESOLVEDREFS
	// HTTPRoute shop/store  parent web  -       True      -           BackendNotFound
	// ! HTTPRoute shop/store parent web: ResolvedRefs=False, BackendNotFound: no Service
}
