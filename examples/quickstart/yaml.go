package main

import (
	"encoding/json"
	"fmt"
	"io"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"sigs.k8s.io/yaml"

	"github.com/gatewayxds/gatewayxds/status"
	"github.com/gatewayxds/gatewayxds/translate"
)

// writeYAML prints a document for each status, and one for each Gateway's configuration. Private keys are left out.
func writeYAML(w io.Writer, result *translate.Result) error {
	p := printer{w: w}
	set := &result.Statuses
	statuses(&p, set.GatewayClasses)
	statuses(&p, set.Gateways)
	statuses(&p, set.ListenerSets)
	statuses(&p, set.HTTPRoutes)
	statuses(&p, set.GRPCRoutes)
	statuses(&p, set.TLSRoutes)
	statuses(&p, set.TCPRoutes)
	statuses(&p, set.UDPRoutes)
	statuses(&p, set.BackendTLSPolicies)
	for i := range result.Gateways {
		g := &result.Gateways[i]
		p.print(map[string]any{
			"gateway":   g.Gateway.String(),
			"listeners": messages(&p, g.Listeners),
			"routes":    messages(&p, g.Routes),
			"clusters":  messages(&p, g.Clusters),
			"endpoints": messages(&p, g.Endpoints),
			"secrets":   messages(&p, redacted(g.Secrets)),
		})
	}
	return p.err
}

// printer writes documents until the first error.
type printer struct {
	w     io.Writer
	first bool
	err   error
}

func (p *printer) print(document any) {
	if p.err != nil {
		return
	}
	text, err := yaml.Marshal(document)
	if err == nil && p.first {
		_, err = io.WriteString(p.w, "---\n")
	}
	if err == nil {
		_, err = p.w.Write(text)
	}
	p.first, p.err = true, err
}

func statuses[S status.Status](p *printer, desired []status.Desired[S]) {
	for i := range desired {
		d := &desired[i]
		metadata := map[string]any{"name": d.Name}
		if d.Namespace != "" {
			metadata["namespace"] = d.Namespace
		}
		p.print(map[string]any{"kind": d.Kind, "metadata": metadata, "status": d.Status})
	}
}

// messages are as JSON has them, with the field names of Envoy's documentation.
func messages[M proto.Message](p *printer, list []M) []json.RawMessage {
	out := make([]json.RawMessage, 0, len(list))
	for _, m := range list {
		text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(m)
		if err != nil && p.err == nil {
			p.err = fmt.Errorf("cannot print a message: %w", err)
		}
		out = append(out, text)
	}
	return out
}

func redacted(secrets []*tlsv3.Secret) []*tlsv3.Secret {
	out := make([]*tlsv3.Secret, len(secrets))
	for i, s := range secrets {
		out[i] = proto.CloneOf(s)
		if c := out[i].GetTlsCertificate(); c != nil {
			c.PrivateKey = &corev3.DataSource{Specifier: &corev3.DataSource_InlineString{InlineString: "(left out)"}}
		}
	}
	return out
}
