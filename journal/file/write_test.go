package file

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hypervisor-tui/journal/file/jwrite"
)

// variants are files of all kinds that systemd 239 to 260 has written.
func variants() map[string]jwrite.Options {
	all := map[string]jwrite.Options{
		"v239": {HeaderSize: 240}, "v187": {HeaderSize: 224}, "v38": {HeaderSize: 208},
		"v239 xz": {HeaderSize: 240, Packing: jwrite.XZ}, "v239 lz4": {HeaderSize: 240, Packing: jwrite.LZ4},
		"v246 zstd": {HeaderSize: 256, Packing: jwrite.ZSTD, Keyed: true},
		"v252":      {HeaderSize: 264, Packing: jwrite.ZSTD, Keyed: true, Compact: true},
		"v254":      {Packing: jwrite.ZSTD, Keyed: true, Compact: true, TailBoot: true},
		"keyed":     {Keyed: true}, "compact": {Compact: true},
		"compact lz4": {Compact: true, Keyed: true, Packing: jwrite.LZ4}, "compact xz": {Compact: true, Packing: jwrite.XZ},
	}
	for name, o := range all {
		o.File, o.Machine, o.SeqID = id(name), id("machine"), id("seq")
		all[name] = o
	}
	return all
}

func id(s string) (id [16]byte) { copy(id[:], s+"----------------"); return id }

const second = 1_000_000

// sample is entry n of a journal of two boots, with small and large fields, some of many entries.
func sample(n int) jwrite.Entry {
	message := fmt.Sprintf("message %d", n)
	switch n % 7 {
	case 3:
		message += strings.Repeat(" compressible", 60+n%50)
	case 5:
		message += "\nof\x00two\nlines\xff"
	}
	if n%101 == 100 {
		message += strings.Repeat("0123456789abcdef", 10000)
	}
	boot := "boot 1"
	if n >= 150 {
		boot = "boot 2"
	}
	return jwrite.Entry{Realtime: 1_700_000_000*second + uint64(n)*1000, Monotonic: uint64(n) * 1000, Boot: id(boot),
		Fields: []string{"_TRANSPORT=stdout", "PRIORITY=" + fmt.Sprint(n%8), "_PID=" + fmt.Sprint(n%3),
			"_SYSTEMD_UNIT=unit" + fmt.Sprint(n%4) + ".service", "_CMDLINE=" + strings.Repeat("long ", 150),
			"MESSAGE=" + message, "MESSAGES=none", "_BOOT_ID=" + fmt.Sprintf("%x", id(boot))}}
}

// write makes a file of the samples [from, to).
func write(t testing.TB, path string, o jwrite.Options, from, to int) {
	t.Helper()
	w := create(t, path, o)
	for n := from; n < to; n++ {
		e := sample(n)
		e.Seq = uint64(n) + 1
		add(t, w, e)
	}
	if err := w.Close(jwrite.Archived); err != nil {
		t.Fatal(err)
	}
}

func create(t testing.TB, path string, o jwrite.Options) *jwrite.Writer {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	w, err := jwrite.Create(path, o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func add(t testing.TB, w *jwrite.Writer, entries ...jwrite.Entry) {
	t.Helper()
	for _, e := range entries {
		if err := w.Append(e); err != nil {
			t.Fatal(err)
		}
	}
}

// TestJournalctlAcceptsWhatIsWritten has systemd's own program check the files that the tests here are made with.
func TestJournalctlAcceptsWhatIsWritten(t *testing.T) {
	journalctl, err := exec.LookPath("journalctl")
	if err != nil {
		t.Skip("no journalctl here")
	}
	each(t, func(t *testing.T, path string) {
		out, err := exec.Command(journalctl, "--verify", "--file="+path).CombinedOutput()
		if bytes.Contains(out, []byte("unknown extensions")) {
			t.Skip("this journalctl is too old to verify files of systemd 254")
		}
		if err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
}
