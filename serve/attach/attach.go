// Package attach shows the console on terminals that other processes hand over: hypervisor-attach, which a user of SSH is
// given, connects to a socket, sends its terminal's descriptor and waits.
//
// Each message is one packet of a SEQPACKET socket. The client's first one has the version of the protocol, $TERM and the
// locale, with a NUL between them, and exactly one descriptor (SCM_RIGHTS). The server's answers start with a byte that
// means the same in all versions, so that a client of any other is told why it is not served, and the rest is text for
// the user:
//
//   - shown at once when the client says + as well; until then it may change its mind, and nothing is drawn
//   - refused
//     ?  cannot be shown here; a console of the client's own can
//     .  the end; the terminal is itself again. Without a text the user wanted it so
//
// Then the client says w when the terminal's size has changed, and closes its side to leave. Both sides can put the
// terminal back, and whoever outlives the other does.
package attach

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"hypervisor-tui/draw/tty"
	"hypervisor-tui/internal/clean"
	"hypervisor-tui/serve/socket"
)

// Options are what Serve goes by.
type Options struct {
	Listener *net.UnixListener // of the network unixpacket; Serve closes it. Who may connect is for its mode to say
	Path     string            // of a socket to make, where there is no Listener
	// Session shows the console on c.Terminal, which it closes, until ctx ends or the user quits (nil). Any error is told
	// to the user. It runs on a goroutine for each client.
	Session func(ctx context.Context, c *Client) error
	Log     func(format string, args ...any) // a line for the operator; any goroutine may call it
}

// Client is a terminal that somebody has handed over.
type Client struct {
	Terminal *tty.Terminal
	Term     string          // its $TERM, never empty. It takes UTF-8
	Who      string          // "unix uid 1000"
	Resized  <-chan struct{} // has a value when the terminal's size may have changed
}

const (
	// maxHellos bounds the clients that have not yet said what they want; those after them wait to be accepted.
	maxHellos = 32
	helloTime = time.Second // for a client to say what it wants
	// resizePause is how long a client's messages are left alone after each.
	resizePause = 20 * time.Millisecond
	// retryTime passes before it tries again to make its socket, or to accept when there was no descriptor for a client.
	retryTime = time.Second
)

var (
	errLeft    = errors.New("it left")
	errGarbage = errors.New("it said what this server does not understand")
)

// Serve accepts clients, as soon as its socket can be made, until ctx ends, and returns when all terminals are themselves again; one that a client lets block
// may keep it.
func Serve(ctx context.Context, o Options) { run(ctx, o, helloTime) }

// run is Serve for clients who may take wait to say what they want.
func run(ctx context.Context, o Options, wait time.Duration) {
	l := o.Listener
	if l == nil {
		l = open(ctx, o)
	}
	if l == nil {
		return
	}
	defer context.AfterFunc(ctx, func() { l.Close() })()
	hellos := make(chan struct{}, maxHellos)
	refused := limited{log: o.Log}
	var clients sync.WaitGroup
	for {
		select {
		case hellos <- struct{}{}:
		case <-ctx.Done():
			clients.Wait()
			return
		}
		conn, err := l.AcceptUnix()
		if err != nil {
			if ctx.Err() == nil {
				refused.say("attach: accept a client: %v", err)
				pause(ctx, retryTime)
			}
			<-hellos
			continue
		}
		clients.Go(func() {
			defer conn.Close()
			c, on, err := welcome(conn, wait)
			<-hellos
			if err != nil {
				refused.say("attach: a client is not served: %v", err)
				return
			}
			serve(ctx, o, conn, c, on)
		})
	}
}

// open makes the socket. It says once why it cannot, and tries again until it can or ctx ends, which is nil.
func open(ctx context.Context, o Options) *net.UnixListener {
	for said := ""; ctx.Err() == nil; pause(ctx, retryTime) {
		l, err := socket.Listen("unixpacket", o.Path)
		if err == nil {
			return l
		}
		if err.Error() != said {
			said = err.Error()
			o.Log("attach: no terminal is shown the console, tries again: %v", err)
		}
	}
	return nil
}

// serve shows a client the console; on is the name of its terminal.
func serve(ctx context.Context, o Options, conn *net.UnixConn, c *Client, on string) {
	began := time.Now()
	o.Log("attach: %s on %s has come", c.Who, on)
	here, end := context.WithCancelCause(ctx)
	defer end(nil)
	resized := make(chan struct{}, 1)
	c.Resized = resized
	go listen(conn, resized, end)
	err := o.Session(here, c)
	_ = c.Terminal.Close() // a session that has begun has done that
	switch cause := context.Cause(here); {
	case ctx.Err() != nil:
		err = errors.New("the server has ended")
	case errors.Is(cause, errLeft):
		err = nil
	case cause != nil:
		err = cause
	}
	text := ""
	if err != nil {
		text = clean.String(err.Error())
	}
	_ = conn.SetWriteDeadline(time.Now().Add(helloTime))
	_, _ = conn.Write([]byte("." + text)) // it may have gone
	if text != "" {
		text = ": " + text
	}
	o.Log("attach: %s on %s has left after %v%s", c.Who, on, time.Since(began).Round(time.Second), text)
}

// listen takes what a client says, until that is not what it may say, and then ends its session.
func listen(conn *net.UnixConn, resized chan<- struct{}, end context.CancelCauseFunc) {
	var said [2]byte
	for {
		n, err := conn.Read(said[:])
		switch {
		case err != nil:
			end(errLeft)
			return
		case n != 1 || said[0] != 'w':
			end(errGarbage)
			return
		}
		select {
		case resized <- struct{}{}:
		default:
		}
		time.Sleep(resizePause)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// limited says something once in logTime, and then how often more it would have.
type limited struct {
	log  func(format string, args ...any)
	mu   sync.Mutex
	last time.Time
	more int
}

const logTime = 10 * time.Second

func (l *limited) say(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.last) < logTime {
		l.more++
		return
	}
	text := fmt.Sprintf(format, args...)
	if l.more > 0 {
		text += fmt.Sprintf(", after %d others", l.more)
	}
	l.last, l.more = time.Now(), 0
	l.log("%s", text)
}
