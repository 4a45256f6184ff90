// Package apitest gives tests a real cluster to ask: Kubernetes' own API server with etcd as its store, built from the
// module below it, on the loopback interface. Nothing runs in that cluster: nodes, pods and VMs are what a test writes.
package apitest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"hypervisor-tui/internal/await"
)

// Variable names the environment variable with the path of the built server; make apitest sets it.
const Variable = "APITEST_SERVER"

// clusters is a place for each that may run at a time: one takes 400 MB of memory.
var clusters = make(chan struct{}, 3)

// Cluster is an API server and its store. Its methods end the test when they fail, and belong to its goroutine.
type Cluster struct {
	URL     string
	t       testing.TB
	server  string // path of the program that is both
	dir     string
	address string // of the store
	store   *process
	api     *process
	pki     *pki
}

// Start starts a cluster that ends with the test, whichever way that ends. Without a built server it skips the test.
func Start(t testing.TB) *Cluster {
	t.Helper()
	server := os.Getenv(Variable)
	if server == "" {
		t.Skip("no API server to ask: make apitest builds one and runs this")
	}
	clusters <- struct{}{}
	t.Cleanup(func() { <-clusters }) // after those of its processes
	c := &Cluster{t: t, server: server, dir: t.TempDir(), address: free(t)}
	c.URL = "https://" + free(t)
	c.pki = newPKI(t, c.dir)
	c.StartStore()
	c.StartAPI()
	return c
}

// free returns an address of the loopback interface that nothing listens on.
func free(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// StartStore starts the store and waits until it listens. It has what it had.
func (c *Cluster) StartStore() {
	c.t.Helper()
	c.store = c.start("store", "store", filepath.Join(c.dir, "data"), c.address)
	c.wait(c.store, "the store to listen", func() error {
		conn, err := net.Dial("tcp", c.address)
		if err == nil {
			conn.Close()
		}
		return err
	})
}

// StartAPI starts the API server and waits until it is ready.
func (c *Cluster) StartAPI() {
	c.t.Helper()
	_, port, _ := net.SplitHostPort(c.URL[len("https://"):])
	file := func(name string) string { return filepath.Join(c.dir, name) }
	c.api = c.start("api", "api",
		"--etcd-servers=http://"+c.address, "--bind-address=127.0.0.1", "--secure-port="+port, "--endpoint-reconciler-type=none",
		"--tls-cert-file="+file("server.crt"), "--tls-private-key-file="+file("server.key"), "--client-ca-file="+file("client-ca.crt"),
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local", "--service-account-key-file="+file("server.key"),
		"--service-account-signing-key-file="+file("server.key"), "--disable-admission-plugins=ServiceAccount",
		"--service-cluster-ip-range=10.43.0.0/16", "--authorization-mode=RBAC", "--anonymous-auth=false")
	c.Ready()
}

// Ready waits until the API server says that it is ready.
func (c *Cluster) Ready() {
	c.t.Helper()
	c.wait(c.api, "the API server to be ready", func() error { return c.try(http.MethodGet, "/readyz", "", nil, nil) })
}

// KillStore and KillAPI end the two as kill -9 does.
func (c *Cluster) KillStore() { c.store.kill() }

// KillAPI ends the API server as kill -9 does.
func (c *Cluster) KillAPI() { c.api.kill() }

// RenewCredentials makes clients' certificates anew, from another authority: those of before are not accepted any more
// once the API server starts again.
func (c *Cluster) RenewCredentials() {
	c.t.Helper()
	c.pki.newClients(c.t, c.dir)
}

// Kubeconfig returns a kubeconfig of Admin or Viewer.
func (c *Cluster) Kubeconfig(user string) string {
	return c.pki.kubeconfig(c.URL, user)
}

// process is a started server.
type process struct {
	name string
	cmd  *exec.Cmd
	log  string // path
	over chan struct{}
}

// start starts the server with arguments. What it prints is in a file; it ends when the test does, because the pipe that
// is its standard input is closed then.
func (c *Cluster) start(name string, args ...string) *process {
	c.t.Helper()
	log, err := os.OpenFile(filepath.Join(c.dir, name+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		c.t.Fatal(err)
	}
	defer log.Close()
	p := &process{name: name, cmd: exec.Command(c.server, args...), log: log.Name(), over: make(chan struct{})}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = c.dir, log, log
	if _, err := p.cmd.StdinPipe(); err != nil {
		c.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // it is killed
		close(p.over)
	}()
	c.t.Cleanup(p.kill)
	return p
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill() // fails when it is over
	<-p.over
}

// wait tries until there is no error. A server that has ended ends the test, with what it said last.
func (c *Cluster) wait(p *process, what string, try func() error) {
	c.t.Helper()
	for limit := time.Now().Add(await.Limit); ; time.Sleep(20 * time.Millisecond) {
		err := try()
		select {
		case <-p.over:
			c.t.Fatalf("%s ended: %s", p.name, tail(p.log))
		default:
		}
		if err == nil {
			return
		}
		if time.Now().After(limit) {
			c.t.Fatalf("waited %v for %s: %v; it says\n%s", await.Limit, what, err, tail(p.log))
		}
	}
}

// tail is the end of a file.
func tail(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	if size, err := f.Seek(0, io.SeekEnd); err == nil {
		_, _ = f.Seek(max(size-2000, 0), io.SeekStart) // then it is more
	}
	text, _ := io.ReadAll(f)
	return fmt.Sprintf("%s (of %s)", text, strconv.Quote(path))
}
