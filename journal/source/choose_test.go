package source

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/journal/file"
	"hypervisor-tui/journal/file/jwrite"
	"hypervisor-tui/journal/journaltest"
)

// tree is an Env in a directory of its own, with nothing in it, and a PATH without journalctl.
func tree(t *testing.T) (env Env, dir string) {
	dir = t.TempDir()
	t.Setenv("PATH", filepath.Join(dir, "bin"))
	return Env{
		Socket: filepath.Join(dir, "socket"),
		Roots:  []file.Root{{Path: filepath.Join(dir, "var")}, {Path: filepath.Join(dir, "run"), Volatile: true}},
		Kmsg:   filepath.Join(dir, "kmsg"),
	}, dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestChooseSaysWhatIsMissing(t *testing.T) {
	env, dir := tree(t)
	for _, step := range []struct {
		do        func()
		name, why string
	}{
		{func() {}, kmsgName, env.Socket + " is missing"},
		{func() { write(t, env.Socket, "") }, kmsgName, "keeps no files"},
		{func() { write(t, env.Roots[1].Path, "not a directory") }, kmsgName, "keeps no files"},
		{func() { write(t, filepath.Join(env.Roots[0].Path, "x"), "") }, nativeName, "its files read directly"},
		{func() { makeNewer(t, env) }, nativeName, "unknown incompatible journal flag 1<<9, and no journalctl in PATH"},
		{func() { write(t, filepath.Join(dir, "bin/journalctl"), "#!/bin/sh\n") }, journalctlName, "journal flag 1<<9"},
		{func() { os.Remove(env.Socket) }, kmsgName, env.Socket + " is missing"},
	} {
		step.do()
		name, src, why := Choose(env)
		if name != step.name || src == nil || !strings.Contains(why, step.why) {
			t.Errorf("%s, %q, want %s, %q", name, why, step.name, step.why)
		}
	}
}

// makeNewer makes a journal file of a format that nobody knows yet. It comes whole: somebody may be watching.
func makeNewer(t *testing.T, env Env) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "system.journal")
	w := create(t, path, "newer")
	if err := w.Close(jwrite.Online); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err = f.WriteAt([]byte{2}, 13); err != nil { // incompatible_flags
		t.Fatal(err)
	}
	dir := filepath.Join(env.Roots[0].Path, machine)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, filepath.Join(dir, "system.journal")); err != nil {
		t.Fatal(err)
	}
}

// follows is a source that only waits, as one does when its log is quiet.
var follows = sourceFunc(func(ctx context.Context, sink *journal.Sink) error {
	good(sink)
	<-ctx.Done()
	return ctx.Err()
})

func TestSystemLeavesKmsgWhenAJournaldComesUp(t *testing.T) {
	env, dir := tree(t)
	synctest.Test(t, func(t *testing.T) {
		w := journaltest.Watch(t)
		s := &System{Env: env, name: kmsgName, src: follows}
		stop := journaltest.Run(s, w.Input)
		time.Sleep(time.Minute)
		if got := w.Input.State(); got.Name != kmsgName || got.Health.State != health.OK || !strings.Contains(got.Detail, env.Socket) {
			t.Errorf("%+v", got)
		}
		write(t, env.Socket, "")
		write(t, filepath.Join(dir, "bin/journalctl"), "no program")
		makeNewer(t, env)
		time.Sleep(socketInterval)
		synctest.Wait()
		if err := stop(); err == nil || !strings.Contains(err.Error(), "start journalctl") {
			t.Errorf("Run returned %v", err)
		}
		if got := w.Input.State(); got.Name != journalctlName {
			t.Errorf("%+v", got)
		}
	})
}

func TestSystemWaitsForAJournaldWithoutKmsg(t *testing.T) {
	env, _ := tree(t)
	synctest.Test(t, func(t *testing.T) {
		w := journaltest.Watch(t)
		stop := journaltest.Run(&System{Env: env}, w.Input)
		time.Sleep(time.Minute)
		if got := w.Input.State(); got.Name != kmsgName || got.Health.State != health.Absent {
			t.Errorf("%+v", got)
		}
		if err := stop(); err != nil {
			t.Errorf("Run returned %v", err)
		}
	})
}

func TestSystemPassesAFailureOn(t *testing.T) {
	env, _ := tree(t)
	w := journaltest.Watch(t)
	s := &System{Env: env, name: kmsgName, src: &Kmsg{open: func(string, func()) (io.ReadCloser, error) {
		return nil, errors.New("broken")
	}}}
	if err := s.Run(context.Background(), w.Input); err == nil || err.Error() != "broken" {
		t.Errorf("%v", err)
	}
}

// TestSystemGoesOnWhereItWas: what is chosen anew goes on, journalctl where the files were read to; it keeps the journal.
func TestSystemGoesOnWhereItWas(t *testing.T) {
	s, native, follower := new(System), &Native{Yield: true}, new(Journalctl)
	s.use(nativeName, native)
	native.last.Seq = 7
	if s.use(nativeName, &Native{Yield: false}); s.src != Source(native) || native.Yield {
		t.Errorf("another %v, yields %v", s.src != Source(native), native.Yield)
	}
	if s.use(journalctlName, follower); s.src != Source(follower) || len(follower.cursor) == 0 || string(follower.cursor) != string(native.cursor()) {
		t.Errorf("journalctl begins at %q, want %q", follower.cursor, native.cursor())
	}
	if s.use(nativeName, new(Native)); s.src != Source(follower) || s.name != journalctlName {
		t.Errorf("journalctl is left for %s", s.name)
	}
}

// TestNativeBesideANewerFile: with nobody to yield to, it reads what it knows and says what it does not.
func TestNativeBesideANewerFile(t *testing.T) {
	env, _ := tree(t)
	makeNewer(t, env)
	add(t, create(t, filepath.Join(env.Roots[0].Path, machine, "user-1000.journal"), "live"), 0, 3)
	w := journaltest.Watch(t)
	stop := journaltest.Run(&Native{Roots: env.Roots, boot: id("boot")}, w.Input)
	total(t, w, 3)
	if s := w.Input.State().Health; !strings.Contains(s.Err, "unknown incompatible") {
		t.Errorf("%+v", s)
	}
	stop()
	err := (&Native{Roots: env.Roots, boot: id("boot"), Yield: true}).Run(t.Context(), w.Input)
	if err == nil || !strings.Contains(err.Error(), "unknown incompatible") {
		t.Errorf("%v", err)
	}
}
