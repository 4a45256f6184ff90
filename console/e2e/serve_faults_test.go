//go:build !nokube

package e2e

import (
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/await"
)

// TestServeScrapersThatNeverRead: those of one sample and of the next ones hold no place that anybody else needs.
func TestServeScrapersThatNeverRead(t *testing.T) {
	t.Parallel()
	s := serve(t, "refreshInterval: 1s\nserve: {exporter: {enable: true}}\n")
	socket := s.cmd.Args[3]
	sample := func() string {
		status, text := s.get("/metrics")
		if status != http.StatusOK {
			t.Fatalf("%d %s", status, text)
		}
		return regexp.MustCompile(`(?m)^hypervisor_self_cpu_seconds_total .*$`).FindString(text)
	}
	await.Until(t, "figures", func() bool { status, _ := s.get("/metrics"); return status == http.StatusOK })
	for range 6 { // samples
		for range 5 {
			c, err := net.Dial("unix", socket)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_, _ = io.WriteString(c, strings.Repeat("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 100)) // more than sockets take
		}
		last := sample()
		await.Until(t, "another sample", func() bool { return sample() != last })
	}
}

// TestServeReadsItsFilesAgain: on SIGHUP, and nobody is dropped.
func TestServeReadsItsFilesAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	token := filepath.Join(dir, "token")
	if err := os.WriteFile(token, []byte("the-first-token-0"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, "serve: {exporter: {enable: true}, web: {enable: true}, listen: ['127.0.0.1:0'], auth: {tokenFile: "+token+"}}\n")
	var address string
	await.Until(t, "it says where it answers", func() bool {
		if m := regexp.MustCompile(`answers on (127\.0\.0\.1:\d+)`).FindStringSubmatch(s.told()); m != nil {
			address = m[1]
		}
		return address != ""
	})
	ask := func(token string) int {
		q, _ := http.NewRequest("GET", "http://"+address+"/?w=80&h=24", nil)
		q.Header.Set("Authorization", "Bearer "+token)
		a, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		_, _ = io.Copy(io.Discard, a.Body)
		return a.StatusCode
	}
	if code := ask("the-first-token-0"); code != http.StatusOK {
		t.Fatal(code)
	}
	for i, c := range []struct {
		text string
		mode os.FileMode
		said string
		good string
	}{
		{"the-second-token", 0o644, "not reloaded", "the-first-token-0"},
		{"the-second-token", 0o600, "are read again", "the-second-token"},
	} {
		if err := os.WriteFile(token, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(token, c.mode); err != nil {
			t.Fatal(err)
		}
		if err := s.cmd.Process.Signal(unix.SIGHUP); err != nil {
			t.Fatal(err)
		}
		await.Until(t, c.said, func() bool { return strings.Contains(s.told(), c.said) })
		for _, token := range []string{"the-first-token-0", "the-second-token"} {
			if code := ask(token); (code == http.StatusOK) != (token == c.good) {
				t.Errorf("reload %d, %s: %d", i, token, code)
			}
		}
	}
	if told := s.told(); strings.Contains(told, "the-first-token") || strings.Contains(told, "the-second-token") {
		t.Errorf("a token is in the log:\n%s", told)
	}
}
