package envoytest

import (
	"fmt"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// merge returns one bootstrap with the resources of several, which all get names and ports of their own.
func merge(bootstraps []*bootstrapv3.Bootstrap) (*bootstrapv3.Bootstrap, error) {
	all := proto.CloneOf(bootstraps[0])
	all.StaticResources = &bootstrapv3.Bootstrap_StaticResources{}
	port := uint32(1)
	for i, b := range bootstraps {
		static := proto.CloneOf(b.GetStaticResources())
		r := renamer{prefix: fmt.Sprintf("%d/", i)}
		if err := walk(static.ProtoReflect(), r.visit); err != nil {
			return nil, err
		}
		for _, l := range static.GetListeners() {
			for _, socket := range sockets(l) {
				socket.PortSpecifier = &corev3.SocketAddress_PortValue{PortValue: port}
				port++
			}
		}
		proto.Merge(all.GetStaticResources(), static)
	}
	return all, nil
}

func sockets(l *listenerv3.Listener) []*corev3.SocketAddress {
	all := []*corev3.SocketAddress{l.GetAddress().GetSocketAddress()}
	for _, more := range l.GetAdditionalAddresses() {
		all = append(all, more.GetAddress().GetSocketAddress())
	}
	return all
}

// renamer puts a prefix before every name that is global in an Envoy.
type renamer struct{ prefix string }

func (r renamer) visit(m protoreflect.Message) error {
	switch m := m.Interface().(type) {
	case *listenerv3.Listener:
		m.Name = r.prefix + m.GetName()
	case *clusterv3.Cluster:
		m.Name = r.prefix + m.GetName()
	case *tlsv3.Secret:
		m.Name = r.prefix + m.GetName()
	case *tlsv3.SdsSecretConfig:
		m.Name = r.prefix + m.GetName()
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if clusterFields[f.FullName()] {
			m.Set(f, protoreflect.ValueOfString(r.prefix+v.String()))
		}
		return true
	})
	return nil
}
