package screens

import (
	"cmp"
	"math"
	"slices"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
)

// vmOrder is what the VM table is sorted by.
type vmOrder uint8

const (
	byCPU vmOrder = iota
	byMemory
	byDisk
	byNet
	byName
	vmOrders
)

var vmOrderNames = [vmOrders]string{"CPU", "memory", "disk", "net", "name"}

// vms is the view state of the VM table.
type vms struct {
	order  vmOrder
	all    bool     // those of the whole cluster are listed, not only those here
	chosen chosenVM // the VM under the cursor
	top    int
	sorted []int // scratch: indices into Frame.Machines
}

// chosenVM names a VM as long as it is there. The zero value: none is chosen yet.
type chosenVM struct {
	namespace, name string
	pid             int // of its process here, 0: none; of a VM with a name it may change, as when it moves
	set             bool
}

func (c *chosenVM) is(m *frame.Machine) bool {
	return c.set && c.namespace == m.Namespace && c.name == m.Name && (m.Namespace != "" || c.pid == pid(m))
}

func pid(m *frame.Machine) int {
	if m.Process == nil {
		return 0
	}
	return m.Process.PID
}

func sortVMs(c *Console, _ draw.Key, _ *frame.Frame) Wish {
	c.vms.order = (c.vms.order + 1) % vmOrders
	c.vms.top = 0
	return Nothing
}

func allVMs(c *Console, _ draw.Key, _ *frame.Frame) Wish {
	c.vms.all = !c.vms.all
	c.vms.top = 0
	return Nothing
}

func chooseVM(c *Console, k draw.Key, f *frame.Frame) Wish {
	v := &c.vms
	v.sort(f)
	if len(v.sorted) == 0 {
		return Nothing
	}
	at := v.position(f)
	switch {
	case at < 0:
		at = 0
	case k == draw.KeyUp || k == 'k':
		at = max(at-1, 0)
	default:
		at = min(at+1, len(v.sorted)-1)
	}
	m := &f.Machines[v.sorted[at]]
	v.chosen = chosenVM{m.Namespace, m.Name, pid(m), true}
	return Nothing
}

func openVM(c *Console, _ draw.Key, f *frame.Frame) Wish {
	c.vms.sort(f)
	if len(c.vms.sorted) > 0 {
		if !c.vms.chosen.set {
			chooseVM(c, draw.KeyNone, f)
		}
		c.toggle(vmOverlay)
	}
	return Nothing
}

// sort lists the VMs that are to be shown, the largest first; equal ones by name, as they come.
func (v *vms) sort(f *frame.Frame) {
	v.sorted = v.sorted[:0]
	all := f.Machines
	for i := range all {
		if v.all || all[i].Here {
			v.sorted = append(v.sorted, i)
		}
	}
	order := v.order
	slices.SortStableFunc(v.sorted, func(a, b int) int { return compareVMs(&all[a], &all[b], order) })
}

// compareVMs is below 0 when a comes first. NaN, which is not known, comes last.
func compareVMs(a, b *frame.Machine, order vmOrder) int {
	return cmp.Compare(size(b, order), size(a, order))
}

// size is what the table is sorted by, NaN for a VM that has no process here.
func size(m *frame.Machine, order vmOrder) float64 {
	vm := m.Process
	switch {
	case order == byName:
		return 0
	case vm == nil:
		return math.NaN()
	case order == byCPU:
		return vm.Cores
	case order == byMemory && vm.WhyMemory != "":
		return math.NaN()
	case order == byMemory:
		return float64(vm.Memory)
	case order == byDisk:
		return vm.Read + vm.Write
	}
	return vm.Rx + vm.Tx
}

// position is where the chosen VM stands in the sorted list, -1 when it is not there.
func (v *vms) position(f *frame.Frame) int {
	for at, i := range v.sorted {
		if v.chosen.is(&f.Machines[i]) {
			return at
		}
	}
	return -1
}
