package visit

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/draw/tty"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/wakeup"
	"hypervisor-tui/peer/mtls"
)

// viewerHeader is on each request; in an answer to GET /v1/stream it is the viewer's id, which the keys carry.
const viewerHeader = "Console-Viewer"

const (
	// maxLine is how long a line of the stream may be: the largest picture there may be, with a run for each cell.
	maxLine = 64 + tty.MaxHeight*(8+tty.MaxWidth*8)
	// maxRefusal is how much is read of why a request was refused.
	maxRefusal = 80
)

// failure is why there is no connection, in words.
type failure string

func (f failure) Error() string { return string(f) }

const errSilent = failure("nothing has come for 6 s")

var errEnded = errors.New("it was quit there")

// explain says in words why there is no connection.
func explain(err error) string {
	if f, ok := errors.AsType[failure](err); ok {
		return string(f)
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err // the address is known
	}
	words, _ := mtls.Why(err)
	return words
}

// dial connects with the certificate that there is now. Its files may never be read: then the one of before serves.
func (v *Visit) dial(ctx context.Context) (net.Conn, error) {
	if v.options.dial != nil {
		return v.options.dial(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, mtls.Timeout)
	defer cancel()
	_, unread := v.options.Credentials.Read()
	conn, err := v.options.Credentials.Dial(ctx, v.options.Node, v.options.Address)
	switch {
	case err == nil:
		return conn, nil
	case unread != nil:
		return nil, failure("this host's own certificate: " + clean.String(unread.Error()))
	}
	return nil, err
}

// follow shows what one connection brings until it ends, which is an error.
func (v *Visit) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	quiet := time.AfterFunc(silence, func() { cancel(errSilent) })
	defer quiet.Stop()
	transport := &http.Transport{
		DialTLSContext:     func(ctx context.Context, _, _ string) (net.Conn, error) { return v.dial(ctx) },
		DisableCompression: true, MaxConnsPerHost: 2, MaxResponseHeaderBytes: 8 << 10,
	}
	defer transport.CloseIdleConnections()
	c := connection{v: v, base: "https://" + v.options.Address.String(), client: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	err := c.watch(ctx, quiet)
	if cause := context.Cause(ctx); cause != nil {
		err = cause // why it was given up says more than that it was
	}
	cancel(nil)
	c.posting.Wait()
	return err
}

// watch takes in the stream until it ends. Whenever something comes it winds up quiet again.
func (c *connection) watch(ctx context.Context, quiet *time.Timer) error {
	answer, err := c.do(ctx, http.MethodGet, "/v1/stream"+c.v.query(), "new", nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return refused(answer)
	}
	id, began := answer.Header.Get(viewerHeader), boottime.Now()
	if id == "" {
		return failure("it does not answer as a console does")
	}
	c.v.drain()
	c.posting.Go(func() { c.post(ctx, id) })
	lines, line, ended := bufio.NewReader(answer.Body), []byte(nil), false
	least, events, second, first := time.Duration(math.MaxInt64), 0, time.Now(), true
	for {
		if line, err = readLine(lines, line[:0]); err != nil {
			return err
		}
		data, isData := bytes.CutPrefix(line, []byte("data: "))
		switch {
		case bytes.Equal(line, []byte("event: end")):
			ended = true
		case ended && isData:
			return errEnded
		case isData:
			now := boottime.Now()
			sent, err := c.v.take(data, first)
			if err != nil {
				return err
			}
			first = false
			least = min(least, now-sent)
			c.v.state.At = now - min(now-sent-least, now-began) // so long it was on its way, longer than others
			c.v.state.Live = true
			c.v.nested.Store(c.v.state.Nested)
			c.v.live.Store(true)
			c.v.publish()
			quiet.Reset(silence)
			if time.Since(second) >= time.Second {
				events, second = 0, time.Now()
			}
			if events++; events >= maxEvents {
				wakeup.Pause(ctx, time.Until(second.Add(time.Second)))
			}
		}
	}
}

// readLine appends the next line to line, without its end.
func readLine(from *bufio.Reader, line []byte) ([]byte, error) {
	for {
		part, err := from.ReadSlice('\n')
		if len(line)+len(part) > maxLine {
			return nil, failure(fmt.Sprintf("it sends lines of more than %d bytes", maxLine))
		}
		line = append(line, part...)
		switch {
		case err == nil:
			return line[:len(line)-1], nil
		case err == io.EOF, err == io.ErrUnexpectedEOF:
			return nil, failure("the connection was closed there")
		case err != bufio.ErrBufferFull:
			return nil, err
		}
	}
}

// take takes in the data of an event: how long the stream has lasted when it was sent, in milliseconds; a mark when Esc closes
// something there; the rows that differ, if any do, and all of them in the first one.
func (v *Visit) take(data []byte, first bool) (sent time.Duration, err error) {
	i := 0
	for ; i < min(len(data), 12) && data[i] >= '0' && data[i] <= '9'; i++ {
		sent = sent*10 + time.Duration(data[i]-'0')
	}
	sent *= time.Millisecond
	rest, nested := bytes.CutPrefix(data[i:], []byte("!"))
	rows, some := bytes.CutPrefix(rest, []byte(" "))
	switch {
	case i == 0, len(rest) > 0 && !some, first && !some:
		return 0, failure(clean.String(fmt.Sprintf("it sends what is no picture: %.20q", data)))
	case some:
		if err := v.state.Picture.Apply(rows); err != nil {
			return 0, failure(clean.String("it sends what is no picture: " + err.Error()))
		}
	}
	v.state.Nested = nested
	return sent, nil
}

// refused is why a request was refused.
func refused(answer *http.Response) error {
	switch answer.StatusCode {
	case http.StatusNotFound:
		return failure("serve.peers.enable is false there (404)")
	case http.StatusForbidden:
		return failure("it does not let us in (403)")
	}
	text, _ := io.ReadAll(io.LimitReader(answer.Body, maxRefusal)) // less of it says less
	line, _, _ := bytes.Cut(text, []byte{'\n'})
	return failure(clean.String(fmt.Sprintf("it answers %d %s", answer.StatusCode, line)))
}

// drain lets go what was typed for a connection that is no more. The first key of the next one is for the page that was shown.
func (v *Visit) drain() {
	for len(v.keys) > 0 {
		<-v.keys
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.page != draw.KeyNone {
		v.keys <- v.page
	}
}
