package history

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/qemu"
)

// TestUnknownIsNotZero: a figure that a record does not have, because it was not recorded or was not known of when it was made,
// is what its type calls unknown.
func TestUnknownIsNotZero(t *testing.T) {
	f := frametest.Fixed()
	f.Kube = frametest.Kube(f.Now)
	c := newCodec()
	var v vector
	c.encode(&v, &f.Snapshot)
	record := v.cells[peakCount:]
	// As from an older version: the record's lists, and no figure in them.
	older := strings.Join(listsOnly(strings.Split(layout().body, "\n")), "\n")
	from := newConverter(layout().body, older)
	to := newConverter(older, layout().body)
	if from == nil || to == nil {
		t.Fatal("no schema")
	}
	cells := to.convert(nil, from.convert(nil, record))
	if cells == nil {
		t.Fatal("it is not converted")
	}
	for name, cells := range map[string][]cell{"whole": record, "older": cells} {
		var s frame.Snapshot
		decode(&s, cells, c.texts.text, time.UnixMilli(0), frametest.Boot)
		h, n := s.Host, s.Net
		if len(h.Cores) != len(f.Host.Cores) || len(n.Interfaces) != len(f.Net.Interfaces) || len(s.Units.Failed) != 1 {
			t.Fatalf("%s: %d CPUs, %d links, %d units", name, len(h.Cores), len(n.Interfaces), len(s.Units.Failed))
		}
		if !math.IsNaN(h.Cores[0].User) || !math.IsNaN(h.Cores[0].IRQ) {
			t.Errorf("%s: %+v: what of a core is not recorded is known", name, h.Cores[0])
		}
		if name == "whole" {
			continue
		}
		link := n.Interfaces[3]
		for what, got := range map[string]int{
			"blocked": h.Blocked, "offline": h.Offline, "OOM kills": int(h.OOMKills), "TCP": n.Sockets.TCP, "conntrack": n.Sockets.ConntrackMax,
			"learned": link.Detail.Bridge.FDB, "carrier changes": link.CarrierChanges, "restarts": s.Units.Failed[0].Restarts,
		} {
			if got != -1 {
				t.Errorf("%s: %s: %d", name, what, got)
			}
		}
		for _, pod := range s.Kube.Pods.List {
			if pod.UID != (kube.UID{}) {
				t.Errorf("%s: UID %x", name, pod.UID)
			}
		}
		if len(s.Kube.Pods.List) != len(f.Kube.Pods.List) {
			t.Errorf("%s: %d pods", name, len(s.Kube.Pods.List))
		}
		var known []string
		floats(reflect.ValueOf(&s).Elem(), layout().plan, "", &known)
		if len(known) > 0 {
			t.Errorf("%s: known: %v", name, known)
		}
	}
}

// listsOnly leaves of a schema the lists, each with what its elements need to be there.
func listsOnly(lines []string) (kept []string) {
	for i, l := range lines {
		if l == "]" || strings.HasSuffix(l, " [") || i > 0 && strings.HasSuffix(lines[i-1], " [") {
			kept = append(kept, l)
		}
	}
	return kept
}

// floats lists the figures of the struct v, whose fields these are, that are not NaN.
func floats(v reflect.Value, fields []field, in string, known *[]string) {
	for i := range fields {
		f := &fields[i]
		p := reach(v, f.path)
		switch name := in + "/" + f.name; f.form {
		case floatForm:
			if !math.IsNaN(p.Float()) && i > 0 { // the first of each element is there
				*known = append(*known, name)
			}
		case sliceForm:
			for k := range p.Len() {
				floatsOf(p.Index(k), f, name, known)
			}
		case pointerForm:
			if !p.IsNil() {
				floatsOf(p.Elem(), f, name, known)
			}
		}
	}
}

func floatsOf(v reflect.Value, f *field, name string, known *[]string) {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return
		}
		v, f = v.Elem(), &f.fields[0]
	}
	if v.Kind() == reflect.Struct {
		floats(v, f.fields, name, known)
	}
}

// TestSampleNewerThanItsFrame: a source that answered a moment after the frame's time was taken has answered.
func TestSampleNewerThanItsFrame(t *testing.T) {
	f := frametest.Fixed()
	f.Host.Health[sample.Stat].At = f.Boot + 900*time.Millisecond
	b := back(f)
	if at := b.Host.Health[sample.Stat].At; at != f.Boot {
		t.Errorf("the CPU was read at %v, and the record says at %v", f.Host.Health[sample.Stat].At, at)
	}
}

// TestCutListsSaySo: a record that could not hold all of a list says how much is not there.
func TestCutListsSaySo(t *testing.T) {
	for _, links := range []int{maxElements, maxElements + 300} {
		f := frametest.Fixed()
		f.Net.Interfaces = nil
		for i := range links {
			f.Net.Interfaces = append(f.Net.Interfaces, &sample.Interface{Link: &sample.Link{Index: 1 + i, Name: "veth" + strconv.Itoa(i), SharedAttrs: &sample.SharedAttrs{}}})
		}
		b := back(f)
		said := ""
		for _, s := range b.Sources {
			if s.Name == "recording" {
				said = s.Health.Err
			}
		}
		want := ""
		if links > maxElements {
			want = "300 entries of long lists were left out"
		}
		if said != want || len(b.Net.Interfaces) != maxElements {
			t.Errorf("%d links: %d recorded, %q, want %q", links, len(b.Net.Interfaces), said, want)
		}
	}
}

// TestTextsAreKeptAlone: of a large text of which a record has a small part no more than that part is kept.
func TestTextsAreKeptAlone(t *testing.T) {
	var all texts
	whole := strings.Repeat("x", 1<<20) + "name"
	n := all.number(whole[1<<20:])
	if got := all.text(n); got != "name" || unsafe.StringData(got) == unsafe.StringData(whole[1<<20:]) {
		t.Errorf("%q keeps all of the text that it is from", got)
	}
}

// TestCutListsAreNoConflict: that an instance is not among those that a record could hold does not say that there is none.
func TestCutListsAreNoConflict(t *testing.T) {
	f := frametest.Fixed()
	frametest.Healthy(f)
	last := fmt.Sprintf("vm-%05d", 2*maxElements)
	v := &f.Kube.Virt
	v.VMs, v.VMIs = nil, nil
	for i := range 2*maxElements + 1 {
		name := fmt.Sprintf("vm-%05d", i)
		v.VMs = append(v.VMs, kube.VM{Namespace: "team", Name: name, Status: "Running"})
		v.VMIs = append(v.VMIs, kube.VMI{Namespace: "team", Name: name, Phase: "Running", Node: "hypervisor-01"})
	}
	f.VMs.VMs = []qemu.VM{{Namespace: "team", Name: last, PID: 4711, Started: time.Hour}}
	f.VMs.At = f.Boot
	frametest.Derive(f)
	b := back(f)
	for name, s := range map[string]*frame.Snapshot{"live": &f.Snapshot, "record": &b.Snapshot} {
		seen := false
		for i := range s.Guests {
			g := &s.Guests[i]
			seen = seen || g.Name == last
			if g.Name == last && g.Conflict != frame.Agreed {
				t.Errorf("%s: %s: %s", name, g.Name, g.Conflict)
			}
		}
		if !seen {
			t.Errorf("%s: %s is not there", name, last)
		}
	}
}
