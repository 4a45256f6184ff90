package serve

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/report/metrics"
)

// figures is an Exposition that counts what it is asked for.
type figures struct {
	text  string
	err   error
	begun chan struct{} // has a value for each that was asked for, where it is there
	hold  chan struct{} // ends the wait of those that were asked for
	held  int
}

func (f *figures) Exposition(ctx context.Context, format metrics.Format) ([]byte, func(), error) {
	if f.begun != nil {
		f.begun <- struct{}{}
		<-f.hold
	}
	if f.err != nil {
		return nil, nil, f.err
	}
	f.held++
	return []byte(f.text + strconv.Itoa(int(format))), func() { f.held-- }, nil
}

var outside = peer{address: netip.AddrFrom4([4]byte{10, 0, 0, 5})}

// scrape asks the handler as p, with headers.
func scrape(h http.Handler, method string, p peer, headers ...string) *httptest.ResponseRecorder {
	return askAs(h, method, "/metrics?collect[]=cpu&collect[]=none", p, headers...)
}

func askAs(h http.Handler, method, path string, p peer, headers ...string) *httptest.ResponseRecorder {
	q := httptest.NewRequest(method, path, nil)
	q.Host = "localhost"
	for i := 0; i < len(headers); i += 2 {
		q.Header.Add(headers[i], headers[i+1])
	}
	a := httptest.NewRecorder()
	h.ServeHTTP(a, q.WithContext(context.WithValue(q.Context(), peerKey{}, p)))
	return a
}

// TestFormatIsNegotiated: OpenMetrics only for who names it.
func TestFormatIsNegotiated(t *testing.T) {
	t.Parallel()
	h := NewMetrics(&figures{})
	const open = metrics.OpenMetrics
	for accept, want := range map[string]metrics.Format{
		"":                             metrics.Text,
		"*/*":                          metrics.Text,
		"text/html,*/*;q=0.8":          metrics.Text,
		"text/plain":                   metrics.Text,
		"application/json":             metrics.Text,
		"application/openmetrics-text": open,
		"application/openmetrics-text; version=1.0.0; charset=utf-8":                      open,
		"application/openmetrics-text;version=0.0.1":                                      metrics.Text,
		"application/openmetrics-text;version=2.0.0":                                      metrics.Text,
		"application/openmetrics-text;version=1.0.0;q=0":                                  metrics.Text,
		"application/openmetrics-text;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.5": metrics.Text,
		"Application/OpenMetrics-Text ; Version=1.0.0":                                    open,
		"application/openmetrics-text;q=nan":                                              metrics.Text,
		"application/openmetrics-text;q=2":                                                metrics.Text,
		"application/openmetrics-text;q":                                                  metrics.Text,
		";;;,,,/;q=1":                                                                     metrics.Text,
		// Prometheus 2.42 and 3.
		"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1":                                                                                                                               open,
		"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2": open,
	} {
		a := scrape(h, "GET", outside, "Accept", accept)
		if a.Code != 200 || a.Header().Get("Content-Type") != want.ContentType() || a.Body.String() != strconv.Itoa(int(want)) {
			t.Errorf("%s: %d %q %q", accept, a.Code, a.Header().Get("Content-Type"), a.Body)
		}
	}
	if a := scrape(h, "GET", outside, "Accept", "text/plain;q=0.1", "Accept", "application/openmetrics-text"); a.Body.String() != "1" {
		t.Errorf("two headers: %q", a.Body)
	}
}

// TestGzipIsForOtherHostsThatAsk: over loopback it would cost more than it saves.
func TestGzipIsForOtherHostsThatAsk(t *testing.T) {
	t.Parallel()
	f := &figures{text: strings.Repeat("node_load1 0.5\n", 10_000)}
	h := NewMetrics(f)
	local := peer{address: netip.AddrFrom4([4]byte{127, 0, 0, 1}), local: true}
	for _, c := range []struct {
		p      peer
		accept string
		want   bool
	}{
		{outside, "gzip", true}, {outside, "br, GZIP;q=0.5", true}, {outside, "gzip;q=0", false}, {outside, "", false}, {outside, "identity", false},
		{outside, "*", false}, {local, "gzip", false}, {peer{unix: true, local: true}, "gzip", false},
	} {
		for range 2 { // compressors are used again
			a := scrape(h, "GET", c.p, "Accept-Encoding", c.accept)
			text := a.Body.Bytes()
			if length := a.Header().Get("Content-Length"); length != strconv.Itoa(len(text)) {
				t.Errorf("length %s of %d bytes", length, len(text))
			}
			if got := a.Header().Get("Content-Encoding") == "gzip"; got != c.want {
				t.Errorf("%v, %q: gzip %v", c.p, c.accept, got)
			}
			if c.want {
				z, err := gzip.NewReader(bytes.NewReader(text))
				if err != nil {
					t.Fatal(err)
				}
				text, _ = io.ReadAll(z)
			}
			if string(text) != f.text+"0" {
				t.Errorf("%v, %q: %d bytes", c.p, c.accept, len(text))
			}
		}
	}
	if f.held != 0 {
		t.Errorf("%d are not released", f.held)
	}
}

func TestScrapesOfOtherKinds(t *testing.T) {
	t.Parallel()
	f := &figures{text: "up "}
	h := NewMetrics(f)
	if a := scrape(h, "POST", outside); a.Code != 405 || a.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d", a.Code)
	}
	f.err = errors.New("none yet")
	if a := scrape(h, "GET", outside); a.Code != 503 || a.Header().Get("Retry-After") == "" {
		t.Errorf("without figures: %d", a.Code)
	}
	f.err = nil
	for range 2 * maxScrapes { // what failed gave its place back
		if a := scrape(h, "GET", outside); a.Code != 200 {
			t.Errorf("%d", a.Code)
		}
	}
	r := start(t, Options{Metrics: h})
	a, text := ask(t, r.client(), "HEAD", "http://127.0.0.1/metrics", nil)
	if a.StatusCode != 200 || a.ContentLength != int64(len("up 0")) || text != "" {
		t.Errorf("HEAD: %d %d %q", a.StatusCode, a.ContentLength, text)
	}
}

// TestOnlyFourScrapesAtATime: the fifth waits for its turn, and is told when that does not come.
func TestOnlyFourScrapesAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &figures{begun: make(chan struct{}), hold: make(chan struct{}), err: errors.New("none")}
		h := NewMetrics(f)
		done := make(chan string, maxScrapes+1)
		ask := func() { done <- scrape(h, "GET", outside).Body.String() }
		for range maxScrapes {
			go ask()
			<-f.begun
		}
		began := time.Now()
		if a := scrape(h, "GET", outside); a.Code != 503 || !strings.Contains(a.Body.String(), "too many") || time.Since(began) != turnTime {
			t.Errorf("%d %q after %v", a.Code, a.Body, time.Since(began))
		}
		go ask()
		synctest.Wait()
		close(f.hold)
		<-f.begun
		for range maxScrapes + 1 {
			if text := <-done; !strings.Contains(text, "no figures") {
				t.Errorf("%q", text)
			}
		}
	})
}

// TestScrapersThatNeverReadHoldNobodyUp: what is being sent takes no place among those that are made.
func TestScrapersThatNeverReadHoldNobodyUp(t *testing.T) {
	t.Parallel()
	r := start(t, Options{Metrics: NewMetrics(sharedFigures(make([]byte, 16<<20)))})
	for range 2 * maxScrapes {
		c := dial(t, "unix", r.unix)
		if _, err := io.WriteString(c, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
	}
	await.Until(t, "all are there", func() bool { return r.connections() == 2*maxScrapes })
	for range 4 {
		if a, text := ask(t, r.client(), "GET", "http://127.0.0.1/metrics", nil); a.StatusCode != 200 || len(text) != 16<<20 {
			t.Errorf("%s, %d bytes", a.Status, len(text))
		}
	}
}

// sharedFigures is the same text for all.
type sharedFigures []byte

func (s sharedFigures) Exposition(context.Context, metrics.Format) ([]byte, func(), error) {
	return s, func() {}, nil
}
