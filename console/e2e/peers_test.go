//go:build !nokube

package e2e

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/certtest"
	"hypervisor-tui/peer"
)

// mesh is nodes that know each other by certificates of one authority, and where each is asked.
type mesh struct {
	t     *testing.T
	ca    *certtest.Authority
	nodes []string // entries of peers.nodes
}

func newMesh(t *testing.T) *mesh {
	t.Helper()
	return &mesh{t: t, ca: certtest.New(t)}
}

// add makes a node one of those that are asked.
func (m *mesh) add(name, address string) {
	m.nodes = append(m.nodes, fmt.Sprintf("{name: %s, address: '%s'}", name, address))
}

// meet starts a stranger on an IP address, as one of those that are asked.
func (m *mesh) meet(s stranger, ip string) {
	m.t.Helper()
	address, _ := s.start(m.t, m.ca, ip)
	m.add(s.name, address)
}

// config is what a console needs to ask them, with a certificate of its own; more follows.
func (m *mesh) config(more string) string {
	m.t.Helper()
	dir := m.t.TempDir()
	cert, key := m.ca.Node(m.t, "hv0").Write(m.t, dir)
	return fmt.Sprintf("peers: {enable: true, interval: 5s, caFile: %s, certFile: %s, keyFile: %s, nodes: [%s]}\n%s",
		m.ca.Write(m.t, dir), cert, key, strings.Join(m.nodes, ", "), more)
}

// servedNode is one node: a real --serve.
type servedNode struct {
	*recording
	name, ip, address string
	dir               string // with its certificate and key
}

// serveNode starts --serve as a node of that name on an IP address, and waits until it tells of itself.
func (m *mesh) serveNode(name, ip string) *servedNode {
	t := m.t
	t.Helper()
	n := &servedNode{name: name, ip: ip, dir: t.TempDir()}
	cert, key := m.ca.Node(t, name, ip).Write(t, n.dir)
	config := fmt.Sprintf("refreshInterval: 1s\nserve: {listen: ['%s'], peers: {enable: true}, tls: {certFile: %s, keyFile: %s, clientCAFile: %s}}\n",
		net.JoinHostPort(ip, "0"), cert, key, m.ca.Write(t, n.dir))
	self := mayNameHosts(t)
	cmd := exec.Command(self, program(t, ""), "--serve", "--config", writeFile(t, "config.yaml", config))
	cmd.SysProcAttr = ownHostname()
	n.recording = recordBy(t, cmd, t.TempDir(), hostVariable+"="+name)
	answers := regexp.MustCompile(`answers on (\S+:\d+)`)
	await.Until(t, "it says where it answers", func() bool {
		select {
		case <-n.ended:
			t.Fatalf("%s has ended: %s", name, n.told())
		default:
		}
		if found := answers.FindStringSubmatch(n.told()); found != nil {
			n.address = found[1]
		}
		return n.address != ""
	})
	await.Until(t, name+" tells of itself", func() bool {
		s, _, err := m.ask(name, n.address)
		return err == nil && s.Node == name && s.CPU != nil
	})
	m.add(name, n.address)
	return n
}

// ask asks a node what it says of itself, as another node's console does. It returns that as it came too.
func (m *mesh) ask(name, address string) (s peer.Summary, line []byte, err error) {
	client := &http.Client{Timeout: await.Limit, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{
		RootCAs: m.ca.Pool(), ServerName: name, Certificates: []tls.Certificate{m.ca.Node(m.t, "hv0").TLS(m.t)}}}}
	answer, err := client.Get("https://" + address + "/v1/summary")
	if err != nil {
		return s, nil, err
	}
	defer answer.Body.Close()
	if line, err = io.ReadAll(answer.Body); err == nil && answer.StatusCode == http.StatusOK {
		err = json.Unmarshal(line, &s)
	} else if err == nil {
		err = fmt.Errorf("%s: %s", answer.Status, bytes.TrimSpace(line))
	}
	return s, line, err
}

// TestPeersServed: three --serve of hosts with names of their own answer each other, and only those of their authority.
func TestPeersServed(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	for i, name := range []string{"hv1", "hv2", "hv3"} {
		n := m.serveNode(name, fmt.Sprint("127.0.1.", i+1))
		s, line, err := m.ask(name, n.address)
		if err != nil || s.Node != name || len(line) > peer.MaxSummary || s.Memory == nil || *s.Memory != memTotal(t) {
			t.Errorf("%s: %v: %s", name, err, line)
		}
		t.Logf("%d bytes: %s", len(line), line)
	}
}
