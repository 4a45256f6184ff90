package poll

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"hypervisor-tui/peer"
	"hypervisor-tui/peer/mtls"
)

const (
	path    = "/v1/summary"
	maxHead = 8 << 10 // bytes of an answer's header
)

// exchange asks a node over a connection of its own: of 1,000 nodes none keeps a descriptor or a goroutine between two questions.
func (p *Poller) exchange(ctx context.Context, name string, at netip.AddrPort) (said, error) {
	conn, err := p.creds.Dial(ctx, name, at)
	if err != nil {
		return said{}, err
	}
	defer conn.NetConn().Close() // the node has said all, or is not waited for
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	began := time.Now()
	text, err := get(conn, at)
	if err != nil {
		return said{}, mtls.Stalled(cmp.Or(ctx.Err(), err)) // of half a line there are other complaints
	}
	took := time.Since(began)
	s, err := peer.ParseSummary(text)
	if err != nil {
		return said{}, err
	}
	return said{s, began.Add(took).Round(0), offset(s.Time.Sub(began.Add(took/2)), took)}, nil
}

// get returns what a node answers, at most a byte more than a summary may have. It follows nothing and unpacks nothing.
func get(conn *tls.Conn, at netip.AddrPort) ([]byte, error) {
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: hypervisor-tui\r\nAccept: application/json\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n",
		path, netip.AddrPortFrom(at.Addr().WithZone(""), at.Port())); err != nil {
		return nil, err
	}
	limited := &io.LimitedReader{R: conn, N: maxHead + peer.MaxSummary}
	r, err := http.ReadResponse(bufio.NewReaderSize(limited, 1<<10), nil)
	if err != nil {
		return nil, broken(err, limited)
	}
	switch code := r.StatusCode; {
	case code == http.StatusNotFound:
		return nil, errors.New("serve.peers.enable is false there (404)")
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return nil, fmt.Errorf("it does not let us in (%d): see serve.tls.allowNames there", code)
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		return nil, fmt.Errorf("it is busy, or knows nothing yet (%d)", code)
	case code >= 300 && code < 400:
		return nil, fmt.Errorf("it sends us elsewhere (%d), where nobody goes", code)
	case code != http.StatusOK:
		return nil, fmt.Errorf("it answers HTTP %d", code)
	case r.Header.Get("Content-Encoding") != "":
		return nil, errors.New("it answers compressed, which nobody asked for")
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, peer.MaxSummary+1)) // one more is too much to peer.ParseSummary
	if err != nil {
		return nil, broken(err, limited)
	}
	return text, nil
}

// broken is why an answer is none: the connection, or what came over it.
func broken(err error, limited *io.LimitedReader) error {
	var network net.Error
	switch {
	case limited.N <= 0:
		return peer.ErrTooLong
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return err
	}
	return errors.New("it does not answer as HTTP does")
}

// offset is how far a clock is off that was seen so far off in an exchange that took so long: 0 for what that cannot tell.
func offset(seen, took time.Duration) time.Duration {
	if seen.Abs() <= took/2+time.Second {
		return 0
	}
	return seen.Round(time.Second)
}
