package run

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/plugin"
)

// TestScrape: how an exporter is asked, and what is made of what it answers.
func TestScrape(t *testing.T) {
	const metrics = "# TYPE up gauge\nup 1\n"
	compressed := func(text string) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write([]byte(text))
		w.Close()
		return b.Bytes()
	}
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	for _, c := range []struct {
		name   string
		handle http.HandlerFunc
		how    plugin.How
		output string
	}{
		{"metrics", func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet || r.URL.RequestURI() != "/metrics?a=b" || r.Header.Get("Accept") != "text/plain;version=0.0.4" || r.Header.Get("Accept-Encoding") != "identity" {
				t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
			}
			fmt.Fprint(w, metrics)
		}, plugin.Exited, metrics},
		{"status", func(w http.ResponseWriter, r *http.Request) { http.Error(w, metrics, http.StatusServiceUnavailable) }, plugin.Failed, "status 503, not 200"},
		{"without an end of the last line", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "up 1") }, plugin.Exited, "up 1\n"},
		{"without an end, in parts", func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			fmt.Fprint(w, "up 1")
		}, plugin.Exited, "up 1\n"},
		{"without an end that could be told", func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			fmt.Fprint(conn, "HTTP/1.0 200 OK\r\n\r\nup 1")
			conn.Close()
		}, plugin.Exited, "up 1"},
		{"a web page", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "\n <!DOCTYPE html>\n<html>\n") }, plugin.Failed, "answers with a web page"},
		{"a large web page", func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, "<html>\n"+strings.Repeat("<p>\n", 20<<10)+"</html>\n")
		}, plugin.Failed, "answers with a web page"},
		{"an error in words", func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "2 errors occurred:\n\n* collected before\n"+strings.Repeat("x", 5000), http.StatusInternalServerError)
		}, plugin.Failed, "status 500, not 200: 2 errors occurred: * collected before xxx"},
		{"an error page", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, "<html>\n")
		}, plugin.Failed, "status 404, not 200\n"},
		{"redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) }, plugin.Failed, "status 302, not 200"},
		{"bomb", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(compressed(strings.Repeat("# a\n", 1<<20)))
		}, plugin.Failed, `coding "gzip"`},
		{"cut", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, metrics)
		}, plugin.Failed, "in the middle"},
		{"5 MiB", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, strings.Repeat("up 1\n", 1<<20)) }, plugin.Failed, "more than 4 MiB"},
		{"no end", func(w http.ResponseWriter, r *http.Request) {
			for {
				if _, err := fmt.Fprint(w, metrics); err != nil {
					return
				}
			}
		}, plugin.Failed, "more than 4 MiB"},
		{"endless header", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("A", strings.Repeat("a", 1<<20))
			fmt.Fprint(w, metrics)
		}, plugin.Failed, "headers exceeded"},
		{"too much that is chosen", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, strings.Repeat("up 1\n", 20<<10)) }, plugin.Failed, "more than 64 KiB about the metrics"},
	} {
		server := httptest.NewServer(c.handle)
		end, output := result(t, &plugin.Spec{Kind: plugin.Scrape, URL: server.URL + "/metrics?a=b", Metrics: []plugin.Select{{Metric: "up"}}})
		if end != (plugin.End{How: c.how}) || c.how == plugin.Exited && output != c.output || !strings.Contains(output, c.output) {
			t.Errorf("%s: %+v %q, want %q", c.name, end, output, c.output)
		}
		server.Close()
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("another place was asked %d times", n)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, strings.Repeat("up 1\n", 20<<10)) }))
	// Of what is not kept nobody may say that it is not there.
	if end, output := result(t, &plugin.Spec{Kind: plugin.Scrape, URL: server.URL}); end.How != plugin.Failed || !strings.Contains(output, "more than 64 KiB, and no metrics of it are chosen") {
		t.Errorf("much, and nothing is chosen: %+v %q", end, output)
	}
	server.Close()
	same := await.Goroutines(t)
	server = httptest.NewServer(http.NotFoundHandler())
	server.Close()
	if end, output := result(t, &plugin.Spec{Kind: plugin.Scrape, URL: server.URL}); end.How != plugin.Failed || output != server.URL+": connection refused\n" {
		t.Errorf("nobody listens: %+v %q", end, output)
	}
	if end, output := result(t, &plugin.Spec{Kind: plugin.Scrape, URL: "http://192.0.2.1/metrics"}); end.How != plugin.Failed || !strings.Contains(output, "192.0.2.1:80 is no address of this host alone") {
		t.Errorf("another host: %+v %q", end, output)
	}
	same()
}

// TestScrapeTimeout: an exporter that does not answer, or not to the end, is not waited for longer than the timeout.
func TestScrapeTimeout(t *testing.T) {
	for _, begins := range []bool{false, true} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if begins {
				fmt.Fprint(w, "up 1\n")
				w.(http.Flusher).Flush()
			}
			<-r.Context().Done()
		}))
		end, output := result(t, &plugin.Spec{Kind: plugin.Scrape, URL: server.URL, Timeout: 100 * time.Millisecond})
		if end.How != plugin.Failed || output != server.URL+" did not answer within 100ms\n" {
			t.Errorf("%+v %q", end, output)
		}
		server.Close()
	}
}

// TestLargeExporter: of an exporter that says more than a result may hold, the figures are those that its whole text has.
func TestLargeExporter(t *testing.T) {
	var text strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&text, "# HELP other_%d Of no use.\n# TYPE other_%d gauge\nother_%d{a=\"%d\"} 1\n", i, i, i, i)
	}
	text.WriteString(`# HELP disk_temperature How warm.
# TYPE disk_temperature gauge
disk_temperature{device="sda"} 51
  disk_temperature{device="sdb"} 42
disk_temperature_max 60
# TYPE wait histogram
wait_bucket{le="1"} 2
wait_bucket{le="+Inf"} 3
wait_sum 4
wait_count 3
`)
	warn, _ := plugin.ParseRange("50")
	s := plugin.Spec{Kind: plugin.Scrape, Metrics: []plugin.Select{
		{Metric: "disk_temperature", Labels: map[string]string{"device": "sda"}, Warn: warn}, {Metric: "wait_count"},
	}}
	got, left, status, why, err := plugin.ParseMetrics(chosen([]byte(text.String()), s.Metrics), s.Metrics)
	want, _, wantStatus, wantWhy, _ := plugin.ParseMetrics([]byte(text.String()), s.Metrics)
	if err != nil || left != 0 || len(want) != 2 || fmt.Sprint(got) != fmt.Sprint(want) || status != wantStatus || status != plugin.Warning || why != wantWhy {
		t.Errorf("%v %v %q, want %v %v %q: %v", got, status, why, want, wantStatus, wantWhy, err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, text.String()) }))
	defer server.Close()
	s.URL = server.URL
	const lines = "disk_temperature{device=\"sda\"} 51\n  disk_temperature{device=\"sdb\"} 42\nwait_count 3\n"
	if end, output := result(t, &s); end != (plugin.End{}) || output != lines {
		t.Errorf("%+v %q", end, output)
	}
}

// FuzzChosen: whatever a whole text says of the metrics that are chosen, what is left of it says, too; a text that ends in the middle of
// a line is refused as the whole is.
func FuzzChosen(f *testing.F) {
	for _, text := range []string{"", "up 1\n", "# TYPE up gauge\n  up{a=\"b\"} 1 1700000000000\nup2 3\n", "other 1\nup 2\nother{a=\"\\n\"} 3", "\tup\tNaN\nup{} 4\n", "up 1\r\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		metrics := []plugin.Select{{Metric: "up"}, {Metric: "wait_sum", Label: "wait"}}
		want, left, status, why, err := plugin.ParseMetrics(text, metrics)
		got, gotLeft, gotStatus, gotWhy, gotErr := plugin.ParseMetrics(chosen(text, metrics), metrics)
		switch cut := len(text) > 0 && text[len(text)-1] != '\n'; {
		case cut && (err == nil) != (gotErr == nil):
			t.Errorf("%q: %v, and of what is left %v", text, err, gotErr)
		case err == nil && (gotErr != nil || fmt.Sprint(got) != fmt.Sprint(want) || gotLeft != left || gotStatus != status || gotWhy != why):
			t.Errorf("%q: %v %d %v %q, want %v %d %v %q: %v", text, got, gotLeft, gotStatus, gotWhy, want, left, status, why, gotErr)
		}
	})
}
