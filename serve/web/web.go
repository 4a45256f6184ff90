// Package web is the console in a browser: a page without a library that shows the rows of a session's canvas as they come
// over server-sent events, and sends keys by POST. Where there is no JavaScript it is a picture as HTML or as text.
package web

import (
	"context"
	"errors"
	"html"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"hypervisor-tui/draw"
)

// viewerHeader is on each request of the page's script, which a page from elsewhere cannot send. In an answer to GET /events
// it is the page's id, which its POSTs carry.
const viewerHeader = "Console-Viewer"

const (
	// maxWatch is how long a stream of events lasts. The page then opens another, and who comes is asked again.
	maxWatch = 12 * time.Hour
	maxKeys  = 1 << 10 // bytes in one POST,
	// and for how long they may come
	readTimeout = 5 * time.Second
)

// ErrFull is why Options.Session takes no more viewers.
var ErrFull = errors.New("as many viewers as there may be are connected")

// Options are what the page shows.
type Options struct {
	// Session shows the console on p until ctx ends or the user quits, which is nil. ErrFull must come before it draws.
	Session func(ctx context.Context, p *Page) error
	// Picture draws one frame of a page of the console, of the first one if screen is not the name of one.
	Picture func(ctx context.Context, screen string, w, h int) (*draw.Canvas, error)
	Screens []string // names of the console's pages, in the order of their F-keys
}

type handler struct {
	Options
	document document

	mu    sync.Mutex
	pages map[string]*Page // by their ids
}

// New returns the handler of / and what lies below it.
func New(o Options) http.Handler {
	h := &handler{Options: o, document: newDocument(), pages: make(map[string]*Page)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", h.root)
	mux.HandleFunc("GET /events", h.events)
	mux.HandleFunc("POST /keys", h.keys)
	return mux
}

// root answers with the page. Whoever asks for a screen, or does not take HTML, gets a picture of one.
func (h *handler) root(w http.ResponseWriter, r *http.Request) {
	header, query := w.Header(), r.URL.Query()
	header.Set("Content-Security-Policy", h.document.policy)
	header.Set("Cache-Control", "no-store")
	takesHTML := strings.Contains(r.Header.Get("Accept"), "text/html")
	if takesHTML && !query.Has("screen") {
		h.document.serve(w, r)
		return
	}
	size := querySize(query)
	canvas, err := h.Picture(r.Context(), query.Get("screen"), size.w, size.h)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	text := string(canvas.AppendText(nil))
	if !takesHTML {
		header.Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, text) // an error: nobody reads any more
		return
	}
	header.Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, h.document.picture(h.links(size), text))
}

// links are the links to the pictures of all screens.
func (h *handler) links(size size) string {
	var b strings.Builder
	for _, name := range h.Screens {
		query := url.Values{"screen": {name}, "w": {strconv.Itoa(size.w)}, "h": {strconv.Itoa(size.h)}}
		b.WriteString(`<a href="?` + html.EscapeString(query.Encode()) + `">` + html.EscapeString(name) + "</a> ")
	}
	return b.String()
}

// events runs a session for the browser, whose frames are the events of the answer. The session runs on this goroutine:
// net/http catches its panics.
func (h *handler) events(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get(viewerHeader) == "" {
		http.Error(w, "this is for the page's script", http.StatusForbidden)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), maxWatch)
	defer cancel()
	p := newPage(ctx, querySize(r.URL.Query()))
	h.add(p)
	defer h.remove(p)
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
		err = h.Session(ctx, p)
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
func (h *handler) keys(w http.ResponseWriter, r *http.Request) {
	id := r.Header.Get(viewerHeader)
	p := h.page(id)
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
		if k := keyOf(name); k != draw.KeyNone && !p.press(k) {
			http.Error(w, "too many keys", http.StatusTooManyRequests)
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

func (h *handler) add(p *Page) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pages[p.id] = p
}

func (h *handler) remove(p *Page) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.pages, p.id)
}

func (h *handler) page(id string) *Page {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.pages[id]
}
