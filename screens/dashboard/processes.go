package dashboard

import (
	"math"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample/top"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/widget"
)

// ShowsProcesses implements screens.Screen's method for pages with processes.
func (d *Page) ShowsProcesses() bool {
	return d.fits.rows[cpuProcesses]+d.fits.rows[memoryProcesses] > 0
}

// drawProcesses draws, below their title, the processes outside VMs that use the most of a panel's figure.
func drawProcesses(r draw.Region, title string, byMemory bool, f *frame.Frame) {
	if r.Empty() {
		return
	}
	p := r.CutTop(1).Pen(1, 0)
	p.Text(draw.Dim, title)
	if f.Processes == nil || !f.Processes.Health.Has() {
		noProcesses(p.Skip(2), f)
		return
	}
	p.Skip(1)
	widget.StaleMark(&p, &f.Processes.Health, f)
	r = r.Faded(oldProcesses(f))
	all := listedProcesses(f, byMemory)
	for i := range all[:min(r.H(), len(all))] {
		one := &all[i]
		p = r.Pen(1, i)
		if byMemory {
			p.Size(draw.Text, one.Memory, 9)
		} else {
			processCPU(&p, one, f, 7)
		}
		p.Skip(2).Fit(draw.Text, one.Name, processName).To(1 + 9 + 2 + processName)
		switch {
		case r.W() < 50:
		case byMemory:
			processCPU(&p, one, f, 8)
			p.Skip(2)
		default:
			p.Size(draw.Text, one.Memory, 10).Skip(2)
		}
		owner(&p, one, f)
	}
}

const processName = 16

// listedProcesses returns the processes that are known, those that use the most first.
func listedProcesses(f *frame.Frame, byMemory bool) []top.Process {
	switch {
	case f.Processes == nil || !f.Processes.Health.Has():
		return nil
	case byMemory:
		return f.Processes.ByMemory
	}
	return f.Processes.ByCPU
}

// noProcesses writes why there are none. They are not recorded.
func noProcesses(p *draw.Pen, f *frame.Frame) {
	switch {
	case f.OfPast():
		p.Text(draw.Dim, "n/a")
		return
	case f.Processes == nil:
		p.Text(draw.Dim, "--")
		return
	}
	widget.StatePlaceholder(p, &f.Processes.Health)
	p.Skip(1).Fit(draw.Dim, f.Processes.Health.Err, p.Left()-1)
}

// oldProcesses reports whether what is shown of processes is not fresh.
func oldProcesses(f *frame.Frame) bool {
	return f.Processes.Health.State == health.Stale
}

// processCPU writes the share of one CPU that a process uses; one that uses most of a CPU is worth a look.
func processCPU(p *draw.Pen, one *top.Process, f *frame.Frame, width int) {
	if math.IsNaN(one.CPU) {
		p.Right(draw.Dim, "--", width)
		return
	}
	p.Float(widget.Level(one.CPU, f.Settings.CPU), one.CPU, 1, width-1).Text(draw.Dim, "%")
}

// owner writes what a process belongs to: a pod by its name where that is known, a unit, or the kernel.
func owner(p *draw.Pen, one *top.Process, f *frame.Frame) {
	switch {
	case one.Kernel:
		p.Text(draw.Dim, "kernel")
	case one.Pod != "":
		if pod := podOf(one, f); pod != nil {
			widget.Namespaced(p, pod.Namespace, pod.Name, p.Left()-1)
			return
		}
		p.Text(draw.Dim, "pod ").Fit(draw.Dim, one.Pod, p.Left()-1)
	case one.Unit != "":
		p.Fit(draw.Text, one.Unit, p.Left()-1)
	}
}

// podOf returns the pod that a process is in, nil when it is in none, or nobody knows its name.
func podOf(one *top.Process, f *frame.Frame) *kube.NamedPod {
	if one.Pod == "" || f.Kube == nil {
		return nil
	}
	return f.Kube.Pods.Pod(one.Pod)
}

// processes is the view state of the overlay of processes.
type processes struct {
	*screens.List[processKey]
	keys     []screens.Binding
	byMemory bool
}

// processKey tells a process from others, also from one that has its pid later.
type processKey struct {
	pid     int
	started time.Duration
}

// openProcesses lists the processes outside VMs that use the most. Enter goes to the log of what one belongs to.
func openProcesses(*frame.Frame) screens.Screen {
	o := new(processes)
	size := func(_, _, rows int, _ *frame.Frame) (int, int) { return 120, rows + 2 }
	o.List = screens.NewList("processes", "Processes outside VMs, in percent of a CPU", size, "choose a process", "the log of its unit or pod", "Log", screens.Items[processKey]{
		Len: func(f *frame.Frame) int { return len(listedProcesses(f, o.byMemory)) },
		Key: func(i int, f *frame.Frame) processKey {
			one := &listedProcesses(f, o.byMemory)[i]
			return processKey{one.PID, one.Started}
		},
		Above: o.captions,
		Draw:  o.row,
		Enter: func(i int, f *frame.Frame) screens.Command { return ownerLog(&listedProcesses(f, o.byMemory)[i], f) },
	})
	o.keys = append(o.List.Keys(), screens.Binding{Label: "s", Does: "sort by CPU, by memory", Hint: "Sort"})
	return o
}

// ownerLog returns the command that goes to the log of what a process belongs to, as far as that has one.
func ownerLog(one *top.Process, f *frame.Frame) screens.Command {
	if pod := podOf(one, f); pod != nil {
		return screens.PodLog(pod.Namespace, pod.Name)
	}
	if one.Unit == "" {
		return screens.Command{}
	}
	return screens.UnitLog(one.Unit)
}

// ShowsProcesses implements screens.Screen's method for overlays with processes.
func (o *processes) ShowsProcesses() bool { return true }

// Keys implements screens.Screen.
func (o *processes) Keys() []screens.Binding { return o.keys }

// Handle implements screens.Screen.
func (o *processes) Handle(k draw.Key, f *frame.Frame) (screens.Command, bool) {
	if k == 's' {
		o.byMemory = !o.byMemory
		return screens.Command{}, true
	}
	return o.List.Handle(k, f)
}

// The columns of the overlay, from the left: the age only where there is room.
const (
	processPID    = 8
	processShare  = 10
	processMemory = 10
	processState  = 3
	processAge    = 10
	processRoomy  = 98 // columns from which there is the age
)

// processColumns returns where the names and the owners begin on so many columns.
func processColumns(width int) (names, owners int) {
	names = processPID + processShare + processMemory + processState + 2
	if width >= processRoomy {
		names += processAge
	}
	return names, names + processName + 1
}

func (o *processes) captions(view draw.Region, i int, f *frame.Frame) draw.Region {
	all := len(listedProcesses(f, o.byMemory))
	if i > 0 {
		if i == all {
			p := view.CutTop(1).Pen(2, 0)
			p.Int(draw.Dim, int64(all)).Text(draw.Dim, " of the host's ").Int(draw.Dim, int64(f.Processes.Total)).Text(draw.Dim, " processes, kernel threads and VMs included")
		}
		return view
	}
	p := view.CutTop(1).Pen(0, 0)
	if all == 0 {
		noProcesses(p.Skip(1), f)
		return view
	}
	names, owners := processColumns(view.W())
	p.Right(draw.Dim, "pid", processPID)
	sorted(&p, "CPU", processShare, !o.byMemory)
	sorted(&p, "memory", processMemory, o.byMemory)
	if view.W() >= processRoomy {
		p.Right(draw.Dim, "age", processAge)
	}
	p.Right(draw.Dim, "S", processState).To(names).Text(draw.Dim, "process").To(owners)
	p.Text(draw.Dim, "unit or pod")
	widget.StaleMark(p.Skip(2), &f.Processes.Health, f)
	return view
}

// sorted writes the caption of a column that may be the one that sorts the list.
func sorted(p *draw.Pen, caption string, width int, sorts bool) {
	if !sorts {
		p.Right(draw.Dim, caption, width)
		return
	}
	p.Skip(width-len("v ")-len(caption)).Glyph(draw.Accent, draw.Down).Skip(1).Text(draw.Accent, caption)
}

func (o *processes) row(view draw.Region, i int, f *frame.Frame) draw.Region {
	one := &listedProcesses(f, o.byMemory)[i]
	p := view.CutTop(1).Faded(oldProcesses(f)).Pen(0, 0)
	p.IntRight(draw.Dim, int64(one.PID), processPID)
	processCPU(&p, one, f, processShare)
	p.Size(draw.Text, one.Memory, processMemory)
	names, owners := processColumns(view.W())
	if view.W() >= processRoomy {
		p.AgeRight(draw.Text, f.Boot-one.Started, processAge)
	}
	style, state := draw.Dim, [1]byte{one.State}
	if one.State == 'D' || one.State == 'Z' {
		style = draw.Warn
	}
	p.Skip(processState-1).Bytes(style, state[:])
	p.To(names).Fit(draw.Text, one.Name, processName).To(owners)
	owner(&p, one, f)
	return view
}
