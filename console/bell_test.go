package console

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hypervisor-tui/alert"
	"hypervisor-tui/console/config"
	"hypervisor-tui/draw"
	"hypervisor-tui/draw/vtscreen"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/clean"
	"hypervisor-tui/journal"
)

// written keeps what a terminal was sent.
type written struct {
	mu   sync.Mutex
	text []byte
}

func (w *written) follow(master *os.File) {
	var buf [1 << 16]byte
	for {
		n, err := master.Read(buf[:])
		w.mu.Lock()
		w.text = append(w.text, buf[:n]...)
		w.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// upTo waits for a mark that was written to the terminal, and returns and forgets what came before it.
func (w *written) upTo(t *testing.T, l *session, mark string) (before string) {
	t.Helper()
	l.tty.Write([]byte(mark))
	await.Until(t, mark, func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		text, rest, found := bytes.Cut(w.text, []byte(mark))
		if found {
			before, w.text = string(text), bytes.Clone(rest)
		}
		return found
	})
	return before
}

// newBell returns a loop that rings by a configuration, and what its terminal gets from then on.
func newBell(t *testing.T, alerts func(*config.Alerts), linux bool) (*session, *written) {
	l, master := newLoop(t)
	c := config.Default()
	c.Alerts.Bell = "crit"
	if alerts != nil {
		alerts(&c.Alerts)
	}
	l.collector.Reconfigure(t.Context(), c)
	l.caps.Linux = linux
	w := new(written)
	go w.follow(master)
	w.upTo(t, l, "<started>")
	return l, w
}

// alarm is an alert that calls.
func alarm(s journal.Severity) frame.Alert {
	return frame.Alert{Problem: frame.Problem{Kind: frame.MountHangs, Severity: s, Subject: "/x", Since: 1}, State: frame.Firing, Fired: 1, Came: 1, Rings: true}
}

// seconds lets n seconds pass in which alerts are so; the first are new when they began.
func seconds(l *session, n int, began bool, alerts ...frame.Alert) {
	for i := range n {
		if began && i == 0 {
			var changes []alert.Change
			for _, a := range alerts {
				changes = append(changes, alert.Change{Alert: a})
			}
			l.called(changes)
		}
		l.frame.Boot += time.Second
		l.frame.Alerts = append(l.frame.Alerts[:0], alerts...)
		l.frame.Bell = l.bellNow(time.Now())
		l.ring()
	}
}

// TestBellOnThePty: a critical alert rings three times in three seconds, by the exact bytes, and once.
func TestBellOnThePty(t *testing.T) {
	const high, middle = "\x1b[10;1500]\x1b[11;180]\a\x1b[10]\x1b[11]", "\x1b[10;900]\x1b[11;180]\a\x1b[10]\x1b[11]"
	muted := func(l *session) { l.mute() }
	for name, c := range map[string]struct {
		linux    bool
		severity journal.Severity
		alerts   func(*config.Alerts)
		before   func(*session)
		change   func(*frame.Alert)
		want     string
	}{
		"linux":            {linux: true, severity: journal.Crit, want: strings.Repeat(high, 3)},
		"xterm":            {severity: journal.Crit, want: "\a\a\a"},
		"err is not asked": {linux: true, severity: journal.Err},
		"err":              {linux: true, severity: journal.Err, alerts: func(a *config.Alerts) { a.Bell = "err" }, want: strings.Repeat(middle, 2)},
		"off":              {severity: journal.Crit, alerts: func(a *config.Alerts) { a.Bell = "off" }},
		"not said":         {severity: journal.Crit, alerts: func(a *config.Alerts) { a.Bell = "" }},
		"quiet":            {severity: journal.Crit, alerts: func(a *config.Alerts) { a.Quiet = config.Hours{To: 24 * time.Hour} }},
		"muted":            {severity: journal.Crit, before: muted},
		"muted and back":   {severity: journal.Crit, before: func(l *session) { l.mute(); l.mute() }, want: "\a\a\a"},
		"acknowledged":     {severity: journal.Crit, change: func(a *frame.Alert) { a.Acked = true }},
		"follows":          {severity: journal.Crit, change: func(a *frame.Alert) { a.Hidden = true }},
		"silent rule":      {severity: journal.Crit, change: func(a *frame.Alert) { a.Rings = false }},
		"unsure":           {severity: journal.Crit, change: func(a *frame.Alert) { a.Unsure = true }},
	} {
		t.Run(name, func(t *testing.T) {
			l, w := newBell(t, c.alerts, c.linux)
			l.frame.Boot = time.Hour
			if c.before != nil {
				c.before(l)
			}
			a := alarm(c.severity)
			if c.change != nil {
				c.change(&a)
			}
			seconds(l, 50, true, a)
			if got := w.upTo(t, l, "<end>"); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestBellRepeats until somebody acknowledges it.
func TestBellRepeats(t *testing.T) {
	l, w := newBell(t, nil, false)
	a := alarm(journal.Crit)
	seconds(l, 7*60, true, a)
	if got := w.upTo(t, l, "<1>"); got != strings.Repeat("\a", 9) {
		t.Errorf("in 7 minutes it beeps %d times, want at once, after 1 and after 6", len(got))
	}
	a.Acked = true
	seconds(l, 3600, false, a)
	if got := w.upTo(t, l, "<2>"); got != "" {
		t.Errorf("acknowledged it beeps %d times", len(got))
	}
}

// TestMuteEnds: after an hour what still calls is heard again.
func TestMuteEnds(t *testing.T) {
	l, w := newBell(t, nil, false)
	l.frame.Boot = time.Hour
	l.mute()
	seconds(l, 3599, true, alarm(journal.Crit))
	if got := w.upTo(t, l, "<1>"); got != "" {
		t.Errorf("muted it beeps %d times", len(got))
	}
	seconds(l, 10, false, alarm(journal.Crit))
	if got := w.upTo(t, l, "<2>"); got != "\a\a\a" {
		t.Errorf("after an hour: %q", got)
	}
}

// TestNothingThatIsDrawnRings: whatever names, log lines and errors have in them, the terminal gets no bell.
func TestNothingThatIsDrawnRings(t *testing.T) {
	const hostile = "\a\x1b[10;1500]\x1b[11;180]\a\x1b]0;x\a\x9d0;x\a\u009d"
	for _, text := range []string{clean.String(hostile), hostile} { // also where something had not been cleaned
		l, w := newBell(t, nil, true)
		l.gather(time.Now())
		l.frame.Host.Machine.Hostname = text
		l.frame.Problems = append(l.frame.Problems[:0], frame.Problem{Kind: frame.VMFailing, Severity: journal.Err, Of: text, Subject: text, Detail: text, Reason: text})
		l.frame.Alerts = append(l.frame.Alerts[:0], frame.Alert{Problem: l.frame.Problems[0], State: frame.Firing})
		l.console.Handle('a', &l.frame)
		l.console.Handle(draw.KeyEnter, &l.frame)
		l.console.Update(200, 60, &l.frame)
		l.console.Draw(l.canvas.Begin(200, 60), &l.frame)
		l.repaint = true
		l.behind = l.Send(l.canvas)
		screen := vtscreen.New(200, 60)
		screen.Write([]byte(w.upTo(t, l, "<end>")))
		if screen.Rings > 0 || len(screen.Foreign) > 0 || !strings.Contains(screen.String(), "Alerts") {
			t.Errorf("%q, on\n%s", screen.Foreign, screen.String())
		}
	}
}

// TestKeysOfAlerts: A acknowledges all that fires, M mutes this terminal and unmutes it.
func TestKeysOfAlerts(t *testing.T) {
	l, _ := newBell(t, nil, false)
	l.gather(time.Now())
	l.news.Alerts().Restore([]frame.Alert{alarm(journal.Crit)})
	l.key(t.Context(), 'A')
	await.Until(t, "idle", l.tty.Idle)
	l.gather(time.Now())
	if !hasAlert(&l.frame, "/x") || l.frame.Alarm() != nil {
		t.Errorf("after A: %+v", l.frame.Alerts)
	}
	l.key(t.Context(), 'M')
	l.gather(time.Now())
	if until := l.frame.Bell.Muted; until.Before(l.frame.Now.Add(59*time.Minute)) || until.After(l.frame.Now.Add(muteTime)) {
		t.Errorf("after M: muted until %v, now it is %v", until, l.frame.Now)
	}
	l.key(t.Context(), 'M')
	l.gather(time.Now())
	if until := l.frame.Bell.Muted; !until.IsZero() {
		t.Errorf("after M and M: muted until %v", until)
	}
}

func hasAlert(f *frame.Frame, subject string) bool {
	for i := range f.Alerts {
		if f.Alerts[i].Subject == subject && f.Alerts[i].Acked {
			return true
		}
	}
	return false
}

// TestRingAllocatesNothing, neither when it beeps.
func TestRingAllocatesNothing(t *testing.T) {
	l, _ := newBell(t, nil, true)
	l.frame.Alerts = []frame.Alert{alarm(journal.Crit)}
	changes := []alert.Change{{Alert: l.frame.Alerts[0]}}
	l.frame.Tick = 2
	fewest := 1e9
	for range 10 { // what the terminal's queue allocates now and then, and the runtime, come on top
		fewest = min(fewest, testing.AllocsPerRun(1, func() {
			l.called(changes)
			l.frame.Boot += time.Second
			l.frame.Bell = l.bellNow(time.Now())
			l.ring()
		}))
	}
	if fewest > 0 {
		t.Errorf("%v allocations a second", fewest)
	}
}

func TestHasSpeaker(t *testing.T) {
	for name, c := range map[string]struct {
		sounds []string
		want   bool
	}{
		"none":   {nil, false},
		"silent": {[]string{"0\n", "0\n"}, false},
		"pcspkr": {[]string{"0\n", "6\n"}, true},
	} {
		dir := t.TempDir()
		for i, text := range c.sounds {
			device := filepath.Join(dir, "input"+strconv.Itoa(i), "capabilities")
			if err := os.MkdirAll(device, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(device, "snd"), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got := hasSpeaker(dir); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if !hasSpeaker(filepath.Join(t.TempDir(), "nothing")) {
		t.Error("where nothing can be known there is said to be no speaker")
	}
}

// TestBigAfterTenMinutes without a key, while something critical calls; the key that brings the screen back does nothing else.
func TestBigAfterTenMinutes(t *testing.T) {
	l, _ := newBell(t, func(a *config.Alerts) { a.Big = true }, false)
	l.gather(time.Now())
	now := time.Now()
	l.past.keyed = now.Add(-bigAfter)
	l.frame.Alerts = nil
	if l.bellNow(now).Big {
		t.Error("nothing calls, and it is big")
	}
	l.frame.Alerts = []frame.Alert{alarm(journal.Crit)}
	if !l.bellNow(now).Big || l.bellNow(now.Add(-time.Second)).Big {
		t.Errorf("after %v: %v, a second before: %v", bigAfter, l.bellNow(now).Big, l.bellNow(now.Add(-time.Second)).Big)
	}
	l.frame.Bell = l.bellNow(now)
	l.frame.Settings.Quit = true
	if quit, _ := l.key(t.Context(), 'q'); quit || l.frame.Bell.Big {
		t.Errorf("after a key: quit %v, big %v", quit, l.frame.Bell.Big)
	}
	if quit, _ := l.key(t.Context(), 'q'); !quit {
		t.Error("the next key does nothing")
	}
}
