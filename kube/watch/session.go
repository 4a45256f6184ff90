package watch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"hypervisor-tui/kube"
)

// session is one API server asked with one set of credentials. It has a goroutine that probes, and while the API server
// answers one more for each kind. It belongs to the Watcher's goroutine, but for creds and client, which never change.
type session struct {
	creds   *credentials
	client  *client
	keep    Keep
	pace    *pace
	streams []*stream
	end     context.CancelFunc // of all
	probing <-chan struct{}
	pause   context.CancelFunc // of the streams, nil: they do not run
	running []<-chan struct{}  // of the streams
}

// Keep runs f on a goroutine of that name until ctx ends, again when it panics, and closes the channel it returns when
// that is over.
type Keep func(ctx context.Context, name string, f func(context.Context) error) <-chan struct{}

// facts is what is asked once a connection.
type facts struct {
	version string
	admin   bool
}

// probe asks again and again whether the API server is ready, and tells. It returns when ctx ends.
func (s *session) probe(ctx context.Context, tell func(context.Context, func(*Watcher)), now func() time.Duration) error {
	var wait backoff
	var known facts
	for ctx.Err() == nil {
		err := s.ready(ctx)
		if ctx.Err() != nil {
			break
		}
		if err == nil {
			if known.version == "" {
				known = s.ask(ctx)
			}
			wait = 0
			f := known
			tell(ctx, func(w *Watcher) { w.up(ctx, f) })
			sleep(ctx, s.pace.probes)
			continue
		}
		c := cause(err, time.Now(), s.creds.client)
		d := s.pace.wait(&wait)
		if c.Check == kube.Unauthorized || c.Check == kube.NotReady {
			d = min(d, s.pace.probes)
		}
		known = facts{} // whatever comes back may be another version
		c.Retry = now() + d
		tell(ctx, func(w *Watcher) { w.down(c) })
		sleep(ctx, d)
	}
	return nil
}

// ready asks whether the API server is. Credentials that may not ask that, and a server that does not know the question,
// are an answer as well.
func (s *session) ready(ctx context.Context) error {
	text, err := s.short(ctx, http.MethodGet, "/readyz", "")
	var status *statusError
	switch {
	case err == nil && string(bytes.TrimSpace(text)) != "ok":
		return foreign{}
	case !errors.As(err, &status):
		return err
	case status.html || status.code/100 == 3:
		return foreign{}
	}
	switch status.code {
	case http.StatusForbidden, http.StatusNotFound, http.StatusTooManyRequests:
		return nil
	}
	return err
}

// ask learns the version and whether the credentials may do everything. What is not answered is not known.
func (s *session) ask(ctx context.Context) (f facts) {
	var version struct {
		GitVersion string `json:"gitVersion"`
	}
	if text, err := s.short(ctx, http.MethodGet, "/version", ""); err == nil && json.Unmarshal(text, &version) == nil {
		f.version = new(scan).text([]byte(version.GitVersion), 64)
	}
	// A review is a question although it is a POST: nothing is stored.
	const review = `{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{"resourceAttributes":{"verb":"*","group":"*","resource":"*"}}}`
	var answer struct {
		Status struct {
			Allowed bool `json:"allowed"`
		} `json:"status"`
	}
	text, err := s.short(ctx, http.MethodPost, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
	f.admin = err == nil && json.Unmarshal(text, &answer) == nil && answer.Status.Allowed
	return f
}

// short sends a request whose answer is short, within the pace's timeout.
func (s *session) short(ctx context.Context, method, path, body string) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.pace.timeout, errSilent)
	defer cancel()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	r, err := s.client.do(ctx, method, path, jsonText, in)
	if err == nil {
		defer r.Body.Close()
		var text []byte
		if text, err = io.ReadAll(io.LimitReader(r.Body, maxError)); err == nil {
			return text, nil
		}
	}
	if cause := context.Cause(ctx); errors.Is(cause, errSilent) {
		return nil, cause
	}
	return nil, err
}

// follow starts a stream for each kind, unless they run.
func (s *session) follow(ctx context.Context) {
	if s.pause != nil {
		return
	}
	ctx, s.pause = context.WithCancel(ctx)
	for _, stream := range s.streams {
		s.running = append(s.running, s.keep(ctx, "cluster's "+stream.String(), stream.run))
	}
}

// rest ends the streams and waits for them; they keep their place.
func (s *session) rest() {
	if s.pause == nil {
		return
	}
	s.pause()
	for _, ended := range s.running {
		<-ended
	}
	s.pause, s.running = nil, nil
}
