package web

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/await"
)

// TestStreamOfANode: another console begins with the screen that it asks for, its keys and size go there, and it knows from
// each event whether Esc does anything.
func TestStreamOfANode(t *testing.T) {
	s := newStage(t)
	id, next, _ := s.watchAt("v1/stream?w=120&h=40&screen=" + frame.Network)
	head := func(want string) {
		t.Helper()
		if event := next(); !regexp.MustCompile(want).MatchString(event) {
			t.Errorf("%.60q, want %s", event, want)
		}
	}
	press := func(query string, names ...string) {
		t.Helper()
		if code := s.pressAt("v1/keys"+query, id, names...); code != http.StatusNoContent {
			t.Errorf("status %d", code)
		}
	}
	head(`^data: \d+ 120 40\t0 `)
	if text := s.now().text; !strings.Contains(text, "Physical interfaces") {
		t.Errorf("it begins with\n%s", text)
	}
	press("", "i")
	head(`^data: \d+! 120 40\t`)
	s.second()
	head(`^data: \d+! 120 40\t`)
	press("", draw.KeyEsc.Name())
	head(`^data: \d+ 120 40\t`)
	press("", "/", "x", "F12", "Control+]", "Control+U")
	want := []draw.Key{'i', draw.KeyEsc, '/', 'x', draw.KeyCtrlU} // nobody logs in from there
	await.Until(t, "the keys", func() bool { return slices.Equal(s.now().typed, want) })
	press("?w=100&h=30")
	await.Until(t, "the other size", func() bool { now := s.now(); return now.w == 100 && now.h == 30 })
	press("", "Escape", "q")
	await.Until(t, "the session ends", func() bool { return s.now().sessions == 0 })
}

// TestStreamsAreApart: a viewer of one kind is none of the other, and what a page of another site can send is refused.
func TestStreamsAreApart(t *testing.T) {
	s := newStage(t)
	console, next, _ := s.watchAt("v1/stream")
	next()
	page, next, _ := s.watch("")
	next()
	for _, c := range []struct {
		path, id string
		code     int
	}{
		{"v1/keys", "", http.StatusForbidden}, {"v1/keys", page, http.StatusNotFound}, {"keys", console, http.StatusNotFound},
		{"v1/keys", console, http.StatusNoContent}, {"keys", page, http.StatusNoContent},
	} {
		var header []string
		if c.id != "" {
			header = []string{viewerHeader, c.id}
		}
		if code := s.request("POST", c.path, "F1", header...).StatusCode; code != c.code {
			t.Errorf("keys to %s: status %d, want %d", c.path, code, c.code)
		}
	}
	if answer := s.request("GET", "v1/stream", ""); answer.StatusCode != http.StatusForbidden {
		t.Errorf("a stream without the header: %s", answer.Status)
	}
	begun := s.now().begun
	for _, path := range []string{"v1/stream", "events"} { // nobody would read what a session draws
		if answer := s.request("HEAD", path, "", viewerHeader, "new"); answer.StatusCode != http.StatusMethodNotAllowed || s.now().begun != begun {
			t.Errorf("the head of %s: %s, %d sessions", path, answer.Status, s.now().begun-begun)
		}
	}
	for _, c := range [][2]string{{"POST", "v1/stream"}, {"GET", "v1/keys"}, {"PUT", "v1/keys"}} {
		if answer := s.request(c[0], c[1], "", viewerHeader, console); answer.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%s %s: %s", c[0], c[1], answer.Status)
		}
	}
	for _, path := range []string{"v1/", "v1/events", "v1/summary"} { // the last is not of this handler
		if answer := s.request("GET", path, "", viewerHeader, "new"); answer.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, answer.Status)
		}
	}
}

// TestMarkWithoutRows: what Esc does may change without the picture, and is told once. A browser's page does not know the mark.
func TestMarkWithoutRows(t *testing.T) {
	c := draw.NewCanvas(draw.Appearance{Theme: draw.DarkTheme(16), Glyphs: draw.UnicodeGlyphs()})
	for _, tells := range []bool{true, false} {
		p := newPage(t.Context(), size{80, 24})
		p.tells = tells
		p.Repaint()
		events := func(nested bool) string {
			c.Begin(80, 24).Fill('x', draw.Text)
			p.Nested(nested)
			p.Send(c)
			if p.Idle() {
				return ""
			}
			event := <-p.full
			p.free <- event
			return string(event)
		}
		mark := map[bool]string{true: "!"}[tells]
		for i, step := range []struct {
			nested bool
			want   string
		}{
			{true, `^data: \d+` + mark + ` 80 24\t`}, {true, `^$`},
			{false, map[bool]string{true: `^data: \d+\n\n$`, false: `^$`}[tells]}, {false, `^$`},
			{true, map[bool]string{true: `^data: \d+!\n\n$`, false: `^$`}[tells]},
		} {
			if event := events(step.nested); !regexp.MustCompile(step.want).MatchString(event) {
				t.Errorf("%d: %.60q, want %s", i, event, step.want)
			}
		}
	}
}
