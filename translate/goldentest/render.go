package goldentest

import (
	"encoding/json"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"sigs.k8s.io/yaml"

	"github.com/gatewayxds/gatewayxds/status"
	"github.com/gatewayxds/gatewayxds/translate"
)

// nothing stands in a golden file for a result without documents.
const nothing = "# nothing\n"

// renderResources returns one YAML document per Gateway. Its bytes depend on the resources alone: protojson varies its
// white space on purpose, so that its output is read and written again.
func renderResources(result *translate.Result) (string, error) {
	var docs []string
	for i := range result.Gateways {
		g := &result.Gateways[i]
		var doc strings.Builder
		doc.WriteString("gateway: " + g.Gateway.String() + "\n")
		for _, section := range []struct {
			name     string
			messages []proto.Message
		}{
			{"listeners", messages(g.Listeners)},
			{"routes", messages(g.Routes)},
			{"clusters", messages(g.Clusters)},
			{"endpoints", messages(g.Endpoints)},
			{"secrets", redacted(g.Secrets)},
		} {
			if len(section.messages) == 0 {
				continue
			}
			text, err := renderMessages(section.name, section.messages)
			if err != nil {
				return "", err
			}
			doc.WriteString(text)
		}
		docs = append(docs, doc.String())
	}
	return join(docs), nil
}

func join(docs []string) string {
	if len(docs) == 0 {
		return nothing
	}
	return strings.Join(docs, "---\n")
}

func messages[M proto.Message](list []M) []proto.Message {
	out := make([]proto.Message, len(list))
	for i, m := range list {
		out[i] = m
	}
	return out
}

func redacted(secrets []*tlsv3.Secret) []proto.Message {
	out := make([]proto.Message, len(secrets))
	for i, s := range secrets {
		s = proto.CloneOf(s)
		if certificate := s.GetTlsCertificate(); certificate.GetPrivateKey() != nil {
			certificate.PrivateKey = &corev3.DataSource{Specifier: &corev3.DataSource_InlineString{InlineString: "(redacted)"}}
		}
		out[i] = s
	}
	return out
}

// renderMessages returns a named list, with the field names of Envoy's documentation.
func renderMessages(name string, list []proto.Message) (string, error) {
	values := make([]any, len(list))
	for i, m := range list {
		text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(m)
		if err != nil {
			return "", err
		}
		if err := json.Unmarshal(text, &values[i]); err != nil {
			return "", err
		}
	}
	text, err := yaml.Marshal(map[string]any{name: values})
	return string(text), err
}

// renderStatuses returns one YAML document per object.
func renderStatuses(set *status.Set) (string, error) {
	var docs []string
	for _, render := range []func() ([]string, error){
		func() ([]string, error) { return documents(set.GatewayClasses) },
		func() ([]string, error) { return documents(set.Gateways) },
		func() ([]string, error) { return documents(set.ListenerSets) },
		func() ([]string, error) { return documents(set.HTTPRoutes) },
		func() ([]string, error) { return documents(set.GRPCRoutes) },
		func() ([]string, error) { return documents(set.TLSRoutes) },
		func() ([]string, error) { return documents(set.TCPRoutes) },
		func() ([]string, error) { return documents(set.UDPRoutes) },
		func() ([]string, error) { return documents(set.BackendTLSPolicies) },
	} {
		of, err := render()
		if err != nil {
			return "", err
		}
		docs = append(docs, of...)
	}
	return join(docs), nil
}

func documents[S status.Status](list []status.Desired[S]) ([]string, error) {
	var docs []string
	for _, d := range list {
		text, err := json.Marshal(d.Status)
		if err != nil {
			return nil, err
		}
		var value any
		if err := json.Unmarshal(text, &value); err != nil {
			return nil, err
		}
		text, err = yaml.Marshal(map[string]any{"status": dropNulls(value)})
		if err != nil {
			return nil, err
		}
		name := d.Name
		if d.Namespace != "" {
			name = d.Namespace + "/" + name
		}
		docs = append(docs, "object: "+d.Kind+" "+name+"\n"+string(text))
	}
	return docs, nil
}

// dropNulls takes the fields without a value out of an object: a lastTransitionTime has none before it is merged.
func dropNulls(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name, v := range value {
			if value[name] = dropNulls(v); v == nil {
				delete(value, name)
			}
		}
	case []any:
		for i := range value {
			value[i] = dropNulls(value[i])
		}
	}
	return value
}
