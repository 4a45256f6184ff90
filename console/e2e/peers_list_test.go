//go:build !nokube

package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/certtest"
	"hypervisor-tui/kube/apitest"
)

// TestRealAPIPeers: nodes of a cluster are asked at their addresses. One that the API calls not ready answers, which is told. The
// API server dies, and the nodes go on to answer; so they do after the next start, of the list that was kept.
func TestRealAPIPeers(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t)
	c.Load(thisHost(t))
	m, dir := newMesh(t), t.TempDir()
	hv1 := m.serveNode(apitest.Node(1), "127.0.3.1")
	_, port, err := net.SplitHostPort(hv1.address)
	if err != nil {
		t.Fatal(err)
	}
	hv2 := m.serveNodeAt(apitest.Node(2), "127.0.3.2", port)
	m.nodes = nil // the cluster names them
	for _, n := range []*servedNode{hv1, hv2} {
		c.Status("/api/v1/nodes/"+n.name, object{"addresses": []object{{"type": "InternalIP", "address": n.ip}}})
	}
	more := fmt.Sprintf("kubeconfigPath: %s\n", writeFile(t, "kubeconfig", c.Kubeconfig(apitest.Admin)))
	m.port = port
	s := m.look(more, "STATE_DIRECTORY="+dir)
	s.answer(hv1.name, hv2.name)
	s.why(hv2.name, "both", has("API says NotReady", "and the node answers"))
	await.Until(t, "the list is kept", func() bool {
		text, err := os.ReadFile(filepath.Join(dir, "peers.json"))
		return err == nil && strings.Contains(string(text), hv1.name) && strings.Contains(string(text), hv2.ip)
	})
	c.KillAPI()
	s.await("API down")
	s.fresh(hv1.name, hv2.name)
	t.Log("\n" + s.text())
	s.keys("q")
	s.exit()
	hv1.signal(unix.SIGSTOP)
	s = m.look(more, "STATE_DIRECTORY="+dir)
	s.answer(hv2.name)
	t.Log(s.why(hv1.name, "remembered", has("no answer in 2 s", "it answered last", "the API said Ready=True")))
	t.Log("\n" + s.text())
	hv1.signal(unix.SIGCONT)
	s.answer(hv1.name)
	s.fresh(hv1.name, hv2.name)
}

// TestPeersListDamaged: what is no list is told among the sources, and those that the configuration names are asked as ever; the
// file is made anew.
func TestPeersListDamaged(t *testing.T) {
	t.Parallel()
	for name, list := range map[string]struct{ text, says string }{
		"half":            {`{"version":1,"peers":[{"name":"hv1","addr`, "damaged"},
		"empty":           {"", "damaged"},
		"zeros":           {strings.Repeat("\x00", 4096), "damaged"},
		"another version": {`{"version":99,"peers":[]}`, "of another version, 99"},
		"huge":            {strings.Repeat(" ", 9<<20), "larger than 8 MiB"},
		"hostile":         {`{"version":1,"peers":[{"name":"\u001b[2J","address":"127.0.0.1:1"}]}`, "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, dir := newMesh(t), t.TempDir()
			m.meet(stranger{name: "good-1"}, "127.0.1.2")
			path := filepath.Join(dir, "peers.json")
			if err := os.WriteFile(path, []byte(list.text), 0o600); err != nil {
				t.Fatal(err)
			}
			s := m.look("", "STATE_DIRECTORY="+dir)
			s.answer("good-1")
			s.sources(path + ": " + list.says)
		})
	}
}

// TestPeersTwoConsoles: of one list file, both write it whole.
func TestPeersTwoConsoles(t *testing.T) {
	t.Parallel()
	m, dir := newMesh(t), t.TempDir()
	m.meet(stranger{name: "good-1"}, "127.0.1.2")
	one, two := m.look("", "STATE_DIRECTORY="+dir), m.look("", "STATE_DIRECTORY="+dir)
	one.answer("good-1")
	two.answer("good-1")
	one.fresh("good-1")
	two.fresh("good-1")
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "peers.json.") || strings.HasPrefix(e.Name(), ".peers") {
			t.Errorf("%s stays behind", e.Name())
		}
	}
	if err != nil {
		t.Error(err)
	}
}

// TestPeersIPv6: a node is asked at an address of IPv6 as well.
func TestPeersIPv6(t *testing.T) {
	t.Parallel()
	if l, err := net.Listen("tcp", "[::1]:0"); err != nil {
		t.Skip(err)
	} else {
		l.Close()
	}
	m := newMesh(t)
	m.serveNode("hv6", "::1")
	s := m.look("")
	s.answer("hv6")
	s.fresh("hv6")
}

// TestPeersConsoleStopped: who was stopped while a node answered has not asked it in that time, and says nothing of it that is
// not so.
func TestPeersConsoleStopped(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	asked, answer := make(chan struct{}), make(chan struct{})
	held := false
	m.meet(stranger{name: "good-1", answer: func(w http.ResponseWriter, _ *http.Request) {
		if !held { // requests of one console come one by one
			held = true
			close(asked)
			<-answer
		}
		_, _ = io.WriteString(w, summaryAt("good-1", time.Now()))
	}}, "127.0.1.2")
	m.meet(stranger{name: "good-2"}, "127.0.1.2")
	s := m.look("")
	<-asked
	s.signal(unix.SIGSTOP)
	await.Until(t, "stopped", func() bool { return s.state() == "T" })
	close(answer)
	time.Sleep(3 * time.Second) // not a wait: so long it is stopped
	s.signal(unix.SIGCONT)
	s.until("both answer", func(text string) bool {
		if strings.Contains(row(text, "good-1"), "silent") || strings.Contains(row(text, "good-2"), "silent") {
			t.Fatalf("a node is called silent that was not heard out:\n%s", text)
		}
		return answered.MatchString(row(text, "good-1")) && answered.MatchString(row(text, "good-2"))
	})
}

// TestPeersRotated: certificates are replaced on the disk while all runs, by those of another authority: the nodes take them in
// with SIGHUP, the console by itself. Meanwhile they do not know each other, and that is told.
func TestPeersRotated(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	n := m.serveNode("hv1", "127.0.1.1")
	s := m.look("")
	s.answer("hv1")
	m.ca = certtest.New(t)
	m.ca.Node(t, n.name, n.ip).Write(t, n.dir)
	m.ca.Write(t, n.dir)
	n.signal(unix.SIGHUP)
	t.Log(s.why("hv1", "another authority", has("peers.caFile")))
	m.certify()
	s.answer("hv1")
	s.fresh("hv1")
}

// TestPeersReloaded: SIGHUP has other nodes asked, and at last none; what F4 showed of the others goes.
func TestPeersReloaded(t *testing.T) {
	t.Parallel()
	m, config := newMesh(t), writeFile(t, "config.yaml", "")
	m.meet(stranger{name: "good-1"}, "127.0.1.2")
	first := m.config("")
	m.nodes = nil
	m.meet(stranger{name: "good-2"}, "127.0.1.2")
	s := start(t, setup{w: 200, h: 60, args: []string{"--screen", "nodes", "--config", config}, env: []string{"STATE_DIRECTORY=" + t.TempDir()}})
	s.await(footer)
	s.reload(config, first)
	s.answer("good-1")
	s.reload(config, m.config(""))
	s.answer("good-2")
	s.until("good-1 has gone", func(text string) bool { return row(text, "good-1") == "" })
	s.reload(config, "")
	s.until("good-2 has gone", func(text string) bool { return row(text, "good-2") == "" })
	s.reload(config, m.config(""))
	s.answer("good-2")
}

// TestPeersRestarted: a node that is killed is told as soon as it is asked, and one that starts anew answers again.
func TestPeersRestarted(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	hv1 := m.serveNode("hv1", "127.0.1.1")
	s := m.look("")
	s.answer("hv1")
	hv1.end(unix.SIGKILL)
	s.why("hv1", "dead", has("nobody listens there (connection refused)"))
	_, port, err := net.SplitHostPort(hv1.address)
	if err != nil {
		t.Fatal(err)
	}
	m.serveNodeAt("hv1", "127.0.1.1", port)
	s.answer("hv1")
}
