package sample

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/apart"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/sampletest"
)

// mayMount runs f in a mount namespace of its own, so that no mount of it can stay.
func mayMount(t *testing.T, f func(*testing.T)) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may mount")
	}
	t.Parallel()
	if apart.Inside(t, unix.CLONE_NEWNS) {
		f(t)
	}
}

// A real dead mount: FUSE whose server never answers.
func TestF14HungFUSE(t *testing.T) { mayMount(t, hungFUSE) }

func hungFUSE(t *testing.T) {
	dir := t.TempDir()
	var points []string
	for i := range 10 {
		points = append(points, filepath.Join(dir, fmt.Sprint("mount", i)))
		if err := os.Mkdir(points[i], 0o755); err != nil {
			t.Fatal(err)
		}
	}
	fuse := mountFUSE(t, points[0])
	for _, p := range points[1:] {
		if err := unix.Mount("tmpfs", p, "tmpfs", 0, "size=1m"); err != nil {
			t.Skip("no tmpfs: ", err)
		}
		defer unix.Unmount(p, unix.MNT_DETACH)
	}
	c := sampletest.NewClock()
	s := New(Options{Now: c.Now})
	begin(t, s)
	dead := func() *probe[mount, usage] {
		if l := s.filesystems.pool.listing.Load(); l != nil {
			for _, p := range l.probes {
				if p.key.point == points[0] {
					return p
				}
			}
		}
		return nil
	}
	await.Until(t, "all but the dead mount", func() bool {
		p := dead()
		return p != nil && s.filesystems.idle() == len(s.filesystems.pool.listing.Load().probes)-1
	})
	s.Sample()
	same := await.Goroutines(t)
	for range 100 {
		c.Pass(6 * timeout)
		s.Sample()
	}
	same()
	await.Until(t, "the others", func() bool {
		s.Sample()
		fresh := 0
		for _, f := range s.Reader(0).Hosts.Latest().Filesystems {
			if strings.HasPrefix(f.Mount, dir) && f.Health.State.String() == "ok" && f.Health.Age(c.Now()) == 0 {
				fresh++
			}
		}
		return fresh == 9
	})
	if h := dead().health; h.Err != procfile.NotAnswering || h.State.String() != "failed" {
		t.Errorf("the dead mount: %+v", h)
	}
	unix.Close(fuse) // the kernel gives up the connection
	<-dead().first
	s.Sample()
	if h := dead().health; h.Err == procfile.NotAnswering {
		t.Errorf("the dead mount afterwards: %+v", h)
	}
	unix.Unmount(points[0], unix.MNT_DETACH)
}

// mountFUSE mounts a filesystem whose server has the returned descriptor and never reads it.
func mountFUSE(t *testing.T, point string) int {
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skip("", err)
	}
	options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", fd)
	if err := unix.Mount("dead", point, "fuse", unix.MS_NOSUID|unix.MS_NODEV, options); err != nil {
		t.Skip("no FUSE: ", err)
	}
	return fd
}

func TestMountTableTellsOfItsChanges(t *testing.T) { mayMount(t, mountTableChanges) }

func mountTableChanges(t *testing.T) {
	r := filesystemsReader{table: procfile.New("", mountinfo)}
	defer r.table.Close()
	if _, err := r.table.Read(); err != nil {
		t.Fatal(err)
	}
	point := t.TempDir()
	for i := range 3 {
		begin := time.Now()
		time.AfterFunc(time.Duration(i)*10*time.Millisecond, func() { // 0 may well be before we wait
			if err := unix.Mount("tmpfs", point, "tmpfs", 0, "size=1m"); err != nil {
				t.Error(err)
			}
		})
		r.waitForChange(t.Context())
		if waited := time.Since(begin); waited >= mountsEvery {
			t.Errorf("change %d was not told within %v", i, waited)
		}
		if err := unix.Unmount(point, unix.MNT_DETACH); err != nil {
			t.Fatal("it was told of no mount: ", err)
		}
		r.waitForChange(t.Context())
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	r.waitForChange(ctx) // a test that hangs here has failed
}
