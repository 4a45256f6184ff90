//go:build nokube

package console

import (
	"context"
	"time"

	"hypervisor-tui/draw"
)

// canVisit says that this build does not show the consoles of other nodes: it has no TLS.
const canVisit = false

type visiting struct{ changed <-chan struct{} }

func (l *session) visit(context.Context, string) {}
func (l *session) leaveVisit()                   {}
func (l *session) gatherVisit()                  {}
func (l *session) visited(time.Time)             {}
func (l *session) press(draw.Key)                {}
