package nixos

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/sample/procfile"
)

// began is when the boot of these tests began.
func began() time.Time { return time.Date(2026, 11, 20, 21, 0, 0, 0, time.UTC) }

// record is one line of wtmp.
type record struct {
	kind uint16
	user string
	at   time.Time
}

func boot(at time.Time) record { return record{bootTime, "reboot", at} }
func halt(at time.Time) record { return record{runLevel, shutdown, at} }
func user(at time.Time) record { return record{7, "root", at} }

func (r record) bytes(l layout) []byte {
	b := make([]byte, l.size)
	binary.NativeEndian.PutUint16(b, r.kind)
	copy(b[userAt:userAt+userSize], r.user)
	if l.wide {
		binary.NativeEndian.PutUint64(b[l.at:], uint64(r.at.Unix()))
	} else {
		binary.NativeEndian.PutUint32(b[l.at:], uint32(r.at.Unix()))
	}
	return b
}

func wtmpOf(l layout, records ...record) []byte {
	var b []byte
	for _, r := range records {
		b = append(b, r.bytes(l)...)
	}
	return b
}

// ago is a time before the boot.
func ago(d time.Duration) time.Time { return began().Add(-d) }

func TestWtmp(t *testing.T) {
	up := began().Add(3 * time.Second)
	many := []record{boot(ago(72 * time.Hour)), halt(ago(time.Minute)), boot(up)}
	for range 1000 {
		many = append(many, user(up.Add(time.Hour)))
	}
	for _, arch := range []string{"amd64", "arm64"} {
		l := layoutOf(arch)
		for name, c := range map[string]struct {
			records []record
			want    ending
		}{
			"none":       {nil, ending{}},
			"first boot": {[]record{boot(up), user(up)}, ending{newest: up}},
			"shut down":  {[]record{boot(ago(72 * time.Hour)), user(ago(time.Hour)), halt(ago(time.Minute)), boot(up), user(up)}, ending{up, true, true, ago(time.Minute)}},
			"power cut":  {[]record{halt(ago(99 * time.Hour)), boot(ago(72 * time.Hour)), user(ago(time.Hour)), boot(up)}, ending{up, true, false, ago(72 * time.Hour)}},
			"logins":     {many, ending{up, true, true, ago(time.Minute)}},
			"going down": {[]record{boot(up), halt(up.Add(time.Hour))}, ending{newest: up}},
		} {
			text := wtmpOf(l, c.records...)
			for _, torn := range []int{0, 100} { // half a record at the end
				text = append(text, make([]byte, torn)...)
				got, err := readWtmp(bytes.NewReader(text), int64(len(text)), l)
				if err != nil || !got.newest.Equal(c.want.newest) || !got.at.Equal(c.want.at) || got.known != c.want.known || got.clean != c.want.clean {
					t.Errorf("%s %s: %+v, %v, want %+v", arch, name, got, err, c.want)
				}
			}
		}
	}
}

// machine is a tree whose wtmp has the records.
func machine(t *testing.T, records ...record) (tree, *lastBoot) {
	x := newTree(t)
	if len(records) > 0 {
		l := layoutOf(runtime.GOARCH)
		if l.size == 0 {
			t.Skip("the layout of wtmp is not known on", runtime.GOARCH)
		}
		x.file(wtmp, string(wtmpOf(l, records...)))
	}
	return x, &lastBoot{root: x.root}
}

func expect(t *testing.T, b *lastBoot, known, clean bool, why string) {
	t.Helper()
	got, err := b.look(began())
	if err != nil || got.Known != known || got.Clean != clean || got.Why != why {
		t.Errorf("got %+v, %v; want known %v, clean %v, %q", got, err, known, clean, why)
	}
}

func TestLastBoot(t *testing.T) {
	up := began().Add(3 * time.Second)
	_, b := machine(t, boot(ago(72*time.Hour)), halt(ago(time.Minute)), boot(up))
	expect(t, b, true, true, "shut down 2026-11-20 20:59 UTC")
	_, b = machine(t, boot(ago(72*time.Hour)), boot(up))
	expect(t, b, true, false, "no shutdown is recorded for the boot of 2026-11-17 21:00 UTC")
	_, b = machine(t, boot(up))
	expect(t, b, false, false, "wtmp does not tell, nothing in pstore")
	// Nobody wrote this boot into wtmp: what it ends with is an older story.
	_, b = machine(t, boot(ago(72*time.Hour)), halt(ago(71*time.Hour)), boot(ago(70*time.Hour)))
	expect(t, b, false, false, "wtmp does not tell, nothing in pstore")
}

func TestLastWords(t *testing.T) {
	up := began().Add(3 * time.Second)
	x, b := machine(t, boot(ago(72*time.Hour)), boot(up))
	x.file(backend, "efi_pstore\n")
	x.file(pstore+"/dmesg-efi_pstore-176367", "Oops#1 Part1\n<4>...")
	x.touch(pstore+"/dmesg-efi_pstore-176367", ago(30*time.Hour))
	x.file(pstore+"/dmesg-efi_pstore-176368", "Panic#2 Part1\n<4>...")
	x.touch(pstore+"/dmesg-efi_pstore-176368", ago(time.Hour))
	x.file(pstore+"/console-ramoops-0", "")
	expect(t, b, true, false, "pstore keeps a kernel panic of 2026-11-20 20:00 UTC")
	os.RemoveAll(x.root + wtmp)
	expect(t, b, false, false, "pstore keeps a kernel panic of 2026-11-20 20:00 UTC")
	x.file(pstore+"/dmesg-efi_pstore-176368", "\x1b]0;rm\a")
	x.touch(pstore+"/dmesg-efi_pstore-176368", ago(time.Hour))
	expect(t, b, false, false, "pstore keeps a kernel crash of 2026-11-20 20:00 UTC")
	os.RemoveAll(x.root + pstore)
	x.dir(archive + "/176000")
	x.touch(archive+"/176000", ago(time.Hour)) // archived by an earlier boot
	expect(t, b, false, false, "no wtmp, nothing in pstore")
	x.dir(archive + "/176368\x1b[2J")
	x.touch(archive+"/176368\x1b[2J", up)
	expect(t, b, false, false, "a kernel crash is kept in /var/lib/systemd/pstore/176368\ufffd")
}

func TestHostThatKeepsNoTrace(t *testing.T) {
	x, b := machine(t)
	var none procfile.Absent
	if _, err := b.look(began()); !errors.As(err, &none) {
		t.Errorf("nothing there: %v", err)
	}
	x.file(wtmp, "") // as in a container
	x.dir(pstore)
	x.dir(archive)
	x.file(backend, "(null)\n")
	if _, err := b.look(began()); !errors.As(err, &none) {
		t.Errorf("nothing in there: %v", err)
	}
	x.dir("/elsewhere")
	x.link(archive, "/elsewhere/missing")
	os.Remove(x.root + wtmp)
	x.dir(wtmp)
	if _, err := b.look(began()); !errors.As(err, &none) {
		t.Errorf("wtmp is a directory: %v", err)
	}
}

func TestUnreadablePstore(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	x, b := machine(t, boot(ago(72*time.Hour)), halt(ago(time.Minute)), boot(began()))
	x.file(backend, "erst\n")
	x.dir(pstore)
	if err := os.Chmod(x.root+pstore, 0); err != nil {
		t.Fatal(err)
	}
	expect(t, b, true, true, "shut down 2026-11-20 20:59 UTC")
}

func FuzzWtmp(f *testing.F) {
	l := layoutOf("amd64")
	f.Add(wtmpOf(l, boot(ago(time.Hour)), halt(ago(time.Minute)), boot(began())))
	f.Add([]byte("short"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, arch := range []string{"amd64", "arm64"} {
			e, err := readWtmp(bytes.NewReader(text), int64(len(text)), layoutOf(arch))
			if err != nil || e.clean && !e.known || e.known && e.newest.IsZero() {
				t.Errorf("%+v, %v", e, err)
			}
		}
	})
}

func FuzzRecordKind(f *testing.F) {
	for _, s := range []string{"Panic#1 Part1", "Oops#2 Part1", "Emergency#", "#", "", "\x1b[2J#"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, head []byte) {
		if k := recordKind(head); !strings.Contains("panic oops emergency crash", k) {
			t.Errorf("%q is %q", head, k)
		}
	})
}

// TestLastBootStands: an answer is not asked for again before its time; Absent is, each time.
func TestLastBootStands(t *testing.T) {
	x, b := machine(t)
	var none procfile.Absent
	if _, err := b.read(began(), time.Hour); !errors.As(err, &none) {
		t.Fatalf("nothing there: %v", err)
	}
	l := layoutOf(runtime.GOARCH)
	if l.size == 0 {
		t.Skip("the layout of wtmp is not known on", runtime.GOARCH)
	}
	up := began().Add(3 * time.Second)
	x.file(wtmp, string(wtmpOf(l, boot(ago(72*time.Hour)), halt(ago(time.Minute)), boot(up))))
	for _, step := range []struct {
		now   time.Duration
		clean bool
	}{{time.Hour + 10*time.Second, true}, {time.Hour + 10*time.Second + stands - 1, true}, {time.Hour + 10*time.Second + stands, false}} {
		v, err := b.read(began(), step.now)
		if err != nil || !v.Known || v.Clean != step.clean {
			t.Errorf("at %v: %+v, %v", step.now, v, err)
		}
		x.file(wtmp, string(wtmpOf(l, boot(ago(72*time.Hour)), boot(up))))
	}
}
