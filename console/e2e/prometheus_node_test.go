//go:build !nokube

package e2e

import (
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/internal/viewers"
	"hypervisor-tui/peer"
	"hypervisor-tui/peer/prometheus"
)

// unheard is an address at which nobody listens.
func unheard(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// measured starts a console that asks a Prometheus, and shows a dead node of 127.0.0.1 whole, without any cluster.
func measured(t *testing.T, url string) *session {
	t.Helper()
	m := newMesh(t)
	m.add("hv2", unheard(t))
	s := start(t, setup{w: 100, h: 50, args: []string{"--screen", "nodes", "--config",
		writeFile(t, "config.yaml", m.config("kubeconfigPath: /nonexistent\nprometheus: {url: '"+url+"'}\n"))}})
	s.await("hv2")
	s.keys("\r")
	s.await("by Prometheus")
	return s
}

// usable holds that the page scrolls, closes and opens, and that the others are there.
func usable(s *session) {
	s.t.Helper()
	s.keys("jk\x1b")
	s.until("the page closes", func(text string) bool { return !strings.Contains(text, "by Prometheus") })
	s.keys("2")
	s.await("Memory")
	s.keys("4\r")
	s.await("by Prometheus")
}

// TestPrometheusOfNode: a node's page has what a real Prometheus has of it, also where the node is dead and there is no cluster; each
// point is what Prometheus itself says of that time.
func TestPrometheusOfNode(t *testing.T) {
	t.Parallel()
	p := scrape(t, serve(t, fmt.Sprintf(exporting, "null")))
	await.Until(t, "some scrapes", func() bool {
		scrapes, _ := p.query("sum_over_time(up[10m])", "")
		return scrapes >= 3
	})
	s := measured(t, p.url)
	s.await("CPU     min ", "memory  min ", "known of 2m of 6h 0m")
	usable(s)

	// The points themselves, as this process gets them. A scrape that was under way may have been put into the newest ones since.
	differ := ""
	defer func() {
		if differ != "" {
			t.Error(differ)
		}
	}()
	await.Until(t, "the same points", func() bool {
		u := askedHere(t, p.url)
		step := u.To.Sub(u.From) / time.Duration(u.CPU.Points.Len()-1)
		compared := 0
		differ = ""
		for i := range u.CPU.Points.Len() {
			at := strconv.FormatInt(u.From.Add(time.Duration(i)*step).Unix(), 10)
			for q, got := range map[string]float64{
				`100 * (1 - sum(rate(node_cpu_seconds_total{mode=~"idle|iowait"}[5m])) / sum(rate(node_cpu_seconds_total[5m])))`: u.CPU.Points.At(i),
				"100 * (1 - hypervisor_memory_available_bytes / node_memory_MemTotal_bytes)":                                     u.Memory.Points.At(i),
			} {
				want, there := p.query(q, at)
				switch known := !math.IsNaN(got); {
				case known != there, known && math.Abs(got-want) > 1e-4:
					differ += fmt.Sprintf("point %d is %v; %s is %v (there: %v)\n", i, got, q, want, there)
				case known:
					compared++
				}
			}
		}
		return differ == "" && compared >= 2
	})
}

// askedHere is what this process gets of a node of 127.0.0.1.
func askedHere(t *testing.T, url string) *peer.Usage {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	whole, known := viewers.NewNames(), new(atomic.Pointer[peer.Usages])
	whole.Turn("", "hv2")
	a := prometheus.New(prometheus.Options{Config: config.Prometheus{URL: url}, Now: boottime.Now, Whole: whole, Addresses: func(string) []string { return []string{"127.0.0.1"} }})
	go func() { _ = a.Run(ctx, known.Store) }() // it ends with ctx
	var u *peer.Usage
	await.Until(t, "an answer", func() bool {
		if list := known.Load(); list != nil {
			u = list.Of("hv2")
		}
		return u != nil
	})
	if u.Health.State != health.OK {
		t.Fatalf("%+v", u.Health)
	}
	return u
}

// TestPrometheusFails: absent, slow, of another kind, with an error, or without the node: the page says so in words and stays usable.
func TestPrometheusFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"slow": {func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-time.After(10 * time.Second):
			}
		}, "no answer in 2 s"},
		"a page": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<html>")
		}, "it answers with a page for browsers"},
		"an error": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(503)
			io.WriteString(w, `{"status":"error","errorType":"timeout","error":"query \u001b[31mtimed out"}`)
		}, "it says timeout: query \ufffdtimed out"},
		"without it": {func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, `{"status":"success","data":{"resultType":"matrix","result":[]}}`)
		}, "it has no figures of this node: looked for"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(c.handler)
			defer server.Close()
			s := measured(t, server.URL)
			usable(s) // while the slow one has not answered, too
			s.await(c.want)
			usable(s)
		})
	}
	t.Run("absent", func(t *testing.T) {
		t.Parallel()
		s := measured(t, "http://"+unheard(t))
		s.await("nobody listens there (connection refused)")
		usable(s)
	})
}

// TestCheckPrometheus: --check says what it has of this host, or why it does not answer.
func TestCheckPrometheus(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"figure":"memory"},"values":[[%s,"5"]]}]}}`, r.URL.Query().Get("start"))
	}))
	defer server.Close()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	absent := "http://" + unheard(t)
	for url, want := range map[string]string{
		server.URL: "prometheus           ok      " + server.URL + ": answers in ",
		absent:     "prometheus           failed  " + absent + ": nobody listens there (connection refused)\n",
	} {
		r := run(t, environment(t), "--check", "--config", writeFile(t, "config.yaml", "kubeconfigPath: /nonexistent\nprometheus: {url: '"+url+"'}\n"))
		if !strings.Contains(r.out, want) || url == server.URL && !strings.Contains(r.out, "; of "+host+" it has CPU of 0 and memory of 1 of 144 times in six hours\n") {
			t.Errorf("no %q in\n%s%s", want, r.out, r.stderr)
		}
	}
	if r := run(t, environment(t), "--check"); strings.Contains(r.out, "prometheus") {
		t.Errorf("off:\n%s", r.out)
	}
}
