package prometheus

import (
	"compress/gzip"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"hypervisor-tui/console/config"
	"hypervisor-tui/internal/certtest"
	"hypervisor-tui/internal/clean"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 5e8, time.UTC)

// series is one of an answer, in JSON.
func series(figure string, values ...string) string {
	return fmt.Sprintf(`{"metric":{"figure":%q},"values":[%s]}`, figure, strings.Join(values, ","))
}

// matrix is an answer with these.
func matrix(list ...string) string {
	return `{"status":"success","data":{"resultType":"matrix","result":[` + strings.Join(list, ",") + `]}}`
}

// at is a point of an answer: so many steps behind the first.
func at(q *question, steps float64, value string) string {
	return fmt.Sprintf(`[%.3f,%q]`, float64(q.from.Unix())+steps*step.Seconds(), value)
}

// TestDecode: each value is where its time is, and all else is a gap.
func TestDecode(t *testing.T) {
	q := newQuestion("b", nil, noon)
	cpu, memory, err := q.decode([]byte(matrix(
		series("memory", at(&q, 0, "50"), at(&q, points-1, "70.5")),
		series("cpu", at(&q, 2, "12.5"), at(&q, 3, "NaN"), at(&q, 4, "+Inf"), at(&q, 5, "250"), at(&q, 6, "-0.5"), at(&q, 7, "100.25"), at(&q, -1, "9"), at(&q, points, "9"), at(&q, 8, "x"),
			`[null,"9"]`, `[1]`, `[]`))))
	if err != nil {
		t.Fatal(err)
	}
	known := map[int]float64{2: 12.5, 6: 0, 7: 100}
	for i := range points {
		want, there := known[i]
		if got := cpu.Points.At(i); there && got != want || !there && !math.IsNaN(got) {
			t.Errorf("point %d is %v, want %v (known: %v)", i, got, want, there)
		}
	}
	if cpu.Points.Len() != points || cpu.Known != 3 || cpu.Min != 0 || cpu.Avg != 37.5 || cpu.Points.Max() != 100 {
		t.Errorf("%d points, %d known, min %v, avg %v", cpu.Points.Len(), cpu.Known, cpu.Min, cpu.Avg)
	}
	if memory.Known != 2 || memory.Points.At(0) != 50 || memory.Points.At(points-1) != 70.5 {
		t.Errorf("memory: %+v", memory)
	}
	if cpu, memory, err = q.decode([]byte(matrix())); err != nil || cpu.Points.Len()+memory.Points.Len() != 0 {
		t.Error("of nothing:", cpu, memory, err)
	}
}

// TestQuestion: what is asked goes below the path of the URL, with a token, and names the node and its addresses as they are.
func TestQuestion(t *testing.T) {
	q := newQuestion(`h.v"2`, []string{"10.0.0.2", "fd00::2"}, noon)
	var got *http.Request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		fmt.Fprint(w, matrix(series("cpu", at(&q, 1, "5"))))
	}))
	defer server.Close()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("abcdefghijklmnopqrst\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cpu, _, err := q.ask(t.Context(), config.Prometheus{URL: server.URL + "/prefix/", TokenFile: token})
	if err != nil || cpu.Known != 1 {
		t.Fatal(cpu, err)
	}
	form := got.URL.Query()
	if got.Method != http.MethodGet || got.URL.Path != "/prefix/api/v1/query_range" || got.Header.Get("Authorization") != "Bearer abcdefghijklmnopqrst" || got.Header.Get("Accept-Encoding") != "" ||
		form.Get("start") != strconv.FormatInt(noon.Unix()-143*150, 10) || form.Get("end") != strconv.FormatInt(noon.Unix(), 10) || form.Get("step") != "150" || form.Get("timeout") != "2s" {
		t.Errorf("%s %s %v", got.Method, got.URL, got.Header)
	}
	for _, want := range []string{`{mode=~"idle|iowait",instance=~"(h\\.v\"2|10\\.0\\.0\\.2|\\[?fd00::2\\]?)(:[0-9]+)?"}`, `{node="h.v\"2"}`} {
		if !strings.Contains(form.Get("query"), want) {
			t.Errorf("no %s in %s", want, form.Get("query"))
		}
	}
}

// TestWhyNot: each way in which Prometheus does not answer, in words.
func TestWhyNot(t *testing.T) {
	q := newQuestion("b", nil, noon)
	followed := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect is followed") }))
	defer followed.Close()
	says := func(code int, kind, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(code)
			fmt.Fprint(w, text)
		}
	}
	failed := func(text string) string {
		b, err := json.Marshal(map[string]string{"status": "error", "errorType": "execution", "error": text})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	const right = "is prometheus.url right?"
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"HTML":            {says(200, "text/html; charset=utf-8", "<html>"), "it answers with a page for browsers: " + right},
		"other JSON":      {says(200, "application/json", `{"hello":"world"}`), "it answers otherwise than Prometheus does: " + right},
		"a vector":        {says(200, "application/json", strings.Replace(matrix(), "matrix", "vector", 1)), "it answers otherwise than Prometheus does: " + right},
		"other series":    {says(200, "application/json", matrix(series("disk"))), "it answers otherwise than Prometheus does: " + right},
		"a series twice":  {says(200, "application/json", matrix(series("cpu"), series("cpu"))), "it answers otherwise than Prometheus does: " + right},
		"half":            {says(200, "application/json", matrix()[:40]), "it answers otherwise than Prometheus does: " + right},
		"nothing":         {says(200, "", ""), "it answers otherwise than Prometheus does: " + right},
		"500":             {says(500, "text/plain", "oh"), "it answers HTTP 500 Internal Server Error"},
		"502 with a page": {says(502, "text/html", "<html>"), "it answers HTTP 502 Bad Gateway"},
		"201":             {says(201, "application/json", matrix()), "it answers HTTP 201 Created"},
		"401":             {says(401, "text/plain", ""), "it does not let us in (HTTP 401 Unauthorized): see prometheus.tokenFile"},
		"403 with a page": {says(403, "text/html", "<html>"), "it does not let us in (HTTP 403 Forbidden): see prometheus.tokenFile"},
		"an error":        {says(422, "application/json", failed("too many samples")), "it says execution: too many samples"},
		"an evil error":   {says(503, "application/json", failed("\x1b[31mred\n\u202eyes")), "it says execution: " + clean.String("\x1b[31mred\n\u202eyes")},
		"a redirect":      {http.RedirectHandler(followed.URL, http.StatusFound).ServeHTTP, "it redirects to " + followed.URL + ": " + right},
		"100 MB": {func(w http.ResponseWriter, _ *http.Request) {
			for range 100 << 10 {
				if _, err := w.Write(make([]byte, 1<<10)); err != nil {
					return
				}
			}
		}, "it answers more than 256 KiB"},
		"gzip": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			fmt.Fprint(z, matrix())
			z.Close()
		}, "it answers in a coding that was not asked for: gzip"},
		"hangs up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "it closes the connection without an answer"},
		"hangs up later": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			fmt.Fprint(w, "x")
		}, "it closes the connection without an answer"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(c.handler)
			defer server.Close()
			settings := config.Prometheus{URL: server.URL}
			if _, _, err := q.ask(t.Context(), settings); err == nil || why(err, settings) != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
	long := why(words("it says %s", strings.Repeat("ü", 5000)), config.Prometheus{})
	if len(long) > maxWords+3 || !utf8.ValidString(long) {
		t.Errorf("%d bytes: %s", len(long), long)
	}
	if got := why(&url.Error{Op: "Get", URL: "http://p/?query=up", Err: &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "p"}}}, config.Prometheus{}); got != "its name cannot be looked up: no such host" {
		t.Error(got)
	}
	if got := why(&url.Error{Op: "Get", URL: "http://p/?query=up", Err: &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EPERM)}}, config.Prometheus{}); got != "no way there (operation not permitted)" {
		t.Error(got)
	}
	if got := why(&url.Error{Op: "Get", URL: "http://p/?query=up", Err: errors.New("no route")}, config.Prometheus{}); got != "no route" {
		t.Error(got)
	}
}

// TestNotThere: nobody listens, or takes the connection and is silent: also behind the first byte.
func TestNotThere(t *testing.T) {
	ask := func(c config.Prometheus) string {
		t.Helper()
		u := Once(t.Context(), Options{Config: c, Now: func() time.Duration { return time.Hour }, Addresses: func(string) []string { return nil }}, "b")
		return u.Health.Err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(config.Prometheus{URL: "http://" + l.Addr().String()}); got != "no answer in 2 s" {
		t.Error("silent:", got)
	}
	l.Close()
	if got := ask(config.Prometheus{URL: "http://" + l.Addr().String()}); got != "nobody listens there (connection refused)" {
		t.Error("closed:", got)
	}
	trickle := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	defer trickle.Close()
	if got := ask(config.Prometheus{URL: trickle.URL}); got != "no answer in 2 s" {
		t.Error("begun:", got)
	}
	empty := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, matrix()) }))
	defer empty.Close()
	if got := ask(config.Prometheus{URL: empty.URL}); got != `it has no figures of this node: looked for node_cpu_seconds_total and node_memory_MemTotal_bytes with instance=~"(b)(:[0-9]+)?" or node="b"` {
		t.Error("empty:", got)
	}
	for file, want := range map[string]string{
		"/nonexistent": "prometheus.tokenFile: open /nonexistent: no such file or directory", "/dev/null": "prometheus.tokenFile: /dev/null is not a regular file",
	} {
		if got := ask(config.Prometheus{URL: empty.URL, TokenFile: file}); got != want {
			t.Error(got)
		}
	}
}

// TestCertificates: who has one of the authority, for the name in the URL, is believed, and nobody else.
func TestCertificates(t *testing.T) {
	q := newQuestion("b", nil, noon)
	ours, theirs := certtest.New(t), certtest.New(t)
	caFile := ours.Write(t, t.TempDir())
	for name, c := range map[string]struct {
		pair   certtest.Pair
		caFile string
		want   string
	}{
		"right":       {ours.Node(t, "127.0.0.1"), caFile, ""},
		"unknown":     {theirs.Node(t, "127.0.0.1"), caFile, "its certificate is signed by an authority that is not in prometheus.caFile"},
		"no caFile":   {ours.Node(t, "127.0.0.1"), "", "its certificate is signed by an authority that this host does not trust: see prometheus.caFile"},
		"another's":   {ours.Node(t, "127.0.0.2"), caFile, "its certificate is not for 127.0.0.1"},
		"expired":     {ours.Between(t, -2*time.Hour, -time.Hour, "127.0.0.1"), caFile, "its certificate has expired or is not valid yet, or this host's clock is wrong"},
		"wrong files": {ours.Node(t, "127.0.0.1"), "/dev/null", "prometheus.caFile: /dev/null is not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, matrix()) }))
			server.TLS = &tls.Config{Certificates: []tls.Certificate{c.pair.TLS(t)}}
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.StartTLS()
			defer server.Close()
			settings := config.Prometheus{URL: server.URL, CAFile: c.caFile}
			_, _, err := q.ask(t.Context(), settings)
			if got := ""; err != nil {
				got = why(err, settings)
				if got != c.want {
					t.Errorf("%q, want %q", got, c.want)
				}
			} else if c.want != "" {
				t.Error("it is believed, want", c.want)
			}
		})
	}
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, matrix()) }))
	defer plain.Close()
	settings := config.Prometheus{URL: strings.Replace(plain.URL, "http:", "https:", 1)}
	if _, _, err := q.ask(t.Context(), settings); err == nil || why(err, settings) != "it does not speak TLS: prometheus.url begins with https" {
		t.Error(err)
	}
}

// FuzzDecode: whatever it answers, points are as many as were asked for, and shares or gaps.
func FuzzDecode(f *testing.F) {
	q := newQuestion("b", nil, noon)
	f.Add([]byte(matrix()))
	f.Add([]byte(matrix(series("cpu", at(&q, 1, "5"), at(&q, 2, "NaN")), series("memory", at(&q, 1, "1e3")))))
	f.Add([]byte(`{"status":"error","errorType":"bad_data","error":"x"}`))
	f.Add([]byte(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"figure":"cpu"},"values":[[1e300,"1"],[-1e300,"1"],[{},[]]]}]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		cpu, memory, err := q.decode(text)
		for _, figure := range []*struct {
			n, known int
			min, avg float64
		}{{cpu.Points.Len(), cpu.Known, cpu.Min, cpu.Avg}, {memory.Points.Len(), memory.Known, memory.Min, memory.Avg}} {
			if err != nil && figure.n != 0 || figure.n != 0 && figure.n != points || figure.known > figure.n || figure.known > 0 && !(figure.min >= 0 && figure.min <= figure.avg+1e-9 && figure.avg <= 100+1e-9) {
				t.Errorf("%+v, %v", figure, err)
			}
		}
		if err != nil {
			if line := why(err, config.Prometheus{}); clean.String(line) != line || len(line) > maxWords+3 {
				t.Errorf("%q", line)
			}
		}
	})
}
