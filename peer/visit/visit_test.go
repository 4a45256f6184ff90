package visit

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hypervisor-tui/draw"
)

// node is a --serve of another node in the test's own time: connections to it are pipes, without TLS.
type node struct {
	conns chan net.Conn
	next  chan string // data of events
	visit *Visit

	mu     sync.Mutex
	opened int // streams that were asked for
	posts  []post
}

// post is what was posted, and when after the test's beginning.
type post struct {
	at                  time.Duration
	query, viewer, body string
}

func (n *node) Accept() (net.Conn, error) {
	c, ok := <-n.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (n *node) Close() error   { return nil }
func (n *node) Addr() net.Addr { return &net.TCPAddr{} }

// visited runs f, in a bubble of time, with a visit of a node whose streams stream writes, and waits until all of it has ended.
func visited(t *testing.T, stream func(n *node, w http.ResponseWriter, r *http.Request, nth int), f func(n *node)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := &node{conns: make(chan net.Conn), next: make(chan string)}
		began := time.Now()
		server := &http.Server{
			ErrorLog: log.New(io.Discard, "", 0),
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.Method + r.URL.Path {
				case "GET/v1/stream":
					n.mu.Lock()
					n.opened++
					nth := n.opened
					n.mu.Unlock()
					w.Header().Set(viewerHeader, fmt.Sprintf("viewer%d", nth))
					stream(n, w, r, nth)
				case "POST/v1/keys":
					body, err := io.ReadAll(r.Body)
					if err != nil {
						t.Error(err)
					}
					n.mu.Lock()
					n.posts = append(n.posts, post{at: time.Since(began), query: r.URL.RawQuery, viewer: r.Header.Get(viewerHeader), body: string(body)})
					n.mu.Unlock()
				}
			}),
		}
		ctx, cancel := context.WithCancel(t.Context())
		go server.Serve(n)
		n.visit = New(Options{
			Address: netip.MustParseAddrPort("192.0.2.2:9101"),
			dial: func(context.Context) (net.Conn, error) {
				here, there := net.Pipe()
				n.conns <- there
				return here, nil
			},
		}, 20, 4)
		ended := make(chan struct{})
		go func() { defer close(ended); _ = n.visit.Run(ctx) }()
		f(n)
		cancel()
		<-ended
		close(n.conns)
		server.Close()
	})
}

// event sends one.
func event(w http.ResponseWriter, data string) {
	fmt.Fprintf(w, "data: %s\n\n", data)
	_ = http.NewResponseController(w).Flush()
}

// beats sends a picture with text, then that nothing has changed, each two seconds until the visitor leaves.
func beats(w http.ResponseWriter, r *http.Request, text string) {
	event(w, fmt.Sprintf("0 20 4\t0 a%d %s\t1  \t2  \t3  ", len(text), text))
	for ms := 2000; r.Context().Err() == nil; ms += 2000 {
		select {
		case <-r.Context().Done():
		case <-time.After(2 * time.Second):
			event(w, fmt.Sprint(ms))
		}
	}
}

// shows is the first row of what is known.
func (n *node) shows() string {
	synctest.Wait()
	s := n.visit.Latest()
	w, h := s.Picture.Size()
	c := draw.NewCanvas(draw.Appearance{Theme: draw.MonoTheme(), Glyphs: draw.UnicodeGlyphs()})
	c.Begin(w, h).Picture(&s.Picture)
	row, _, _ := strings.Cut(string(c.AppendText(nil)), "\n")
	return row
}

// state is what is known, but for the picture.
func (n *node) state() (live, nested, ended bool, why string) {
	synctest.Wait()
	s := n.visit.Latest()
	return s.Live, s.Nested, s.Ended, s.Why
}

// asked is how many streams were asked for, and what was posted.
func (n *node) asked() (opened int, posts []post) {
	synctest.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.opened, slices.Clone(n.posts)
}

// typed are the names of all keys that have come, in their order.
func (n *node) typed() (names []string) {
	_, posts := n.asked()
	for _, p := range posts {
		if p.body != "" {
			names = append(names, strings.Split(p.body, "\n")...)
		}
	}
	return names
}

// TestVisit: the picture comes with what it says of Esc, keys and sizes go there in their order, and nothing is left of it
// afterwards: a bubble of time does not end before all that runs in it.
func TestVisit(t *testing.T) {
	visited(t, func(n *node, w http.ResponseWriter, r *http.Request, _ int) {
		event(w, "3 20 4\t0 a5 hello\t1  \t2  \t3  ")
		for data := range n.next {
			event(w, data)
		}
	}, func(n *node) {
		if row := n.shows(); row != "hello" {
			t.Errorf("it shows %q", row)
		}
		n.next <- "2000!"
		if live, nested, ended, why := n.state(); !live || !nested || ended || why != "" {
			t.Errorf("live %v, nested %v, ended %v, %q", live, nested, ended, why)
		}
		n.next <- "2100 20 4\t0 G7 goodbye"
		if _, nested, _, _ := n.state(); nested || n.shows() != "goodbye" {
			t.Errorf("nested %v, it shows %q", nested, n.shows())
		}
		want := []string{"F2", "Escape", "/", "é", " ", "Control+U", "PageDown"}
		for _, k := range []draw.Key{draw.KeyF2, draw.KeyEsc, '/', 'é', ' ', draw.KeyCtrlU, draw.KeyPageDown} {
			n.visit.Press(k)
		}
		time.Sleep(time.Second)
		if got := n.typed(); !slices.Equal(got, want) {
			t.Errorf("typed %q, want %q", got, want)
		}
		n.visit.Resize(200, 59)
		n.visit.Resize(132, 42)
		_, posts := n.asked()
		if last := posts[len(posts)-1]; last.query != "w=132&h=42" || last.body != "" || last.viewer != "viewer1" {
			t.Errorf("%+v of another size", last)
		}
		close(n.next)
	})
}

// TestVisitPacesKeys: whoever holds a key down sends no more in a second than the server takes, and is never kept waiting.
func TestVisitPacesKeys(t *testing.T) {
	visited(t, func(n *node, w http.ResponseWriter, r *http.Request, _ int) { beats(w, r, "x") }, func(n *node) {
		n.visit.Press('x') // nobody knows yet what it would do
		n.shows()
		for range 500 {
			for range 5 {
				n.visit.Press(draw.KeyDown)
			}
			time.Sleep(10 * time.Millisecond)
		}
		if keys := n.typed(); slices.Contains(keys, "x") || len(keys) < 150 {
			t.Errorf("%d keys in five seconds", len(keys))
		}
		_, posts := n.asked()
		for i, first := range posts {
			count := 0
			for _, p := range posts[i:] {
				if p.at < first.at+time.Second {
					count += strings.Count(p.body, "\n") + 1
				}
			}
			if count > 50 {
				t.Errorf("%d keys in the second after %v", count, first.at)
				return
			}
		}
	})
}

// TestVisitOfANodeThatDies: of a server that is stopped the picture stays; it is asked again, ever more seldom, and is back on
// the page that was shown.
func TestVisitOfANodeThatDies(t *testing.T) {
	var alive atomic.Bool
	visited(t, func(n *node, w http.ResponseWriter, r *http.Request, nth int) {
		switch {
		case nth == 1:
			event(w, "0 20 4\t0 a3 old")
			event(w, <-n.next)
			<-r.Context().Done() // and nothing more comes
		case alive.Load():
			beats(w, r, "new")
		default:
			<-r.Context().Done()
		}
	}, func(n *node) {
		n.shows()
		n.visit.Press('3')
		n.next <- "1000! 20 4"
		n.typed()
		n.visit.Press('1') // into a prompt
		time.Sleep(silence - time.Millisecond)
		if live, _, _, _ := n.state(); !live {
			t.Error("it is given up too soon")
		}
		time.Sleep(time.Millisecond)
		if live, _, ended, why := n.state(); live || ended || why != string(errSilent) || n.shows() != "old" {
			t.Errorf("live %v, ended %v, %q, it shows %q", live, ended, why, n.shows())
		}
		n.visit.Press('x')
		time.Sleep(5 * time.Minute)
		if opened, _ := n.asked(); opened < 15 || opened > 20 {
			t.Errorf("asked %d times in five minutes", opened)
		}
		alive.Store(true)
		time.Sleep(lastRetry + silence)
		if live, _, _, why := n.state(); !live || n.shows() != "new" {
			t.Errorf("live %v, %q, it shows %q", live, why, n.shows())
		}
		if got, want := n.typed(), []string{"3", "1", "3"}; !slices.Equal(got, want) {
			t.Errorf("typed %q, want %q", got, want)
		}
	})
}

// TestVisitEnds when the user quits there.
func TestVisitEnds(t *testing.T) {
	visited(t, func(n *node, w http.ResponseWriter, r *http.Request, _ int) {
		event(w, "0 20 4\t0 a1 x")
		fmt.Fprint(w, "event: end\ndata: \n\n")
	}, func(n *node) {
		time.Sleep(time.Minute)
		opened, _ := n.asked()
		if _, _, ended, _ := n.state(); !ended || opened != 1 {
			t.Errorf("ended %v, asked %d times", ended, opened)
		}
	})
}

// TestVisitOfAnything: whatever answers in the place of a console is told in words, and takes no memory to speak of.
func TestVisitOfAnything(t *testing.T) {
	for _, c := range []struct {
		name   string
		stream http.HandlerFunc
		why    string
	}{
		{"peers are off", http.NotFound, "serve.peers.enable is false there (404)"},
		{"another name", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, "it does not let us in (403)"},
		{"full", func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "as many\x1b[2J as may be\nmore "+strings.Repeat("x", 1e6), http.StatusServiceUnavailable)
		}, "it answers 503 as many\ufffd as may be"},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://192.0.2.3/", http.StatusFound)
		}, "it answers 302 "},
		{"no console", func(w http.ResponseWriter, _ *http.Request) { w.Header().Del(viewerHeader); io.WriteString(w, "hello") }, "it does not answer as a console does"},
		{"nothing", func(http.ResponseWriter, *http.Request) {}, "the connection was closed there"},
		{"no picture at first", func(w http.ResponseWriter, _ *http.Request) { event(w, "2000") }, `it sends what is no picture: "2000"`},
		{"no time", func(w http.ResponseWriter, _ *http.Request) { event(w, "x 20 4") }, `it sends what is no picture: "x 20 4"`},
		{"no rows", func(w http.ResponseWriter, _ *http.Request) { event(w, "0 20 4\t9 a1 \x1b") }, `it sends what is no picture: row "9 a1 \x1b" of 4`},
		{"a line without an end", func(w http.ResponseWriter, r *http.Request) {
			for range 100 << 20 / (64 << 10) {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		}, fmt.Sprintf("it sends lines of more than %d bytes", maxLine)},
		{"a crash", func(w http.ResponseWriter, _ *http.Request) {
			event(w, "0 20 4\t0 a1 x")
			panic(http.ErrAbortHandler)
		}, "the connection was closed there"},
		{"comments only", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				io.WriteString(w, ": nothing\n\n")
				_ = http.NewResponseController(w).Flush()
				select {
				case <-time.After(time.Second):
				case <-r.Context().Done():
				}
			}
		}, string(errSilent)},
	} {
		t.Run(c.name, func(t *testing.T) {
			visited(t, func(n *node, w http.ResponseWriter, r *http.Request, _ int) { c.stream(w, r) }, func(n *node) {
				time.Sleep(silence + silence/2)
				if live, _, ended, why := n.state(); live || ended || !strings.HasPrefix(why, c.why) || len(why) > 200 {
					t.Errorf("live %v, ended %v, %q, want %q", live, ended, why, c.why)
				}
			})
		})
	}
}

// TestVisitOfAFlood: a server that sends pictures without a pause is read at a pace.
func TestVisitOfAFlood(t *testing.T) {
	var sent atomic.Int32
	visited(t, func(n *node, w http.ResponseWriter, r *http.Request, _ int) {
		for ; r.Context().Err() == nil; sent.Add(1) {
			event(w, "0 20 4\t0 a1 x")
		}
	}, func(n *node) {
		time.Sleep(10*time.Second + time.Millisecond)
		if live, _, _, why := n.state(); !live {
			t.Errorf("%q", why)
		}
		if n := sent.Load(); n > 15*maxEvents || n < 5*maxEvents {
			t.Errorf("%d events in ten seconds", n)
		}
	})
}

// TestVisitAllocatesNothing: taking in an event and looking at it, once the picture has its size.
func TestVisitAllocatesNothing(t *testing.T) {
	there := draw.NewCanvas(draw.Appearance{Theme: draw.MonoTheme(), Glyphs: draw.UnicodeGlyphs()})
	v := New(Options{}, 200, 59)
	var events [2][]byte
	for i := range events {
		there.Begin(200, 59).Fill(rune('─'+i), draw.Warn)
		events[i] = there.AppendRows([]byte("1234! "))
	}
	least := 1e9
	for range 5 { // the runtime's own now and then come on top
		least = min(least, testing.AllocsPerRun(10, func() {
			for _, event := range events {
				if _, err := v.take(event, false); err != nil {
					t.Fatal(err)
				}
				v.publish()
				if w, h := v.Latest().Picture.Size(); w != 200 || h != 59 {
					t.Fatalf("%dx%d", w, h)
				}
			}
		}))
	}
	if least != 0 {
		t.Errorf("%v allocations", least)
	}
}

// FuzzTake: whatever is sent is an event or an error in words, and the time that it says is one.
func FuzzTake(f *testing.F) {
	for _, seed := range []string{"3 20 4\t0 a5 hello\t1  \t2  \t3  ", "2000!", "2000", "0! 1 1\t0 a1 x", "999999999999999999999 1 1", "!", " ", "5x", "12 400 150\t149 a1 \x1b"} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, first bool) {
		v := New(Options{}, 80, 24)
		sent, err := v.take(data, first)
		switch w, h := v.state.Picture.Size(); {
		case err != nil && strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x7f }):
			t.Errorf("%q is no clean line", err)
		case err == nil && (sent < 0 || sent > 1e12*time.Millisecond):
			t.Errorf("sent after %v", sent)
		case err == nil && first && (w == 0 || h == 0):
			t.Error("the first event has no picture")
		}
	})
}
