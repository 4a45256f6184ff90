//go:build !nokube

package e2e

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/certtest"
	"hypervisor-tui/peer"
)

// mesh is nodes that know each other by certificates of one authority, and where each is asked.
type mesh struct {
	t     *testing.T
	ca    *certtest.Authority
	nodes []string // entries of peers.nodes
	dir   string   // with the certificate and key of consoles
	port  string   // of those that the cluster names; empty: the default
}

func newMesh(t *testing.T) *mesh {
	t.Helper()
	m := &mesh{t: t, ca: certtest.New(t), dir: t.TempDir()}
	m.certify()
	return m
}

// certify writes the authority's certificate, and one of a console with its key, to files of the mesh.
func (m *mesh) certify() {
	m.t.Helper()
	m.ca.Write(m.t, m.dir)
	m.ca.Node(m.t, "hv0").Write(m.t, m.dir)
}

// add makes a node one of those that are asked.
func (m *mesh) add(name, address string) {
	m.nodes = append(m.nodes, fmt.Sprintf("{name: '%s', address: '%s'}", name, address))
}

// meet starts a stranger on an IP address, as one of those that are asked.
func (m *mesh) meet(s stranger, ip string) {
	m.t.Helper()
	address, _ := s.start(m.t, m.ca, ip)
	m.add(s.name, address)
}

// config is what a console needs to ask them; more follows.
func (m *mesh) config(more string) string {
	return fmt.Sprintf("peers: {enable: true, interval: 5s, port: %s, caFile: %s/ca.pem, certFile: %[2]s/cert.pem, keyFile: %[2]s/key.pem, nodes: [%s]}\n%s",
		cmp.Or(m.port, "9101"), m.dir, strings.Join(m.nodes, ", "), more)
}

// servedNode is one node: a real --serve.
type servedNode struct {
	*recording
	name, ip, address string
	dir               string // with its certificate and key
}

// serveNode starts --serve as a node of that name on an IP address, and waits until it tells of itself.
func (m *mesh) serveNode(name, ip string) *servedNode {
	m.t.Helper()
	return m.serveNodeAt(name, ip, "0")
}

// serveNodeAt is serveNode on a port, "0" for any.
func (m *mesh) serveNodeAt(name, ip, port string) *servedNode {
	t := m.t
	t.Helper()
	n := &servedNode{name: name, ip: ip, dir: t.TempDir()}
	cert, key := m.ca.Node(t, name, ip).Write(t, n.dir)
	config := fmt.Sprintf("refreshInterval: 1s\nserve: {listen: ['%s'], peers: {enable: true}, tls: {certFile: %s, keyFile: %s, clientCAFile: %s}}\n",
		net.JoinHostPort(ip, port), cert, key, m.ca.Write(t, n.dir))
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

// look starts a console with F4 open that asks them; more is of its configuration.
func (m *mesh) look(more string, env ...string) *session {
	m.t.Helper()
	s := start(m.t, setup{w: 200, h: tall, args: []string{"--screen", "nodes", "--config", writeFile(m.t, "config.yaml", m.config(more))}, env: env})
	s.await(footer)
	return s
}

// row is what F4 has for a node, empty where it does not list it.
func row(text, name string) string {
	for line := range strings.Lines(text) {
		fields := strings.Fields(strings.TrimLeft(line, " ✗!▸"))
		if len(fields) > 1 && fields[0] == name {
			return strings.Join(fields, " ")
		}
	}
	return ""
}

// why chooses a node on F4 and waits until the words for it are ok. It returns them, of however many lines they are.
func (s *session) why(name, what string, ok func(words string) bool) (words string) {
	s.t.Helper()
	s.keys("/" + name + "\r")
	s.until(name+": "+what, func(text string) bool {
		_, words, _ = strings.Cut(text, " "+name+": ")
		words, _, _ = strings.Cut(words, footer)
		words = strings.Join(strings.Fields(words), " ")
		return ok(words) && strings.Contains(text, "filter "+name+" ") // it is not typed any more
	})
	s.keys("\x1b")
	s.until("the filter is gone", func(text string) bool { return !strings.Contains(text, "filter "+name) })
	return words
}

// connections is how many TCP connections the program has. Its other descriptors come and go with what it samples.
func (s *session) connections() (n int) {
	s.t.Helper()
	entries, err := os.ReadDir(s.proc("fd"))
	if err != nil {
		s.t.Fatal(err)
	}
	sockets := map[string]bool{} // by inode
	for _, e := range entries {
		to, _ := os.Readlink(s.proc("fd/" + e.Name())) // closed since the listing
		if inode, is := strings.CutPrefix(to, "socket:["); is {
			sockets[strings.TrimSuffix(inode, "]")] = true
		}
	}
	for _, list := range []string{"net/tcp", "net/tcp6"} {
		text, err := os.ReadFile(s.proc(list))
		if err != nil && !os.IsNotExist(err) { // there may be no IPv6
			s.t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if fields := strings.Fields(line); len(fields) > 9 && sockets[fields[9]] {
				n++
			}
		}
	}
	return n
}

// signal stops a node, or lets it go on.
func (n *servedNode) signal(sig unix.Signal) {
	n.t.Helper()
	if err := n.cmd.Process.Signal(sig); err != nil {
		n.t.Fatal(err)
	}
}

// has returns a test of a text for all of some texts.
func has(texts ...string) func(string) bool {
	return func(text string) bool {
		return !slices.ContainsFunc(texts, func(want string) bool { return !strings.Contains(text, want) })
	}
}

// answered is how F4 says that a node has answered.
var answered = regexp.MustCompile(`answers (\d+)s`)

// fresh waits until F4 has shown each of the nodes answer anew three times, and holds that it shows nothing else of it meanwhile.
func (s *session) fresh(names ...string) {
	s.t.Helper()
	const times = 3
	oldest, last, anew := 0, map[string]int{}, map[string]int{}
	s.until(fmt.Sprint(names, " are fresh again and again"), func(text string) bool {
		least := times
		for _, name := range names {
			is := row(text, name)
			if strings.Contains(is, "silent") || strings.Contains(is, "error") {
				s.t.Fatalf("%s is not fresh:\n%s", name, text)
			}
			found := answered.FindStringSubmatch(is)
			if found == nil { // it is being painted
				return false
			}
			age, _ := strconv.Atoi(found[1])
			if age < last[name] {
				anew[name]++
			}
			oldest, last[name], least = max(oldest, age), age, min(least, anew[name])
		}
		return least == times
	})
	s.t.Logf("none of %v was older than %d s", names, oldest)
}

// answer waits until F4 shows that each of the nodes answers.
func (s *session) answer(names ...string) {
	s.t.Helper()
	s.until(fmt.Sprint(names, " answer"), func(text string) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return !answered.MatchString(row(text, name)) })
	})
}

// nodesJSON is what --once --json says of the nodes, by name.
func (m *mesh) nodesJSON(env ...string) map[string]object {
	m.t.Helper()
	r := run(m.t, environment(m.t, env...), "--once", "--json", "--config", writeFile(m.t, "config.yaml", m.config("")))
	if r.code != 0 || r.stderr != "" {
		m.t.Fatalf("exit code %d\n%s", r.code, r.stderr)
	}
	var s struct{ Nodes []object }
	if err := json.Unmarshal([]byte(r.out), &s); err != nil {
		m.t.Fatal(err)
	}
	byName := map[string]object{}
	for _, n := range s.Nodes {
		byName[said(n, "name")] = n
	}
	return byName
}

// bounded holds that the program comes down to so many connections, and takes less than 32 MiB more than it did.
func (s *session) bounded(connections int) (held func()) {
	s.t.Helper()
	memory := s.status("VmRSS")
	return func() {
		s.t.Helper()
		await.Until(s.t, fmt.Sprint("no more connections than ", connections), func() bool { return s.connections() <= connections })
		now := s.status("VmRSS")
		s.t.Logf("%d KiB resident became %d", memory, now)
		if now > memory+32<<10 {
			s.t.Errorf("%d KiB resident became %d", memory, now)
		}
	}
}

// maxAsked is how many nodes are asked at a time.
const maxAsked = 16

// offBy answers with what a node said, at another time.
func offBy(own peer.Summary, name string, off time.Duration) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		told := own
		told.Node, told.Time = name, time.Now().Add(off)
		_ = json.NewEncoder(w).Encode(told)
	}
}

// TestPeersFaults: of three --serve one is stopped, and others are not who they should be, have another time or send 100 MB.
// F4 says of each what is wrong, in words, and the others stay fresh; so does --json. The one that goes on is fresh again.
// No process has a clock of its own: one peer tells here what hv1 said, at another time.
func TestPeersFaults(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	hv1, _, hv3 := m.serveNode("hv1", "127.0.1.1"), m.serveNode("hv2", "127.0.1.2"), m.serveNode("hv3", "127.0.1.3")
	own, _, err := m.ask("hv1", hv1.address)
	if err != nil {
		t.Fatal(err)
	}
	late, all := stranger{name: "late", answer: offBy(own, "late", -10*time.Minute)}, strangers("", nil)
	wrong := []stranger{late}
	for _, name := range []string{"of-another", "other-ca", "expired", "huge"} {
		wrong = append(wrong, all[slices.IndexFunc(all, func(s stranger) bool { return s.name == name })])
	}
	for i, s := range wrong {
		m.meet(s, fmt.Sprint("127.0.1.", 10+i))
	}
	s := m.look("")
	held := s.bounded(maxAsked)
	s.answer("hv1", "hv2", "hv3", "late")
	hv3.signal(unix.SIGSTOP)
	s.why("hv3", "silent", has("no answer in 2 s"))
	s.why("late", "late", has("its clock is 10m behind"))
	for _, w := range wrong[1:] {
		s.why(w.name, w.says, has(w.says))
	}
	s.fresh("hv1", "hv2")
	held()
	t.Log("\n" + s.text())
	nodes := m.nodesJSON()
	for _, name := range []string{"hv1", "hv2", "late"} {
		if at(nodes[name], "peer", "state") != "answers" || at(nodes[name], "peer", "error") != nil {
			t.Errorf("%s: %v", name, nodes[name])
		}
	}
	for name, want := range map[string]string{"hv3": "silent: no answer in 2 s", "of-another": "error: its certificate is for hv9", "other-ca": "error: its certificate is signed by an authority", "expired": "error: its certificate expired on", "huge": "error: it answers more than 4 kB"} {
		if got := said(nodes[name], "peer", "state") + ": " + said(nodes[name], "peer", "error"); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if off, _ := at(nodes["late"], "peer", "clock_offset_seconds").(float64); off > -590 || off < -600 {
		t.Errorf("late: %v", nodes["late"])
	}
	hv3.signal(unix.SIGCONT)
	s.answer("hv3")
	s.fresh("hv1", "hv2", "hv3")
	held()
}
