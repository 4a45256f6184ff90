package sample

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/clean/secret"
	"hypervisor-tui/sample/procfile"
)

// reader brings its part of h and n up to date. now is CLOCK_BOOTTIME; after an error they hold the last good values.
type reader interface {
	read(now time.Duration, h *Host, n *Net) error
	// close gives back the descriptors; the next read opens the files again.
	close()
}

// counter is a reader whose file has counters that no rate of a Host is made of.
type counter interface {
	// count brings its part of c up to date from what was read last, which it follows, without an error.
	count(c *Counters)
}

// source is one source with its reader, and how its last error reads.
type source struct {
	source Source
	reader reader
	last   error
	text   string
}

var (
	errNoSensors   = procfile.Absent("no sensors in " + hwmon)
	errNoHugePages = procfile.Absent("no sizes in " + hugepages)
	errNoClock     = procfile.Absent("no cpufreq and no clock in " + cpuinfo)
	errNoEDAC      = procfile.Absent("no memory controllers in " + edac)
)

// crashed is what a panic was about.
type crashed string

func (c crashed) Error() string { return "crashed: " + string(c) }

func newCrash(what any) crashed {
	switch v := what.(type) {
	case error:
		return crashed(v.Error())
	case string:
		return crashed(v)
	}
	return "panic"
}

// run takes the step at the time begin and returns the time after it.
func (s *Sampler) run(t *source, begin time.Duration) time.Duration {
	err := t.read(begin, s)
	end := s.now()
	if err == procfile.ErrNotYet {
		return end
	}
	if err != t.last {
		t.last, t.text = err, ""
		if err != nil {
			t.text = secret.String(err.Error())
		}
	}
	h := &s.host.Health[t.source]
	h.Cost = end - begin
	switch err.(type) {
	case nil:
		h.Good(begin)
	case procfile.Warning:
		h.Good(begin)
		h.Err = t.text
	case crashed:
		h.Fail(begin, t.text)
	default:
		if t.source.optional() && absent(err) {
			h.Gone(begin, t.text)
		} else {
			h.Bad(begin, t.text)
		}
	}
	return end
}

// read is the reader's own, and its counters' while they are wanted, with a panic made an error: one reader's bug leaves the
// others alone.
func (t *source) read(now time.Duration, s *Sampler) (err error) {
	defer func() {
		if crash := recover(); crash != nil {
			err = newCrash(crash)
		}
	}()
	err = t.reader.read(now, &s.host, &s.net)
	if s.counting && sound(err) {
		if counter, ok := t.reader.(counter); ok {
			counter.count(&s.counters)
		}
	}
	return err
}

// sound reports whether err leaves what was read good.
func sound(err error) bool {
	_, warning := err.(procfile.Warning)
	return err == nil || warning
}

// optional reports whether a sound host may lack the source.
func (s Source) optional() bool {
	switch s {
	case Pressure, Diskstats, Sensors, NetDev, Sockets, Huge, Frequency, Arrays, Pools, EDAC, VMStat:
		return true
	}
	return false
}

// absent reports whether err means: this host has no such thing. A kernel with psi=0 has the files and will not read them.
func absent(err error) bool {
	_, isNone := err.(procfile.Absent)
	return isNone || procfile.Missing(err) || errors.Is(err, unix.EOPNOTSUPP)
}
