package sample

import (
	"errors"
	"testing"
	"time"

	"hypervisor-tui/internal/await"
)

// TestF55ScanHangs: a scan that does not come back is told, from the start and later; the VMs that were found stay.
func TestF55ScanHangs(t *testing.T) {
	c := newClock()
	r := newQEMUReader(t.TempDir(), c.now)
	t.Cleanup(r.close)
	want := func(when string, want error) {
		t.Helper()
		if err := r.read(c.now()); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", when, err, want)
		}
	}
	r.scanning.start(c.now())
	want("at once", errNotYet)
	c.pass(workPatience + time.Second)
	want("from the start", errNotAnswering)
	r.scanning.stop()
	r.publish(&guests{})
	want("it has answered", nil)
	r.scanning.start(c.now())
	c.pass(workPatience + time.Second)
	want("later", errNotAnswering)
	r.scanning.stop()
	want("afterwards", nil)
}

// TestF55ProcessNameHangs: /proc/PID/comm of one process never answers.
func TestF55ProcessNameHangs(t *testing.T) {
	c := newClock()
	r := newQEMUReader("", c.now)
	reached, answer := make(chan struct{}), make(chan struct{})
	once := false
	r.scan.read = func(path string, buf []byte, most int) ([]byte, error) {
		if !once {
			once = true
			close(reached)
			<-answer
		}
		return readSmall(path, buf, most)
	}
	ended := make(chan error)
	go func() { ended <- r.watch(t.Context()) }()
	select {
	case <-reached:
	case <-time.After(await.Limit):
		close(answer)
		t.Fatal("no process was looked at")
	}
	c.pass(workPatience + time.Second)
	if err := r.read(c.now()); !errors.Is(err, errNotAnswering) {
		t.Errorf("%v", err)
	}
	close(answer)
	await.Until(t, "the VMs", func() bool { return r.read(c.now()) == nil })
}
