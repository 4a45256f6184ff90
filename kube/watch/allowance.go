package watch

import (
	"context"
	"net"
	"sync"
	"time"
)

// How much an API server may make of this program's CPU. A start with 30,000 pods, 1,000 nodes and 500 VMs takes less than half of
// what is free, and their changes less than what is added, several times over. Whoever sends more is read more slowly.
const (
	freeBytes   = 1 << 30   // off the wire, as they cost
	addedBytes  = 8 << 20   // a second
	costFrames  = 32        // times the bytes: what is around the bodies costs more than they, if it comes in tiny frames
	freeWork    = 768 << 20 // bytes of objects as they cost
	addedWork   = 4 << 20   // a second
	costEach    = 512       // of any object beside its bytes
	costJSON    = 8         // times the bytes: what JSON costs more than protobuf
	costWrite   = 4 << 10   // of what is sent, as answers to frames that ask for one
	costRequest = 256 << 10 // of one page of a list, or of one watch
)

// allowance is an amount that may be taken at once, and what is added to it each second. Its methods may be called by
// several goroutines.
type allowance struct {
	most, added float64
	mu          sync.Mutex
	left        float64 // below zero: what must be waited for
	at          time.Time
	short, last time.Time // since when, and when last, somebody was made to wait
}

func newAllowance(most, added int) *allowance {
	return &allowance{most: float64(most), added: float64(added), left: float64(most), at: time.Now()}
}

// take takes n and returns how long to wait before more is taken. Waits are a quarter of a second at least: each costs
// something, too.
func (a *allowance) take(n int) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	a.left = min(a.left+now.Sub(a.at).Seconds()*a.added, a.most) - float64(n)
	a.at = now
	if a.left >= 0 {
		return 0
	}
	if now.Sub(a.last) > recovery {
		a.short = now
	}
	a.last = now
	return time.Duration((0.25 - a.left/a.added) * float64(time.Second))
}

// recovery is how long nobody must have waited for the server to be as it should be again.
const recovery = 30 * time.Second

// shortSince returns since when somebody is made to wait again and again; ok is false while nobody is.
func (a *allowance) shortSince() (since time.Time, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.short, !a.last.IsZero() && time.Since(a.last) <= recovery
}

// give gives back what was taken too much.
func (a *allowance) give(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.left = min(a.left+float64(n), a.most)
}

// wait takes n, and waits until that is allowed or ctx ends.
func (a *allowance) wait(ctx context.Context, n int) { sleep(ctx, a.take(n)) }

// meteredConn is a connection of which no more is read than allowed, whatever is sent over it. Each byte counts as one of a
// frame until the body of an answer turns out to have it.
type meteredConn struct {
	net.Conn
	bytes  *allowance
	open   context.Context // until Close
	closed context.CancelFunc
}

func newMeteredConn(c net.Conn, bytes *allowance) *meteredConn {
	m := &meteredConn{Conn: c, bytes: bytes}
	m.open, m.closed = context.WithCancel(context.Background())
	return m
}

func (c *meteredConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.bytes.wait(c.open, n*costFrames)
	return n, err
}

// Write is never made to wait: whoever reads is.
func (c *meteredConn) Write(b []byte) (int, error) {
	c.bytes.take(costWrite)
	return c.Conn.Write(b)
}

func (c *meteredConn) Close() error {
	c.closed()
	return c.Conn.Close()
}
