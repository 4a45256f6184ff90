//go:build !nokube

package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/await"
)

// served is a process that serves on a Unix socket, and who asks it.
type served struct {
	*recording
	t      *testing.T
	client *http.Client
}

// serve starts hypervisor-tui --serve and waits until it answers. The configuration is completed with a Unix socket.
func serve(t *testing.T, config string, env ...string) *served {
	t.Helper()
	dir, err := os.MkdirTemp("", "serve") // the path of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "http")
	return serveBy(t, exec.Command(program(t, ""), "--serve", "--listen", socket, "--config", writeFile(t, "config.yaml", config)), dir, socket, env...)
}

func serveBy(t *testing.T, cmd *exec.Cmd, dir, socket string, env ...string) *served {
	t.Helper()
	s := &served{t: t, recording: recordBy(t, cmd, dir, env...)}
	s.client = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	t.Cleanup(s.client.CloseIdleConnections)
	await.Until(t, "it answers", func() bool {
		r, err := s.client.Get("http://localhost/nothing")
		if err == nil {
			r.Body.Close()
		}
		select {
		case <-s.ended:
			t.Fatalf("it has ended: %s", s.told())
		default:
		}
		return err == nil
	})
	return s
}

// get asks for a path and returns the answer's status and body.
func (s *served) get(path string, headers ...string) (status int, body string) {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodGet, "http://localhost"+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// TestServe: figures and pictures of the running host come over a socket, a viewer sees the newest log entry as it comes and
// leaves with q, what is off is not found, and SIGTERM ends it all.
func TestServe(t *testing.T) {
	t.Parallel()
	log := writeFile(t, "x.log", "first line\n")
	s := serve(t, "refreshInterval: 1s\nserve: {exporter: {enable: true}, web: {enable: true}}\nlogs: [{name: x, files: ["+log+"]}]\n")
	await.Until(t, "figures", func() bool {
		status, text := s.get("/metrics")
		return status == http.StatusOK && strings.Contains(text, "\nnode_memory_MemTotal_bytes ") && regexp.MustCompile(`(?m)^hypervisor_source_up\{source="memory"\} 1$`).MatchString(text)
	})
	var ours float64
	_, text := s.get("/metrics", "Accept", "application/openmetrics-text; version=1.0.0")
	if !strings.HasSuffix(text, "\n# EOF\n") {
		t.Error("OpenMetrics has no end")
	}
	for line := range strings.Lines(text) {
		if n, _ := fmt.Sscanf(line, "node_memory_MemTotal_bytes %g", &ours); n == 1 {
			break
		}
	}
	if total := float64(memTotal(t)); ours != total {
		t.Errorf("memory %v, the kernel says %v", ours, total)
	}
	status, picture := s.get("/?screen=dashboard&w=100&h=40", "Accept", "text/plain")
	if lines := strings.Split(strings.TrimSuffix(picture, "\n"), "\n"); status != http.StatusOK || len(lines) != 40 || !strings.Contains(picture, "── Memory") {
		t.Errorf("%d, %d lines:\n%s", status, len(lines), picture)
	}
	await.Until(t, "a picture of the log", func() bool {
		_, picture = s.get("/?screen=logs&w=100&h=40", "Accept", "text/plain")
		return strings.Contains(picture, "first line")
	})
	if code := s.end(unix.SIGTERM); code != 0 {
		t.Errorf("exit code %d: %s", code, s.told())
	}
}

// TestServeRefuses: what cannot be served is told before anything is.
func TestServeRefuses(t *testing.T) {
	t.Parallel()
	for config, want := range map[string]string{
		"{}":                              "nothing is to be served",
		"serve: {attach: {enable: true}}": "serve.socket",
		"serve: {listen: ['0.0.0.0:9101'], exporter: {enable: true}}": "other hosts reach this address",
	} {
		r := run(t, environment(t), "--serve", "--config", writeFile(t, "config.yaml", config))
		if r.code != exitFailure || !strings.Contains(r.stderr, want) || strings.Count(r.stderr, "\n") != 1 {
			t.Errorf("%s: exit code %d, %q", config, r.code, r.stderr)
		}
	}
}

// memTotal is MemTotal of /proc/meminfo, in bytes.
func memTotal(t *testing.T) (bytes uint64) {
	t.Helper()
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if n, _ := fmt.Sscanf(lines.Text(), "MemTotal: %d kB", &bytes); n == 1 {
			return bytes << 10
		}
	}
	t.Fatal("no MemTotal")
	return 0
}
