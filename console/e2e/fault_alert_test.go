package e2e

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/draw/vtscreen"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/apart"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/sample/link/linktest"
)

// breakage is something that really breaks, in namespaces of the test's own.
type breakage struct {
	kind        frame.Kind
	says        string // regular expression: the problem in words
	where       string // the page that tells more
	config      string // more of it
	env         []string
	begin, mend func()
}

// happenedJSON is one line of --history --json.
type happenedJSON struct {
	At                    time.Time
	Severity, What, Where string
}

// TestFullFilesystemCalls: a tmpfs that somebody fills.
func TestFullFilesystemCalls(t *testing.T) {
	if testing.Short() {
		t.Skip("long: half a minute of recording")
	}
	t.Parallel()
	if !apart.Inside(t, unix.CLONE_NEWNS, programVariable+"="+program(t, "")) {
		return
	}
	journald := journaldSocket(t)
	calls(t, journald, breakage{
		kind: frame.FilesystemFull, says: `/run \d+% full`, where: frame.Dashboard,
		config: `filesystems: {deny: ["/", "/[^r]*", "/r[^u]*", "/ru[^n]*", "/run?*", "/*/*", "/*/*/*", "/*/*/*/*", "/*/*/*/*/*"]}`,
		begin: func() {
			if err := os.WriteFile("/run/full", make([]byte, runSize+1), 0o600); err == nil {
				t.Fatal("there was room")
			}
		},
		mend: func() {
			if err := os.Remove("/run/full"); err != nil {
				t.Fatal(err)
			}
		},
	})
}

// TestCutCableCalls: the cable of a bridge loses its carrier, and a VM hangs on that.
func TestCutCableCalls(t *testing.T) {
	if testing.Short() {
		t.Skip("long: half a minute of recording")
	}
	t.Parallel()
	if !inNetwork(t) {
		return
	}
	journald := journaldSocket(t)
	setIP(t, `link add switch0 type veth peer name switch1
		link set switch0 addrgenmode none up
		link set switch1 addrgenmode none up
		link add br0 type bridge
		link set br0 addrgenmode none up`)
	if !linktest.Has(t, "link switch0 name eno1 type macvlan mode bridge") { // as its switch0 loses the carrier it does, too
		t.Skip("no link whose carrier can be taken away here")
	}
	setIP(t, "link set eno1 addrgenmode none master br0 up")
	if err := unix.Mount("tmpfs", "/sys/class/net", "tmpfs", 0, ""); err != nil {
		t.Skip("no /sys/class/net of its own:", err)
	}
	if err := os.MkdirAll("/sys/class/net/eno1/device", 0o755); err != nil { // by which a link is that of hardware
		t.Fatal(err)
	}
	guest := linktest.Play(t, "web-1", unix.CLONE_NEWNET)
	setIP(t, "link add veth0 type veth peer name eth0 netns "+strconv.Itoa(guest.PID()))
	setIP(t, "link set veth0 addrgenmode none master br0 up")
	calls(t, journald, breakage{
		kind: frame.NoCarrier, says: "eno1 no carrier", where: frame.Network,
		begin: func() { setIP(t, "link set switch1 down") },
		mend:  func() { setIP(t, "link set switch1 up") },
	})
}

const runSize = 1 << 20

// journaldSocket takes what the program writes into the journal: in this mount namespace /run is the test's own.
func journaldSocket(t *testing.T) notified {
	t.Helper()
	if err := unix.Mount("tmpfs", "/run", "tmpfs", 0, fmt.Sprintf("mode=755,size=%d", runSize)); err != nil {
		t.Skip("no /run of its own:", err)
	}
	const path = "/run/systemd/journal/socket"
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return notified{conn, path}
}

// calls breaks something twice and holds that a console calls for it each time until somebody acknowledges that, that a recorder
// writes it into the journal, and that the console's recording leads back to it.
func calls(t *testing.T, journald notified, b breakage) {
	t.Helper()
	rules := "    " + b.kind.String() + ": {for: 0s, keep: 0s}\n"
	for k := range frame.KindCount { // what else is wrong with this machine calls nobody
		if k != b.kind {
			rules += "    " + k.String() + ": {for: 1h, bell: false}\n"
		}
	}
	config := writeFile(t, "config.yaml", "refreshInterval: 1s\nhistory: {size: 8MiB, sync: 10s}\n"+b.config+"\nalerts:\n  bell: crit\n  repeat: false\n  rules:\n"+rules)
	dir := t.TempDir()
	env := append([]string{"TERM=linux", "STATE_DIRECTORY=" + dir}, b.env...)
	recorder := record(t, t.TempDir(), config, b.env...)
	s := start(t, setup{w: 132, h: 43, args: []string{"--config", config, "--screen", "dashboard"}, env: env})
	s.await(footer)
	path, says := filepath.Join(dir, "flight"), regexp.MustCompile(b.says)
	records(t, path, time.Time{})
	records(t, recorder.path, time.Time{})
	if text := s.text(); strings.Contains(text, "ALARM") {
		t.Skipf("something else is critical here:\n%s", text)
	}
	happened := func() (events []happenedJSON) {
		t.Helper()
		r := run(t, environment(t, env...), "--config", config, "--history", "--json")
		for lines := json.NewDecoder(strings.NewReader(r.out)); lines.More(); {
			var e happenedJSON
			if err := lines.Decode(&e); err != nil {
				t.Fatal(err, r.out)
			}
			events = append(events, e)
		}
		return events
	}
	records(t, path, time.Now().Add(16*time.Second)) // what is found in the first seconds is no event: it may have been there before
	var began, over []happenedJSON                   // what the recording has of it
	for again := range 2 {                           // soon enough to be one event
		heard := 3 * again
		broken := time.Now()
		b.begin()
		s.until("the alarm", func(text string) bool { return strings.Contains(text, "ALARM") && says.MatchString(text) })
		journald.announces(t, &b, "alert: ", "2")
		if again == 0 {
			await.Until(t, "the whole ring", func() bool { return s.beeps() >= 3 })
		} else {
			await.Until(t, "a beep, of which the rest is cut off", func() bool { return s.beeps() > heard })
		}
		s.keys("A")
		s.until("somebody looks after it", func(text string) bool { return !strings.Contains(text, "ALARM") && says.MatchString(text) })
		if heard = s.beeps(); again == 0 && heard != 3 {
			t.Errorf("it beeps %d times", heard)
		}
		b.mend()
		s.until("it is over", func(text string) bool { return !says.MatchString(text) })
		journald.announces(t, &b, "alert: over: ", "5")
		if again == 0 {
			records(t, path, time.Now()) // events are on the disk with the next record
			for _, e := range happened() {
				switch words, ended := strings.CutPrefix(e.What, "over: "); {
				case !says.MatchString(words):
				case ended:
					over = append(over, e)
				default:
					began = append(began, e)
				}
			}
			if len(began) != 1 || len(over) != 1 || began[0].Severity != "crit" || began[0].Where != b.where || began[0].At.Before(broken.Truncate(time.Second)) ||
				!over[0].At.After(began[0].At) {
				t.Fatalf("the recording has %+v and %+v", began, over)
			}
			if r := run(t, environment(t, env...), "--config", config, "--history"); len(says.FindAllString(r.out, -1)) != 2 || r.code != exitFine {
				t.Errorf("exit code %d\n%s%s", r.code, r.out, r.stderr)
			}
		}
		if now := s.beeps(); now != heard {
			t.Errorf("%d beeps before A, %d after it", heard, now)
		}
	}
	records(t, path, time.Now())
	s.keys("p")
	s.await(" PAST ")
	// A key leads from one moment to the next, whatever has happened in it.
	moments := slices.CompactFunc(happened(), func(a, b happenedJSON) bool { return a.At.Equal(b.At) })
	for _, e := range slices.Backward(moments) {
		if !e.At.Before(began[0].At) {
			s.keys("[")
			s.await(" PAST ", e.At.UTC().Format("15:04:05")+",")
		}
	}
	s.until("the problem at its time", func(text string) bool { return says.MatchString(text) && strings.Contains(text, " PAST ") })
	s.keys("\x1b")
	s.until("it is now", func(text string) bool { return !strings.Contains(text, " PAST ") })
	s.keys("q")
	if code, _ := s.exit(); code != exitFine || s.stderr() != "" {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
	bells := 0
	s.see(func(*vtscreen.Screen) { bells = bytes.Count(s.wire, []byte("\a")) })
	if bells != s.beeps() {
		t.Errorf("%d bells, of which %d are beeps of an alert", bells, s.beeps())
	}
	if code := recorder.end(unix.SIGTERM); code != exitFine || recorder.told() != "" {
		t.Errorf("exit code %d, on standard error %q", code, recorder.told())
	}
}

// beeps is how often the terminal was made to beep as it does for what is critical.
func (s *session) beeps() (n int) {
	s.see(func(*vtscreen.Screen) { n = bytes.Count(s.wire, []byte("\x1b[10;1500]\x1b[11;180]\a\x1b[10]\x1b[11]")) })
	return n
}

// announces holds that the next entry about b in the journal begins with those words and has that priority.
func (n notified) announces(t *testing.T, b *breakage, begins, priority string) {
	t.Helper()
	for {
		entry := n.next(t)
		if field(entry, "ALERT_KIND") != b.kind.String() {
			continue // of what else is wrong with this machine
		}
		message := field(entry, "MESSAGE")
		if words, ok := strings.CutPrefix(message, begins); !ok || !regexp.MustCompile("^"+b.says).MatchString(words) || field(entry, "PRIORITY") != priority {
			t.Errorf("the journal has %q, want %s%s with priority %s", entry, begins, b.says, priority)
		}
		return
	}
}

// field is the value of a key in an entry of the journal's native protocol, which has its length before it.
func field(entry, key string) string {
	_, rest, ok := strings.Cut("\n"+entry, "\n"+key+"\n")
	if !ok || len(rest) < 8 {
		return ""
	}
	n := min(binary.LittleEndian.Uint64([]byte(rest)), uint64(len(rest)-8))
	return rest[8:][:n]
}
