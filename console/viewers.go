//go:build !nokube

package console

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"hypervisor-tui/console/collect"
	"hypervisor-tui/console/process"
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/internal/wakeup"
	"hypervisor-tui/journal"
	"hypervisor-tui/peer"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/pages"
	"hypervisor-tui/serve"
	"hypervisor-tui/serve/attach"
	"hypervisor-tui/serve/web"
)

// leftTime is after the last viewer has left before his memory is given back: not all of it is free at once.
const leftTime = 2 * time.Second

// viewers counts those that look. Its zero value has none.
type viewers struct {
	mu    sync.Mutex
	count int
	trim  *time.Timer
}

// come takes a place of most, and reports whether there was one. Whoever has one gives it back by leave.
func (v *viewers) come(most int) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.count >= most {
		return false
	}
	v.count++
	return true
}

// leave gives a place back. Nothing is allocated in the ticks of those that stay, so without the last one's memory is asked for
// nobody would collect it.
func (v *viewers) leave() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.count--
	if v.count > 0 {
		return
	}
	if v.trim == nil {
		v.trim = time.AfterFunc(leftTime, process.TrimMemory)
	} else {
		v.trim.Reset(leftTime)
	}
}

// number is how many there are.
func (v *viewers) number() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.count
}

// view calls f with a subscription and what a session of a viewer goes by, and gives both back when it ends.
func (h *host) view(ctx context.Context, who, screen string, f func(*collect.Subscription, SessionOptions) error) error {
	var news *collect.Subscription
	o := SessionOptions{Collector: h.collector, Guard: h.guard, Usage: h.own, Screen: screen, Version: h.version, Viewer: who}
	var err error
	if most := h.collector.Config().Serve.MaxViewers; !h.viewers.come(most) {
		return fmt.Errorf("%w: %d look already", web.ErrFull, most)
	}
	defer h.viewers.leave()
	if !h.do(ctx, func() {
		news, err = h.collector.Subscribe()
		o.first = h.loaded
	}) {
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	defer h.do(context.WithoutCancel(ctx), news.Close)
	return h.guard.Run(ctx, "viewer", func(context.Context) error { return f(news, o) })
}

// browse shows the console on a page until it is left.
func (h *host) browse(ctx context.Context, p *web.Page) error {
	return h.view(ctx, serve.Who(ctx), p.Screen, func(news *collect.Subscription, o SessionOptions) error {
		o.HideLogs = !h.collector.Config().Serve.Web.Logs
		return View(ctx, p, news, o)
	})
}

// attach shows the console on a terminal that was handed over until its owner leaves.
func (h *host) attach(ctx context.Context, c *attach.Client) error {
	return h.view(ctx, c.Who, "", func(news *collect.Subscription, o SessionOptions) error {
		o.Term, o.Resized = c.Term, c.Resized
		return Session(ctx, c.Terminal, news, o)
	})
}

// picture draws one frame, of w by h cells.
func (h *host) picture(ctx context.Context, screen string, w, rows int) (canvas *draw.Canvas, err error) {
	who, hideLogs := serve.Who(ctx), !h.collector.Config().Serve.Web.Logs
	err = h.view(ctx, who, screen, func(news *collect.Subscription, o SessionOptions) error {
		f := &frame.Frame{Snapshot: frame.Snapshot{Now: time.Now().In(h.zone), Settings: settings(o.first.config, "", o.first.path)}}
		f.Settings.Version, f.Settings.Viewer, f.Settings.HideLogs = h.version, who, hideLogs
		h.own.Fill(&f.Self)
		var asked uint64
		ask := func(q journal.Query) {
			asked, q.Seen = q.Number, false
			news.Log().Ask(q)
		}
		news.Fill(&f.Snapshot)
		picture := screens.New(pages.New(pages.Options{Ask: ask}), screen, h.guard.Caught)
		if picture.ShowsNodes() {
			awaitNodes(ctx, news, f)
		}
		picture.Update(w, rows, f)
		if asked != 0 {
			f.Page = answerTo(ctx, news.Log(), asked)
			if hideLogs {
				f.Page = withoutMessages(f.Page, new(journal.Page))
			}
			picture.Update(w, rows, f)
		}
		canvas = draw.NewCanvas(viewed)
		picture.Draw(canvas.Begin(w, rows), f)
		return nil
	})
	return canvas, err
}

// awaitNodes fills f until it has the nodes one by one, where the cluster is known, and each that is asked itself was asked once,
// for lastTimeout at most.
func awaitNodes(ctx context.Context, news *collect.Subscription, f *frame.Frame) {
	limit, stop := context.WithTimeout(ctx, lastTimeout)
	defer stop()
	news.ViewNodes(true)
	unlisted := func() bool { return f.Kube != nil && f.Kube.Health.Has() && f.Kube.Fleet == nil }
	unasked := func() bool {
		return f.Peers != nil && f.Peers.Health.State == health.OK && slices.ContainsFunc(f.Peers.Peers, func(p peer.Peer) bool { return p.Asked == 0 })
	}
	for (unlisted() || unasked()) && limit.Err() == nil {
		wakeup.Pause(limit, 10*time.Millisecond)
		news.Fill(&f.Snapshot)
	}
}
