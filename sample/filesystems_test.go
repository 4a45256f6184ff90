package sample

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/sampletest"
)

// mountinfoOf is a mount table of those mount points, each of a device of its own.
func mountinfoOf(points ...string) string {
	var b strings.Builder
	for i, p := range points {
		fmt.Fprintf(&b, "%d 1 8:%d / %s rw - ext4 /dev/sd%d rw\n", 20+i, i, p, i)
	}
	return b.String()
}

// begin starts the sampler's workers and ends them with the test.
func begin(t testing.TB, s *Sampler) {
	ctx, stop := context.WithCancel(context.Background())
	var workers sync.WaitGroup
	for _, w := range s.Workers() {
		workers.Go(func() {
			if err := w.Run(ctx); err != nil {
				t.Errorf("%s: %v", w.Name, err)
			}
		})
	}
	t.Cleanup(func() {
		stop()
		workers.Wait()
		s.Close()
		await.Until(t, "the probes to end", func() bool {
			alive := s.filesystems.pool.alive.Load() + s.sensors.pool.alive.Load()
			for _, survey := range s.surveys {
				alive += survey.goroutines()
			}
			return alive == 0
		})
	})
	for _, survey := range s.surveys { // so that tests can count goroutines from here on
		await.Until(t, "the surveys to begin", func() bool { return survey.goroutines() > 0 })
	}
}

func TestUsageCountsLikeDf(t *testing.T) {
	st := unix.Statfs_t{Blocks: 1000, Bfree: 400, Bavail: 350, Files: 100, Ffree: 25, Bsize: 512, Frsize: 4096, Flags: unix.ST_RDONLY}
	u := newUsage(&st)
	if want := (usage{1000 * 4096, 600 * 4096, 350 * 4096, 100, 75, true, false}); u != want {
		t.Errorf("%+v, want %+v", u, want)
	}
	p := &probe[mount, usage]{}
	f := newFilesystem(p, &probeResult[usage]{value: u})
	if math.Abs(f.UsedPercent-100*600./950) > 1e-9 || f.InodesPercent != 75 || f.Inodes != 100 || f.InodesFree != 25 || !f.ReadOnly {
		t.Errorf("%+v", f)
	}
	if f = newFilesystem(p, nil); !math.IsNaN(f.UsedPercent) || !math.IsNaN(f.InodesPercent) {
		t.Errorf("before the first answer: %+v", f)
	}
	u = newUsage(&unix.Statfs_t{Blocks: math.MaxUint64, Bavail: math.MaxUint64, Bfree: 7, Frsize: 4096})
	f = newFilesystem(p, &probeResult[usage]{value: u})
	if f.UsedPercent != 50 || !math.IsNaN(f.InodesPercent) || f.Inodes != 0 || f.InodesFree != 0 {
		t.Errorf("of a liar: %+v", f)
	}
}

// stuck answers for all mounts but one, which hangs until it is let go.
type stuck struct {
	path      string
	letGo     chan struct{}
	inside    atomic.Int64 // questions that hang now
	most      atomic.Int64
	questions atomic.Int64
}

func (s *stuck) statfs(path string, st *unix.Statfs_t) error {
	s.questions.Add(1)
	if path == s.path {
		s.most.Store(max(s.most.Load(), s.inside.Add(1)))
		<-s.letGo
		s.inside.Add(-1)
	}
	*st = unix.Statfs_t{Blocks: 100, Bfree: 50, Bavail: 50, Frsize: 4096}
	return nil
}

func TestF14HungMount(t *testing.T) {
	root, c := sampletest.CopyOf(t, "bare"), sampletest.NewClock()
	points := []string{"/", "/b", "/c", "/dead", "/e", "/f", "/g", "/h", "/i", "/j"}
	sampletest.Put(t, root, mountinfo, mountinfoOf(points...))
	dead := &stuck{path: root + "/dead", letGo: make(chan struct{})}
	s := New(Options{Root: root, Now: c.Now, statfs: dead.statfs})
	begin(t, s)
	release := sync.OnceFunc(func() { close(dead.letGo) })
	t.Cleanup(release) // before the probes are waited for
	await.Until(t, "all but the dead mount", func() bool { return s.filesystems.idle() == 9 })
	s.Sample()
	same := await.Goroutines(t)
	began := c.Now()
	for range 100 {
		before := dead.questions.Load()
		c.Pass(6 * time.Second)
		s.Sample() // asks all but the dead one
		await.Until(t, "nine answers", func() bool { return dead.questions.Load() == before+9 && s.filesystems.idle() == 9 })
		s.Sample()
	}
	if same(); dead.most.Load() != 1 {
		t.Errorf("%d goroutines hang", dead.most.Load())
	}
	for _, f := range s.Reader(0).Hosts.Latest().Filesystems {
		switch {
		case f.Mount != "/dead" && (f.Health.State.String() != "ok" || f.Health.Age(c.Now()) != 0 || f.UsedPercent != 50):
			t.Errorf("%+v", f)
		case f.Mount == "/dead" && (f.Health.State.String() != "failed" || f.Health.Err != procfile.NotAnswering ||
			f.Health.Since > began || !math.IsNaN(f.UsedPercent)):
			t.Errorf("%+v", f)
		}
	}
	release()
	await.Until(t, "its answer", func() bool { return s.filesystems.idle() == 10 })
	s.Sample()
	if f := s.Reader(0).Hosts.Latest().Filesystems[3]; f.Health.State.String() != "ok" || f.Health.Err != "" || f.UsedPercent != 50 {
		t.Errorf("after it answers: %+v", f)
	}
}

// idle is how many probes have no question under way.
func (r *filesystemsReader) idle() int {
	n := 0
	l := r.pool.listing.Load()
	if l == nil {
		return 0
	}
	for _, p := range l.probes {
		if p.asked.Load() == 0 {
			n++
		}
	}
	return n
}

func TestHungMountKeepsItsLastGoodValues(t *testing.T) {
	root, c := sampletest.CopyOf(t, "bare"), sampletest.NewClock()
	sampletest.Put(t, root, mountinfo, mountinfoOf("/", "/dead"))
	dead := &stuck{letGo: make(chan struct{})}
	s := New(Options{Root: root, Now: c.Now, statfs: func(path string, st *unix.Statfs_t) error {
		if dead.questions.Load() >= 2 && strings.HasSuffix(path, "/dead") {
			<-dead.letGo
		}
		return dead.statfs(path, st)
	}})
	begin(t, s)
	t.Cleanup(func() { close(dead.letGo) })
	s.WaitSlow(context.Background())
	s.Sample()
	c.Pass(6 * time.Second)
	s.Sample()
	c.Pass(12 * time.Second)
	s.Sample()
	f := s.Reader(0).Hosts.Latest().Filesystems[1]
	if h := &f.Health; h.State.String() != "stale" || h.Err != procfile.NotAnswering || c.Now()-h.Since != 12*time.Second || f.UsedPercent != 50 {
		t.Errorf("%+v", f)
	}
}

func TestMountsComeAndGo(t *testing.T) {
	root, c := sampletest.CopyOf(t, "bare"), sampletest.NewClock()
	sampletest.Put(t, root, mountinfo, mountinfoOf("/", "/b", "/empty"))
	s := New(Options{Root: root, Now: c.Now, statfs: func(path string, st *unix.Statfs_t) error {
		switch {
		case strings.HasSuffix(path, "/empty"):
			return nil // no blocks: df leaves it out
		case strings.HasSuffix(path, "/secret"):
			return unix.EACCES
		case strings.HasSuffix(path, "/bug"):
			panic("a bug")
		}
		st.Blocks, st.Bsize = 10, 1
		return nil
	}})
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	r := &s.filesystems
	shown := func(points ...string) string {
		sampletest.Put(t, root, mountinfo, mountinfoOf(points...))
		r.look(ctx)
		for _, p := range r.pool.listing.Load().probes {
			<-p.first
		}
		s.Sample()
		var b strings.Builder
		for _, f := range s.Reader(0).Hosts.Latest().Filesystems {
			fmt.Fprint(&b, f.Mount, " ", f.Health.State, " ", f.Health.Err, "; ")
		}
		return b.String()
	}
	if got := shown("/", "/b", "/empty"); got != "/ ok ; /b ok ; " {
		t.Error(got)
	}
	kept := r.pool.listing.Load().probes[0]
	if got := shown("/", "/secret", "/bug"); got != "/ ok ; /secret absent may not look: a directory above it is closed to this user; /bug failed crashed: a bug; " {
		t.Error(got)
	}
	if r.pool.listing.Load().probes[0] != kept {
		t.Error("a mount that stays has another probe")
	}
	await.Until(t, "the goroutines of the mounts that went", func() bool { return r.pool.alive.Load() == 3 })
	sampletest.Put(t, root, mountinfo, "nonsense\n")
	r.look(ctx)
	s.Sample()
	h := s.Reader(0).Hosts.Latest()
	if got := h.Health[Filesystems]; got.State.String() != "stale" || !strings.HasPrefix(got.Err, "read "+mountinfo) || len(h.Filesystems) != 3 {
		t.Errorf("%v %q, %d filesystems", got.State, got.Err, len(h.Filesystems))
	}
	r.pool.end()
	stop()
	await.Until(t, "all goroutines", func() bool { return r.pool.alive.Load() == 0 })
}

func TestTooManyMounts(t *testing.T) {
	root := sampletest.CopyOf(t, "bare")
	points := make([]string, mostProbes+3)
	for i := range points {
		points[i] = fmt.Sprint("/m", i)
	}
	sampletest.Put(t, root, mountinfo, mountinfoOf(points...))
	s := New(Options{Root: root, statfs: func(_ string, st *unix.Statfs_t) error { st.Blocks, st.Bsize = 1, 1; return nil }})
	begin(t, s)
	s.WaitSlow(context.Background())
	s.Sample()
	h := s.Reader(0).Hosts.Latest()
	if got := h.Health[Filesystems]; len(h.Filesystems) != mostProbes || got.State.String() != "ok" || got.Err != procfile.ErrLeftOut.Error() {
		t.Errorf("%d filesystems, %v %q", len(h.Filesystems), got.State, got.Err)
	}
}

func TestRemountedReadOnly(t *testing.T) {
	var st unix.Statfs_t
	q := &statfsProber{statfs: func(_ string, into *unix.Statfs_t) error { *into = st; return nil }}
	for i, c := range []struct{ readOnly, remounted bool }{
		{true, false}, // mounted so
		{false, false}, {true, true}, {true, true}, {false, false}, {true, true},
	} {
		if st.Flags = 0; c.readOnly {
			st.Flags = unix.ST_RDONLY
		}
		var u usage
		if err := q.ask(&u); err != nil || u.readOnly != c.readOnly || u.remounted != c.remounted {
			t.Errorf("answer %d: %+v, %v", i, u, err)
		}
	}
}

// Who was not there when it happened can still tell by the mount table.
func TestForcedReadOnlyByTheMountTable(t *testing.T) {
	root := machine(t, "hypervisor")
	s := New(Options{Root: root, statfs: func(_ string, st *unix.Statfs_t) error { st.Blocks, st.Bsize = 1, 1; return nil }})
	begin(t, s)
	s.WaitSlow(context.Background())
	s.Sample()
	got := ""
	for _, f := range s.Reader(0).Hosts.Latest().Filesystems {
		got += fmt.Sprint(f.Mount, " ", f.ReadOnly, " ", f.RemountedRO, "; ")
	}
	want := "/ false false; /boot false false; /data true true; /scratch true true; /tank false false; /archive false false; "
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}
