//go:build !nokube

package console

import (
	"context"
	"errors"
	"sync/atomic"

	"hypervisor-tui/report/metrics"
)

// text is an exposition that is sent to those who asked for it.
type text struct {
	number uint64 // of the frame that it is of
	bytes  []byte
	users  atomic.Int32
}

// texts are those of one format that are written again when nobody takes them any more.
type texts [3]text

var errNoFrame = errors.New("there is no frame yet")

// Exposition implements serve.Exposition: the figures of the newest frame, rendered once for all who ask.
func (h *host) Exposition(ctx context.Context, f metrics.Format) (bytes []byte, release func(), err error) {
	var t *text
	if !h.do(ctx, func() { t = h.render(f) }) {
		return nil, nil, ctx.Err()
	}
	if t == nil {
		return nil, nil, errNoFrame
	}
	return t.bytes, func() { t.users.Add(-1) }, nil
}

// render returns a text that has one user more, nil before the first frame. While slow clients take all of texts it is one of
// its own, which goes with its user: there are no more of these than connections.
func (h *host) render(f metrics.Format) *text {
	if h.filled == 0 {
		return nil
	}
	var free *text
	for i := range h.texts[f] {
		t := &h.texts[f][i]
		if t.number == h.filled {
			t.users.Add(1)
			return t
		}
		if t.users.Load() == 0 {
			free = t
		}
	}
	if free == nil {
		free = new(text)
	}
	e := &h.loaded.config.Serve.Exporter
	free.bytes = h.metrics.Append(free.bytes[:0], &h.frame, f, metrics.Options{KubevirtNames: e.KubevirtNames, Deny: e.Deny, MaxSeries: e.MaxSeries})
	free.number = h.filled
	free.users.Add(1)
	return free
}
