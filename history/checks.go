package history

import (
	"slices"
	"strings"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/plugin"
)

// What plugins report comes behind all else in a record, so that however much it is, and however often its lists grow and shrink,
// the host's own figures keep their place, their differences to the record before and their means. Of what plugins report the
// last is kept, never a mean: a figure is that of the text beside it.

const (
	maxChecks  = 32 << 10 // bytes, about, that what plugins say takes of a record at most when all of it is new,
	meanChecks = 2 << 10  // and each 10 seconds in the long run: what a large host takes
	cellSize   = 2        // bytes, about, of a cell that changes
)

// checks bounds what plugins say. One goroutine uses it.
type checks struct {
	room    int // bytes, about, that it may take when all of it is new
	state   plugin.State
	results []plugin.Result // room for those of state

	problems []frame.Problem // room
	alerts   []frame.Alert
}

// bounded returns what is recorded of s: the names, states and ages of all, and as far as there is room their texts, then figures,
// then lines, then pages, each whole or not at all. It is valid until the next call, and nil where s is.
func (c *checks) bounded(s *plugin.State) *plugin.State {
	if s == nil {
		return nil
	}
	c.results, c.state = append(c.results[:0], s.Results...), *s
	c.state.Results = c.results
	left := c.room
	fits := func(size int) bool {
		if size > left {
			return false
		}
		left -= size
		return true
	}
	for i := range c.results {
		if r := &c.results[i]; !fits(len(r.Text)) {
			r.Text = "too large to be recorded"
		}
	}
	for i := range c.results {
		if r := &c.results[i]; !fits(figuresSize(r.Figures)) {
			r.Figures, r.Left, r.Cut = nil, r.Left+len(r.Figures), true
		}
	}
	for i := range c.results {
		if r := &c.results[i]; !fits(textsSize(r.More)) {
			r.More, r.Cut = nil, true
		}
	}
	for i := range c.results {
		if r := &c.results[i]; r.Page != nil && !fits(screenSize(r.Page)) {
			r.Page, r.Cut = nil, true
		}
	}
	return &c.state
}

// adapt makes the room smaller after a time in which what plugins say took too many bytes, and larger again after another.
func (c *checks) adapt(taken int, in time.Duration) {
	if taken > meanChecks*int(in/intervals[0]) {
		c.room /= 2
	} else {
		c.room = min(max(2*c.room, 1<<10), maxChecks)
	}
}

func textsSize(texts []string) (n int) {
	for _, t := range texts {
		n += cellSize + len(t)
	}
	return n
}

func figuresSize(figures []plugin.Figure) (n int) {
	for i := range figures {
		n += 13*cellSize + 9 + len(figures[i].Label) + len(figures[i].Unit)
	}
	return n
}

func screenSize(p *plugin.Page) (n int) {
	for i := range p.Blocks {
		b := &p.Blocks[i]
		for k := range b.Pairs {
			n += 4*cellSize + len(b.Pairs[k].Name) + len(b.Pairs[k].Value)
		}
		if b.Table != nil {
			for k := range b.Table.Columns {
				n += 2*cellSize + len(b.Table.Columns[k].Name)
			}
			for k := range b.Table.Rows {
				n += 3*cellSize + textsSize(b.Table.Rows[k].Cells)
			}
		}
		if b.Gauge != nil {
			n += 6*cellSize + 9 + len(b.Gauge.Label) + len(b.Gauge.Unit)
		}
		if b.Series != nil {
			n += (3+len(b.Series.Points))*cellSize + len(b.Series.Label) + len(b.Series.Unit)
		}
	}
	return n + len(p.Title)
}

// withoutReasons returns the problems and alerts of s without what plugins say in full: their results say that. They are valid
// until the next call.
func (c *checks) withoutReasons(s *frame.Snapshot) ([]frame.Problem, []frame.Alert) {
	c.problems, c.alerts = append(c.problems[:0], s.Problems...), append(c.alerts[:0], s.Alerts...)
	eachCheckFailed(c.problems, c.alerts, func(p *frame.Problem) { p.Reason = "" })
	return c.problems, c.alerts
}

// giveReasons gives back to the problems and alerts of s what withoutReasons has taken, as far as it was recorded. Of one that is
// over the plugin may say something else by now.
func giveReasons(s *frame.Snapshot) {
	if s.Checks == nil {
		return
	}
	eachCheckFailed(s.Problems, s.Alerts, func(p *frame.Problem) {
		for i := range s.Checks.Results {
			if r := &s.Checks.Results[i]; r.Name == p.Subject && r.Text != p.Detail && strings.HasPrefix(r.Text, p.Detail) {
				p.Reason = r.Text
			}
		}
	})
}

// eachCheckFailed visits the problems that plugins have found, those of alerts among them.
func eachCheckFailed(problems []frame.Problem, alerts []frame.Alert, visit func(*frame.Problem)) {
	for i := range problems {
		if problems[i].Kind == frame.CheckFailed {
			visit(&problems[i])
		}
	}
	for i := range alerts {
		if alerts[i].Kind == frame.CheckFailed {
			visit(&alerts[i].Problem)
		}
	}
}

// mend takes out of what was read what no plugin can have said, for screens count on it.
func mend(s *plugin.State) {
	if s == nil {
		return
	}
	for i := range s.Results {
		page := s.Results[i].Page
		if page == nil {
			continue
		}
		page.Blocks = slices.DeleteFunc(page.Blocks, func(b plugin.Block) bool {
			if b.Table != nil {
				b.Table.Rows = slices.DeleteFunc(b.Table.Rows, func(r plugin.Row) bool { return len(r.Cells) != len(b.Table.Columns) })
			}
			return b.Gauge != nil && !(b.Gauge.Of > 0) || len(b.Pairs) == 0 && b.Table == nil && b.Gauge == nil && b.Series == nil
		})
	}
}
