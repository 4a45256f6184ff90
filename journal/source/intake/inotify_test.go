package intake

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
			w := NewInotify()
			w.Init = func(flags int) (int, error) {
				if none {
					return -1, err
				}
				return unix.InotifyInit1(flags)
			}
			defer w.Close()
			if w.Begin() || !strings.Contains(w.Note("files"), "files; polled: ") || !strings.Contains(w.Note("files"), err.Error()) {
				t.Errorf("%q", w.Note("files"))
			}
			if wd := w.Watch(t.TempDir(), FolderChanged); wd != -1 {
				t.Errorf("watch %d", wd)
			}
			if events, err := w.Wait(context.Background(), time.Now()); len(events) > 0 || err != nil {
				t.Errorf("%v %v", events, err)
			}
			none = false
			if !w.Begin() || w.Note("files"+pollMark+"nothing") != "files" || w.Watch(t.TempDir(), FolderChanged) < 0 {
				t.Errorf("with an instance: %q", w.Note("files"))
			}
		})
	}
}

// TestF60NoWatches: the same where watches are used up.
func TestF60NoWatches(t *testing.T) {
	w := NewInotify()
	w.add = func(int, string, uint32) (int, error) { return -1, unix.ENOSPC }
	defer w.Close()
	w.Begin()
	if wd := w.Watch(t.TempDir(), FolderChanged); wd != -1 || !strings.Contains(w.Note(""), "max_user_watches") {
		t.Errorf("watch %d, %q", wd, w.Note(""))
	}
	w.add = unix.InotifyAddWatch
	w.Begin()
	if wd := w.Watch(t.TempDir(), FolderChanged); wd < 0 || w.Note("") != "" {
		t.Errorf("watch %d, %q", wd, w.Note(""))
	}
}
