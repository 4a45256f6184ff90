package nixos

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"time"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/procfile"
)

const (
	pstore   = "/sys/fs/pstore"
	backend  = "/sys/module/pstore/parameters/backend"
	archive  = "/var/lib/systemd/pstore"
	wtmp     = "/var/log/wtmp"
	stands   = time.Minute      // how long an answer does: it may only change while this boot is young
	sameBoot = 10 * time.Minute // between when the kernel and when wtmp says that this boot began: clocks are set then
	minute   = "2006-01-02 15:04 MST"
)

// lastBoot finds out how the boot before this one ended: wtmp reports whether it was shut down, pstore whether the kernel
// left its last words. These do not prove that it died: it may have lived on after an oops.
type lastBoot struct {
	root  string
	value sample.LastBoot // what it found last
	until time.Duration   // CLOCK_BOOTTIME; 0: it found nothing yet
}

// read says what is known at the time now, without Health; boot is when this boot began. A host that keeps neither is
// Absent.
func (b *lastBoot) read(boot time.Time, now time.Duration) (sample.LastBoot, error) {
	if now < b.until {
		return b.value, nil
	}
	v, err := b.look(boot)
	if b.value, b.until = v, 0; err == nil {
		b.until = now + stands
	}
	return v, err
}

// look is read without a memory.
func (b *lastBoot) look(boot time.Time) (sample.LastBoot, error) {
	end, kept, err := b.ending()
	if err != nil {
		return sample.LastBoot{}, err
	}
	words, backed, err := b.lastWords(boot)
	if err != nil {
		return sample.LastBoot{}, err
	}
	if !kept && !backed {
		return sample.LastBoot{}, procfile.Absent("this host keeps neither wtmp nor pstore")
	}
	v := sample.LastBoot{Why: words}
	// A wtmp that ends with some other boot says nothing about the last one.
	if end.known && end.newest.Sub(boot).Abs() <= sameBoot {
		v.Known, v.Clean = true, end.clean
	}
	switch {
	case words != "":
	case v.Known && !v.Clean:
		v.Why = "no shutdown is recorded for the boot of " + end.at.UTC().Format(minute)
	case v.Known:
		v.Why = "shut down " + end.at.UTC().Format(minute)
	case !kept:
		v.Why = "no wtmp, nothing in pstore"
	default:
		v.Why = "wtmp does not tell, nothing in pstore"
	}
	return v, nil
}

// ending reads wtmp. An empty one, or one of an unknown layout, is none.
func (b *lastBoot) ending() (e ending, kept bool, err error) {
	l := layoutOf(runtime.GOARCH)
	file, err := os.Open(b.root + wtmp)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || l.size == 0 {
		return e, false, nil
	}
	if err != nil {
		return e, false, fmt.Errorf("read %s: %w", wtmp, procfile.Cause(err))
	}
	defer file.Close()
	info, err := file.Stat()
	if err == nil && info.Mode().IsRegular() {
		e, err = readWtmp(file, info.Size(), l)
	}
	if err != nil {
		return e, false, fmt.Errorf("read %s: %w", wtmp, procfile.Cause(err))
	}
	return e, !e.newest.IsZero(), nil
}

// lastWords describes the newest record of a crash that pstore holds, or that systemd-pstore has moved out of it since
// this boot began; empty without one. kept is whether pstore keeps anything on this host.
func (b *lastBoot) lastWords(boot time.Time) (words string, kept bool, err error) {
	if !b.backed() {
		return "", false, nil
	}
	at, name, err := b.newest(pstore, "dmesg-")
	if err != nil {
		return "", false, err
	}
	if name != "" {
		return "pstore keeps a kernel " + b.kind(name) + " of " + at.UTC().Format(minute), true, nil
	}
	at, name, err = b.newest(archive, "")
	if err != nil {
		return "", false, err
	}
	if name != "" && !at.Before(boot) {
		words = "a kernel crash is kept in " + archive + "/" + clean.String(name)
	}
	return words, true, nil
}

// backed reports whether pstore has memory to keep things in: both directories are there without it too.
func (b *lastBoot) backed() bool {
	name, err := procfile.ReadText(b.root, backend)
	return err == nil && name != "" && name != "(null)"
}

// newest returns time and name of the newest entry of a directory that starts with prefix. A directory that is not
// there, or that this user may not list as /sys/fs/pstore mostly is, has none.
func (b *lastBoot) newest(dir, prefix string) (at time.Time, name string, err error) {
	entries, err := os.ReadDir(b.root + dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return at, "", nil
	}
	if err != nil {
		return at, "", fmt.Errorf("list %s: %w", dir, procfile.Cause(err))
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), prefix) {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // it has just been moved to the archive
		}
		if info.ModTime().After(at) {
			at, name = info.ModTime(), e.Name()
		}
	}
	return at, name, nil
}

// kind reads what a record of pstore says that it is: panic, oops; crash when that cannot be read.
//
// Kernel: fs/pstore/platform.c, pstore_dump
func (b *lastBoot) kind(name string) string {
	return recordKind(procfile.Small(b.root + pstore + "/" + name))
}

// recordKind returns the first word of "Panic#1 Part1" in small letters when it is one that the kernel writes.
func recordKind(head []byte) string {
	word, _, ok := strings.Cut(string(head), "#")
	if word = strings.ToLower(word); ok && (word == "panic" || word == "oops" || word == "emergency") {
		return word
	}
	return "crash"
}
