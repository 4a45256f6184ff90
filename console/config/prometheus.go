package config

import (
	"net/netip"
	"net/url"

	"gopkg.in/yaml.v3"
)

// Prometheus is where a node's page gets the course of its CPU and memory. It is off by default. Whoever asks starts anew when
// it changes.
type Prometheus struct {
	URL       string // http or https, of the root of its pages; empty: it is off
	TokenFile string // like CAFile an absolute path; empty: none
	CAFile    string
}

func (p *Prometheus) keys() []key {
	return []key{
		{"prometheus.url", "null", orNull(webAddress(&p.URL)),
			"Prometheus that has the CPU and memory of the nodes, as node_exporter or serve.exporter tell them. It is asked for the last six hours of a node while F4 shows that whole, every 30 seconds. The name in it, if it is no address, is looked up by this host's resolver."},
		{"prometheus.tokenFile", "null", orNull(absolutePath(&p.TokenFile)),
			"File with a token, which is sent as Authorization: Bearer; read before each question. Others may not be able to read it, nor its group unless it is root's; what systemd hands over as a credential is as it is."},
		{"prometheus.caFile", "null", orNull(absolutePath(&p.CAFile)),
			"PEM file with the certificates that Prometheus's is signed by. null means the authorities that this host trusts."},
	}
}

// webAddress is the address of a server for HTTP.
func webAddress(s *string) value {
	return scalar("a URL without user and query, such as http://127.0.0.1:9090 or https://prometheus.example.org/prefix", func(n *yaml.Node) bool {
		*s = n.Value
		u, err := url.Parse(n.Value)
		return err == nil && shown(n) && len(n.Value) <= maxText && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" &&
			u.User == nil && u.RawQuery == "" && !u.ForceQuery && u.Fragment == "" && u.Opaque == ""
	})
}

// questioning refuses what is of no use, and a token in the clear on a wire.
func (r *reader) questioning(p *Prometheus) {
	u, _ := url.Parse(p.URL) // webAddress took it
	for _, f := range []struct{ name, path string }{{"prometheus.tokenFile", p.TokenFile}, {"prometheus.caFile", p.CAFile}} {
		switch {
		case f.path == "":
		case p.URL == "":
			r.problem(r.lines[f.name], "%s is of no use without prometheus.url", f.name)
		case u.Scheme == "http" && f.path == p.CAFile:
			r.problem(r.lines[f.name], "%s is of no use: prometheus.url begins with http:", f.name)
		case u.Scheme == "http" && !loopback(u.Hostname()):
			r.problem(r.lines[f.name], "%s would be sent to another host in the clear: take https in prometheus.url", f.name)
		}
	}
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.Unmap().IsLoopback()
}
