//go:build !nokube

package console

import (
	"context"
	"time"

	"hypervisor-tui/peer"
	"hypervisor-tui/report"
)

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
