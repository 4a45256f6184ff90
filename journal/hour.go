package journal

import "time"

// Hour is what came in the last sixty minutes by the entries' own stamps, the last one being the minute that runs.
type Hour struct {
	Minutes [60]Minute
	Known   int   // of the last minutes: what came before them was not all taken in
	Last    int64 // the last minute, counted since 1970
}

// Until returns the hour whose last minute is now's, where nothing has come since h was counted.
func (h *Hour) Until(now time.Time) Hour {
	n := minuteOf(now.UnixMicro())
	later := n - h.Last
	moved := Hour{Known: int(min(max(int64(h.Known)+later, 0), 60)), Last: n}
	for i := range moved.Minutes {
		if from := int64(i) + later; from >= 0 && from < 60 {
			moved.Minutes[i] = h.Minutes[from]
		}
	}
	return moved
}

// Minute counts the entries of one minute.
type Minute struct{ Errors, Warnings, Others int32 }

// hour counts entries by minute as they come. A minute's place is its number modulo 64; one that holds another minute
// is taken over when that one is over an hour old or, since the clock was set back, still to come.
type hour struct {
	minutes [64]struct {
		minute int64 // since 1970
		Minute
	}
	since int64 // what came before this minute was not counted; 0: all was
}

func minuteOf(micros int64) int64 { return micros / int64(time.Minute/time.Microsecond) }

// add counts an entry; now is the minute that runs.
func (h *hour) add(minute, now int64, s Severity) {
	if minute > now || minute <= now-60 {
		return
	}
	b := &h.minutes[minute&63]
	if b.minute != minute {
		b.minute, b.Minute = minute, Minute{}
	}
	switch {
	case s <= Err:
		b.Errors++
	case s == Warning:
		b.Warnings++
	default:
		b.Others++
	}
}

// last fills in the hour that ends with now, of which dst.Known minutes were taken in.
func (h *hour) last(dst *Hour, now int64) {
	dst.Last = now
	if h.since > 0 {
		dst.Known = int(min(int64(dst.Known), max(now-h.since+1, 0)))
	}
	for i := range dst.Minutes {
		minute := now - 59 + int64(i)
		b := &h.minutes[minute&63]
		dst.Minutes[i] = Minute{}
		if b.minute == minute {
			dst.Minutes[i] = b.Minute
		}
	}
}

// beginning is since when all entries of a source are taken in: its first one came at, with a stamp that was so much
// older. The clock may be set afterwards, which does not change it.
type beginning struct {
	at    time.Time
	older time.Duration
}

// minutes is for how many of the last minutes, the one that runs included, that is.
func (s beginning) minutes(now time.Time) int {
	since := now.Sub(s.at) + s.older
	return int(min(max(since/time.Minute, 0), 59)) + 1
}
