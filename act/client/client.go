// Package client asks the helper what a verb would do, and to do it. It is the console's side of act, and has no right itself.
package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"hypervisor-tui/act"
	"hypervisor-tui/internal/clean"
)

const (
	connectTime = 5 * time.Second
	// answerTime is how long a helper may say nothing of a plan; a verb that is done may take longer.
	answerTime = 40 * time.Second
	writeTime  = 5 * time.Second
)

// Client is a conversation with the helper at a socket. None of its methods waits.
type Client struct {
	socket   string
	requests chan act.Request
	changed  chan struct{}
	state    atomic.Pointer[act.Dialogue]
	end      context.CancelFunc
	done     sync.WaitGroup
}

// Open begins a conversation, on a goroutine of its own, until Close.
func Open(ctx context.Context, socket string) *Client {
	ctx, cancel := context.WithCancel(ctx)
	c := &Client{socket: socket, requests: make(chan act.Request, 4), changed: make(chan struct{}, 1), end: cancel}
	c.state.Store(&act.Dialogue{})
	c.done.Go(func() { c.run(ctx) })
	return c
}

// Close ends it: what runs that can be ended ends with it, and a plan is forgotten.
func (c *Client) Close() { c.end() }

// State is what is known now.
func (c *Client) State() *act.Dialogue { return c.state.Load() }

// Changed has a value when State has changed.
func (c *Client) Changed() <-chan struct{} { return c.changed }

// Ask sends a request, and reports whether there was room for it.
func (c *Client) Ask(r act.Request) bool {
	select {
	case c.requests <- r:
		return true
	default:
		return false
	}
}

// set changes the state.
func (c *Client) set(change func(d *act.Dialogue)) {
	next := *c.state.Load()
	change(&next)
	c.state.Store(&next)
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// run converses until ctx ends or the helper goes.
func (c *Client) run(ctx context.Context) {
	err := c.converse(ctx)
	if ctx.Err() == nil {
		c.set(func(d *act.Dialogue) { d.End(inWords(err)) })
	}
}

func (c *Client) converse(ctx context.Context) error {
	dialer := net.Dialer{Timeout: connectTime}
	conn, err := dialer.DialContext(ctx, "unix", c.socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	replies, ended := make(chan act.Reply), make(chan error, 1)
	gone, leave := context.WithCancel(ctx)
	defer leave()
	go func() { ended <- read(gone, conn, replies) }()
	if err := send(conn, act.Request{Hello: &act.Hello{}}); err != nil {
		return err
	}
	late := time.NewTimer(answerTime)
	defer late.Stop()
	for {
		waits := late.C
		switch c.State().Stage {
		case act.Choosing, act.Deciding, act.Doing:
			waits = nil
		}
		select {
		case r := <-c.requests:
			if err := c.request(conn, r); err != nil {
				return err
			}
			late.Reset(answerTime)
		case r := <-replies:
			c.set(func(d *act.Dialogue) { d.Answered(&r, time.Now()) })
		case err := <-ended:
			return err
		case <-waits:
			return errors.New("the helper has not answered for 40 seconds")
		}
	}
}

// read hands over the helper's lines until there is none any more.
func read(ctx context.Context, conn net.Conn, replies chan<- act.Reply) error {
	in := bufio.NewScanner(conn)
	in.Buffer(make([]byte, 0, act.MaxLine), act.MaxLine)
	for in.Scan() {
		r, err := act.ReadReply(in.Bytes())
		if err != nil {
			return err
		}
		select {
		case replies <- r:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err := in.Err(); err != nil {
		return err
	}
	return io.EOF
}

func send(conn net.Conn, r act.Request) error {
	_ = conn.SetWriteDeadline(time.Now().Add(writeTime))
	_, err := conn.Write(act.Append(nil, r))
	return err
}

// request sends r and says what is waited for now.
func (c *Client) request(conn net.Conn, r act.Request) error {
	c.set(func(d *act.Dialogue) { d.Asked(&r) })
	return send(conn, r)
}

// inWords says why there is no helper.
func inWords(err error) string {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "this console may not ask the helper: log in as an operator first (F12)"
	case errors.Is(err, fs.ErrNotExist):
		return "there is no helper: its socket is not set up"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens on the helper's socket: systemctl status hypervisor-tui-act.socket"
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the helper has ended: journalctl -u hypervisor-tui-act says why"
	}
	return fmt.Sprintf("the helper does not answer: %s", clean.String(err.Error()))
}
