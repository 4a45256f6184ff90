package visit

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"hypervisor-tui/internal/wakeup"
)

const (
	// maxKeys are sent at once, and keyTime passes for each of them before more are: the server takes 50 in any second.
	maxKeys = 10
	keyTime = 25 * time.Millisecond
)

// connection is one to the server: a stream of pictures, and requests with keys.
type connection struct {
	v       *Visit
	base    string
	client  *http.Client
	posting sync.WaitGroup
}

// do makes a request.
func (c *connection) do(ctx context.Context, method, path, viewer string, body io.Reader) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set(viewerHeader, viewer)
	return c.client.Do(r)
}

// post sends keys, in their order, and sizes, until ctx ends. A request that fails is not made again: the stream fails too, or
// what was typed was too much.
func (c *connection) post(ctx context.Context, viewer string) {
	var names [maxKeys]string
	for {
		n := 0
		select {
		case <-ctx.Done():
			return
		case <-c.v.resized:
		case k := <-c.v.keys:
			names[0], n = k.Name(), 1
			for n < maxKeys && len(c.v.keys) > 0 {
				names[n] = (<-c.v.keys).Name()
				n++
			}
		}
		limit, cancel := context.WithTimeout(ctx, silence)
		answer, err := c.do(limit, http.MethodPost, "/v1/keys"+c.v.query(), viewer, strings.NewReader(strings.Join(names[:n], "\n")))
		if err == nil {
			_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, maxRefusal)) // the connection serves again
			answer.Body.Close()
		}
		cancel()
		wakeup.Pause(ctx, time.Duration(n)*keyTime)
	}
}
