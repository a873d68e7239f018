package gateway

import (
	"encoding/json"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gatewayxds/gatewayxds/conformance/internal/kubelet"
)

// AdminPort is where every Envoy serves its admin interface.
const AdminPort = 19000

// podSpec runs an Envoy for the Gateway, which asks the host at xds for everything.
func podSpec(gw *gwv1.Gateway, name, xds string) corev1.PodSpec {
	return corev1.PodSpec{Containers: []corev1.Container{{
		Name:  "envoy",
		Image: kubelet.EnvoyImage,
		Args: []string{
			"--config-yaml", bootstrap(name, gw.Namespace+"/"+gw.Name, xds),
			"--concurrency", "1", "--drain-time-s", "5", "--disable-hot-restart", "--log-level", "info",
		},
	}}}
}

type object = map[string]any

// bootstrap is the JSON of an Envoy bootstrap.
func bootstrap(id, cluster, xds string) string {
	const ads = "ads"
	source := object{"ads": object{}, "resource_api_version": "V3"}
	host := netip.MustParseAddrPort(xds)
	config := object{
		"node":  object{"id": id, "cluster": cluster},
		"admin": object{"address": socketAddress(netip.AddrPortFrom(netip.IPv4Unspecified(), AdminPort))},
		"dynamic_resources": object{
			"ads_config": object{
				"api_type": "DELTA_GRPC", "transport_api_version": "V3", "set_node_on_first_message_only": true,
				"grpc_services": []object{{"envoy_grpc": object{"cluster_name": ads}}},
			},
			"cds_config": source,
			"lds_config": source,
		},
		"static_resources": object{"clusters": []object{{
			"name": ads, "type": "STATIC", "connect_timeout": "1s",
			"typed_extension_protocol_options": object{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": object{
				"@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
				"explicit_http_config": object{"http2_protocol_options": object{
					"connection_keepalive": object{"interval": "10s", "timeout": "5s"},
				}},
			}},
			"load_assignment": object{"cluster_name": ads, "endpoints": []object{{"lb_endpoints": []object{{
				"endpoint": object{"address": socketAddress(host)},
			}}}}},
		}}},
		"layered_runtime": object{"layers": []object{{
			"name": "static", "static_layer": object{"overload.global_downstream_max_connections": 50000},
		}}},
	}
	encoded, err := json.Marshal(config)
	if err != nil {
		panic(err) // strings, numbers and maps of them always encode
	}
	return string(encoded)
}

func socketAddress(address netip.AddrPort) object {
	return object{"socket_address": object{"address": address.Addr().String(), "port_value": address.Port()}}
}
