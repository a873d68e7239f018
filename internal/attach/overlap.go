package attach

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/gatewayxds/gatewayxds/internal/objects"
	"github.com/gatewayxds/gatewayxds/internal/secret"
	"github.com/gatewayxds/gatewayxds/status"
)

// reportOverlaps notes on listeners that terminate TLS on one port that a client may reuse a connection of one for
// another (GEP-3567).
func reportOverlaps(r *objects.Reader, listeners []*Listener) {
	reportCertificates(r, listeners)
	reportHostnames(listeners)
}

// reportCertificates notes listeners of one port with certificates for the same name.
func reportCertificates(r *objects.Reader, listeners []*Listener) {
	type key struct {
		port int32
		name string
	}
	first, second := map[key]*Listener{}, map[key]*Listener{} // with a certificate for the name
	each := func(do func(l *Listener, name string)) {
		for _, l := range listeners {
			if !l.Accepted || !l.Terminates() {
				continue
			}
			for _, c := range l.Certificates {
				for _, name := range secret.Certificates.Get(r, c).Names {
					do(l, name)
				}
			}
		}
	}
	each(func(l *Listener, name string) {
		k := key{l.Port, name}
		switch {
		case first[k] == nil:
			first[k] = l
		case first[k] != l && second[k] == nil:
			second[k] = l
		}
	})
	overlaps := map[*Listener]string{}
	note := func(l *Listener, name string) {
		if _, ok := overlaps[l]; !ok {
			overlaps[l] = name
		}
	}
	each(func(l *Listener, name string) {
		if second[key{l.Port, name}] != nil {
			note(l, name)
		}
		_, domain, _ := strings.Cut(name, ".")
		for _, other := range []*Listener{first[key{l.Port, "*." + domain}], second[key{l.Port, "*." + domain}]} {
			if other != nil && other != l {
				note(l, name)
				note(other, name)
			}
		}
	})
	for _, l := range listeners {
		if name, ok := overlaps[l]; ok {
			l.problem(status.ListenerOverlappingCertificates, "tls.certificateRefs",
				fmt.Sprintf("has a certificate for %q, and so has another listener on port %d", name, l.Port))
		}
	}
}

// reportHostnames notes on listeners that terminate TLS on one port and whose hostnames overlap that a client may reuse
// a connection of one for the other (GEP-3567). A listener without a hostname overlaps with all others.
func reportHostnames(listeners []*Listener) {
	type key struct {
		port int32
		host string
	}
	byHost := map[key]*Listener{}
	for _, l := range listeners {
		if l.Accepted && l.Terminates() {
			byHost[key{l.Port, HostKey(l.Hostname)}] = l
		}
	}
	overlaps := map[*Listener]string{}
	note := func(l, other *Listener) {
		if _, ok := overlaps[l]; !ok {
			overlaps[l] = other.Hostname
		}
	}
	for _, l := range listeners {
		if byHost[key{l.Port, HostKey(l.Hostname)}] != l {
			continue
		}
		Wider(l.Hostname, func(h string) bool {
			if other := byHost[key{l.Port, h}]; other != nil && other != l {
				note(l, other)
				note(other, l)
			}
			return true
		})
	}
	for _, l := range listeners {
		if with, ok := overlaps[l]; ok {
			l.problem(status.ListenerOverlappingHostnames, "hostname", fmt.Sprintf("overlaps with that of another listener on port %d: %q", l.Port, cmp.Or(with, "*")))
		}
	}
}
