package apitest

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"hypervisor-tui/internal/await"
)

// TestRealAPIServerEndsWithItsTest: the pipe that is a server's standard input is all that keeps it running, and breaks
// however the test ends.
func TestRealAPIServerEndsWithItsTest(t *testing.T) {
	server := os.Getenv(Variable)
	if server == "" {
		t.Skip("no API server: make apitest builds one and runs this")
	}
	cmd := exec.Command(server, "store", t.TempDir(), free(t))
	cmd.Dir = t.TempDir()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- cmd.Wait() }()
	select {
	case err := <-over:
		t.Fatalf("it ended by itself: %v", err)
	case <-time.After(time.Second / 4): // it is not waited for: it only shows that the test can fail
	}
	in.Close()
	select {
	case err := <-over:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(await.Limit):
		_ = cmd.Process.Kill()
		t.Error("it goes on")
	}
}
