package console

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hypervisor-tui/alert"
	"hypervisor-tui/alert/bell"
	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
)

const (
	muteTime     = time.Hour
	bigAfter     = 10 * time.Minute // without a key
	speakerBeats = 60               // seconds between two looks for a speaker
)

// bellState is the session's part in calling for alerts.
type bellState struct {
	ringer  bell.Ringer
	some    bool             // something that rings has begun since the last tick,
	began   journal.Severity // and how bad the worst of that is
	muted   time.Duration    // CLOCK_BOOTTIME until which nothing rings, because somebody has asked for it
	beep    []byte           // the bytes of one, kept for its memory
	speaker aside
}

// bellNow is how this terminal calls: from which severity on, and whether anything is to be heard now. Only the kernel's
// console of this machine rings where the configuration does not say so.
func (l *session) bellNow(now time.Time) frame.Bell {
	a, f := l.collector.Config().Alerts, &l.frame
	b := frame.Bell{Rings: l.terminal != nil, From: journal.Crit, Quiet: a.Quiet.Contain(f.Now)}
	b.Big = a.Big && now.Sub(l.past.keyed) >= bigAfter && f.Alarm() != nil
	switch a.Bell {
	case "err":
		b.From = journal.Err
	case "off":
		b.Rings = false
	case "":
		b.Rings = l.terminal != nil && l.caps.Own
	}
	if f.Boot < l.bell.muted {
		b.Muted = f.Now.Add(l.bell.muted - f.Boot)
	}
	return b
}

// called takes in what has begun.
func (l *session) called(changes []alert.Change) {
	for i := range changes {
		if a := &changes[i]; !a.Over && a.Calls() && (!l.bell.some || a.Severity < l.bell.began) {
			l.bell.began, l.bell.some = a.Severity, true
		}
	}
}

// ring is called once a second, behind a frame that the terminal had time for, and beeps at most once. It never waits.
func (l *session) ring() {
	b := &l.frame.Bell
	if l.terminal == nil {
		return
	}
	if l.frame.Tick%speakerBeats == 1 {
		l.lookForSpeaker(b.Rings)
	}
	call := bell.Call{Began: bell.Silent, All: bell.Silent, Once: !l.collector.Config().Alerts.Repeat, Silent: b.Quiet || !b.Muted.IsZero()}
	if b.Rings {
		for i := range l.frame.Alerts {
			if a := &l.frame.Alerts[i]; a.Severity <= b.From && a.Severity < call.All && a.Calls() {
				call.All = a.Severity
			}
		}
		if l.bell.some && l.bell.began <= b.From {
			call.Began = l.bell.began
		}
	}
	l.bell.some = false
	severity := l.bell.ringer.Step(l.frame.Boot, call)
	if severity == bell.Silent {
		return
	}
	l.bell.beep = bell.Append(l.bell.beep[:0], severity, l.caps.Linux)
	_, _ = l.tty.Write(l.bell.beep) // a terminal that is gone is reported elsewhere
}

// mute makes the terminal ring for nothing for muteTime, or again.
func (l *session) mute() {
	if l.frame.Boot < l.bell.muted {
		l.bell.muted = 0
	} else {
		l.bell.muted = l.frame.Boot + muteTime
	}
}

// noSpeaker is the note of a console that rings where nothing is heard.
const noSpeaker = "bell: no speaker: no input device makes sounds (modprobe pcspkr)"

// lookForSpeaker makes it known whether the bell of a console can be heard.
func (l *session) lookForSpeaker(rings bool) {
	if !l.caps.Own {
		return
	}
	l.ask(&l.bell.speaker, "speaker", func() func() {
		silent := rings && !hasSpeaker("/sys/class/input")
		return func() { l.note(noSpeaker, silent) }
	})
}

// note makes a note one of the settings', or not.
func (l *session) note(text string, on bool) {
	if slices.Contains(l.frame.Settings.Notes, text) == on {
		return
	}
	s := *l.frame.Settings
	s.Notes = slices.DeleteFunc(slices.Clone(s.Notes), func(note string) bool { return note == text })
	if on {
		s.Notes = append(s.Notes, text)
	}
	l.frame.Settings = &s
}

// hasSpeaker reports whether one of the input devices in a directory makes sounds, or that cannot be known.
//
// Kernel: Documentation/input/event-codes.rst, EV_SND
func hasSpeaker(dir string) bool {
	files, _ := filepath.Glob(filepath.Join(dir, "*", "capabilities", "snd")) // the pattern is a good one
	for _, file := range files {
		if text, err := os.ReadFile(file); err != nil || strings.Trim(string(text), "0 \n") != "" {
			return true
		}
	}
	_, err := os.ReadDir(dir)
	return err != nil
}
