// Package table shows statuses to people: a row for each object, listener and parent, and below it what is wrong.
package table

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/status"
)

// Row is a set of conditions and what it is about.
type Row struct {
	Object     string // HTTPRoute infra/web
	Part       string // listener http, parent infra/web; empty for the object itself
	Routes     string // how many are attached; empty where none can be
	Conditions []metav1.Condition
}

// Rows returns the rows of all objects, in the order of set.
func Rows(set *status.Set) []Row {
	var rows []Row
	add := func(o *status.Object, part, routes string, conditions []metav1.Condition) {
		name := o.Name
		if o.Namespace != "" {
			name = o.Namespace + "/" + name
		}
		rows = append(rows, Row{Object: o.Kind + " " + name, Part: part, Routes: routes, Conditions: conditions})
	}
	for i := range set.GatewayClasses {
		add(&set.GatewayClasses[i].Object, "", "", set.GatewayClasses[i].Status.Conditions)
	}
	for i := range set.Gateways {
		g := &set.Gateways[i]
		add(&g.Object, "", "", g.Status.Conditions)
		for _, l := range g.Status.Listeners {
			add(&g.Object, "listener "+string(l.Name), fmt.Sprint(l.AttachedRoutes), l.Conditions)
		}
	}
	for i := range set.ListenerSets {
		s := &set.ListenerSets[i]
		add(&s.Object, "", "", s.Status.Conditions)
		for _, l := range s.Status.Listeners {
			add(&s.Object, "listener "+string(l.Name), fmt.Sprint(l.AttachedRoutes), l.Conditions)
		}
	}
	for _, routes := range [][]status.Desired[gwv1.RouteStatus]{
		set.HTTPRoutes, set.GRPCRoutes, set.TLSRoutes, set.TCPRoutes, set.UDPRoutes,
	} {
		for i := range routes {
			for _, p := range routes[i].Status.Parents {
				add(&routes[i].Object, "parent "+ref(p.ParentRef), "", p.Conditions)
			}
		}
	}
	for i := range set.BackendTLSPolicies {
		p := &set.BackendTLSPolicies[i]
		for _, a := range p.Status.Ancestors {
			add(&p.Object, "ancestor "+ref(a.AncestorRef), "", a.Conditions)
		}
	}
	return rows
}

func ref(r gwv1.ParentReference) string {
	out := string(r.Name)
	if r.Namespace != nil {
		out = string(*r.Namespace) + "/" + out
	}
	if r.SectionName != nil {
		out += "/" + string(*r.SectionName)
	}
	if r.Port != nil {
		out += fmt.Sprintf(":%d", *r.Port)
	}
	return out
}

// Write prints rows as a table, and then the messages of what is wrong, in one write.
func Write(w io.Writer, rows []Row) error {
	var b strings.Builder
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	line := func(cells []string) { _, _ = io.WriteString(tw, strings.Join(cells, "\t")+"\n") }
	line([]string{"OBJECT", "PART", "ROUTES", "ACCEPTED", "PROGRAMMED", "RESOLVEDREFS"})
	for _, r := range rows {
		line([]string{r.Object, dash(r.Part), dash(r.Routes), r.cell("Accepted"), r.cell("Programmed"), r.cell("ResolvedRefs")})
	}
	_ = tw.Flush()
	for _, r := range rows {
		for _, c := range r.Conditions {
			if wrong(c) {
				fmt.Fprintf(&b, "! %s: %s=%s, %s: %s\n", strings.TrimSuffix(r.Object+" "+r.Part, " "), c.Type, c.Status, c.Reason, c.Message)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// cell is True, or why it is not.
func (r Row) cell(conditionType string) string {
	i := slices.IndexFunc(r.Conditions, func(c metav1.Condition) bool { return c.Type == conditionType })
	switch {
	case i < 0:
		return "-"
	case r.Conditions[i].Status == metav1.ConditionTrue:
		return "True"
	}
	return r.Conditions[i].Reason
}

// wrong reports whether a condition asks for someone's attention.
func wrong(c metav1.Condition) bool {
	switch c.Type {
	case string(gwv1.ListenerConditionConflicted), string(gwv1.ListenerConditionOverlappingTLSConfig),
		string(gwv1.RouteConditionPartiallyInvalid), string(gwv1.GatewayConditionInsecureFrontendValidationMode):
		return c.Status == metav1.ConditionTrue
	}
	return c.Status != metav1.ConditionTrue
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
