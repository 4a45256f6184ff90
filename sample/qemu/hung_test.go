package qemu

import (
	"errors"
	"testing"
	"time"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/sampletest"
)

// TestF55ScanHangs: a scan that does not come back is told, from the start and later; the VMs that were found stay.
func TestF55ScanHangs(t *testing.T) {
	c := sampletest.NewClock()
	r := New(t.TempDir(), c.Now)
	t.Cleanup(r.Close)
	want := func(when string, want error) {
		t.Helper()
		if err := r.Read(c.Now()); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", when, err, want)
		}
	}
	r.scanning.Start(c.Now())
	want("at once", procfile.ErrNotYet)
	c.Pass(procfile.WorkTimeout + time.Second)
	want("from the start", procfile.ErrNotAnswering)
	r.scanning.Stop()
	r.publish(&guests{})
	want("it has answered", nil)
	r.scanning.Start(c.Now())
	c.Pass(procfile.WorkTimeout + time.Second)
	want("later", procfile.ErrNotAnswering)
	r.scanning.Stop()
	want("afterwards", nil)
}

// TestF55ProcessNameHangs: /proc/PID/comm of one process never answers.
func TestF55ProcessNameHangs(t *testing.T) {
	c := sampletest.NewClock()
	r := New("", c.Now)
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
	go func() { ended <- r.Watch(t.Context()) }()
	select {
	case <-reached:
	case <-time.After(await.Limit):
		close(answer)
		t.Fatal("no process was looked at")
	}
	c.Pass(procfile.WorkTimeout + time.Second)
	if err := r.Read(c.Now()); !errors.Is(err, procfile.ErrNotAnswering) {
		t.Errorf("%v", err)
	}
	close(answer)
	await.Until(t, "the VMs", func() bool { return r.Read(c.Now()) == nil })
}
