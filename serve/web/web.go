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

	"hypervisor-tui/draw"
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
}

// New returns the handler of / and what lies below it.
func New(o Options) http.Handler {
	h := &handler{o, newDocument()}
	s := newStreams(o.Session, false)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", h.root)
	mux.HandleFunc("GET /events", s.events)
	mux.HandleFunc("POST /keys", s.keys)
	return mux
}

// NewPeers returns the handler of /v1/stream and /v1/keys, which are /events and /keys for the consoles of other nodes. session
// is as Options.Session.
func NewPeers(session func(ctx context.Context, p *Page) error) http.Handler {
	s := newStreams(session, true)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/stream", s.events)
	mux.HandleFunc("POST /v1/keys", s.keys)
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
