package console

import (
	"time"

	"hypervisor-tui/alert/bell"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/journal"
)

// muteTime is how long a terminal that was muted does not ring.
const muteTime = time.Hour

// ring lets the terminal sound for what calls. It is asked each second, while the terminal takes what it gets.
func (l *session) ring(now time.Time) {
	c := l.collector.Config().Alerts
	o := bell.Options{Repeat: c.Repeat, Linux: l.config.caps.Linux, Least: journal.Crit, Quiet: c.Quiet.Contain(now.In(l.frame.Now.Location()))}
	switch c.Bell {
	case "":
		o.On = o.Linux
	case "err":
		o.On, o.Least = true, journal.Err
	default:
		o.On = c.Bell == "crit"
	}
	if l.frame.Self.Muted > l.frame.Boot {
		o.On = false
	}
	var room [64]byte
	if b := l.bell.Step(room[:0], l.frame.Alerts, o, l.frame.Boot); len(b) > 0 {
		l.tty.Ring(b)
	}
}

// mute mutes this terminal, or lets it ring again.
func (l *session) mute() {
	now := boottime.Now()
	if l.frame.Self.Muted > now {
		l.frame.Self.Muted = 0
	} else {
		l.frame.Self.Muted = now + muteTime
	}
}
