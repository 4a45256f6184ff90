package report

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/sample"
)

// plainLine says what is wrong with a line, nothing when it is printable ASCII of at most 79 columns and a line feed.
func plainLine(line []byte) string {
	text, ended := bytes.CutSuffix(line, []byte{'\n'})
	switch {
	case !ended:
		return "does not end with a line feed"
	case len(text) > 79:
		return "is too long"
	}
	for _, c := range text {
		if c < ' ' || c > '~' {
			return "is not printable ASCII"
		}
	}
	return ""
}

func TestGoldenStatus(t *testing.T) {
	calm := func(f *frame.Frame) { f.Problems = nil }
	cases := []struct {
		name   string
		change func(*frame.Frame)
		want   string
	}{
		{"in trouble", func(*frame.Frame) {},
			"2026-11-22 03:02:11 hypervisor-01 cpu 45% mem 66% / 78% load 2.34 10.0.0.11\n" +
				"! /mnt/nfs not answering since 14m [dashboard] +5 more\n"},
		{"calm", calm, "2026-11-22 03:02:11 hypervisor-01 cpu 45% mem 66% / 78% load 2.34 10.0.0.11\n"},
		{"a short name leaves room", func(f *frame.Frame) { calm(f); f.Host.Machine.Hostname = "hv" },
			"2026-11-22 03:02:11 hv cpu 45% mem 66% / 78% load 2.34 10.0.0.11 rx 1.2 GiB/s\n"},
		{"a long name loses its domain", func(f *frame.Frame) { calm(f); f.Host.Machine.Hostname = "hypervisor-01.rack-7.dc1.example.com" },
			"2026-11-22 03:02:11 hypervisor-01 cpu 45% mem 66% / 78% load 2.34 10.0.0.11\n"},
		{"a name that fits nowhere is not cut", func(f *frame.Frame) { calm(f); f.Host.Machine.Hostname = strings.Repeat("x", 64) },
			"2026-11-22 03:02:11 cpu 45% mem 66% / 78% load 2.34 10.0.0.11 rx 1.2 GiB/s\n"},
		{"a mount point that is too long is not cut", func(f *frame.Frame) { calm(f); f.Host.Filesystems[0].Mount = "/var/lib/" + strings.Repeat("x", 60) },
			"2026-11-22 03:02:11 hypervisor-01 cpu 45% mem 66% load 2.34 10.0.0.11 up 15d 7h\n"},
		{"the fullest filesystem that can be written", func(f *frame.Frame) {
			calm(f)
			f.Host.Filesystems[0].ReadOnly, f.Host.Filesystems[1].UsedPercent = true, 62.5
		}, "2026-11-22 03:02:11 hypervisor-01 cpu 45% mem 66% /boot 62% load 2.34 10.0.0.11\n"},
		{"how many plugins say that all is well; one that is silent does not", func(f *frame.Frame) { frametest.Checks(f); calm(f); f.Host.Machine.Hostname = "hv" },
			"2026-11-22 03:02:11 hv cpu 45% mem 66% / 78% load 2.34 10.0.0.11 checks 3/12\n"},
		{"no address", func(f *frame.Frame) { calm(f); f.Net.Addresses, f.Net.Interfaces = nil, nil },
			"2026-11-22 03:02:11 hypervisor-01 cpu 45% mem 66% / 78% load 2.34 no address\n"},
		{"before the first sample", func(f *frame.Frame) { *f = *emptyFrame() },
			"2026-11-22 03:02:11 -- cpu -- mem -- disk -- load -- address -- rx -- tx --\n"},
		{"after the first sample", func(f *frame.Frame) {
			calm(f)
			f.Host.Machine.Hostname, f.Host.CPU.Busy, f.Net.Rx, f.Net.Tx = "hv", math.NaN(), math.NaN(), math.NaN()
		}, "2026-11-22 03:02:11 hv cpu -- mem 66% / 78% load 2.34 10.0.0.11 rx -- tx --\n"},
		{"all failed", func(f *frame.Frame) {
			calm(f)
			for i := range f.Host.Health {
				f.Host.Health[i] = health.Health{State: health.Failed}
			}
		}, "2026-11-22 03:02:11 hypervisor-01 cpu -- mem -- disk -- load -- address --\n"},
		{"one problem", func(f *frame.Frame) {
			f.Problems = []frame.Problem{{Kind: frame.NoCarrier, Severity: journal.Err, Subject: "br0", Since: f.Boot - 26*time.Hour, Where: frame.Network}}
		}, "2026-11-22 03:02:11 hypervisor-01 cpu 45% mem 66% / 78% load 2.34 10.0.0.11\n" +
			"! br0 no carrier since 1d 2h [network]\n"},
		{"a problem that tells when", func(f *frame.Frame) {
			f.Problems = []frame.Problem{{Kind: frame.CertificateExpires, Subject: "client", N: 5, Since: f.Boot - 26*time.Hour, Where: frame.Dashboard}}
		}, "2026-11-22 03:02:11 hypervisor-01 cpu 45% mem 66% / 78% load 2.34 10.0.0.11\n" +
			"! client certificate expires in 5 days [dashboard]\n"},
		{"a long problem", func(f *frame.Frame) {
			f.Problems[0] = frame.Problem{Kind: frame.SourceFailed, Subject: "jöurnal", Detail: strings.Repeat("much to say ", 20), Since: f.Boot, Where: frame.Logs}
		}, "2026-11-22 03:02:11 hypervisor-01 cpu 45% mem 66% / 78% load 2.34 10.0.0.11\n" +
			"! j?urnal: much to say much to say much to say much to> since 0s [logs] +5 more\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := richFrame()
			c.change(f)
			got := string(AppendStatus([]byte("before\n"), f))
			if want := "before\n" + c.want; got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			for line := range strings.Lines(got) {
				if why := plainLine([]byte(line)); why != "" {
					t.Errorf("%q %s", line, why)
				}
			}
		})
	}
}

func TestStatusOfNothing(t *testing.T) {
	for line := range bytes.Lines(AppendStatus(nil, new(frame.Frame))) {
		if why := plainLine(line); why != "" {
			t.Errorf("%q %s", line, why)
		}
	}
}

func TestGoldenEntry(t *testing.T) {
	cet := time.FixedZone("CET", 3600)
	at := time.Date(2026, 11, 22, 2, 2, 11, 999999000, time.UTC).UnixMicro()
	cases := []struct {
		row     journal.Row
		message string
		want    string
	}{
		{journal.Row{Unit: "k3s", PID: 1234, Severity: journal.Err}, "it broke", "03:02:11 E k3s[1234]: it broke"},
		{journal.Row{Unit: "kernel", Severity: journal.Emerg}, "tilt", "03:02:11 C kernel: tilt"},
		{journal.Row{Severity: journal.Debug}, "", "03:02:11 D --: "},
		{journal.Row{Unit: "k3s", Severity: journal.Warning}, "ünïcödé 漢字\x7f\t\xff", "03:02:11 W k3s: ?n?c?d? ?????"},
		{journal.Row{Unit: "k3s", Severity: journal.Crit}, "panic: x\na\nb\nc", "03:02:11 C k3s: panic: x (+3 lines)"},
		{journal.Row{Unit: "k3s", Severity: journal.Crit}, "panic: x\na", "03:02:11 C k3s: panic: x (+1 line)"},
		{journal.Row{Unit: "k3s", Severity: journal.Crit, Full: 100}, "panic: x\na", "03:02:11 C k3s: panic: x (+1 line, cut)"},
		{journal.Row{Unit: "k3s", Severity: journal.Info}, strings.Repeat("x", 63), "03:02:11 I k3s: " + strings.Repeat("x", 63)},
		{journal.Row{Unit: "k3s", Severity: journal.Info}, strings.Repeat("x", 64), "03:02:11 I k3s: " + strings.Repeat("x", 62) + ">"},
		{journal.Row{Unit: "k3s", Severity: journal.Notice}, strings.Repeat("漢", 5000), "03:02:11 N k3s: " + strings.Repeat("?", 62) + ">"},
		{journal.Row{Unit: "k3s", Severity: journal.Info}, strings.Repeat("x", 99) + "\n\n", "03:02:11 I k3s: " + strings.Repeat("x", 51) + "> (+2 lines)"},
		{journal.Row{Unit: strings.Repeat("u", 31), PID: 1, Severity: journal.Info}, "hi", "03:02:11 I " + strings.Repeat("u", 29) + ">[1]: hi"},
	}
	for _, c := range cases {
		p := new(journal.Page)
		c.row.Time = at
		addRow(p, c.row, c.message)
		if got := string(AppendEntry([]byte("before\n"), p, &p.Rows[0], cet)); got != "before\n"+c.want+"\n" {
			t.Errorf("got\n%swant\n%s", got, c.want)
		}
	}
}

// leastAllocs is the fewest allocations of several runs: what else the process does can only add some.
func leastAllocs(f func()) float64 {
	least := testing.AllocsPerRun(100, f)
	for range 5 {
		least = min(least, testing.AllocsPerRun(100, f))
	}
	return least
}

func TestPlainDoesNotAllocate(t *testing.T) {
	f := richFrame()
	dst := make([]byte, 0, 1024)
	if n := leastAllocs(func() { dst = AppendStatus(dst[:0], f) }); n != 0 {
		t.Errorf("AppendStatus allocates %v times", n)
	}
	addRow(f.Page, journal.Row{Unit: "k3s", PID: 1}, strings.Repeat("漢", 1000)+"\n\n")
	for i := range f.Page.Rows {
		if n := leastAllocs(func() { dst = AppendEntry(dst[:0], f.Page, &f.Page.Rows[i], f.Now.Location()) }); n != 0 {
			t.Errorf("AppendEntry allocates %v times for row %d", n, i)
		}
	}
}

func FuzzAppendEntry(f *testing.F) {
	page := richPage()
	for i := range page.Rows {
		r := &page.Rows[i]
		f.Add(r.Time, r.Unit, r.PID, uint8(r.Severity), 0, page.Message(r))
	}
	f.Add(int64(math.MinInt64), "\x1b[31m", math.MaxInt, uint8(255), math.MaxInt, []byte("\n\n\xff\x00漢"+strings.Repeat("\n", 5000)))
	f.Add(int64(math.MaxInt64), strings.Repeat("é", 99), math.MinInt, uint8(8), 1, bytes.Repeat([]byte("é"), 2048))
	f.Fuzz(func(t *testing.T, at int64, unit string, pid int, severity uint8, full int, message []byte) {
		p := new(journal.Page)
		addRow(p, journal.Row{Time: at, Unit: unit, PID: pid, Severity: journal.Severity(severity), Full: full}, string(message))
		line := AppendEntry(nil, p, &p.Rows[0], time.UTC)
		if why := plainLine(line); why != "" {
			t.Errorf("%q %s", line, why)
		}
	})
}

func FuzzAppendStatus(f *testing.F) {
	f.Add("hypervisor-01", "/", "not answering", 45.2, int64(bootNow))
	f.Add(strings.Repeat("é", 64), "\x1b]0;", "\n", math.Inf(1), int64(math.MinInt64))
	f.Add("", "", "", math.NaN(), int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, hostname, mount, detail string, v float64, since int64) {
		r := richFrame()
		r.Host.Machine.Hostname, r.Host.CPU.Busy, r.Host.Load[0], r.Net.Rx = hostname, v, v, v
		r.Host.Filesystems = []sample.Filesystem{{Mount: mount, UsedPercent: v, Health: ok()}}
		r.Problems = append(r.Problems[:0], frame.Problem{Kind: frame.SourceFailed, Subject: mount, Detail: detail, Since: time.Duration(since)})
		for line := range bytes.Lines(AppendStatus(nil, r)) {
			if why := plainLine(line); why != "" {
				t.Errorf("%q %s", line, why)
			}
		}
	})
}
