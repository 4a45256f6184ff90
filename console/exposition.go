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

// texts are those of one format: some that slow clients still take, and one that is free.
type texts [3]text

// errBusy is what is said when slow clients hold all texts.
var errBusy = errors.New("clients that are slow to take the last figures hold all there is room for")

// Exposition implements serve.Exposition: the figures of the newest frame, rendered once for all who ask.
func (h *host) Exposition(ctx context.Context, f metrics.Format) (bytes []byte, release func(), err error) {
	var t *text
	if !h.do(ctx, func() { t = h.render(f) }) {
		return nil, nil, ctx.Err()
	}
	if t == nil {
		return nil, nil, errBusy
	}
	return t.bytes, func() { t.users.Add(-1) }, nil
}

// render returns a text that has one user more, nil when there is no room for another, or no frame yet.
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
		return nil
	}
	e := &h.loaded.config.Serve.Exporter
	free.bytes = h.metrics.Append(free.bytes[:0], &h.frame, f, metrics.Options{KubevirtNames: e.KubevirtNames, Deny: e.Deny, MaxSeries: e.MaxSeries})
	free.number = h.filled
	free.users.Add(1)
	return free
}
