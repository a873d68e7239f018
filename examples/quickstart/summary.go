package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/gatewayxds/gatewayxds/translate"
)

// writeSummary lists the Envoy resources, a line each.
func writeSummary(w io.Writer, gateways []translate.GatewayResources) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i := range gateways {
		g := &gateways[i]
		fmt.Fprintf(tw, "Envoy configuration of Gateway %s:\n", g.Gateway)
		for _, l := range g.Listeners {
			a := l.GetAddress().GetSocketAddress()
			chains := len(l.GetFilterChains())
			if l.GetDefaultFilterChain() != nil {
				chains++
			}
			fmt.Fprintf(tw, "  listener\t%s\t%s:%d, filter chains: %d\n", l.GetName(), a.GetAddress(), a.GetPortValue(), chains)
		}
		for _, r := range g.Routes {
			for _, vh := range r.GetVirtualHosts() {
				fmt.Fprintf(tw, "  route table\t%s\t%s, routes: %d\n", r.GetName(), strings.Join(vh.GetDomains(), " "), len(vh.GetRoutes()))
			}
		}
		for _, c := range g.Clusters {
			fmt.Fprintf(tw, "  cluster\t%s\t%s\n", c.GetName(), c.GetType())
		}
		for _, e := range g.Endpoints {
			var addresses []string
			for _, locality := range e.GetEndpoints() {
				for _, lb := range locality.GetLbEndpoints() {
					a := lb.GetEndpoint().GetAddress().GetSocketAddress()
					addresses = append(addresses, fmt.Sprintf("%s:%d", a.GetAddress(), a.GetPortValue()))
				}
			}
			fmt.Fprintf(tw, "  endpoints\t%s\t%s\n", e.GetClusterName(), strings.Join(addresses, " "))
		}
		for _, s := range g.Secrets {
			fmt.Fprintf(tw, "  secret\t%s\t\n", s.GetName())
		}
	}
	return tw.Flush()
}
