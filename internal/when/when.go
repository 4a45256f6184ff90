// Package when reads a time as somebody types it.
package when

import (
	"strconv"
	"strings"
	"time"
)

// Examples are what a prompt for a time says that it takes.
var Examples = [...]string{"03:12", "-2h", "yesterday 18:00", "Nov 21 18:00", "2026-11-21 18:00"}

// dateForms and clockForms are what a date and a time of day may be typed as. What stands between them is a blank.
var (
	dateForms  = [...]string{"2006-01-02", "01-02", "Jan 2"}
	clockForms = [...]string{"15:04:05", "15:04"}
)

// Parse reads a time as somebody types it at now, in whose zone it is unless it names one:
//
//	03:12  03:12:45            today, or yesterday when that is still to come
//	-2h  -90m  -1d12h          before now
//	yesterday 18:00  today     midnight without a time of day
//	Nov 21 18:00  11-21 18:00  this year, or the last one when that is still to come
//	2026-11-21 18:00           as it is
//	2026-11-21T18:00:00Z       RFC 3339
func Parse(typed string, now time.Time) (at time.Time, ok bool) {
	if ago, negative := strings.CutPrefix(typed, "-"); negative {
		return before(now, ago)
	}
	if at, err := time.Parse(time.RFC3339, typed); err == nil {
		return at.In(now.Location()), true
	}
	if of, err := clock(typed); err == nil {
		at := onDay(now, of)
		if at.After(now) {
			at = onDay(now.AddDate(0, 0, -1), of)
		}
		return at, true
	}
	date, of := typed, time.Time{}
	if blank := strings.LastIndexByte(typed, ' '); blank > 0 && strings.Contains(typed[blank:], ":") {
		var err error
		if of, err = clock(typed[blank+1:]); err != nil {
			return at, false
		}
		date = strings.TrimRight(typed[:blank], " ")
	}
	switch strings.ToLower(date) {
	case "today":
		return onDay(now, of), true
	case "yesterday":
		return onDay(now.AddDate(0, 0, -1), of), true
	}
	for _, form := range dateForms {
		day, err := time.ParseInLocation(form, date, now.Location())
		if err != nil {
			continue
		}
		if day.Year() != 0 {
			return onDay(day, of), true
		}
		for year := now.Year(); ; year-- { // further back than last year for 29 February alone
			at = onDay(time.Date(year, day.Month(), day.Day(), 0, 0, 0, 0, now.Location()), of)
			if at.Day() == day.Day() && !at.After(now) {
				return at, true
			}
		}
	}
	return at, false
}

// before reads a span, days in front, and returns the time so long before now.
func before(now time.Time, span string) (at time.Time, ok bool) {
	days, rest, hasDays := strings.Cut(span, "d")
	if !hasDays {
		days, rest = "0", span
	} else if rest == "" {
		rest = "0"
	}
	n, err := strconv.ParseUint(days, 10, 16)
	d, err2 := time.ParseDuration(rest)
	if err != nil || err2 != nil || strings.ContainsAny(rest[:1], "+-") {
		return at, false
	}
	return now.AddDate(0, 0, -int(n)).Add(-d), true
}

// clock reads a time of day.
func clock(typed string) (of time.Time, err error) {
	for _, form := range clockForms {
		if of, err = time.Parse(form, typed); err == nil {
			return of, nil
		}
	}
	return of, err
}

// onDay is the time of day of another time on a day.
func onDay(day, of time.Time) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), of.Hour(), of.Minute(), of.Second(), 0, day.Location())
}
