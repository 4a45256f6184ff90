package config

import (
	"net/netip"
	"time"

	"gopkg.in/yaml.v3"

	"hypervisor-tui/peer"
)

// maxPeerNodes bounds peers.nodes; a file of maxConfig bytes has room for more.
const maxPeerNodes = 1000

// Peers is what asking the --serve of the other nodes goes by. It is off by default. Whoever asks starts anew when it changes.
type Peers struct {
	Enable            bool
	Port              int        // of a node whose address has none
	Nodes             []PeerNode // those that are asked whatever the cluster says, by the order of the file
	CAFile            string     // like the next two an absolute path, not empty where Enable is true
	CertFile, KeyFile string
	Interval          time.Duration // between two questions to the same node
	Path              string        // absolute, of the list of those that are known; empty: the place that the environment names
}

// PeerNode is one node that the configuration names.
type PeerNode struct {
	Name    string         // its certificate is for that name, or for its address
	Address netip.AddrPort // with Peers.Port where the file says none
}

func (p *Peers) keys() []key {
	return []key{
		{"peers.enable", "false", truth(&p.Enable),
			"Whether F4 asks each node's --serve what it says of itself, while somebody looks at F4. There serve.peers.enable must be true."},
		{"peers.port", "9101", whole(&p.Port, 1, 65535), "Port of --serve on the nodes, where peers.nodes says no other."},
		{"peers.nodes", "[]", entries(&p.Nodes, maxPeerNodes, (*PeerNode).keys, func(n *PeerNode) string { return n.Name }, nil),
			"Nodes that are asked whatever the cluster says, or without any cluster. The others are those of the cluster, by the InternalIP of each."},
		{"peers.caFile", "null", orNull(absolutePath(&p.CAFile)),
			"PEM file with the certificates that those of the nodes are signed by. No other authority counts."},
		{"peers.certFile", "null", orNull(absolutePath(&p.CertFile)),
			"PEM file with the certificate that this host shows the nodes; read again when it has changed."},
		{"peers.keyFile", "null", orNull(absolutePath(&p.KeyFile)), "PEM file with the key of that certificate."},
		{"peers.interval", "15s", duration(&p.Interval, 5*time.Second, 2*time.Minute), "Time between two questions to the same node."},
		{"peers.path", "null", orNull(absolutePath(&p.Path)),
			"File with the nodes that were known last, for when the API server does not answer. null means peers.json in the folders that history.path names."},
	}
}

// keys lists the keys of one entry of peers.nodes. Its address is one or one with a port, which is then not 0.
func (n *PeerNode) keys() []key {
	return []key{
		{"name", "", scalar("a name without blanks and slashes, such as hv2", func(y *yaml.Node) bool {
			n.Name = y.Value
			return shown(y) && peer.Nameable(n.Name)
		}), "Name of the node, as in the cluster."},
		{"address", "", scalar("an IP address, with or without a port, such as 10.0.0.2 or \"[fd00::2]:9101\"", func(y *yaml.Node) bool {
			if address, err := netip.ParseAddr(y.Value); err == nil {
				n.Address = netip.AddrPortFrom(address.Unmap(), 0)
				return true
			}
			a, err := netip.ParseAddrPort(y.Value)
			n.Address = netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
			return err == nil && a.Port() != 0
		}), "Where its --serve is asked. No name is looked up."},
	}
}

// asking settles the ports, and refuses to ask without certificates.
func (r *reader) asking(p *Peers) {
	for i := range p.Nodes {
		if a := &p.Nodes[i].Address; a.Port() == 0 {
			*a = netip.AddrPortFrom(a.Addr(), uint16(p.Port))
		}
	}
	if !p.Enable {
		return
	}
	for _, f := range []struct{ name, path string }{
		{"peers.caFile", p.CAFile}, {"peers.certFile", p.CertFile}, {"peers.keyFile", p.KeyFile},
	} {
		if f.path == "" {
			r.problem(r.lines["peers.enable"], "peers.enable is true without %s: nodes know each other by their certificates", f.name)
		}
	}
}

// File is the path of the list of nodes by this configuration and the process's environment; empty: neither names a place.
func (p *Peers) File() string {
	if p.Path != "" {
		return p.Path
	}
	return stateFile("peers.json")
}
