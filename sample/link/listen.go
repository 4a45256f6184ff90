package link

import (
	"context"
	"errors"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// groups are the kernel's multicast groups that are followed. Neighbours and forwarding databases change with the
// traffic and are looked at from time to time instead.
var groups = [...]uint32{
	unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV6_IFADDR,
	unix.RTNLGRP_IPV4_ROUTE, unix.RTNLGRP_IPV6_ROUTE, unix.RTNLGRP_NSID,
}

// batch is what one datagram of events said. lost: the kernel had more events than room for them.
type batch struct {
	messages []netlink.Message
	lost     bool
}

// listenRoute opens a socket that gets events from now on.
func listenRoute() (*netlink.Conn, error) {
	c, err := netlink.Dial(unix.NETLINK_ROUTE, &netlink.Config{MessageBufferSize: bufferSize})
	if err != nil {
		return nil, err
	}
	for _, group := range groups {
		if err := c.JoinGroup(group); err != nil {
			c.Close()
			return nil, err
		}
	}
	_ = c.SetReadBuffer(1 << 20) // the more the better; what is allowed is up to the host
	return c, nil
}

// listen follows events until ctx ends or the socket fails, when the channel is closed. It is nil when there is no socket
// to be had, as in a sandbox. What happens after it has returned is in the channel.
func (w *Watcher) listen(ctx context.Context) <-chan batch {
	if w.dialEvents == nil {
		return nil
	}
	c, err := w.dialEvents()
	if err != nil {
		return nil
	}
	events := make(chan batch, 16)
	stop := context.AfterFunc(ctx, func() { c.Close() }) // ends a read that waits
	go func() {
		defer close(events)
		defer c.Close()
		defer stop()
		for {
			var b batch
			messages, err := c.Receive()
			switch {
			case errors.Is(err, unix.ENOBUFS):
				b.lost = true
			case errors.Is(err, unix.EINTR):
				continue
			case err != nil:
				return
			default:
				b.messages = messages
			}
			select {
			case events <- b:
			case <-ctx.Done():
				return
			}
		}
	}()
	return events
}
