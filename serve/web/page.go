package web

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/draw/tty"
)

const (
	keysPerSecond = 50
	// beatEvery is how long a page is without an event at most: some seconds later it says that what it shows is old. Proxies
	// end an idle connection much later.
	beatEvery = 2 * time.Second
	// writeTimeout is how long maxWrite bytes may take. A browser that has not read for so long is gone.
	writeTimeout = 5 * time.Second
	maxWrite     = 4 << 10
)

// Page is one browser that watches. It implements console.Display; one session owns it, except for what the browser
// sends, which comes on other goroutines.
type Page struct {
	Screen string // the name of the first screen, as it was asked for; empty: any

	id      string
	began   time.Time
	hup     <-chan struct{}
	keys    chan draw.Key
	resized chan struct{}
	repaint bool        // the next Send sends all rows
	tells   bool        // whether events tell of nested
	told    bool        // what the last one told
	nested  atomic.Bool // Esc does something in what is shown
	free    chan []byte // has the buffer for the next event while nothing is being sent
	full    chan []byte // has the event that is to be sent

	mu     sync.Mutex // of what follows
	size   size
	second time.Time // when the second of typed began
	typed  int       // keys in it
}

// newPage returns a page of the given size that lasts until ctx ends.
func newPage(ctx context.Context, size size) *Page {
	p := &Page{
		id: rand.Text(), began: time.Now(), hup: ctx.Done(), keys: make(chan draw.Key, keysPerSecond), resized: make(chan struct{}, 1),
		free: make(chan []byte, 1), full: make(chan []byte, 1), size: size,
	}
	p.free <- nil
	return p
}

// size is that of a picture, in cells: from 1x1 to what is drawn at most.
type size struct{ w, h int }

// querySize is the size that a query asks for, 80x24 where it does not.
func querySize(query url.Values) size {
	return size{cells(query.Get("w"), 80, tty.MaxWidth), cells(query.Get("h"), 24, tty.MaxHeight)}
}

// cells is the number in text, from 1 to limit, or otherwise if there is none.
func cells(text string, otherwise, limit int) int {
	n, err := strconv.Atoi(text) // of a number that is too large it returns the largest
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return otherwise
	}
	return min(max(n, 1), limit)
}

// Size implements console.Display.
func (p *Page) Size() (w, h int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.size.w, p.size.h
}

// Resized implements console.Display.
func (p *Page) Resized() <-chan struct{} { return p.resized }

// Keys implements console.Display. The channel is never closed.
func (p *Page) Keys() <-chan draw.Key { return p.keys }

// Hup implements console.Display.
func (p *Page) Hup() <-chan struct{} { return p.hup }

// Idle implements console.Display.
func (p *Page) Idle() bool { return len(p.free) > 0 }

// Repaint implements console.Display.
func (p *Page) Repaint() { p.repaint = true }

// Send implements console.Display. It is called only while the page is idle.
func (p *Page) Send(c *draw.Canvas) (more bool) {
	if p.repaint {
		p.repaint = false
		c.Invalidate()
	}
	event := append(p.beat((<-p.free)[:0]), ' ')
	start, nested := len(event), p.nested.Load()
	switch event = c.AppendRows(event); {
	case len(event) > start:
	case nested != p.told:
		event = event[:start-1]
	default:
		p.free <- event
		return false
	}
	p.told = nested
	p.full <- append(event, "\n\n"...)
	return false
}

// Nested takes in whether Esc does something in what the next Send sends: else a console that shows this one in its own
// picture takes it for itself.
func (p *Page) Nested(on bool) { p.nested.Store(on && p.tells) }

// beat appends the beginning of each event to dst: how long the stream has lasted, in milliseconds, and a mark while Esc does
// something. By the first a browser sees that events are long on their way.
func (p *Page) beat(dst []byte) []byte {
	dst = strconv.AppendInt(append(dst, "data: "...), time.Since(p.began).Milliseconds(), 10)
	if p.nested.Load() {
		dst = append(dst, '!')
	}
	return dst
}

// resize takes in the size of the browser's window.
func (p *Page) resize(size size) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if size == p.size {
		return
	}
	p.size = size
	select {
	case p.resized <- struct{}{}:
	default:
	}
}

// press hands a key to the session and reports whether it took it: a browser has so many keys a second.
func (p *Page) press(k draw.Key) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); now.Sub(p.second) >= time.Second {
		p.second, p.typed = now, 0
	}
	if p.typed++; p.typed > keysPerSecond {
		return false
	}
	select {
	case p.keys <- k:
		return true
	default:
		return false
	}
}

// write sends the session's frames as events until ctx ends or the browser takes no more, and reports whether it has begun
// to answer. It begins with the first picture: until then the answer may become a refusal.
func (p *Page) write(ctx context.Context, w http.ResponseWriter) (begun bool) {
	beat := time.NewTimer(beatEvery)
	defer beat.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return begun
		case event := <-p.full:
			if !begun {
				begun = true
				header := w.Header()
				header.Set("Content-Type", "text/event-stream; charset=utf-8")
				header.Set("Cache-Control", "no-store")
				header.Set("X-Accel-Buffering", "no") // nginx would keep events until it has a buffer full
				header.Set(viewerHeader, p.id)
			}
			err = send(w, event)
			p.free <- event
		case <-beat.C:
			if begun {
				event := append(p.beat(nil), "\n\n"...)
				err = send(w, event)
			}
		}
		if err != nil {
			return begun
		}
		beat.Reset(beatEvery)
	}
}

var endEvent = []byte("event: end\ndata: \n\n")

// send sends one event, in parts, so that a slow line has time for it.
func send(w http.ResponseWriter, event []byte) error {
	out := http.NewResponseController(w)
	for part := range slices.Chunk(event, maxWrite) {
		if err := out.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
			return err
		}
		if _, err := w.Write(part); err != nil {
			return err
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return nil
}
