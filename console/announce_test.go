package console

import (
	"encoding/binary"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/alert"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/journal"
)

// fields takes an entry of the journal's native protocol apart, of which each value has its length before it.
func fields(t *testing.T, entry []byte) map[string]string {
	t.Helper()
	all := map[string]string{}
	for len(entry) > 0 {
		key, rest, ok := strings.Cut(string(entry), "\n")
		if !ok || len(rest) < 8 {
			t.Fatalf("no field: %q", entry)
		}
		n := int(binary.LittleEndian.Uint64([]byte(rest)))
		if len(rest) < 8+n+1 || rest[8+n] != '\n' {
			t.Fatalf("field %s has %d bytes of %q", key, n, rest)
		}
		all[key] = rest[8 : 8+n]
		entry = []byte(rest[8+n+1:])
	}
	return all
}

// TestAnnouncement: journald gets an entry for an alert that begins and for one that is over, with all by which it can be told from
// others.
func TestAnnouncement(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	journald, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer journald.Close()
	f := &frame.Snapshot{Now: time.Unix(1_800_000_000, 0), Boot: time.Hour}
	c := &alert.Change{Alert: frame.Alert{Problem: frame.Problem{Severity: journal.Crit, Kind: frame.NoCarrier, Subject: "eno3\nPRIORITY=0", Of: "rack", Since: time.Hour - 90*time.Second,
		Hit: frame.Hit{Bridge: "br0", VMs: 12}}}}
	a := announcer{socket: path}
	next := func() map[string]string {
		t.Helper()
		a.announce(c, f)
		if err := journald.SetReadDeadline(time.Now().Add(await.Limit)); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 4096)
		n, err := journald.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		return fields(t, buf[:n])
	}
	want := map[string]string{
		"MESSAGE": "alert: " + string(c.AppendWhat(nil)), "MESSAGE_ID": alertBegan, "PRIORITY": "2", "SYSLOG_IDENTIFIER": "hypervisor-tui",
		"ALERT_KIND": "no-carrier", "ALERT_SUBJECT": "eno3\nPRIORITY=0", "ALERT_OF": "rack", "ALERT_SINCE_USEC": "1799999910000000", "ALERT_VMS": "12",
	}
	if got := next(); !maps.Equal(got, want) {
		t.Errorf("it begins with\n%q, want\n%q", got, want)
	}
	c.Over = true
	want["MESSAGE"], want["MESSAGE_ID"], want["PRIORITY"] = "alert: over: "+string(c.AppendWhat(nil)), alertOver, "5"
	if got := next(); !maps.Equal(got, want) {
		t.Errorf("it ends with\n%q, want\n%q", got, want)
	}
}

// TestAnnouncementDocs: the ids by which others follow alerts are in the documentation.
func TestAnnouncementDocs(t *testing.T) {
	text, err := os.ReadFile("../docs/nixos.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{alertBegan, alertOver} {
		if !strings.Contains(string(text), "MESSAGE_ID="+id) {
			t.Errorf("docs/nixos.md does not name %s", id)
		}
	}
}

// TestAnnouncementNeverWaits for a journald that takes nothing, or that is not there.
func TestAnnouncementNeverWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	c, f := new(alert.Change), &frame.Snapshot{Now: time.Unix(1_800_000_000, 0), Boot: time.Hour}
	a := announcer{socket: path}
	a.announce(c, f)
	hung, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer hung.Close()
	for range 10_000 { // more than any socket holds
		a.announce(c, f)
	}
}

// TestRecorderAloneAnnounces: a console that records itself writes nothing into the journal.
func TestRecorderAloneAnnounces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	journald, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer journald.Close()
	subject := func(name string) []alert.Change {
		return []alert.Change{{Alert: frame.Alert{Problem: frame.Problem{Kind: frame.NoCarrier, Subject: name}}}}
	}
	(&recorder{announcer: announcer{socket: path}}).announce(subject("a console's"))
	(&recorder{announcer: announcer{socket: path}, alone: true}).announce(subject("the recorder's"))
	if err := journald.SetReadDeadline(time.Now().Add(await.Limit)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	n, err := journald.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	if got := fields(t, buf[:n])["ALERT_SUBJECT"]; got != "the recorder's" {
		t.Errorf("the first entry is %s", got)
	}
}
