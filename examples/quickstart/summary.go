package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"

	"github.com/gatewayxds/gatewayxds/examples/internal/table"
	"github.com/gatewayxds/gatewayxds/translate"
)

// writeTable prints the statuses, and a line for each Envoy resource.
func writeTable(w io.Writer, result *translate.Result) error {
	if err := table.Write(w, table.Rows(&result.Statuses)); err != nil {
		return err
	}
	for i := range result.Gateways {
		if _, err := fmt.Fprintf(w, "\nEnvoy configuration of Gateway %s:\n", result.Gateways[i].Gateway); err != nil {
			return err
		}
		tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, line := range summary(&result.Gateways[i]) {
			if _, err := io.WriteString(tw, "  "+strings.Join(line, "\t")+"\n"); err != nil {
				return err
			}
		}
		if err := tw.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// summary is type, name and gist of each resource.
func summary(g *translate.GatewayResources) (lines [][]string) {
	add := func(kind, name, gist string) { lines = append(lines, []string{kind, name, gist}) }
	for _, l := range g.Listeners {
		chains := len(l.GetFilterChains())
		if l.GetDefaultFilterChain() != nil {
			chains++
		}
		add("listener", l.GetName(), fmt.Sprintf("%s, filter chains: %d", socket(l.GetAddress()), chains))
	}
	for _, r := range g.Routes {
		for _, vh := range r.GetVirtualHosts() {
			add("route table", r.GetName(), fmt.Sprintf("%s, routes: %d", strings.Join(vh.GetDomains(), " "), len(vh.GetRoutes())))
		}
	}
	for _, c := range g.Clusters {
		add("cluster", c.GetName(), c.GetType().String())
	}
	for _, e := range g.Endpoints {
		var sockets []string
		for _, locality := range e.GetEndpoints() {
			for _, lb := range locality.GetLbEndpoints() {
				sockets = append(sockets, socket(lb.GetEndpoint().GetAddress()))
			}
		}
		add("endpoints", e.GetClusterName(), strings.Join(sockets, " "))
	}
	for _, s := range g.Secrets {
		add("secret", s.GetName(), "")
	}
	return lines
}

func socket(a *corev3.Address) string {
	return fmt.Sprintf("%s:%d", a.GetSocketAddress().GetAddress(), a.GetSocketAddress().GetPortValue())
}
