package frame

import (
	"math"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/journal"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/qemu"
)

// TestEachKindHasWords: a name of its own, and words that name what the kind has.
func TestEachKindHasWords(t *testing.T) {
	names := map[string]bool{}
	for k := Kind(0); k < KindCount; k++ {
		name, words := k.String(), string((&Problem{Kind: k, Subject: "subject", Of: "of", Detail: "detail"}).AppendWhat(nil))
		if name == "" || names[name] || words == "" {
			t.Errorf("kind %d: name %q, words %q", k, name, words)
		}
		names[name] = true
	}
	if got := KindCount.String(); got != "unknown" {
		t.Errorf("no kind is called %q", got)
	}
}

// TestWordsOfProblems: what is not there leaves no trace in the words.
func TestWordsOfProblems(t *testing.T) {
	for _, c := range []struct {
		p    Problem
		want string
	}{
		{Problem{Kind: APIDown, Detail: "refused"}, "API down: refused"},
		{Problem{Kind: APIDown, Subject: "k3s.service", Detail: "failed"}, "API down: k3s.service failed"},
		{Problem{Kind: SamplerHangs}, "sampler not answering"},
		{Problem{Kind: SamplerHangs, Detail: "/proc/stat"}, "sampler not answering, waits for /proc/stat"},
		{Problem{Kind: MigrationFailed, Of: "a", Subject: "b"}, "migration of a/b failed"},
		{Problem{Kind: MigrationFailed, Of: "a", Subject: "b", More: 2}, "migration of a/b failed (and 2 more failed)"},
		{Problem{Kind: MigrationFailed, Of: "a", Subject: "b", Detail: "no room", More: 2}, "migration of a/b failed: no room (and 2 more failed)"},
		{Problem{Kind: CertificateExpires, Subject: "client", N: 5}, "client certificate expires in 5 days"},
		{Problem{Kind: CertificateExpires, Subject: "client", Detail: "has expired"}, "client certificate has expired"},
		{Problem{Kind: PodFailing, Of: "a", Subject: "b", Detail: "CrashLoopBackOff", Ended: "exit code 1", N: 37}, "pod a/b CrashLoopBackOff after exit code 1, 37 restarts"},
		{Problem{Kind: PodFailing, Of: "a", Subject: "b", Detail: "ImagePullBackOff", More: 3}, "pod a/b ImagePullBackOff (and 3 more)"},
		{Problem{Kind: MemoryShort, Percent: 96.6}, "memory 97% used"},
		{Problem{Kind: FilesystemFull, Subject: "/100%s", Percent: 97}, "/100%s 97% full"}, // a name is no words
		{Problem{Kind: NodeFault, Subject: "hv-2", Detail: "NotReady", Hit: Hit{VMs: 1, Pods: 17}}, "node hv-2 NotReady: 1 VM, 17 pods"},
		{Problem{Kind: NoCarrier, Subject: "eno3", Hit: Hit{Bridge: "br0", MoreBridges: 1, VMs: 12}}, "eno3 no carrier: br0 and 1 more, 12 VMs"},
		{Problem{Kind: NoCarrier, Subject: "eno3", Hit: Hit{VMs: 2}}, "eno3 no carrier: 2 VMs"},
	} {
		if got := string(c.p.AppendWhat(nil)); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// TestOrderOfProblems: the worst first, this host's before others', what cuts off VMs before what is full.
func TestOrderOfProblems(t *testing.T) {
	f := clustered()
	f.Host.Filesystems = []sample.Filesystem{filesystem("/", 99, 1)}
	f.Net.Interfaces = []*sample.Interface{{Link: &sample.Link{Name: "eno3", AddressCount: 1, SharedAttrs: &sample.SharedAttrs{Physical: true, AdminUp: true, Detail: &sample.LinkDetail{VMs: make([]sample.AttachedVM, 12)}}}}}
	f.Units = &sample.Units{Failed: []sample.Unit{{Name: "smartd.service"}}, Health: f.Host.Health[0]}
	fault := func(node string) kube.Fault {
		return kube.Fault{Node: node, Condition: kube.Condition{Type: "Ready", Status: "False", Since: f.Now.Add(-time.Minute)}}
	}
	f.Kube.Nodes.Faults = []kube.Fault{fault("hv-2"), fault("hv-1")}
	want := "crit node hv-1 NotReady [dashboard]; crit eno3 no carrier: 12 VMs [network]; crit / 99% full [dashboard]; " +
		"err smartd.service failed [logs]; err node hv-2 NotReady [dashboard]; "
	if got := words(find(nil, f)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestStallsBeginAndEnd: a stall is told within 10 seconds, whatever it does afterwards, until it is over for most of a
// minute; a moment of it, and what a busy host has all day, is none.
func TestStallsBeginAndEnd(t *testing.T) {
	f := wellFrame()
	var open []Problem
	for i, c := range []struct {
		ten, minute float64 // percent of the last 10 seconds and 60
		told        bool
	}{
		{40, 40, false}, // all day
		{55, 8, false},  // for a few seconds
		{63, 15, true},  // 10 seconds of it
		{30, 20, true}, {5, 12, true}, {49, 18, true},
		{3, 9.9, false}, // it is over
		{49, 20, false}, // and this is no new one
		{50, 10, true},
	} {
		f.Host.Pressure.CPUSome, f.Host.Pressure.CPUSome60 = c.ten, c.minute
		f.Boot += 2 * time.Second
		f.Derive()
		open = f.Problems
		if (len(open) == 1) != c.told || c.told && (open[0].Kind != CPUStalled || open[0].Severity != journal.Warning) {
			t.Errorf("step %d: %s", i, words(open))
		}
	}
	f.Host.Pressure = sample.PSI{}
	f.Derive()
	seconds := 0.0
	for len(f.Problems) == 0 && seconds < 60 { // as the kernel averages: Documentation/accounting/psi.rst
		seconds += 2
		f.Host.Pressure.CPUSome, f.Host.Pressure.CPUSome60 = 100*(1-math.Exp(-seconds/10)), 100*(1-math.Exp(-seconds/60))
		f.Derive()
	}
	if seconds > 10 {
		t.Errorf("a host that stalls is told of after %v s", seconds)
	}
	f.Host.Pressure = sample.PSI{MemoryFull: 60, MemoryFull60: 30, IOFull: 70, IOFull60: 40, MemorySome: 99, MemorySome60: 99, IOSome: 99, IOSome60: 99}
	f.Derive()
	if got, want := words(f.Problems), "warning memory stalled 60% [dashboard]; warning I/O stalled 70% [dashboard]; "; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	f.Host.Pressure = sample.PSI{CPUSome: 63, CPUSome60: 15}
	f.Host.Cores = make([]sample.CPU, 8)
	f.VMs = &qemu.VMs{Health: f.Host.Health[0], VMs: []qemu.VM{{Namespace: "a", Name: "new", Cores: math.NaN()}, {Namespace: "a", Name: "x", Cores: 3}, {Name: "y", Cores: 4.25}}}
	for i, want := range []string{"y uses 4.2 CPUs", "a/x uses 3.0 CPUs", ""} {
		f.Derive()
		if got := words(f.Problems); got != strings.TrimSuffix("warning CPU stalled 63%: "+want, ": ")+" [dashboard]; " {
			t.Errorf("%d: %q, want %q", i, got, want)
		}
		f.VMs.VMs = f.VMs.VMs[:2]
		if i == 1 {
			f.VMs.VMs[1].Cores = 0.7 // less than a tenth
		}
	}
	f.Host.Health[sample.Pressure].Gone(f.Boot, "no PSI")
	if f.Derive(); len(f.Problems) != 0 {
		t.Errorf("without PSI: %s", words(f.Problems))
	}
}
