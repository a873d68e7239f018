package sandbox

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// The network inside: one bridge, on which the sandbox itself is BridgeIP and every Namespace has an address. Loopback
// will not do for pods: the API server refuses 127/8 in EndpointSlices.
const (
	bridgeName = "pods"
	// BridgeIP is where the namespaces reach the programs of the sandbox's own namespace.
	BridgeIP = "10.244.0.1"
	// prefixLength holds 10.244.0.0 to 10.245.255.255; whoever creates namespaces divides it.
	prefixLength = 15
	// ServiceRange holds the cluster IPs. There is no kube-proxy: one is reached where a Namespace has it for an address.
	ServiceRange = "10.96.0.0/16"
)

// createBridge brings up loopback and the bridge.
func createBridge() error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find lo: %w", err)
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return fmt.Errorf("bring up lo: %w", err)
	}
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: bridgeName}}
	if err := netlink.LinkAdd(bridge); err != nil {
		return fmt.Errorf("create the bridge: %w", err)
	}
	if err := netlink.AddrAdd(bridge, &netlink.Addr{IPNet: onBridge(BridgeIP)}); err != nil {
		return fmt.Errorf("give the bridge its address: %w", err)
	}
	if err := netlink.LinkSetUp(bridge); err != nil {
		return fmt.Errorf("bring up the bridge: %w", err)
	}
	return routeServices(bridge)
}

// routeServices makes cluster IPs reachable over a link, as its neighbours.
func routeServices(link netlink.Link) error {
	_, services, err := net.ParseCIDR(ServiceRange)
	if err != nil {
		return err
	}
	return netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: services, Scope: netlink.SCOPE_LINK})
}

func onBridge(ip string) *net.IPNet {
	return &net.IPNet{IP: net.ParseIP(ip), Mask: net.CIDRMask(prefixLength, 32)}
}

// A Namespace is a network namespace with a cable to the bridge and a host name of its own. Close it; the kernel takes
// it down when the last process in it has ended too.
type Namespace struct {
	file *os.File
	host string
	veth string
}

// NewNamespace creates a namespace with the given host name and IP addresses, the first being its main one. id tells
// the namespaces of a sandbox apart; it may be used again when its namespace has been closed.
func NewNamespace(id int, host string, ips ...string) (*Namespace, error) {
	file, err := newNetwork()
	if err != nil {
		return nil, fmt.Errorf("create a network namespace: %w", err)
	}
	n := &Namespace{file: file, host: host, veth: fmt.Sprintf("veth%d", id)}
	if err := n.plug(ips); err != nil {
		return nil, errors.Join(fmt.Errorf("connect network namespace of %s: %w", host, err), n.Close())
	}
	return n, nil
}

// newNetwork makes a network namespace on a thread of its own, which ends with the goroutine.
func newNetwork() (*os.File, error) {
	type result struct {
		file *os.File
		err  error
	}
	done := make(chan result)
	go func() {
		runtime.LockOSThread() // never unlocked: a thread that has changed its namespace must not run anything else
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			done <- result{err: err}
			return
		}
		file, err := os.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()))
		done <- result{file, err}
	}()
	r := <-done
	return r.file, r.err
}

// plug runs a cable from the bridge into the namespace and gives its end the addresses.
func (n *Namespace) plug(ips []string) error {
	bridge, err := netlink.LinkByName(bridgeName)
	if err != nil {
		return err
	}
	cable := &netlink.Veth{
		LinkAttrs:     netlink.LinkAttrs{Name: n.veth, MasterIndex: bridge.Attrs().Index},
		PeerName:      "eth0",
		PeerNamespace: netlink.NsFd(n.file.Fd()),
	}
	if err := netlink.LinkAdd(cable); err != nil {
		return err
	}
	if err := netlink.LinkSetUp(cable); err != nil {
		return err
	}
	return n.Do(func() error {
		for _, name := range []string{"lo", "eth0"} {
			link, err := netlink.LinkByName(name)
			if err != nil {
				return err
			}
			if err := netlink.LinkSetUp(link); err != nil {
				return err
			}
			if name == "lo" {
				continue
			}
			for _, ip := range ips {
				if err := netlink.AddrAdd(link, &netlink.Addr{IPNet: onBridge(ip)}); err != nil {
					return err
				}
			}
			if err := routeServices(link); err != nil {
				return err
			}
		}
		return netlink.RouteAdd(&netlink.Route{Gw: net.ParseIP(BridgeIP)})
	})
}

// Do calls f on a thread inside the namespace, with its network and its host name; processes that f starts stay there.
func (n *Namespace) Do(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // as in newNetwork
		done <- func() error {
			if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
				return fmt.Errorf("enter the network namespace: %w", err)
			}
			if err := unix.Unshare(unix.CLONE_NEWUTS); err != nil {
				return fmt.Errorf("create a host name namespace: %w", err)
			}
			if err := unix.Sethostname([]byte(n.host)); err != nil {
				return fmt.Errorf("set the host name %q: %w", n.host, err)
			}
			return f()
		}()
	}()
	return <-done
}

// Close unplugs the namespace at once, so that a bridge full of dying namespaces has room for the next.
func (n *Namespace) Close() error {
	err := n.file.Close()
	cable, findErr := netlink.LinkByName(n.veth)
	if findErr != nil {
		return err // the kernel has taken it down already
	}
	return errors.Join(err, netlink.LinkDel(cable))
}
