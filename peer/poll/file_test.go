package poll

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/peer"
)

func listOf(t *testing.T, name string) string {
	t.Helper()
	text, err := peer.EncodeList([]peer.Peer{{Name: name, Address: netip.MustParseAddrPort("10.0.0.7:9101")}})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestListFaults: whatever lies where the list should be, the poller goes on, and says what is wrong. A file that is damaged is made
// anew; one that cannot be read is left as it is.
func TestListFaults(t *testing.T) {
	good := listOf(t, "hv7")
	for _, test := range []struct {
		what string
		make func(t *testing.T, path string)
		why  string // in the sources; empty: nothing is wrong
		anew bool   // it is a list of hv1 in the end
	}{
		{"nothing", func(*testing.T, string) {}, "", true},
		{"no folder", func(t *testing.T, path string) { os.Remove(filepath.Dir(path)) }, "", true},
		{"half written", func(t *testing.T, path string) { put(t, path, good[:len(good)/2]) }, "damaged: it is made anew", true},
		{"empty", func(t *testing.T, path string) { put(t, path, "") }, "damaged: it is made anew", true},
		{"of another version", func(t *testing.T, path string) { put(t, path, `{"version":9,"peers":[]}`) }, "of another version, 9", true},
		{"huge", func(t *testing.T, path string) {
			put(t, path, "")
			if err := os.Truncate(path, 10<<30); err != nil {
				t.Skip("no large file here: ", err)
			}
		}, "larger than 8 MiB", true},
		{"a folder", func(t *testing.T, path string) { os.Mkdir(path, 0o700) }, "not a regular file", false},
		{"a FIFO", func(t *testing.T, path string) { syscall.Mkfifo(path, 0o600) }, "not a regular file", false},
		{"a loop", func(t *testing.T, path string) { os.Symlink(path, path) }, "too many levels of symbolic links", false},
		{"no permission", func(t *testing.T, path string) {
			put(t, path, good)
			if os.Chmod(path, 0); os.Geteuid() == 0 {
				t.Skip("root may read all")
			}
		}, "permission denied", false},
		{"a file for a folder", func(t *testing.T, path string) { os.Remove(filepath.Dir(path)); put(t, filepath.Dir(path), "") }, "not a directory", false},
		{"a folder that is read only", func(t *testing.T, path string) {
			if os.Chmod(filepath.Dir(path), 0o500); os.Geteuid() == 0 {
				t.Skip("root may write all")
			}
			t.Cleanup(func() { os.Chmod(filepath.Dir(path), 0o700) })
		}, "cannot be written: permission denied", false},
	} {
		t.Run(test.what, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state", "peers.json")
			if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			test.make(t, path)
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, config.Peers{Path: path}, answers)
				r.fleet(health.OK, "hv1")
				r.start()
				said := func(s *peer.State) bool { return strings.Contains(s.Detail, test.why) }
				s := r.newest(50 * time.Second)
				if r.newest(2 * time.Minute); !slices.ContainsFunc(r.done().states, said) || len(r.done().states[0].Peers) != 0 || len(s.Peers) != 1 {
					t.Errorf("%s", s.Detail)
				}
				var text []byte
				info, err := os.Lstat(path)
				if err == nil && info.Mode().IsRegular() {
					text, err = os.ReadFile(path)
				}
				if test.anew != strings.Contains(string(text), `"hv1"`) {
					t.Errorf("the file has %.100q, %v; %s", text, err, r.newest(0).Detail)
				}
				if test.anew && strings.Contains(r.newest(0).Detail, "the list") {
					t.Errorf("in the end: %s", r.newest(0).Detail)
				}
			})
		})
	}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestListForgetsWhomTheConfigurationDoes: one that is no node of the cluster, and that the configuration named before, is not asked
// any more; those of the cluster are.
func TestListForgetsWhomTheConfigurationDoes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "peers.json")
	at := netip.MustParseAddrPort("10.0.0.7:9101")
	if err := writeList(path, []peer.Peer{{Name: "hv2", Address: at}, {Name: "hv3", Address: at}, {Name: "hv4", Address: at, Said: peer.Said{Ready: "True", At: time.Now()}}}); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		c := named("hv2")
		c.Path = path
		r := newRig(t, c, answers)
		r.start()
		r.look(true)
		if got := names(r.newest(5 * time.Second)); !slices.Equal(got, []string{"hv2", "hv4"}) {
			t.Errorf("known are %v", got)
		}
	})
}

// TestListIsForNobodyElse: its mode is 0600, and nothing is left beside it but what another process is writing.
func TestListIsForNobodyElse(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "peers.json")
	left, now := filepath.Join(dir, ".peers.json.1"), filepath.Join(dir, ".peers.json.2")
	put(t, path, "old")
	put(t, left, "")
	put(t, now, "")
	hourAgo := time.Now().Add(-time.Hour)
	if err := os.Chtimes(left, hourAgo, hourAgo); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := writeList(path, nil); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	all, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || !slices.Equal(all, []string{now, path}) {
		t.Errorf("%v, %v", all, err)
	}
}

// TestListOfTwoConsoles: who replaces the list of another replaces it whole.
func TestListOfTwoConsoles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "peers.json")
	done := make(chan error)
	for _, name := range []string{"hv1", "hv2"} {
		go func() {
			var err error
			for range 50 {
				if err = writeList(path, []peer.Peer{{Name: name, Address: netip.MustParseAddrPort("10.0.0.7:9101")}}); err == nil {
					err = readList(path).err
				}
				if err != nil {
					break
				}
			}
			done <- err
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestListKeepsWhatAnotherHeard: a console that has not asked for long does not put its old answers in the place of newer ones,
// unless these are of a time that has not come yet.
func TestListKeepsWhatAnotherHeard(t *testing.T) {
	path, now := filepath.Join(t.TempDir(), "peers.json"), time.Now().Round(0)
	heard := func(name, version string, at time.Time) peer.Peer {
		return peer.Peer{Name: name, Address: netip.MustParseAddrPort("10.0.0.7:9101"), Heard: at, Said: peer.Said{Ready: version, At: at}, Summary: &peer.Summary{Node: name, Time: at, Version: version}}
	}
	if err := writeList(path, []peer.Peer{heard("hv1", "new", now.Add(-time.Minute)), heard("hv2", "old", now.Add(-time.Hour)), heard("hv3", "old", now.Add(time.Hour)), heard("hv4", "old", now)}); err != nil {
		t.Fatal(err)
	}
	if err := writeList(path, []peer.Peer{heard("hv1", "old", now.Add(-time.Hour)), heard("hv2", "new", now.Add(-time.Minute)), heard("hv3", "new", now)}); err != nil {
		t.Fatal(err)
	}
	l := readList(path)
	if len(l.peers) != 3 || l.err != nil {
		t.Fatalf("%+v", l)
	}
	for _, p := range l.peers {
		if p.Summary.Version != "new" || p.Heard != p.Summary.Time || p.Said.At != p.Heard {
			t.Errorf("%+v, %+v", p, p.Summary)
		}
	}
}
