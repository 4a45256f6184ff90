package unit

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"hypervisor-tui/internal/await"
)

// host is a tree with a system bus of its own, and a systemd on it that says what the test wants.
type host struct {
	t      testing.TB
	root   string
	daemon *exec.Cmd
	conn   *dbus.Conn // systemd's

	mu       sync.Mutex
	state    string
	units    map[string]*fakeUnit
	asked    []string      // the questions, in their order
	hang     chan struct{} // nil: answers; else nothing is answered until it is closed,
	hangOn   string        // or only this question, unless it is empty
	hideUnit string        // its properties are gone
	refuse   string        // the error of a list, empty: none
}

// fakeUnit is what systemd knows of one unit.
type fakeUnit struct {
	load, active, sub string
	changed           uint64 // microseconds of CLOCK_MONOTONIC
	restarts          uint32
	ended             ended
}

// ended is how the last run of a service did.
type ended struct {
	result       string
	code, status int32
}

// newHost starts a bus and puts systemd on it. The test is skipped where there is no dbus-daemon.
func newHost(t testing.TB) *host {
	// Not t.TempDir: a socket's path has 107 bytes at most.
	root, err := os.MkdirTemp("", "bus")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	h := &host{t: t, root: root, state: "running", units: map[string]*fakeUnit{}}
	for _, dir := range []string{"/run/systemd/system", "/run/dbus"} {
		if err := os.MkdirAll(root+dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	h.startBus()
	h.startSystemd()
	return h
}

func (h *host) socket() string { return filepath.Join(h.root, "run/dbus/system_bus_socket") }

// startBus returns when the bus listens.
func (h *host) startBus() {
	path, err := exec.LookPath("dbus-daemon")
	if err != nil {
		h.t.Skip("no dbus-daemon")
	}
	config := h.root + "/bus.conf"
	text := `<busconfig><type>session</type><listen>unix:path=` + h.socket() + `</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/><allow user="*"/></policy></busconfig>`
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		h.t.Fatal(err)
	}
	c := exec.Command(path, "--nofork", "--nopidfile", "--print-address", "--config-file="+config)
	out, err := c.StdoutPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		h.t.Skip("dbus-daemon:", err)
	}
	h.daemon = c
	h.t.Cleanup(h.stopBus)
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.HasPrefix(line, "unix:") {
		h.t.Fatalf("dbus-daemon printed %q: %v", line, err)
	}
}

// stopBus ends the bus, and leaves its socket behind as a crash does.
func (h *host) stopBus() {
	if h.daemon != nil {
		h.daemon.Process.Kill()
		h.daemon.Wait()
		h.daemon = nil
	}
}

// startSystemd puts systemd on the bus.
func (h *host) startSystemd() {
	conn, err := dbus.Connect("unix:path=" + h.socket())
	if err != nil {
		h.t.Fatal(err)
	}
	h.conn = conn
	h.t.Cleanup(func() { conn.Close() })
	manager := map[string]any{"ListUnitsFiltered": h.listFiltered, "ListUnitsByNames": h.listByNames}
	if err := conn.ExportMethodTable(manager, managerPath, managerInterface); err != nil {
		h.t.Fatal(err)
	}
	property := map[string]any{"Get": h.get}
	if err := conn.ExportSubtreeMethodTable(property, managerPath, "org.freedesktop.DBus.Properties"); err != nil {
		h.t.Fatal(err)
	}
	if r, err := conn.RequestName(systemd, dbus.NameFlagDoNotQueue); err != nil || r != dbus.RequestNameReplyPrimaryOwner {
		h.t.Fatalf("own %s: %v %v", systemd, r, err)
	}
}

// heard notes a question and waits while systemd hangs.
func (h *host) heard(question string) {
	h.mu.Lock()
	h.asked = append(h.asked, question)
	hang := h.hang
	if h.hangOn != "" && question != h.hangOn {
		hang = nil
	}
	h.mu.Unlock()
	if hang != nil {
		<-hang
	}
}

// questions returns what was asked since the last call.
func (h *host) questions() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	asked := h.asked
	h.asked = nil
	return asked
}

// set changes what systemd knows.
func (h *host) set(change func(h *host)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(h)
}

// unitPath is the object of a unit: what is neither letter nor digit is escaped.
func unitPath(name string) dbus.ObjectPath {
	var b strings.Builder
	for _, c := range []byte(name) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' && b.Len() > 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "_%02x", c)
		}
	}
	return managerPath + "/unit/" + dbus.ObjectPath(b.String())
}

func (h *host) listFiltered(states []string) ([]status, *dbus.Error) {
	h.heard("list " + strings.Join(states, " "))
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.refuse != "" {
		return nil, &dbus.Error{Name: "org.freedesktop.DBus.Error.Failed", Body: []any{h.refuse}}
	}
	list := []status{}
	for name, u := range h.units {
		for _, s := range states {
			if s == u.load || s == u.active || s == u.sub {
				list = append(list, u.status(name))
				break
			}
		}
	}
	return list, nil
}

func (h *host) listByNames(names []string) ([]status, *dbus.Error) {
	h.heard("names " + strings.Join(names, " "))
	h.mu.Lock()
	defer h.mu.Unlock()
	list := []status{}
	for _, name := range names {
		u := h.units[name]
		if u == nil {
			u = &fakeUnit{load: "not-found", active: "inactive", sub: "dead"}
		}
		list = append(list, u.status(name))
	}
	return list, nil
}

func (u *fakeUnit) status(name string) status {
	return status{
		Name: name, Description: "A unit", Load: u.load, Active: u.active, Sub: u.sub,
		Path: unitPath(name), JobPath: "/",
	}
}

func (h *host) get(m dbus.Message, in, property string) (dbus.Variant, *dbus.Error) {
	path := m.Headers[dbus.FieldPath].Value().(dbus.ObjectPath)
	h.heard(property)
	h.mu.Lock()
	defer h.mu.Unlock()
	if path == managerPath && in == managerInterface && property == "SystemState" {
		return dbus.MakeVariant(h.state), nil
	}
	for name, u := range h.units {
		switch {
		case unitPath(name) != path || name == h.hideUnit:
		case in == unitInterface && property == "StateChangeTimestampMonotonic":
			return dbus.MakeVariant(u.changed), nil
		case in == serviceInterface && property == "NRestarts" && strings.HasSuffix(name, ".service"):
			return dbus.MakeVariant(u.restarts), nil
		case in == serviceInterface && property == "Result" && u.ended.result != "":
			return dbus.MakeVariant(u.ended.result), nil
		case in == serviceInterface && property == "ExecMainCode":
			return dbus.MakeVariant(u.ended.code), nil
		case in == serviceInterface && property == "ExecMainStatus":
			return dbus.MakeVariant(u.ended.status), nil
		}
	}
	return dbus.Variant{}, &dbus.Error{
		Name: "org.freedesktop.DBus.Error.UnknownObject", Body: []any{fmt.Sprintf("Unknown object '%s'.", path)},
	}
}

// watcher returns a Watcher of the host whose clocks are the test's to set.
func (h *host) watcher() (*Watcher, *clock) {
	c := &clock{boot: time.Hour, wall: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	w := New(Options{Root: h.root})
	w.now = func() time.Duration { return c.boot }
	w.clock = func() (time.Time, time.Duration) { return c.wall, c.boot }
	w.timeout = await.Limit // a slow machine is not a hung systemd
	h.t.Cleanup(w.hangUp)
	return w, c
}

// clock is all of a test's clocks.
type clock struct {
	boot time.Duration
	wall time.Time
}

func (c *clock) pass(d time.Duration) {
	c.boot += d
	c.wall = c.wall.Add(d)
}

// mustBeat lets w ask once.
func mustBeat(t testing.TB, w *Watcher) {
	t.Helper()
	if err := w.beat(context.Background()); err != nil {
		t.Fatal(err)
	}
}
