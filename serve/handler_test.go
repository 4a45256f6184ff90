package serve

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/console/config"
)

// TestHostMustBeOurs: a page whose name leads here (DNS rebinding) asks for that name.
func TestHostMustBeOurs(t *testing.T) {
	t.Parallel()
	own, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, Options{Config: config.Serve{Names: []string{"console.example.org"}}})
	for host, want := range map[string]int{
		"127.0.0.1": 200, "127.0.0.1:9101": 200, "10.9.9.9": 200, "[::1]:9101": 200, "[fe80::1]": 200,
		"localhost": 200, "LocalHost:80": 200, own: 200, own + ":1": 200, "console.example.org": 200, "Console.Example.org.:443": 200,
		"evil.example": 421, "evil.example:9101": 421, "console.example.org.evil.example": 421, "127.0.0.1.nip.io": 421, "localhost.evil.example": 421,
		"xlocalhost": 421, "2130706433": 421, "console.example.org@evil.example": 400, "": 421,
	} {
		// Not by net/http's client, which puts some hosts right.
		answer := raw(t, "tcp", r.tcp, "GET /metrics HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n")
		if _, code, _ := strings.Cut(answer, " "); !strings.HasPrefix(code, fmt.Sprint(want, " ")) {
			t.Errorf("%q: %.40q, want %d", host, answer, want)
		}
	}
	if answer := raw(t, "tcp", r.tcp, "GET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n"); !strings.HasPrefix(answer, "HTTP/1.1 400 ") {
		t.Errorf("no host: %.40q", answer)
	}
	if answer := raw(t, "tcp", r.tcp, "GET /metrics HTTP/1.0\r\n\r\n"); !strings.HasPrefix(answer, "HTTP/1.0 421 ") {
		t.Errorf("no host in HTTP/1.0: %.40q", answer)
	}
	if a, _ := ask(t, r.client(), "GET", "http://unix/", func(q *http.Request) { q.Host = "evil.example" }); a.StatusCode != 200 {
		t.Errorf("no browser reaches a Unix socket: %v", a.Status)
	}
}

// TestPagesOfOthersAreRefused: they may not ask in a browser's name, but a link may lead here.
func TestPagesOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	r := start(t, Options{Config: users(t, "alice", "wonder")})
	for _, c := range []struct {
		method  string
		headers []string
		want    int
	}{
		{"GET", nil, 200},
		{"GET", []string{"Sec-Fetch-Site", "none"}, 200},
		{"GET", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"GET", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"GET", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"GET", []string{"Sec-Fetch-Site", "what-comes-later"}, 403},
		{"GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"}, 403},
		{"GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, 403},
		{"GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 200},
		{"POST", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 403},
		{"POST", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"POST", []string{"Origin", "http://127.0.0.1"}, 200},
		{"POST", []string{"Origin", "http://evil.example"}, 403},
		{"POST", []string{"Origin", "null"}, 403},
		{"POST", nil, 200}, // no browser
	} {
		a, _ := ask(t, r.client(), c.method, "http://127.0.0.1/", func(q *http.Request) {
			login("alice", "wonder")(q)
			for i := 0; i < len(c.headers); i += 2 {
				q.Header.Set(c.headers[i], c.headers[i+1])
			}
		})
		if a.StatusCode != c.want {
			t.Errorf("%s %q: %d, want %d", c.method, c.headers, a.StatusCode, c.want)
		}
	}
}

// TestOthersMustSayWhoTheyAre: also for the figures, which are open to who is on this host.
func TestOthersMustSayWhoTheyAre(t *testing.T) {
	t.Parallel()
	r := start(t, Options{Config: users(t, "alice", "wonder")})
	h := r.handler()
	for _, path := range []string{"/", "/metrics", "/metrics?collect[]=cpu", "/nothing"} {
		for name, p := range map[string]peer{"another host": outside, "nobody knows whom": {}} {
			if a := askAs(h, "GET", path, p); a.Code != 401 {
				t.Errorf("%s of %s: %d", path, name, a.Code)
			}
		}
		if a := askAs(h, "GET", path, outside, "Authorization", "Basic YWxpY2U6d29uZGVy"); a.Code != 200 {
			t.Errorf("%s of alice: %d", path, a.Code)
		}
	}
}

// TestRefusalEndsTheConnection: who is not let in does not keep a place.
func TestRefusalEndsTheConnection(t *testing.T) {
	t.Parallel()
	r := start(t, Options{})
	for _, head := range []string{
		"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
		"GET /metrics HTTP/1.1\r\nHost: evil.example\r\n",
		"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: cross-site\r\n",
		"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\n",
	} {
		if answer := raw(t, "tcp", r.tcp, head+"\r\n"); !strings.HasPrefix(answer, "HTTP/1.1 4") || !strings.Contains(answer, "\r\nConnection: close\r\n") {
			t.Errorf("%q: %.60q", head, answer)
		}
	}
}

// TestEachAnswerHasItsHeaders: nobody keeps, frames or guesses at what is sent, refusals included.
func TestEachAnswerHasItsHeaders(t *testing.T) {
	t.Parallel()
	r := start(t, Options{})
	for url, host := range map[string]string{"http://unix/": "x", "http://127.0.0.1/": "127.0.0.1", "http://127.0.0.1/metrics": "evil.example"} {
		a, _ := ask(t, r.client(), "GET", url, func(q *http.Request) { q.Host = host })
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Cross-Origin-Resource-Policy": "same-origin",
			"Access-Control-Allow-Origin": "", "Server": "",
		} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s %s: %s is %q, want %q", url, a.Status, name, got, want)
			}
		}
	}
}

// TestBodiesAreSmall: whether their length is said before or not.
func TestBodiesAreSmall(t *testing.T) {
	t.Parallel()
	r := start(t, Options{})
	for _, c := range []struct {
		method string
		length int
		unsaid bool
		want   int
	}{
		{"POST", 0, false, 200},
		{"POST", maxBody, false, 200},
		{"POST", maxBody, true, 200},
		{"POST", maxBody + 1, false, 413},
		{"POST", maxBody + 1, true, 400}, // as page answers
		{"GET", 1, false, 400},
		{"HEAD", 1, false, 400},
		{"GET", 1, true, 400},
	} {
		a, text := ask(t, r.client(), c.method, "http://unix/x", func(q *http.Request) {
			q.Body, q.ContentLength = io.NopCloser(strings.NewReader(strings.Repeat("x", c.length))), int64(c.length)
			if c.unsaid {
				q.ContentLength = -1
			}
		})
		if a.StatusCode != c.want || c.want == 200 && strings.Count(text, "x") != c.length+2 {
			t.Errorf("%s of %d, unsaid %v: %d, want %d", c.method, c.length, c.unsaid, a.StatusCode, c.want)
		}
	}
}

// TestLogIsBounded: clients can make only so many lines a minute, each of them short, clean and without secrets.
func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	var said []string
	n := notes{log: func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }}
	n.say("\x1b[31mred\n%s", strings.Repeat("x", 10*maxNote))
	if strings.ContainsAny(said[0], "\x1b\n") || len(said[0]) > 2*maxNote {
		t.Errorf("%q", said[0])
	}
	for range 1000 {
		n.say("password=hunter2hunter2")
	}
	if len(said) != 2 || strings.Contains(said[1], "hunter2") {
		t.Errorf("the same line is said again: %q", said)
	}
	for i := range 1000 {
		n.say("line %d", i)
	}
	if len(said) != notesAMinute {
		t.Errorf("%d lines", len(said))
	}
	n.minute = n.minute.Add(-time.Minute)
	n.say("line 0")
	if len(said) != notesAMinute+2 || said[notesAMinute] != fmt.Sprintf("serve: %d more such lines were left out", 2001-notesAMinute) || said[notesAMinute+1] != "serve: line 0" {
		t.Errorf("%q", said[notesAMinute:])
	}
}
