package peer

import (
	"encoding/json"
	"errors"
	"slices"

	"hypervisor-tui/internal/clean/secret"
)

// ErrTooLong says that an answer is longer than a summary may be.
var ErrTooLong = errors.New("it answers more than 4 kB")

// ParseSummary returns what a node said, its texts clean and without what cannot be: no percent above 100, no less than none.
func ParseSummary(text []byte) (*Summary, error) {
	if len(text) > MaxSummary {
		return nil, ErrTooLong
	}
	s := new(Summary)
	const first, last = 1970, 2200 // years that a clock can show
	if json.Unmarshal(text, s) != nil || s.Node == "" || s.Time.Year() < first || s.Time.Year() > last {
		return nil, errors.New("its answer is no summary")
	}
	s.tidy()
	return s, nil
}

// tidy takes out of s what cannot be.
func (s *Summary) tidy() {
	for _, t := range []*string{&s.Node, &s.Version, &s.BootID, &s.Worst, &s.API} {
		*t = secret.String(*t)
	}
	s.Severity = oneOf(s.Severity, "crit", "err", "warning", "notice")
	s.Ready = oneOf(s.Ready, "True", "False", "Unknown")
	s.CPU, s.Fullest = percent(s.CPU), percent(s.Fullest)
	if s.MemoryUsed != nil && (s.Memory == nil || *s.MemoryUsed > *s.Memory) {
		s.MemoryUsed = nil
	}
	if s.VMs != nil && *s.VMs < 0 {
		s.VMs = nil
	}
	s.Problems, s.Generation, s.Uptime = max(s.Problems, 0), max(s.Generation, 0), max(s.Uptime, 0)
}

// oneOf is word where it is one of those, else empty.
func oneOf(word string, those ...string) string {
	if slices.Contains(those, word) {
		return word
	}
	return ""
}

// percent is v where it can be one, else nil.
func percent(v *float64) *float64 {
	if v == nil || *v < 0 || *v > 100 {
		return nil
	}
	return v
}
