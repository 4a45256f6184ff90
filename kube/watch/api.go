package watch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	maxAnswer = 8 << 20          // bytes of an answer, a page of a list at most
	callTime  = 15 * time.Second // for an answer to begin: an admission webhook may take ten seconds
)

// API asks the API server of a kubeconfig for one thing at a time, for whoever changes something. It reads the kubeconfig when it is
// first asked, follows no redirect, and tries nothing twice. Its methods may be called by several goroutines.
type API struct {
	path string

	mu     sync.Mutex
	client *client // nil until the kubeconfig was read, and after credentials were not accepted
	creds  *credentials
}

// NewAPI returns an API. It reads nothing yet.
func NewAPI(path string) *API { return &API{path: path} }

// Call is a request.
type Call struct {
	Method string
	Path   string // with its query, escaped
	Type   string // of Body
	Body   []byte // nil: none
	Agent  string // the header User-Agent, which the API server's audit log has; empty: the console's
}

// Refusal is an answer of the API server that is no success.
type Refusal struct {
	Code    int
	Message string   // the API server's words, clean, one line; may be empty
	Causes  []string // what it says of the details, such as which disruption budget has no room
}

// Error is the API server's words.
func (r *Refusal) Error() string {
	if r.Message == "" {
		return fmt.Sprintf("HTTP %d", r.Code)
	}
	return r.Message
}

// Do sends a request and decodes the answer into v, when v is not nil. An error is a *Refusal, or says in words why there is no answer.
func (a *API) Do(ctx context.Context, q Call, v any) error {
	c, creds, err := a.open()
	if err != nil {
		return err
	}
	err = c.call(ctx, q, v)
	var status *statusError
	switch {
	case err == nil || errors.Is(ctx.Err(), context.Canceled):
		return err
	case errors.As(err, &status) && status.code != http.StatusUnauthorized:
		return status.refusal()
	case status != nil:
		a.forget(c)
	}
	return errors.New("the API server: " + cause(err, time.Now(), creds.client).Why)
}

// open returns the client, and makes it when there is none.
func (a *API) open() (*client, *credentials, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.client != nil {
		return a.client, a.creds, nil
	}
	creds, err := load(a.path, nobody)
	if err != nil {
		return nil, nil, fmt.Errorf("the kubeconfig %s: %w", a.path, err)
	}
	p := usualPace()
	p.timeout = callTime
	a.client, err = newClient(creds.server, creds.transport, &p)
	a.creds = creds
	return a.client, creds, err
}

// forget lets the kubeconfig be read again.
func (a *API) forget(c *client) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.client == c {
		a.client = nil
		c.close()
	}
}

// call sends a request and decodes the answer.
func (c *client) call(ctx context.Context, q Call, v any) error {
	r, err := http.NewRequestWithContext(ctx, q.Method, c.server+q.Path, bytes.NewReader(q.Body))
	if err != nil {
		return err
	}
	r.Header.Set("Accept", forms[jsonText].accept)
	if q.Body != nil {
		r.Header.Set("Content-Type", q.Type)
	}
	if q.Agent != "" {
		r.Header.Set("User-Agent", q.Agent)
	}
	answer, err := c.http.RoundTrip(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		return readStatus(answer)
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	c.bytes.give(len(text) * (costFrames - 1))
	switch {
	case err != nil:
		return err
	case len(text) > maxAnswer:
		return errors.New("the answer has no end")
	case v == nil:
		return nil
	case json.Unmarshal(text, v) != nil:
		return foreign{new(scan).text([]byte(answer.Header.Get("Content-Type")), 64)}
	}
	return nil
}

// refusal is e for whoever asked for something to be done.
func (e *statusError) refusal() *Refusal {
	r := &Refusal{Code: e.code, Message: e.message}
	var v struct {
		Details struct {
			Causes []struct {
				Message string `json:"message"`
			} `json:"causes"`
		} `json:"details"`
	}
	if json.Unmarshal(e.body, &v) == nil {
		for _, c := range v.Details.Causes[:min(len(v.Details.Causes), maxParts)] {
			r.Causes = append(r.Causes, new(scan).text([]byte(c.Message), maxMessage))
		}
	}
	return r
}
