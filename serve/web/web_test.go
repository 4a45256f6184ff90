package web

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/await"
)

// request sends a request with some headers, name and value in turn.
func (s *stage) request(method, path, body string, header ...string) *http.Response {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, s.url()+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = answer.Body.Close() })
	return answer
}

func (s *stage) body(r *http.Response) string {
	s.Helper()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		s.Fatal(err)
	}
	return string(text)
}

// watch opens a stream of events for the page. next returns the next one that is not empty.
func (s *stage) watch(query string) (id string, next func() string, leave func()) {
	s.Helper()
	return s.watchAt("events" + query)
}

func (s *stage) watchAt(path string) (id string, next func() string, leave func()) {
	s.Helper()
	answer := s.request("GET", path, "", viewerHeader, "new")
	if answer.StatusCode != http.StatusOK {
		s.Fatalf("events: %s", answer.Status)
	}
	r := bufio.NewReader(answer.Body)
	return answer.Header.Get(viewerHeader), func() string {
		s.Helper()
		var event string
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				s.Fatal(err)
			}
			if event += line; line == "\n" {
				if !beat.MatchString(event) {
					return event
				}
				event = ""
			}
		}
	}, func() { _ = answer.Body.Close() }
}

var beat = regexp.MustCompile(`^data: \d+\n\n$`)

func (s *stage) press(id, query string, names ...string) int {
	s.Helper()
	return s.pressAt("keys"+query, id, names...)
}

func (s *stage) pressAt(path, id string, names ...string) int {
	s.Helper()
	return s.request("POST", path, strings.Join(names, "\n"), viewerHeader, id).StatusCode
}

func TestPageIsSmall(t *testing.T) {
	const limit = 8 << 10
	s := newStage(t)
	answer := s.request("GET", "", "", "Accept", "text/html", "Accept-Encoding", "gzip")
	zipped := s.body(answer)
	if len(zipped) > limit {
		t.Errorf("%d bytes, at most %d", len(zipped), limit)
	}
	t.Logf("%d bytes, %d unzipped", len(zipped), len(pageHTML))
	z, err := gzip.NewReader(strings.NewReader(zipped))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(z); err != nil || string(text) != pageHTML {
		t.Errorf("it is another page, or %v", err)
	}
	if plain := s.body(s.request("GET", "", "", "Accept", "text/html", "Accept-Encoding", "identity")); plain != pageHTML {
		t.Errorf("not zipped it is another page")
	}
	for _, r := range []*http.Response{answer, s.request("GET", "?screen=logs", "", "Accept", "text/html")} {
		policy := r.Header.Get("Content-Security-Policy")
		if !regexp.MustCompile(`^default-src 'none'; script-src 'sha256-[\w+/]{43}='; style-src 'sha256-[\w+/]{43}='; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'$`).MatchString(policy) {
			t.Errorf("policy %s", policy)
		}
		if got := r.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("Cache-Control %q", got)
		}
	}
}

// TestPageTakesTextAsText holds that nothing in the page's script can make code or HTML of what it receives.
func TestPageTakesTextAsText(t *testing.T) {
	if at := regexp.MustCompile(`(?i)innerHTML|outerHTML|insertAdjacent|document\.write|eval|Function\(|srcdoc|\son\w+=["']|https?:`).FindString(pageHTML); at != "" {
		t.Errorf("the page has %q", at)
	}
}

func TestPictureWithoutScript(t *testing.T) {
	s := newStage(t)
	for _, accept := range []string{"text/plain", "*/*"} {
		answer := s.request("GET", "?screen="+frame.Network+"&w=100&h=30", "", "Accept", accept)
		got := s.body(answer)
		canvas, _ := s.picture(t.Context(), frame.Network, 100, 30)
		if want := string(canvas.AppendText(nil)); got != want || answer.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s: %s\n%s\nwant\n%s", accept, answer.Header.Get("Content-Type"), got, want)
		}
	}
	got := s.body(s.request("GET", "?screen="+frame.Logs+"&w=100&h=30", "", "Accept", "text/html"))
	for _, part := range []string{"http-equiv=refresh content=5", `<a href="?h=30&amp;screen=logs&amp;w=100">logs</a>`, "&lt;b&gt;&amp;amp;&lt;/b&gt;"} {
		if !strings.Contains(got, part) {
			t.Errorf("no %s in %s", part, got)
		}
	}
	if strings.Contains(got, "<b>") || strings.Contains(got, "<script") {
		t.Errorf("text is HTML in %s", got)
	}
	for query, want := range map[string]int{"?w=0&h=0": 1, "?w=1000000000&h=1000000000": 150, "?w=99999999999999999999&h=99999999999999999999": 150,
		"?w=-5&h=-5": 1, "?w=x&h=x": 24, "": 24} {
		if n := strings.Count(s.body(s.request("GET", query, "", "Accept", "text/plain")), "\n"); n != want {
			t.Errorf("%s: %d rows, want %d", query, n, want)
		}
	}
}

func TestEventsAreThePicture(t *testing.T) {
	s := newStage(t)
	_, next, _ := s.watch("?w=120&h=40")
	first := next()
	if !regexp.MustCompile(`^data: \d+ 120 40\t0 `).MatchString(first) || strings.Count(first, "\t") != 40 {
		t.Errorf("the first event is %q", first)
	}
	s.second()
	if second := next(); !regexp.MustCompile(`^data: \d+ 120 40\t`).MatchString(second) || len(second) > len(first)/2 {
		t.Errorf("the second event, of %d bytes after one of %d, is %q", len(second), len(first), second)
	}
}

func TestKeys(t *testing.T) {
	s := newStage(t)
	id, next, _ := s.watch("?w=80&h=24")
	next()
	if code := s.press(id, "", "F3", "a", "ArrowDown", "漢", " ", "F12", "F99", "Unknown", "ab", "\x01", "\xff", "BackTab"); code != http.StatusNoContent {
		t.Fatalf("status %d", code)
	}
	want := []draw.Key{draw.KeyF3, 'a', draw.KeyDown, '漢', ' ', draw.KeyBackTab}
	await.Until(t, "the keys", func() bool { return slices.Equal(s.now().typed, want) })
	s.press(id, "?w=100&h=30")
	await.Until(t, "the other size", func() bool { now := s.now(); return now.w == 100 && now.h == 30 })
	s.press(id, "?w=1000000000&h=0")
	await.Until(t, "the size that there is at most", func() bool { now := s.now(); return now.w == 400 && now.h == 1 })
}

func TestKeysOfOthers(t *testing.T) {
	s := newStage(t)
	one, next, _ := s.watch("")
	next()
	two, next, leave := s.watch("")
	next()
	if one == two || len(one) < 26 {
		t.Errorf("the ids %q and %q", one, two)
	}
	leave()
	await.Until(t, "the second leaves", func() bool { return s.now().sessions == 1 })
	for _, c := range []struct {
		id, body string
		code     int
	}{
		{"", "a", http.StatusForbidden},
		{"new", "a", http.StatusNotFound},
		{two, "a", http.StatusNotFound},
		{one, strings.Repeat("a", 1<<10), http.StatusNoContent}, // a key with no such name
		{one, strings.Repeat("a", 1<<10+1), http.StatusRequestEntityTooLarge},
	} {
		var header []string
		if c.id != "" {
			header = []string{viewerHeader, c.id}
		}
		if got := s.request("POST", "keys", c.body, header...).StatusCode; got != c.code {
			t.Errorf("%d bytes to %q: status %d, want %d", len(c.body), c.id, got, c.code)
		}
	}
	if answer := s.request("GET", "events", ""); answer.StatusCode != http.StatusForbidden || s.now().begun != 2 {
		t.Errorf("events without the header: %s, %d sessions", answer.Status, s.now().begun)
	}
	for path, code := range map[string]int{"other": http.StatusNotFound, "events/": http.StatusNotFound, "keys": http.StatusMethodNotAllowed} {
		if got := s.request("GET", path, "").StatusCode; got != code {
			t.Errorf("%s: status %d, want %d", path, got, code)
		}
	}
	if typed := s.now().typed; len(typed) > 0 {
		t.Errorf("typed %v", typed)
	}
}

// TestKeysASecond types faster than anybody can.
func TestKeysASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPage(t.Context(), size{80, 24})
		for range 3 {
			taken := 0
			for range 200 {
				if p.press('a') {
					taken++
				}
			}
			for range taken {
				<-p.Keys()
			}
			if taken != keysPerSecond {
				t.Errorf("%d keys in a second, want %d", taken, keysPerSecond)
			}
			time.Sleep(time.Second)
		}
		for range 2 * keysPerSecond { // a session that takes none
			p.press('a')
			time.Sleep(time.Second)
		}
		if n := len(p.Keys()); n != keysPerSecond {
			t.Errorf("%d keys are kept, want %d", n, keysPerSecond)
		}
	})
}

func TestFull(t *testing.T) {
	s := newStage(t)
	s.set(func(s *stage) { s.full = true })
	answer := s.request("GET", "events", "", viewerHeader, "new")
	if got := s.body(answer); answer.StatusCode != http.StatusServiceUnavailable || !strings.Contains(got, ErrFull.Error()) {
		t.Errorf("%s: %s", answer.Status, got)
	}
}

func TestQuitEndsTheEvents(t *testing.T) {
	s := newStage(t)
	id, next, _ := s.watch("")
	next()
	s.press(id, "", "q")
	await.Until(t, "the session ends", func() bool { return s.now().sessions == 0 })
	if got := next(); got != string(endEvent) {
		t.Errorf("the last event is %q", got)
	}
	if code := s.press(id, "", "a"); code != http.StatusNotFound {
		t.Errorf("a key after the end: status %d", code)
	}
}

// TestViewersComeAndGo holds that nothing is left of them: those that close, those that break off, and those that the server ends.
func TestViewersComeAndGo(t *testing.T) {
	s := newStage(t)
	before := runtime.NumGoroutine()
	for range 30 {
		_, next, leave := s.watch("")
		next()
		leave()
	}
	await.Until(t, "all leave", func() bool { return s.now().sessions == 0 })
	var all []func()
	for range 10 {
		_, next, leave := s.watch("")
		next()
		all = append(all, leave)
	}
	s.stop()
	await.Until(t, "all end with the server", func() bool { return s.now().sessions == 0 })
	for _, leave := range all {
		leave()
	}
	http.DefaultClient.CloseIdleConnections()
	await.Until(t, "their goroutines end", func() bool { return runtime.NumGoroutine() <= before })
}

// pipe is a browser's connection in a bubble of virtual time.
type pipe struct {
	net.Listener
	conns chan net.Conn
}

func (p *pipe) Accept() (net.Conn, error) {
	if c, ok := <-p.conns; ok {
		return c, nil
	}
	return nil, errors.New("closed")
}

func (p *pipe) Addr() net.Addr { return &net.IPAddr{} }
func (p *pipe) Close() error   { close(p.conns); return nil }

// inBubble runs a test with a server and one browser, or another console, which has asked for events at path.
func inBubble(t *testing.T, path string, test func(t *testing.T, s *stage, browser net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{TB: t, frame: hostileFrame(), tick: make(chan struct{})}
		l := &pipe{conns: make(chan net.Conn)}
		server := &http.Server{Handler: s.handler(), ReadTimeout: 10 * time.Second}
		go func() { _ = server.Serve(l) }() // it ends with Close
		browser, conn := net.Pipe()
		l.conns <- conn
		if _, err := io.WriteString(browser, "GET "+path+" HTTP/1.1\r\nHost: a\r\n"+viewerHeader+": new\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		test(t, s, browser)
		_ = browser.Close()
		_ = server.Close()
		synctest.Wait()
		if n := s.now().sessions; n != 0 {
			t.Errorf("%d sessions are left", n)
		}
	})
}

// TestViewerThatDoesNotRead is skipped at first, then dropped.
func TestViewerThatDoesNotRead(t *testing.T) {
	for _, path := range []string{"/events", "/v1/stream"} {
		inBubble(t, path, func(t *testing.T, s *stage, _ net.Conn) {
			time.Sleep(writeTimeout - time.Second)
			if n := s.now().sessions; n != 1 {
				t.Errorf("%s: %d sessions after %v", path, n, writeTimeout-time.Second)
			}
			for range 3 { // it never waits
				s.second()
				synctest.Wait()
			}
			time.Sleep(2 * time.Second)
			synctest.Wait()
			if n := s.now().sessions; n != 0 {
				t.Errorf("%s: %d sessions after %v", path, n, writeTimeout+time.Second)
			}
		})
	}
}

// TestStandingPicture holds that a page which shows nothing new hears that it is still connected, for as long as a stream lasts.
func TestStandingPicture(t *testing.T) {
	inBubble(t, "/events", func(t *testing.T, s *stage, browser net.Conn) {
		r := bufio.NewReader(browser)
		beats, began := int64(0), time.Now()
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				break
			}
			if beat.MatchString(line + "\n") {
				beats++
				if want := fmt.Sprintf("data: %d\n", beats*beatEvery.Milliseconds()); line != want {
					t.Fatalf("%q, want %q", line, want)
				}
			}
		}
		lasted := time.Since(began)
		if want := int64(maxWatch/beatEvery) - 1; lasted < maxWatch || lasted > maxWatch+time.Minute || beats < want {
			t.Errorf("it lasted %v, want %v, with %d beats, want %d", lasted, maxWatch, beats, want)
		}
	})
}

// TestSendAllocatesNothing holds what a frame costs once the page has shown one.
func TestSendAllocatesNothing(t *testing.T) {
	p := newPage(t.Context(), size{200, 60})
	c := draw.NewCanvas(draw.Appearance{Theme: draw.DarkTheme(16), Glyphs: draw.UnicodeGlyphs()})
	n := 0
	send := func() {
		n++
		c.Begin(200, 60).Fill(rune('a'+n%26), draw.Text)
		p.Send(c)
		if !p.Idle() {
			event := <-p.full
			if !bytes.HasSuffix(event, []byte("\n\n")) {
				t.Errorf("the event is %q", event)
			}
			p.free <- event
		}
	}
	send()
	if n := testing.AllocsPerRun(100, send); n > 0 {
		t.Errorf("%v allocations a frame", n)
	}
}
