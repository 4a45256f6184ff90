package config

import (
	"fmt"
	"net/netip"
	"path"
	"strings"

	"gopkg.in/yaml.v3"
)

// Serve is what --serve goes by: what it shows, on which sockets, and to whom. Everything is off by default.
type Serve struct {
	Socket     string   // absolute, of the socket for hypervisor-attach; empty: none but what systemd hands over
	Listen     []string // sockets for HTTP: IP address and port, or the absolute path of a Unix socket
	TLS        ServeTLS
	Auth       ServeAuth
	Names      []string // host names that clients may call this server by, beside addresses and localhost; lower case
	MaxViewers int      // on all ways together
	Web        ServeWeb
	Exporter   ServeExporter
	Attach     ServeAttach
	Peers      ServePeers
}

// Any reports whether anything is to be served at all.
func (s *Serve) Any() bool {
	return s.Web.Enable || s.Exporter.Enable || s.Attach.Enable || s.Peers.Enable
}

// ServeTLS has absolute paths of PEM files. Without CertFile nothing is encrypted.
type ServeTLS struct {
	CertFile, KeyFile string
	ClientCAFile      string   // who has a certificate of these is let in
	AllowNames        []string // whom of those; empty: all
}

// ServeAuth has absolute paths of the files that say who may come; empty: none.
type ServeAuth struct {
	TokenFile     string // a bearer token
	WebConfigFile string // users and TLS as exporter-toolkit writes them
}

// ServeWeb is the page for browsers.
type ServeWeb struct {
	Enable bool
	Logs   bool // with the messages of the log
}

// ServeExporter is /metrics.
type ServeExporter struct {
	Enable        bool
	KubevirtNames bool     // VMs under KubeVirt's own names as well
	Deny          []string // globs of interfaces that get no series
	Textfiles     string   // absolute, the folder of *.prom files; empty: none
	MaxSeries     int
}

// ServePeers is what the consoles of other nodes get, at /v1/. They are known by their certificates, and by nothing else.
type ServePeers struct {
	Enable bool
}

// ServeAttach is the socket for hypervisor-attach.
type ServeAttach struct {
	Enable bool
}

func (s *Serve) keys() []key {
	return []key{
		{"serve.socket", "null", orNull(absolutePath(&s.Socket)),
			"The Unix socket that hypervisor-attach connects to, where systemd hands over none of the name attach."},
		{"serve.listen", "[]", listenAddresses(&s.Listen),
			"Where --serve answers HTTP, beside the sockets that systemd hands over and those of --listen. An address that is not a loopback one needs TLS and authentication, and the page wants authentication on each address. A Unix socket gets mode 0660."},
		{"serve.tls.certFile", "null", orNull(absolutePath(&s.TLS.CertFile)),
			"PEM file with this server's certificate and those above it, for TLS 1.3 on all addresses; read again on SIGHUP."},
		{"serve.tls.keyFile", "null", orNull(absolutePath(&s.TLS.KeyFile)), "PEM file with the key of that certificate."},
		{"serve.tls.clientCAFile", "null", orNull(absolutePath(&s.TLS.ClientCAFile)),
			"PEM file with certificates; a client that shows one signed by these is let in without a token or a password."},
		{"serve.tls.allowNames", "[]", hostNames(&s.TLS.AllowNames),
			"Which of those clients: common name, or a DNS name of the certificate. An empty list means all of them."},
		{"serve.auth.tokenFile", "null", orNull(absolutePath(&s.Auth.TokenFile)),
			"File with a token of at least 16 characters, which clients send as Authorization: Bearer. Others may not be able to read it, nor its group unless it is root's; what systemd hands over as a credential is as it is."},
		{"serve.auth.webConfigFile", "null", orNull(absolutePath(&s.Auth.WebConfigFile)),
			"File of Prometheus's exporter-toolkit, with basic_auth_users (bcrypt) and tls_server_config, which then stands for serve.tls."},
		{"serve.names", "[]", hostNames(&s.Names),
			"Host names by which clients may call this server. IP addresses, localhost and the host's own name go without saying; a request for another name is refused, as a page of somebody else may have sent it."},
		{"serve.maxViewers", "16", whole(&s.MaxViewers, 1, 16), "How many may look at once: browsers, terminals and consoles of other nodes together."},
		{"serve.web.enable", "false", truth(&s.Web.Enable), "Whether the screens are shown as a page, at /."},
		{"serve.web.logs", "true", truth(&s.Web.Logs), "Whether that page shows the messages of the log."},
		{"serve.exporter.enable", "false", truth(&s.Exporter.Enable), "Whether the figures are at /metrics, for Prometheus."},
		{"serve.exporter.kubevirtNames", "false", truth(&s.Exporter.KubevirtNames),
			"Whether VMs have series under the names of KubeVirt's own exporter as well. Not where Prometheus reads both."},
		{"serve.exporter.deny", "[veth*, cali*, lxc*]", globs(&s.Exporter.Deny), "Interfaces, by name, that get no series."},
		{"serve.exporter.textfiles", "null", orNull(absolutePath(&s.Exporter.Textfiles)),
			"Folder whose *.prom files are added to the figures, as node_exporter's textfile collector does."},
		{"serve.exporter.maxSeries", "50000", whole(&s.Exporter.MaxSeries, 1000, 1_000_000),
			"How many series there are at most; beyond that those of single interfaces are left out, and hypervisor_exporter_series_omitted counts them."},
		{"serve.attach.enable", "false", truth(&s.Attach.Enable),
			"Whether hypervisor-attach shows the screens on the terminal that it is started on."},
		{"serve.peers.enable", "false", truth(&s.Peers.Enable),
			"Whether consoles of other nodes may ask what this one says of itself, and show it with the messages of its log. They come with a certificate of serve.tls.clientCAFile, each that serve.tls.allowNames takes; a token or a password is not enough."},
	}
}

// ListenAddress reports whether listen can stand in Serve.Listen. A host's name cannot: which address it has would be
// asked of somebody else.
func ListenAddress(listen string) bool {
	_, err := netip.ParseAddrPort(listen)
	return err == nil || path.IsAbs(listen) && len(listen) < 108 // sun_path of unix(7)
}

// Missing says what must be set before this may be served on listen, which ListenAddress takes; empty: nothing is missing.
// encrypted and authenticated are what is known of both by now.
func (s *Serve) Missing(listen string, encrypted, authenticated bool) string {
	address, err := netip.ParseAddrPort(listen)
	switch local := address.Addr().Unmap().IsLoopback(); {
	case err != nil:
		return "" // a Unix socket: its mode says who may
	case !local && !(encrypted && authenticated):
		return "other hosts reach this address: set serve.tls and serve.auth, or take 127.0.0.1 or a Unix socket"
	case s.Web.Enable && !authenticated:
		return "each user of this host reaches this address, and serve.web.enable is true: set serve.auth, or take a Unix socket"
	}
	return ""
}

func listenAddresses(list *[]string) value {
	must := fmt.Sprintf("a list of at most %d IP addresses with ports or absolute paths, such as [127.0.0.1:9101]", maxList)
	return texts(list, must, ListenAddress)
}

// hostNames is a list of names that are compared in lower case.
func hostNames(list *[]string) value {
	must := fmt.Sprintf("a list of at most %d names without port, such as [console.example.org]", maxList)
	v := texts(list, must, func(s string) bool { return !strings.ContainsAny(s, " :/*") })
	return value{must, func(r *reader, n *yaml.Node) *yaml.Node {
		wrong := v.read(r, n)
		for i, s := range *list {
			(*list)[i] = strings.ToLower(s)
		}
		return wrong
	}}
}

// serving refuses what cannot work, and what would let in anybody. What is in the files that it names is not known here.
func (r *reader) serving(s *Serve) {
	t, a := &s.TLS, &s.Auth
	for _, need := range []struct {
		set         bool
		name, other string
	}{
		{t.CertFile != "" && t.KeyFile == "", "serve.tls.certFile", "serve.tls.keyFile"},
		{t.KeyFile != "" && t.CertFile == "", "serve.tls.keyFile", "serve.tls.certFile"},
		{t.ClientCAFile != "" && t.CertFile == "", "serve.tls.clientCAFile", "serve.tls.certFile"},
		{len(t.AllowNames) > 0 && t.ClientCAFile == "", "serve.tls.allowNames", "serve.tls.clientCAFile"},
		{s.Peers.Enable && t.ClientCAFile == "" && a.WebConfigFile == "", "serve.peers.enable", "serve.tls.clientCAFile"}, // a web config may have one
	} {
		if need.set {
			r.problem(r.lines[need.name], "%s is of no use without %s: set both or none", need.name, need.other)
		}
	}
	encrypted := t.CertFile != "" || a.WebConfigFile != ""
	authenticated := t.ClientCAFile != "" || a.TokenFile != "" || a.WebConfigFile != ""
	for i, listen := range s.Listen {
		if missing := s.Missing(listen, encrypted, authenticated); missing != "" {
			r.problem(r.lines["serve.listen"], "serve.listen[%d]: %s", i, missing)
		}
	}
}
