//go:build !nokube

package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/await"
)

// stream is a browser's stream of pictures.
type stream struct {
	answer *http.Response
	lines  *bufio.Reader
	leave  context.CancelFunc
}

// watch opens a stream; the caller leaves it.
func (s *served) watch() *stream {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/events?w=200&h=60", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Console-Viewer", "new")
	answer, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	return &stream{answer, bufio.NewReader(answer.Body), func() { cancel(); answer.Body.Close() }}
}

// picture waits for the next event with a picture.
func (w *stream) picture(t *testing.T) string {
	t.Helper()
	for {
		line, err := w.lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if data := strings.TrimPrefix(line, "data: "); data != line && strings.TrimSpace(data) != "" {
			return data
		}
	}
}

// press sends keys, and returns the status of the answer.
func (s *served) press(w *stream, keys string) int {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodPost, "http://localhost/keys", strings.NewReader(keys))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Console-Viewer", w.answer.Header.Get("Console-Viewer"))
	answer, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	if text, _ := io.ReadAll(answer.Body); len(text) > 0 {
		s.t.Logf("%q: %s", keys, text)
	}
	return answer.StatusCode
}

// descriptors counts the open files of a process.
func descriptors(t *testing.T, pid int) int {
	t.Helper()
	files, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(pid), "fd"))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// TestViewersOfEveryPlace: as many look as there are places, the next one is refused, one that never reads keeps nobody, and
// when all have left so have their descriptors and goroutines, and the places are free again.
func TestViewersOfEveryPlace(t *testing.T) {
	t.Parallel()
	s := serve(t, "refreshInterval: 1s\nserve: {web: {enable: true}, exporter: {enable: true}, maxViewers: 16}\n")
	pid := s.cmd.Process.Pid
	goroutines := func() string {
		_, text := s.get("/metrics")
		_, after, _ := strings.Cut(text, "\nhypervisor_self_goroutines ")
		count, _, _ := strings.Cut(after, "\n")
		return count
	}
	first := s.watch()
	first.picture(t)
	first.leave()
	s.client.CloseIdleConnections()
	var files, before int
	await.Until(t, "the first has left", func() bool {
		n, _ := strconv.Atoi(goroutines())
		s.client.CloseIdleConnections()
		old := files
		files, before = descriptors(t, pid), n
		return old == files && n > 0
	})
	var all []*stream
	for range 16 {
		w := s.watch()
		if w.answer.StatusCode != http.StatusOK {
			t.Fatalf("viewer %d: %s", len(all)+1, w.answer.Status)
		}
		all = append(all, w)
	}
	more := s.watch()
	if more.answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("the 17th: %s", more.answer.Status)
	}
	more.leave()
	for _, w := range all[:4] { // the others never read
		w.picture(t)
	}
	if code := s.press(all[0], "F1\n"); code != http.StatusNoContent {
		t.Errorf("a key: %d", code)
	}
	await.Until(t, "the answer to a key", func() bool { return strings.Contains(all[0].picture(t), "All") })
	for _, w := range all {
		w.leave()
	}
	const late = 8 // sources that have opened something only since; a leak would have twelve or more
	left := ""
	defer func() { t.Log(left) }()
	await.Until(t, "all have left", func() bool {
		n, _ := strconv.Atoi(goroutines())
		s.client.CloseIdleConnections()
		open := descriptors(t, pid)
		left = fmt.Sprintf("%d goroutines and %d descriptors, %d and %d before", n, open, before, files)
		return n <= before+late && open <= files+late
	})
	last := s.watch()
	last.picture(t)
	last.leave()
	if code := s.end(unix.SIGTERM); code != 0 {
		t.Errorf("exit code %d: %s", code, s.told())
	}
}
