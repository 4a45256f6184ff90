package screens_test

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/pages"
	"hypervisor-tui/screens/screentest"
)

// shot draws one frame of a page after the given keys and returns the text.
func shot(t *testing.T, screen string, w, h int, f *frame.Frame, keys ...draw.Key) string {
	t.Helper()
	c := newConsole(screen, func(panel string, v any) { t.Errorf("%s at %dx%d: %s crashed: %v", screen, w, h, panel, v) })
	f.Guests = frame.MergeGuests(f.Guests, &f.Snapshot)
	text := c.Show(w, h, f)
	for _, k := range keys {
		c.Handle(k, f)
		text = c.Show(w, h, f)
	}
	return text
}

// newConsole is a stand with all pages.
func newConsole(first string, crashed func(panel string, value any)) *screentest.Stand {
	return screentest.New(first, crashed, func(ask func(journal.Query)) []screens.Screen {
		return pages.New(pages.Options{Ask: ask, Crashed: crashed})
	})
}

// TestF41CrashedPanel draws a frame that no source makes: an interface with more addresses than there are.
func TestF41CrashedPanel(t *testing.T) {
	f := frametest.Fixed()
	f.Net.Interfaces[1].AddressCount = 1000
	for _, c := range []struct {
		screen  string
		crashed []string
		lives   []string
	}{
		{frame.Logs, []string{"header"}, []string{"following", "F1 Logs", "k3s[1234]"}},
		{frame.Dashboard, []string{"header"}, []string{"CPU", "Disk I/O", "Network RX", "eth0", "F2 Dashboard"}},
		{frame.Network, []string{"header", "network"}, []string{"F3 Network"}},
	} {
		var told []string
		console := newConsole(c.screen, func(panel string, v any) { told = append(told, fmt.Sprint(panel, ": ", v)) })
		canvas := draw.NewCanvas(screentest.Looks["ascii"])
		for range 2 {
			told = told[:0]
			console.Present(canvas, 120, 40, f)
			console.Answer(f)
		}
		text := string(canvas.AppendText(nil))
		if len(told) != len(c.crashed) {
			t.Errorf("%s: told of %q, want %q", c.screen, told, c.crashed)
		}
		for _, name := range c.crashed {
			if !strings.Contains(text, name+" crashed") || !slices.ContainsFunc(told, func(one string) bool { return strings.HasPrefix(one, name+": runtime error") }) {
				t.Errorf("%s: no word of %s, told of %q:\n%s", c.screen, name, told, text)
			}
		}
		if strings.Count(text, " crashed") != len(c.crashed) {
			t.Errorf("%s: other panels crashed too:\n%s", c.screen, text)
		}
		for _, want := range c.lives {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is missing:\n%s", c.screen, want, text)
			}
		}
	}
}

// labels are the digits that are part of a name, of the clock, or of what a key is called.
var labels = regexp.MustCompile(`F[12345]\b|[Kk][38]s|Nov \d\d|\d\d:\d\d:\d\d|host01`)

// TestEveryScreenSaysUnknownNotZero draws frames in which no source has a value: no figure may be there, least of all 0.
func TestEveryScreenSaysUnknownNotZero(t *testing.T) {
	unknown := func(state health.State) func(f *frame.Frame) {
		return func(f *frame.Frame) {
			nothingYet(f)
			nan := math.NaN()
			f.Host = &sample.Host{DiskRead: nan, DiskWrite: nan, CPU: sample.CPU{ID: -1, Busy: nan, User: nan, System: nan, IOWait: nan, IRQ: nan, Steal: nan}}
			f.Host.Machine.Hostname = "host01"
			for i := range f.Host.Health {
				f.Host.Health[i] = health.Health{State: state, Err: "why"}
			}
			f.Net = &sample.Net{Rx: nan, Tx: nan, Sockets: sample.SocketCounts{TCP: -1, UDP: -1, Established: -1, Conntrack: -1, ConntrackMax: -1}}
			f.Kube = &kube.State{Health: health.Health{State: state, Err: "why"}}
		}
	}
	// The API answers and says nothing of any kind, whose figures of before are still in the State.
	kinds := func(state health.State) func(f *frame.Frame) {
		return func(f *frame.Frame) {
			unknown(state)(f)
			nodes := frametest.Fixed()
			frametest.Nodes(5)(nodes)
			f.Kube = frametest.Kube(f.Now)
			f.Kube.Version, f.Kube.Network, f.Kube.Candidates, f.Kube.Fleet = "", kube.Network{}, nil, nodes.Kube.Fleet
			for i := range f.Kube.Kinds {
				f.Kube.Kinds[i] = kube.KindStatus{Health: health.Health{State: state, Err: "why"}}
			}
		}
	}
	for name, change := range map[string]func(f *frame.Frame){
		"nothing": nothingYet, "init": unknown(health.Init), "failed": unknown(health.Failed), "absent": unknown(health.Absent),
		"no kind yet": kinds(health.Init), "every kind forbidden": kinds(health.Failed), "no kind installed": kinds(health.Absent),
	} {
		for _, screen := range pages.Names() {
			for _, size := range []struct{ w, h int }{{200, 60}, {132, 43}, {80, 24}, {60, 20}, {40, 10}, {20, 5}} {
				f := frametest.Fixed()
				change(f)
				text := shot(t, screen, size.w, size.h, f)
				if rest := labels.ReplaceAllString(text, ""); strings.ContainsAny(rest, "0123456789") {
					t.Errorf("%s, %s at %dx%d shows a figure:\n%s", name, screen, size.w, size.h, text)
				}
				if !strings.Contains(text, "--") && !strings.Contains(text, "n/a") && !strings.Contains(text, "err") {
					t.Errorf("%s, %s at %dx%d does not say that nothing is known:\n%s", name, screen, size.w, size.h, text)
				}
			}
		}
	}
}

// TestUnreadableSensorsHideNoOthers: NaN is neither the hottest nor the slowest nor the most.
func TestUnreadableSensorsHideNoOthers(t *testing.T) {
	f := frametest.Fixed()
	nan := math.NaN()
	f.Host.Sensors = []sample.Sensor{{Name: "x", Celsius: nan}, {Name: "core", Celsius: 61, High: 90}, {Name: "y", Celsius: nan, High: 1}, {Name: "disk", Celsius: 44, High: 84}}
	f.Host.Fans = []sample.Fan{{Name: "f1", RPM: nan}, {Name: "f2", RPM: 900}, {Name: "f3", RPM: nan}, {Name: "f4", RPM: 1200}}
	f.Host.Power = []sample.Power{{Watts: nan}, {Watts: 212}, {Watts: 90}, {Watts: nan}}
	if text := shot(t, frame.Dashboard, 200, 60, f); !strings.Contains(text, "61 C core") || !strings.Contains(text, "fan 900 rpm") || !strings.Contains(text, "212 W") {
		t.Errorf("%s", text)
	}
}

// TestStaleIsTold: the last good value stays, with its age.
func TestStaleIsTold(t *testing.T) {
	f := frametest.Fixed()
	for i := range f.Host.Health {
		f.Host.Health[i] = health.Health{State: health.Stale, At: frametest.Boot - 72*time.Minute, Since: frametest.Boot - 72*time.Minute, Err: "timeout"}
	}
	for screen, want := range map[string]string{frame.Dashboard: "45.2%", frame.Network: "192.168.1.100/24"} {
		text := shot(t, screen, 120, 40, f)
		if !strings.Contains(text, want) || !strings.Contains(text, "(1h 12m old)") {
			t.Errorf("%s:\n%s", screen, text)
		}
	}
}

// TestF33EverySize draws each screen and overlay at each small size, where rows and columns run out, and at some larger.
func TestF33EverySize(t *testing.T) {
	f := frametest.Fixed()
	for _, screen := range pages.Names() {
		for _, keys := range [][]draw.Key{nil, {'?'}, {'i'}, {'!', draw.KeyDown}, {draw.KeyEnter}, {'w'}, {'v'}, {'/', 'x'}} {
			for w := 0; w <= 90; w += 1 + w/9 {
				for h := 0; h <= 30; h += 1 + h/9 {
					shot(t, screen, w, h, f, keys...)
				}
			}
			shot(t, screen, 1000, 1000, f, keys...)
		}
	}
}

func TestNetworkFoldsAndScrolls(t *testing.T) {
	f := frametest.Fixed()
	text := shot(t, frame.Network, 80, 60, f)
	if strings.Contains(text, "pod, network namespace") || !strings.Contains(text, "21 other ports folded: v") {
		t.Errorf("the ports of pods are listed:\n%s", text)
	}
	text = shot(t, frame.Network, 80, 60, f, 'v')
	if !strings.Contains(text, "veth") || strings.Contains(text, "folded") {
		t.Errorf("v does not list them:\n%s", text)
	}
	for _, want := range []string{"|- vnet1", "`- veth", "configured, no carrier", "(Jumbo)", "10 Gb/s"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing:\n%s", want, text)
		}
	}
	bottom := shot(t, frame.Network, 80, 24, f, 'v', draw.KeyEnd)
	if !strings.Contains(bottom, "DNS       192.168.1.1") || strings.Contains(bottom, "v more") {
		t.Errorf("End does not show the end:\n%s", bottom)
	}
	top := shot(t, frame.Network, 80, 24, f)
	for _, keys := range [][]draw.Key{{'G', 'g'}, {draw.KeyPageDown, draw.KeyPageUp}, {draw.KeyCtrlD, draw.KeyCtrlU}, {draw.KeyEnd, draw.KeyHome}} {
		if shot(t, frame.Network, 80, 24, f, keys[0]) == top || shot(t, frame.Network, 80, 24, f, keys...) != top {
			t.Errorf("keys %v do not scroll there and back", keys)
		}
	}
}

func TestNetworkCursorAndTheWholeInterface(t *testing.T) {
	f := frametest.Fixed()
	for _, c := range []struct {
		keys []draw.Key
		want []string
	}{
		{[]draw.Key{draw.KeyDown}, []string{">+- eth1"}},
		{[]draw.Key{draw.KeyDown, draw.KeyDown}, []string{">+- eth0"}},
		{[]draw.Key{'j', 'j', 'k', 'k', 'k'}, []string{">+- eth1"}},
		{[]draw.Key{'j', 'j', 'j'}, []string{">x eth1 == br-storage"}},
		{[]draw.Key{draw.KeyEnter}, []string{"name          eth1", "0x800006d3", "Pull this cable", "VMs           2", "default/database-01", "br-storage  vnet1"}},
		{[]draw.Key{'j', 'j', draw.KeyEnter}, []string{"metric 100, reachable 02:00:5e:00:01:01", "192.168.1.100/24"}},
		{[]draw.Key{'v', 'j', 'j', 'j', 'j', 'j', draw.KeyEnter}, []string{"default/database-01, pid 4711", "interface net1 number 2 in network namespace 0"}},
	} {
		text := shot(t, frame.Network, 80, 40, f, c.keys...)
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("after %q %q is missing:\n%s", c.keys, want, text)
			}
		}
	}
	// The cursor stays in sight on the way down and up again.
	keys := []draw.Key{'v'}
	seen := map[string]bool{}
	for range 30 {
		keys = append(keys, draw.KeyDown)
		text := shot(t, frame.Network, 80, 24, f, keys...)
		if seen[text] {
			t.Fatalf("after %d keys the picture is an old one:\n%s", len(keys), text)
		}
		seen[text] = true
		if !strings.Contains(text, "\n>") {
			t.Fatalf("after %d keys the cursor is out of sight:\n%s", len(keys), text)
		}
	}
	for range 30 {
		keys = append(keys, draw.KeyUp)
	}
	if text := shot(t, frame.Network, 80, 24, f, keys...); !strings.Contains(text, "Physical interfaces") || !strings.Contains(text, ">+- eth1") {
		t.Errorf("up again:\n%s", text)
	}
}

func TestNetworkFilterAndUnits(t *testing.T) {
	f := frametest.Fixed()
	typed := func(s string, more ...draw.Key) []draw.Key {
		keys := []draw.Key{'/'}
		for _, c := range s {
			keys = append(keys, draw.Key(c))
		}
		return append(keys, more...)
	}
	for text, want := range map[string]string{
		"database": "2 of 31 interfaces", "192.168": "1 of 31", "BR0": "25 of 31", "52:54:00:12:34:57": "1 of 31", "qv1": "0 of 31",
	} {
		if got := shot(t, frame.Network, 80, 24, f, typed(text)...); !strings.Contains(got, want) {
			t.Errorf("%q: %q is missing:\n%s", text, want, got)
		}
	}
	if got := shot(t, frame.Network, 80, 24, f, typed("qv1", draw.KeyEsc)...); !strings.Contains(got, "Physical interfaces") {
		t.Errorf("Esc does not end it:\n%s", got)
	}
	if got := shot(t, frame.Network, 80, 24, f, typed("eth1", draw.KeyEnter, draw.KeyDown, draw.KeyEnter)...); !strings.Contains(got, "name          eth1") {
		t.Errorf("the one that was found:\n%s", got)
	}
	if got := shot(t, frame.Network, 80, 24, f, 'u'); !strings.Contains(got, "10.3 Gbit/s") {
		t.Errorf("bits:\n%s", got)
	}
}

func TestVerdict(t *testing.T) {
	f := frametest.Fixed()
	hangs := frame.Problem{Kind: frame.MountHangs, Severity: journal.Crit, Subject: "/mnt/nfs", Since: frametest.Boot - 14*time.Minute, Where: frame.Dashboard}
	cut := frame.Problem{Kind: frame.NoCarrier, Severity: journal.Err, Subject: "br0", Since: frametest.Boot, Where: frame.Network}
	f.Problems = []frame.Problem{hangs, cut, cut, hangs, cut}
	for _, c := range []struct {
		w, h int
		want string
	}{
		{132, 43, "\n ! /mnt/nfs not answering 14m [F2]  ! br0 no carrier 0s [F3]  ! br0 no carrier 0s [F3]  +2 more [!]\n"},
		{80, 24, "\n ! /mnt/nfs not answering 14m [F2]  ! br0 no carrier 0s [F3]  +3 more [!]\n"},
		{72, 24, "\n ! /mnt/nfs not answering 14m [F2]  +4 more [!]\n"}, {60, 20, "\n ! /mnt/nfs not answering 14m [F2]  +4 more [!]\n"},
		{40, 10, "\n ! /mnt/nfs not answering 14m [F2]\n"}, {20, 5, "!/mnt/nfs not answe>\n"},
	} {
		if text := shot(t, frame.Dashboard, c.w, c.h, f); !strings.Contains(text, c.want) {
			t.Errorf("at %dx%d %q is missing:\n%s", c.w, c.h, c.want, text)
		}
	}
	f.Problems = f.Problems[1:2]
	if text := shot(t, frame.Dashboard, 80, 24, f); !strings.Contains(text, "\n ! br0 no carrier 0s [F3]  [!]\n") {
		t.Errorf("the only problem:\n%s", text)
	}
	f.Problems = nil
	if text := shot(t, frame.Dashboard, 80, 24, f); strings.Contains(text, "!") && strings.Contains(text, "[F") {
		t.Errorf("a verdict without a problem:\n%s", text)
	}
}

// TestChosenTabIsSeen: on a narrow screen the tabs start where the chosen one is in sight.
func TestChosenTabIsSeen(t *testing.T) {
	c, f := newConsole(frame.Logs, nil), frametest.Fixed()
	for _, name := range f.Settings.Tabs {
		if text := c.Show(40, 10, f); !strings.Contains(text, name) {
			t.Errorf("tab %s is chosen and not seen:\n%s", name, text)
		}
		c.Handle(draw.KeyRight, f)
	}
}

// TestWhatIsNotThereIsSaid: an initramfs has no filesystem but memory, and often neither disks nor interfaces.
func TestWhatIsNotThereIsSaid(t *testing.T) {
	f := frametest.Fixed()
	f.Host.Filesystems, f.Host.Disks = nil, nil
	f.Net = &sample.Net{Changes: 1, Rx: math.NaN(), Tx: math.NaN(), Interfaces: []*sample.Interface{{Link: &sample.Link{Name: "lo", SharedAttrs: &sample.SharedAttrs{Kind: "loopback"}}}}}
	text := shot(t, frame.Dashboard, 100, 50, f)
	for _, want := range []string{" no filesystem to show", " Read n/a, no disk", " RX n/a, no interface"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing:\n%s", want, text)
		}
	}
	if strings.Contains(text, "peak") {
		t.Errorf("a history of nothing:\n%s", text)
	}
	if text := shot(t, frame.Dashboard, 100, 50, f, draw.Key('d')); !strings.Contains(text, " no filesystem to show") {
		t.Errorf("the list of all:\n%s", text)
	}
}

// TestCostKeepsToItsColumn: a dump of the links of a large or a starved host takes long.
func TestCostKeepsToItsColumn(t *testing.T) {
	f := frametest.Fixed()
	f.Sources[0].Health = health.Health{State: health.OK, Since: f.Boot, Cost: 9999 * time.Microsecond}
	f.Sources[1].Health = health.Health{State: health.OK, Since: f.Boot, Cost: 129475 * time.Microsecond}
	text := shot(t, frame.Dashboard, 120, 60, f, draw.Key('i'))
	for _, want := range []string{"0s 9999 us", "0s  129 ms"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing:\n%s", want, text)
		}
	}
}

// TestSourcesSayWhyInFull: however narrow the terminal is; and what the API stands on says a path once.
func TestSourcesSayWhyInFull(t *testing.T) {
	f := frametest.Fixed()
	why := strings.TrimSpace(strings.Repeat("words of a long reason, ", 8))
	f.Sources[0].Health = health.Health{State: health.Failed, Since: f.Boot, Err: why}
	for _, w := range []int{40, 80, 120, 200} {
		if text := shot(t, frame.Dashboard, w, 150, f, draw.Key('i')); !strings.Contains(words(text), why) {
			t.Errorf("the reason is not whole at %d columns:\n%s", w, text)
		}
	}
	f.Kube.Kubeconfig, f.Kube.Health.State = "/k", health.Failed
	for _, said := range []string{" not answering", ": not answering"} {
		f.Kube.Cause = kube.Cause{Check: kube.Kubeconfig, Why: "/k" + said}
		if text := shot(t, frame.Dashboard, 80, 150, f, draw.Key('i')); !strings.Contains(words(text), "kubeconfig /k not answering") {
			t.Errorf("%q:\n%s", said, text)
		}
	}
}

// TestB18ListsShowAnItem: where few rows are left for the disks or the filesystems they have the first of them, not how many
// there are.
func TestB18ListsShowAnItem(t *testing.T) {
	counted := 0
	for _, vms := range []bool{true, false} {
		for h := 8; h <= 60; h++ {
			for _, w := range []int{40, 80, 132, 200} {
				f := frametest.Fixed()
				for range 30 {
					f.Host.Disks = append(f.Host.Disks, f.Host.Disks[1])
					f.Host.Filesystems = append(f.Host.Filesystems, f.Host.Filesystems[0])
				}
				if !vms {
					f.VMs.VMs = nil
				}
				picture := shot(t, frame.Dashboard, w, h, f)
				for count, first := range map[string]string{"more, less busy": " nvme0n1 ", "more, less full": " /mnt/nfs "} {
					_, rest, _ := strings.Cut(picture, "Disk I/O") // the verdict names the filesystem too
					if !strings.Contains(rest, count) {
						continue
					}
					if counted++; !strings.Contains(rest, first) {
						t.Errorf("at %dx%d there is %q and no%s:\n%s", w, h, count, first, picture)
					}
				}
			}
		}
	}
	if counted == 0 {
		t.Error("nothing is counted at any size")
	}
}

// showing is a page or an overlay, with processes or without.
type showing struct {
	screens.Base
	processes bool
}

func (s *showing) ShowsProcesses() bool         { return s.processes }
func (*showing) Update(int, int, *frame.Frame)  {}
func (*showing) Draw(draw.Region, *frame.Frame) {}

// TestProcessesAreShown: by the page, below an overlay too, or by the overlay; not by another page, nor while it is paused.
func TestProcessesAreShown(t *testing.T) {
	overlay := &showing{Base: screens.NewBase("overlay", "Overlay")}
	open := screens.BindOverlay("o", "open", "", func(*frame.Frame) screens.Screen { return overlay }, 'o')
	page, other := &showing{Base: screens.NewBase("page", "Page", open)}, &showing{Base: screens.NewBase("other", "Other")}
	c, f := screens.New([]screens.Screen{page, other}, "page", nil), frametest.Fixed()
	step := func(k draw.Key, want bool) {
		t.Helper()
		if c.Handle(k, f); c.ShowsProcesses() != want {
			t.Errorf("after %v: %v", k, !want)
		}
	}
	step(draw.KeyNone, false)
	page.processes = true
	step(draw.KeyNone, true)
	step(' ', false)
	step(' ', true)
	step('o', true)
	page.processes, overlay.processes = false, true
	step(draw.KeyNone, true)
	step(draw.KeyEsc, false)
	page.processes = true
	step(draw.KeyF2, false)
	step(draw.KeyF1, true)
}

// TestShownNode: the one that is whole on the screen; none once that is closed, on another page, or paused.
func TestShownNode(t *testing.T) {
	f := frametest.Fixed()
	frametest.Nodes(5)(f)
	c := newConsole(frame.Nodes, nil)
	name := f.Kube.Fleet.Rows[0].Name
	for _, step := range []struct {
		key  draw.Key
		want string
	}{{draw.KeyNone, ""}, {draw.KeyEnter, name}, {' ', ""}, {' ', name}, {draw.KeyEsc, ""}, {draw.KeyEnter, name}, {draw.KeyF2, ""}} {
		c.Show(80, 24, f)
		if c.Handle(step.key, f); c.ShownNode() != step.want {
			t.Errorf("after %v: %q, want %q", step.key, c.ShownNode(), step.want)
		}
	}
}
