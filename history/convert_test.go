package history

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
)

// TestRecordOfAnotherVersion: a version that called a figure otherwise, kept another in other steps, lacked a third and had one
// that is no more has recorded. What both know comes back, and what that one did not know is unknown.
func TestRecordOfAnotherVersion(t *testing.T) {
	f := frametest.Fixed()
	c := newCodec()
	var v vector
	c.encode(&v, &f.Snapshot)
	theirs := layout().schema
	for _, change := range [][2]string{
		{"\n0 Blocked\n", "\n0 Waiting\n"},
		{"\n4 CPU.Busy\n", "\n3 CPU.Busy\n"},
		{"\n6 DiskRead\n", "\n"},
		{"\n0 Tasks\n", "\n0 Tasks\n1 Colour\n2 Ports [\n1 Name\n]\n"},
		{"\n2 Sensors [\n", "\n2 Thermometers [\n"},
	} {
		if strings.Count(theirs, change[0]) != 1 {
			t.Fatalf("%q is not once in the schema", change[0])
		}
		theirs = strings.Replace(theirs, change[0], change[1], 1)
	}
	to := newConverter(layout().schema, theirs)
	from := newConverter(theirs, layout().schema)
	if to == nil || from == nil {
		t.Fatal("a schema is none")
	}
	cells := from.convert(nil, to.convert(nil, v.cells))
	if len(cells) < peakCount {
		t.Fatal("it is not converted")
	}
	var s frame.Snapshot
	decode(&s, cells[peakCount:], c.texts.text, f.Now, f.Boot)
	h := s.Host
	if h.Blocked != -1 || !math.IsNaN(h.DiskRead) || h.Sensors != nil {
		t.Errorf("what it did not know: %d tasks blocked, %g read, sensors %v", h.Blocked, h.DiskRead, h.Sensors)
	}
	if math.Abs(h.CPU.Busy-45.2) > 0.1 || h.Tasks != 842 || math.IsNaN(h.DiskWrite) || len(h.Fans) != 1 || len(h.Disks) != 3 {
		t.Errorf("what it knew: CPU %g %%, %d tasks, %g written, fans %v, %d disks", h.CPU.Busy, h.Tasks, h.DiskWrite, h.Fans, len(h.Disks))
	}
	for n := range v.cells { // one that was cut never passes for a whole one
		if to.convert(nil, v.cells[:n]) != nil {
			t.Fatalf("%d of %d cells are taken for a record", n, len(v.cells))
		}
	}
}

// TestRecordOfFirstVersion reads a page that version 1.0 has written; its schema stands before it. It is never made anew: each
// later version has one of its own beside it.
func TestRecordOfFirstVersion(t *testing.T) {
	const path = "testdata/1.0.page"
	file, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && *update {
		f := frametest.Fixed()
		frametest.Sick(f)
		c := newCodec()
		var v vector
		var p page
		c.encode(&v, &f.Snapshot)
		p.begin(pageHead{seq: 1, wall: f.Now.UnixMilli(), boot: int64(f.Boot), schema: layout().id})
		if !p.add(&v, &c.texts, f.Now.UnixMilli(), f.Boot) {
			t.Fatal("no room")
		}
		file = append(binary.LittleEndian.AppendUint32(nil, uint32(len(layout().schema))), layout().schema...)
		file = append(file, p.bytes[:p.used]...)
		err = os.WriteFile(path, file, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	n := binary.LittleEndian.Uint32(file)
	theirs, bytes := string(file[4:4+n]), file[4+n:]
	head, ok := parseHead(bytes)
	if !ok || head.schema != schemaID(theirs) {
		t.Fatalf("the page is damaged: %+v", head)
	}
	r := reading{head: head, bytes: bytes}
	r.rewind()
	record, ok := r.next()
	if !ok {
		t.Fatal("the record is damaged")
	}
	cells := newConverter(theirs, layout().schema).convert(nil, record.cells)
	if cells == nil {
		t.Fatal("it is not converted")
	}
	var s frame.Snapshot
	decode(&s, cells[peakCount:], r.text, time.UnixMilli(record.wall).UTC(), record.boot)
	var said []string
	for i := range s.Problems {
		said = append(said, string(s.Problems[i].AppendWhat(nil)))
	}
	for what, good := range map[string]bool{
		"time":     s.Now.Equal(time.Date(2026, 11, 22, 3, 2, 11, 0, time.UTC)) && s.Boot == frametest.Boot,
		"host":     s.Host.Machine.Hostname == "hypervisor-01" && math.Abs(s.Host.CPU.Busy-45.2) < 0.1 && s.Host.Tasks == 842 && len(s.Host.Cores) == 8,
		"disks":    len(s.Host.Disks) == 3 && s.Host.Disks[1].Model == "ST4000NM0035" && math.IsNaN(s.Host.Disks[1].ReadLatency),
		"links":    s.Net.Interfaces[2].Name == "eth1" && s.Net.Interfaces[2].Master == "br-storage" && s.Net.Interfaces[2].RxBytes>>30 == 1200,
		"VMs":      len(s.VMs.VMs) == 4 && s.VMs.VMs[1].Namespace == "team-0" && math.IsNaN(s.VMs.VMs[1].Tx),
		"cluster":  s.Kube.Version == "v1.37.2+k3s1" && s.Kube.Pods.Total == 100 && len(s.Kube.Virt.VMIs) == 12 && s.Kube.Virt.VMs[4].Status == "CrashLoopBackOff",
		"units":    s.Units.Watched[0].Name == "k3s.service" && s.System.NixOS.Generation == 43,
		"problems": len(said) == 3 && strings.Contains(said[2], "web/payments-6c8f9d7b5-q4w2z"),
		"plugins":  s.Checks == nil, // it had none
		"sources":  s.Sources[2].Name == "cpu" && s.Sources[2].Health.At == frametest.Boot-time.Second,
	} {
		if !good {
			t.Errorf("%s: not as it was; problems %q, %d VMs", what, said, len(s.VMs.VMs))
		}
	}
}
