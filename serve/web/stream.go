package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"hypervisor-tui/draw"
)

// viewerHeader is on each request for a stream or with keys, which a page from elsewhere cannot send. In an answer to the
// first it is the stream's id, which the others carry.
const viewerHeader = "Console-Viewer"

const (
	// maxWatch is how long a stream of events lasts. The page then opens another, and who comes is asked again.
	maxWatch = 12 * time.Hour
	maxKeys  = 1 << 10 // bytes in one POST,
	// and for how long they may come
	readTimeout = 5 * time.Second
)

// streams are sessions whose frames are events, and the keys that go to them.
type streams struct {
	session func(ctx context.Context, p *Page) error
	tells   bool // whether Esc does anything there

	mu    sync.Mutex
	pages map[string]*Page // by their ids
}

func newStreams(session func(ctx context.Context, p *Page) error, tells bool) *streams {
	return &streams{session: session, tells: tells, pages: make(map[string]*Page)}
}

// events runs a session for the browser, whose frames are the events of the answer. The session runs on this goroutine:
// net/http catches its panics.
func (s *streams) events(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead { // nobody would read what the session draws
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
		return
	}
	if r.Header.Get(viewerHeader) == "" {
		http.Error(w, "this is for the page's script", http.StatusForbidden)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), maxWatch)
	defer cancel()
	query := r.URL.Query()
	p := newPage(ctx, querySize(query))
	p.Screen, p.tells = query.Get("screen"), s.tells
	s.add(p)
	defer s.remove(p)
	written := make(chan struct{})
	var begun bool
	go func() {
		defer close(written)
		defer cancel() // nobody is there to draw for
		begun = p.write(ctx, w)
	}()
	var quit bool
	var err error
	func() {
		defer func() { cancel(); <-written }()
		err = s.session(ctx, p)
		quit = ctx.Err() == nil
	}()
	switch {
	case !quit:
	case begun && err == nil:
		_ = send(w, endEvent) // the browser may have left
	case !begun && errors.Is(err, ErrFull):
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	case !begun && err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// keys takes in the keys that the browser's user has pressed, one name a line, and the size of its window.
func (s *streams) keys(w http.ResponseWriter, r *http.Request) {
	id := r.Header.Get(viewerHeader)
	p := s.page(id)
	if p == nil {
		code := http.StatusNotFound
		if id == "" {
			code = http.StatusForbidden
		}
		http.Error(w, "no such viewer", code)
		return
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(readTimeout)) // it fails of connections that have none
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxKeys))
	if err != nil {
		http.Error(w, "too many keys at once", http.StatusRequestEntityTooLarge)
		return
	}
	if query := r.URL.Query(); query.Has("w") && query.Has("h") {
		p.resize(querySize(query))
	}
	for name := range strings.SplitSeq(string(body), "\n") {
		switch k := draw.KeyNamed(name); {
		case k == draw.KeyNone, k == draw.KeyF12, k == draw.KeyCtrlBracket: // nobody logs in from here
		case !p.press(k):
			http.Error(w, "too many keys", http.StatusTooManyRequests)
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *streams) add(p *Page) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages[p.id] = p
}

func (s *streams) remove(p *Page) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pages, p.id)
}

func (s *streams) page(id string) *Page {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pages[id]
}
