package kube

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"hypervisor-tui/internal/health"
)

const (
	k3s   = "/etc/rancher/k3s/k3s.yaml"
	admin = "/etc/kubernetes/admin.conf"
	text  = "apiVersion: v1\nkind: Config\nusers: [{name: a, user: {token: hunter2}}]\n"
)

// tree is a root directory that any user may look into.
func tree(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	// TempDir's own parent is closed to others.
	for _, dir := range []string{root, filepath.Dir(root)} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func write(t *testing.T, root, path, text string, mode os.FileMode) {
	t.Helper()
	full := filepath.Join(root, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(full, mode); err != nil {
		t.Fatal(err)
	}
}

// want compares a State with what it should say.
func want(t *testing.T, got State, state health.State, why, chosen string) {
	t.Helper()
	if got.Health.State != state || got.Health.Err != why || got.Kubeconfig != chosen {
		t.Errorf("got %v %q %q, want %v %q %q", got.Health.State, got.Health.Err, got.Kubeconfig, state, why, chosen)
	}
	if got.Health.Has() {
		t.Error("says that there is something to show: nothing is read yet")
	}
}

func TestF9Absent(t *testing.T) {
	s := Find(Options{Root: tree(t), Home: "/home/op", Env: "/a:/b::/a", Now: time.Hour})
	want(t, s, health.Absent, "no kubeconfig", "")
	var paths []string
	for _, l := range s.Candidates {
		paths = append(paths, l.Path)
		if l.Result != absent {
			t.Errorf("%+v", l)
		}
	}
	order := []string{"/a", "/b", k3s, "/var/lib/rancher/k3s/agent/kubelet.kubeconfig", "/etc/rancher/rke2/rke2.yaml", "/var/lib/rancher/rke2/agent/kubelet.kubeconfig", admin, "/home/op/.kube/config"}
	if !slices.Equal(paths, order) {
		t.Errorf("looked in %q, want %q", paths, order)
	}
}

func TestFirstOfTheOrderIsChosen(t *testing.T) {
	root := tree(t)
	for _, path := range []string{"/home/op/.kube/config", admin, k3s, "/env"} {
		write(t, root, path, text, 0o600)
		s := Find(Options{Root: root, Home: "/home/op", Env: "/env"})
		want(t, s, health.Init, "", path)
		if last := s.Candidates[len(s.Candidates)-1]; last != (Candidate{path, found}) {
			t.Errorf("the last look is %+v", last)
		}
	}
}

func TestPathOfTheConfigIsTheOnlyOne(t *testing.T) {
	root := tree(t)
	write(t, root, k3s, text, 0o600)
	s := Find(Options{Root: root, Path: "/mine", Env: k3s})
	want(t, s, health.Absent, "no kubeconfig", "")
	if len(s.Candidates) != 1 {
		t.Errorf("looked in %+v", s.Candidates)
	}
	write(t, root, "/mine", text, 0o600)
	want(t, Find(Options{Root: root, Path: "/mine"}), health.Init, "", "/mine")
}

func TestF9CannotBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		make func(t *testing.T, root string)
		want string
	}{
		"directory":    {func(t *testing.T, root string) { write(t, root, k3s+"/x", "", 0o600) }, "is a directory"},
		"half-written": {func(t *testing.T, root string) { write(t, root, k3s, "", 0o600) }, "is empty"},
		"FIFO must not block": {func(t *testing.T, root string) {
			write(t, root, k3s, "", 0o600)
			path := filepath.Join(root, k3s)
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Mkfifo(path, 0o600); err != nil {
				t.Skip("no FIFO here:", err)
			}
		}, "is not a regular file"},
		"link to itself": {func(t *testing.T, root string) {
			write(t, root, filepath.Dir(k3s)+"/x", "", 0o600)
			if err := os.Symlink("k3s.yaml", filepath.Join(root, k3s)); err != nil {
				t.Fatal(err)
			}
		}, "too many levels of symbolic links"},
	} {
		t.Run(name, func(t *testing.T) {
			root := tree(t)
			c.make(t, root)
			want(t, Find(Options{Root: root}), health.Failed, k3s+": "+c.want, "")
			// A later one that can be read is better than a reason.
			write(t, root, admin, text, 0o600)
			want(t, Find(Options{Root: root}), health.Init, "", admin)
		})
	}
}

// asAnother runs f without root's right to read everything: by a thread that asks for files as nobody.
func asAnother(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() == 0 {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := syscall.Setfsuid(65534); err != nil {
			t.Skip("cannot ask as another user:", err)
		}
		defer syscall.Setfsuid(0)
	}
	f()
}

func TestF9NotOurs(t *testing.T) {
	root := tree(t)
	write(t, root, k3s, text, 0o600)
	denied := "permission denied (mode 0600, owner root)"
	if uid := os.Geteuid(); uid != 0 {
		write(t, root, k3s, text, 0)
		denied = fmt.Sprintf("permission denied (mode 0000, owner uid %d)", uid)
	}
	asAnother(t, func() {
		want(t, Find(Options{Root: root}), health.Failed, k3s+": "+denied, "")
	})
}

func TestF9DirectoryAboveNotOurs(t *testing.T) {
	root := tree(t)
	write(t, root, k3s, text, 0o600)
	above := filepath.Join(root, filepath.Dir(k3s))
	if err := os.Chmod(above, 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(above, 0o755)
	asAnother(t, func() {
		want(t, Find(Options{Root: root}), health.Failed, k3s+": permission denied (on a directory above it)", "")
	})
}

func TestNothingOfTheContentIsShown(t *testing.T) {
	root := tree(t)
	write(t, root, k3s, text, 0o600)
	s := Find(Options{Root: root})
	for _, l := range s.Candidates {
		if strings.Contains(l.Result+l.Path+s.Health.Err, "hunter2") {
			t.Errorf("%+v", s)
		}
	}
}

func TestSinceLastsWhileTheStateDoes(t *testing.T) {
	root := tree(t)
	s := Find(Options{Root: root, Now: time.Hour})
	s = Find(Options{Root: root, Now: 2 * time.Hour, Previous: s.Health})
	if s.Health.Since != time.Hour {
		t.Errorf("since %v, want 1h", s.Health.Since)
	}
	write(t, root, k3s, "", 0o600)
	s = Find(Options{Root: root, Now: 3 * time.Hour, Previous: s.Health})
	if s.Health.State != health.Failed || s.Health.Since != 3*time.Hour {
		t.Errorf("got %+v", s.Health)
	}
}

func TestPathThatCannotBeShown(t *testing.T) {
	root := tree(t)
	write(t, root, "/x\x1b[31m", text, 0o600)
	s := Find(Options{Root: root, Env: "/x\x1b[31m"})
	want(t, s, health.Failed, s.Candidates[0].Path+": has a character in its name that cannot be shown", "")
	if strings.Contains(s.Candidates[0].Path, "\x1b") {
		t.Errorf("raw: %q", s.Candidates[0].Path)
	}
}
