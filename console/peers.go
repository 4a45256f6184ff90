//go:build !nokube

package console

import (
	"context"
	"net/http"
	"time"

	"hypervisor-tui/console/collect"
	"hypervisor-tui/peer"
	"hypervisor-tui/report"
	"hypervisor-tui/serve"
	"hypervisor-tui/serve/web"
)

// peers is the handler of what the consoles of other nodes ask.
func (h *host) peers() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /v1/summary", serve.NewSummary(h.summary))
	mux.Handle("/", web.NewPeers(h.receive))
	return mux
}

// brief is a summary, and of which frame it is.
type brief struct {
	number  uint64
	summary peer.Summary
}

// summary is what this host says of itself to the consoles of other nodes, with the time of now: of how its clock goes they
// judge by it. The rest is made once for all who ask in a frame.
func (h *host) summary(ctx context.Context) ([]byte, error) {
	var s peer.Summary
	known := false
	if !h.do(ctx, func() {
		if known = h.frame.Host != nil; !known {
			return
		}
		if h.brief.number != h.filled {
			h.brief = brief{h.filled, report.Summarize(&h.frame)}
		}
		s = h.brief.summary
	}) {
		return nil, ctx.Err()
	}
	if !known { // no problem is seen before anything is
		return nil, errNoFrame
	}
	return report.EncodeSummary(s, time.Now())
}

// receive shows the console in the picture of another node's until that one leaves.
func (h *host) receive(ctx context.Context, p *web.Page) error {
	return h.view(ctx, serve.Who(ctx), p.Screen, func(news *collect.Subscription, o SessionOptions) error {
		o.Peer = true
		return View(ctx, p, news, o)
	})
}
