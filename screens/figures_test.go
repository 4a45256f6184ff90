package screens_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/journal"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens"
)

// TestDFiguresSayWhatIsKnown: figures that the golden screens have with one value only, and what is not known of them.
func TestDFiguresSayWhatIsKnown(t *testing.T) {
	for name, c := range map[string]struct {
		change      func(*frame.Frame)
		keys        []draw.Key
		want, never string
	}{
		"memory errors": {func(f *frame.Frame) {
			f.Host.EDAC = []sample.MemoryController{{Name: "mc0", Corrected: 3, Uncorrected: 5}}
		}, []draw.Key{'c'}, "mc0: 3 errors corrected, 5 not", ""},
		"blocked tasks are not counted": {func(f *frame.Frame) { f.Host.Blocked = -1 }, nil, "tasks 3/842", "blocked"},
		"the sensor that is nearest to its limit": {func(f *frame.Frame) {
			f.Host.Sensors = []sample.Sensor{{Name: "warm", Celsius: 70, High: 100}, {Name: "cold", Celsius: 50, High: 55}}
		}, nil, "50 C cold", "70 C"},
		"interfaces are not known yet": {func(f *frame.Frame) { f.Net.Interfaces, f.Net.Rx, f.Net.Tx = nil, math.NaN(), math.NaN() }, nil, "RX --", "no interface"},
		"2.5 Gb/s":                     {func(f *frame.Frame) { f.Net.Interfaces[1].Detail.SpeedMbps = 2500 }, nil, "up 2.5 Gb/s", ""},
		"100 Mb/s":                     {func(f *frame.Frame) { f.Net.Interfaces[1].Detail.SpeedMbps = 100 }, nil, "up 100 Mb/s", ""},
		"memory is not measured":       {func(f *frame.Frame) { f.Self.RSS = 0 }, []draw.Key{'i'}, "memory --", "memory 0"},
		"a problem that tells when": {func(f *frame.Frame) {
			f.Problems = []frame.Problem{{Kind: frame.NoCarrier, Subject: "eth1", Where: frame.Network}, {Kind: frame.CertificateExpires, Subject: "client", N: 5, Since: f.Boot - time.Hour, Where: frame.Dashboard}}
		}, []draw.Key{'i', draw.KeyEnd}, "client certificate expires in 5 days [F2]", ""},
		"how long reads and writes take":  {func(*frame.Frame) {}, []draw.Key{'d'}, " 2400 800 0.4 1.2 SAMSUNG", ""},
		"an array that has a spare alone": {func(f *frame.Frame) { f.Host.Arrays[0].Failed, f.Host.Arrays[0].Spare = 0, 1 }, []draw.Key{'d'}, "0 failed, 1 spare", ""},
		"a certificate has just expired": {func(f *frame.Frame) { frametest.Healthy(f); f.Kube.ServerCert.NotAfter = f.Now.Add(-30 * time.Minute) }, []draw.Key{'i'},
			"server: expired 30m ago", ""},
		"no next try": {func(f *frame.Frame) { frametest.APIDown(f); f.Kube.Cause.Retry = f.Boot - time.Minute }, []draw.Key{'i'}, "no answer from the API", "next try"},
		"a migration of which nobody says when it ended": {func(f *frame.Frame) {
			frametest.Healthy(f)
			f.Kube.Virt.Migrations = []kube.Migration{{Namespace: "a", VMI: "vm", Phase: "Failed", Created: f.Now.Add(-2 * time.Hour)}}
		}, []draw.Key{'n'}, "2h 0m ago", ""},
		"a node of which nobody hears": {func(f *frame.Frame) { frametest.Healthy(f); f.Kube.Local.Ready = "Unknown" }, nil, "x NotReady", ""},
		"a condition that nobody judges": {func(f *frame.Frame) {
			frametest.Healthy(f)
			f.Kube.Local.Conditions = append(f.Kube.Local.Conditions, kube.Condition{Type: "Odd", Status: "True", Good: kube.Unknown})
		}, nil, "ok Ready ", "Odd"},
	} {
		f := frametest.Fixed()
		c.change(f)
		text := squeeze(shot(t, frame.Dashboard, 200, 60, f, c.keys...))
		if !strings.Contains(text, c.want) || c.never != "" && strings.Contains(text, c.never) {
			t.Errorf("%s: want %q and not %q:\n%s", name, c.want, c.never, text)
		}
	}
}

// TestDPausedLogIsNotRead: what comes while nobody can see it stays unread.
func TestDPausedLogIsNotRead(t *testing.T) {
	for name, c := range map[string]struct {
		key  draw.Key
		seen bool
	}{"looked at": {draw.KeyNone, true}, "paused": {' ', false}, "below an overlay": {'?', false}, "on another screen": {draw.KeyF2, false}} {
		console, f := newConsole(frame.Logs, nil), frametest.Fixed()
		console.Show(80, 24, f)
		console.Handle(c.key, f)
		console.Show(80, 24, f)
		if q, _ := console.Newest(); q.Seen != c.seen {
			t.Errorf("%s: read %v", name, q.Seen)
		}
	}
}

// TestDLoginIsAskedFor: only where the config allows it, and y alone is yes; meanwhile nobody types into a prompt below.
func TestDLoginIsAskedFor(t *testing.T) {
	for key, want := range map[draw.Key]screens.CommandKind{'y': screens.Login, 'Y': screens.Login, 'n': screens.None, ' ': screens.None, draw.KeyEnter: screens.None, draw.KeyEsc: screens.None} {
		for _, allowed := range []bool{true, false} {
			console, f := newConsole(frame.Logs, nil), frametest.Fixed()
			settings := *f.Settings
			settings.Login = allowed
			f.Settings = &settings
			console.Show(80, 24, f)
			console.Handle('/', f)
			console.Handle(draw.KeyF12, f)
			if opened := console.OverlayName() == "login"; opened != allowed || console.Typing() == opened {
				t.Errorf("allowed %v, asked %v, typing %v", allowed, opened, console.Typing())
			}
			got := console.Handle(key, f).Kind
			if allowed && got != want || !allowed && got == screens.Login || console.OverlayName() == "login" && got != screens.Login {
				t.Errorf("key %d, allowed %v: command %d, overlay %q", key, allowed, got, console.OverlayName())
			}
		}
	}
}

// TestDEntryHasItsOwnFields, not those of the one that was opened before.
func TestDEntryHasItsOwnFields(t *testing.T) {
	f := frametest.Fixed()
	f.Page.Whole = &journal.Whole{ID: 1, Fields: []journal.WholeField{{Name: "MESSAGE", Text: []byte("of another")}}}
	if text := shot(t, frame.Logs, 100, 30, f, draw.KeyEnter); strings.Contains(text, "of another") || !strings.Contains(text, "reading its fields") {
		t.Error(text)
	}
}
