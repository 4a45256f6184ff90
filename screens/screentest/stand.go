// Package screentest shows pages in tests as the program does.
package screentest

import (
	"bytes"

	"hypervisor-tui/draw"
	"hypervisor-tui/draw/tty"
	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
	"hypervisor-tui/screens"
)

// Looks are how a picture may be drawn.
var Looks = map[string]draw.Appearance{
	"colour": {Theme: draw.DarkTheme(16), Glyphs: draw.UnicodeGlyphs()},
	"mono":   {Theme: draw.MonoTheme(), Glyphs: draw.VTGlyphs(tty.NewFont("─│┌┐└┘┬┴┼├█▌▄░√↑↓←→»·"))},
	"ascii":  {Theme: draw.MonoTheme(), Glyphs: draw.ASCIIGlyphs()},
}

// Keys are all special keys and a choice of runes: those that are bound, and some that are not.
var Keys = func() []draw.Key {
	var all []draw.Key
	for k := draw.KeyF1; k >= draw.KeyCtrlZ; k-- {
		all = append(all, k)
	}
	for _, r := range "0123ri?q /jkgGleEnNwtvVbcdfsuT !re:[]pB*漢\u0301x" {
		all = append(all, draw.Key(r))
	}
	return all
}()

// Stand is a Console, with what its pages asked the log.
type Stand struct {
	*screens.Console
	query journal.Query
	asked bool // and not taken yet
}

// New is a stand with the pages that are made with a function to ask the log.
func New(first string, crashed func(panel string, value any), pages func(ask func(journal.Query)) []screens.Screen) *Stand {
	s := new(Stand)
	s.Console = screens.New(pages(func(q journal.Query) { s.query, s.asked = q, true }), first, crashed)
	return s
}

// Newest returns the newest query, and whether it was asked since the last call.
func (s *Stand) Newest() (journal.Query, bool) {
	asked := s.asked
	s.asked = false
	return s.query, asked
}

// Present draws f as the loop does.
func (s *Stand) Present(canvas *draw.Canvas, w, h int, f *frame.Frame) {
	s.Update(w, h, f)
	s.Draw(canvas.Begin(w, h), f)
}

// Show draws f on a terminal without colours and returns the text.
func (s *Stand) Show(w, h int, f *frame.Frame) string {
	canvas := draw.NewCanvas(Looks["ascii"])
	s.Present(canvas, w, h, f)
	return string(canvas.AppendText(nil))
}

// Row draws with a pen on a row of 80 cells, and returns the text and the role of each cell.
func Row(write func(*draw.Pen)) (text, roles string) {
	canvas := draw.NewCanvas(Looks["ascii"])
	p := canvas.Begin(80, 1).Pen(0, 0)
	write(&p)
	p.To(79).Text(draw.Bad, "|") // or the roles would end with the last one
	return string(canvas.AppendText(nil)), string(canvas.AppendRoles(nil))
}

// Answer stands in for the log's owner, as far as a fixed page can: it answers with the newest entries.
func (s *Stand) Answer(f *frame.Frame) {
	q, changed := s.Newest()
	if !changed || f.Page == nil {
		return
	}
	f.Page.Query = q.Number
	if extra := len(f.Page.Rows) - q.Rows; extra > 0 {
		f.Page.Rows = f.Page.Rows[extra:]
	}
	f.Page.Newer = 0
	if q.Anchor != 0 {
		f.Page.Newer = 214
	}
	if q.Filter.Text != "" {
		f.Page.Matches = 37
		markMatches(f.Page, []byte(q.Filter.Text))
	}
}

func markMatches(p *journal.Page, text []byte) {
	for i := range p.Rows {
		r := &p.Rows[i]
		r.MatchStart, r.MatchEnd = 0, 0
		if at := bytes.Index(p.Message(r), text); at >= 0 {
			r.MatchStart, r.MatchEnd = at, at+len(text)
		}
	}
}
