package source

import (
	"context"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestF60NoInotifyInstance: where no instance is to be had, the journal and log files are polled, and the source says so;
// when one comes free, it is used.
func TestF60NoInotifyInstance(t *testing.T) {
	for name, err := range map[string]error{"instances": unix.EMFILE, "descriptors": unix.ENFILE, "kernel without": unix.ENOSYS} {
		t.Run(name, func(t *testing.T) {
			none := true
			w := newInotify()
			w.init = func(flags int) (int, error) {
				if none {
					return -1, err
				}
				return unix.InotifyInit1(flags)
			}
			defer w.close()
			if w.begin() || !strings.Contains(w.note("files"), "files; polled: ") || !strings.Contains(w.note("files"), err.Error()) {
				t.Errorf("%q", w.note("files"))
			}
			if wd := w.watch(t.TempDir(), folderChanged); wd != -1 {
				t.Errorf("watch %d", wd)
			}
			if events, err := w.wait(context.Background(), time.Now()); len(events) > 0 || err != nil {
				t.Errorf("%v %v", events, err)
			}
			none = false
			if !w.begin() || w.note("files"+pollMark+"nothing") != "files" || w.watch(t.TempDir(), folderChanged) < 0 {
				t.Errorf("with an instance: %q", w.note("files"))
			}
		})
	}
}

// TestF60NoWatches: the same where watches are used up.
func TestF60NoWatches(t *testing.T) {
	w := newInotify()
	w.add = func(int, string, uint32) (int, error) { return -1, unix.ENOSPC }
	defer w.close()
	w.begin()
	if wd := w.watch(t.TempDir(), folderChanged); wd != -1 || !strings.Contains(w.note(""), "max_user_watches") {
		t.Errorf("watch %d, %q", wd, w.note(""))
	}
	w.add = unix.InotifyAddWatch
	w.begin()
	if wd := w.watch(t.TempDir(), folderChanged); wd < 0 || w.note("") != "" {
		t.Errorf("watch %d, %q", wd, w.note(""))
	}
}
