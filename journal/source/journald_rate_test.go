package source

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/journal"
	"hypervisor-tui/journal/journaltest"
)

// feedPad makes lines as long as k3s' are.
const feedPad = `time="2026-11-22T20:00:00Z" level=info msg="StopPodSandbox for 4ad9ec6979c29f6798d8c9041ed25629060 returns successfully"`

// TestF25RealJournaldKeepsItsPace feeds a real journald from a process of its own and holds that as many lines come as it
// keeps, and the newest ones as they are. What that costs is measured when it is asked for:
//
//	JOURNALD_RATE=10000 JOURNALD_LINES=600000 go test ./journal/source -run KeepsItsPace -v
func TestF25RealJournaldKeepsItsPace(t *testing.T) {
	if socket := os.Getenv("JOURNALD_FEED"); socket != "" {
		feed(t, socket)
		return
	}
	lines, rate := numberIn("JOURNALD_LINES", 20000), numberIn("JOURNALD_RATE", 0)
	j := newJournald(t)
	w := journaltest.WatchRing(t, 10000)
	if rate > 0 {
		w.Timeout += 2 * time.Duration(lines/rate) * time.Second
	}
	stop := journaltest.Run(j.reader(), w.Input)
	defer stop()
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "JOURNALD_FEED="+j.socket(), fmt.Sprint("JOURNALD_LINES=", lines), fmt.Sprint("JOURNALD_RATE=", rate))
	before := cpuSeconds(t)
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	shown := make([]time.Time, 0, lines) // when line i was on a page
	w.Await(t, "the last line", func(p *journal.Page) bool {
		n := 0
		for i := range p.Rows {
			n = max(n, lineNumber(string(p.Message(&p.Rows[i]))))
		}
		for now := time.Now(); len(shown) < n; {
			shown = append(shown, now)
		}
		return n == lines
	})
	cpu, took := cpuSeconds(t)-before, time.Since(began)
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	j.ctl("--sync")
	want, got := j.keptLines(), ringLines(t, w)
	all := len(j.kept()) // with what journald says of itself
	if p := w.Latest(); len(want) != lines || p.Total != uint64(all) || p.Dropped != 0 {
		t.Fatalf("%d lines written, %d kept of %d in all, %d read, %d dropped", lines, len(want), all, p.Total, p.Dropped)
	}
	if newest := want[lines-len(got):]; !slices.Equal(got, newest) {
		t.Fatalf("of %d lines in the ring: %s", len(got), differAt(got, newest))
	}
	if rate > 0 {
		waits := make([]time.Duration, lines)
		for i, line := range want {
			nanos, err := strconv.ParseInt(strings.Fields(line)[2], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			waits[i] = shown[i].Sub(time.Unix(0, nanos))
		}
		slices.Sort(waits)
		t.Logf("%d lines in %.1f s: %.2f %% of a core; write to page p50 %d ms, p99 %d ms, longest %d ms", lines, took.Seconds(),
			100*cpu/took.Seconds(), waits[lines/2].Milliseconds(), waits[lines*99/100].Milliseconds(), waits[lines-1].Milliseconds())
	}
}

// feed writes numbered lines with the time, as fast as journald takes them or at a rate.
func feed(t *testing.T, socket string) {
	c, err := net.Dial("unixgram", socket)
	if err != nil {
		t.Fatal(err)
	}
	lines, rate := numberIn("JOURNALD_LINES", 0), numberIn("JOURNALD_RATE", 0)
	for n, began := 0, time.Now(); n < lines; {
		due := lines
		if rate > 0 {
			time.Sleep(time.Millisecond)
			due = min(lines, int(time.Since(began).Seconds()*float64(rate)))
		}
		for ; n < due; n++ {
			if _, err := fmt.Fprintf(c, "MESSAGE=line %d %d %s\nSYSLOG_IDENTIFIER=k3s\nPRIORITY=6\n", n+1, time.Now().UnixNano(), feedPad); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// lineNumber is that of a line that feed wrote, 0 for any other.
func lineNumber(message string) (n int) {
	if rest, ok := strings.CutPrefix(message, "line "); ok {
		number, _, _ := strings.Cut(rest, " ")
		n, _ = strconv.Atoi(number)
	}
	return n
}

// numberIn is a number in the environment.
func numberIn(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}
