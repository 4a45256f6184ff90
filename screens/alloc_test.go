package screens_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/plugin"
	"hypervisor-tui/screens/screentest"
)

// views are the pictures whose drawing is held to cost nothing, and timed: each screen and each overlay.
var views = slices.Concat(pastPictures, pastStates, visits, acts, []picture{
	{name: "logs", screen: frame.Logs},
	{name: "logs-paused", screen: frame.Logs, keys: []draw.Key{draw.KeyUp}},
	{name: "logs-filter", screen: frame.Logs, keys: []draw.Key{'/', 'e'}},
	{name: "logs-wrap", screen: frame.Logs, keys: []draw.Key{'w'}},
	{name: "entry", screen: frame.Logs, keys: []draw.Key{draw.KeyEnter}},
	{name: "dashboard", screen: frame.Dashboard},
	{name: "dashboard-1024-cores", screen: frame.Dashboard, change: manyCores},
	{name: "dashboard-vm", screen: frame.Dashboard, keys: []draw.Key{draw.KeyDown, draw.KeyEnter}},
	{name: "dashboard-storage", screen: frame.Dashboard, keys: []draw.Key{'d'}},
	{name: "dashboard-hardware", screen: frame.Dashboard, change: manyCores, keys: []draw.Key{'c'}},
	{name: "dashboard-k8s", screen: frame.Dashboard, change: frametest.Migrating},
	{name: "dashboard-k8s-500-vms", screen: frame.Dashboard, change: frametest.Crowded, keys: []draw.Key{'v'}},
	{name: "dashboard-sick-vm", screen: frame.Dashboard, change: frametest.Sick, keys: []draw.Key{draw.KeyDown, draw.KeyEnter}},
	{name: "dashboard-sick-vms", screen: frame.Dashboard, change: frametest.Sick, keys: []draw.Key{'V', 'v', '/', 'T', '0'}},
	{name: "dashboard-k8s-vm", screen: frame.Dashboard, change: frametest.Migrating, keys: []draw.Key{'v', draw.KeyDown, draw.KeyEnter}},
	{name: "dashboard-k8s-processes", screen: frame.Dashboard, change: frametest.Healthy, keys: []draw.Key{'t', draw.KeyDown}},
	{name: "dashboard-sick-node", screen: frame.Dashboard, change: frametest.Sick, keys: []draw.Key{'n', draw.KeyDown}},
	{name: "dashboard-sick-warnings", screen: frame.Dashboard, change: frametest.Sick, keys: []draw.Key{'w', draw.KeyEnter}},
	{name: "dashboard-k8s-node", screen: frame.Dashboard, change: frametest.Migrating, keys: []draw.Key{'n'}},
	{name: "dashboard-k8s-warnings", screen: frame.Dashboard, change: frametest.Healthy, keys: []draw.Key{'w'}},
	{name: "dashboard-k8s-down", screen: frame.Dashboard, change: frametest.ServiceDown},
	{name: "sources-k8s-down", screen: frame.Dashboard, change: frametest.ServiceDown, keys: []draw.Key{'i'}},
	{name: "sources-k8s", screen: frame.Dashboard, change: frametest.Forbidden, keys: []draw.Key{'i'}},
	{name: "nodes", screen: frame.Nodes, change: frametest.Nodes(40), keys: []draw.Key{'s', draw.KeyDown}},
	{name: "nodes-peers", screen: frame.Nodes, change: frametest.Peers(1000), keys: []draw.Key{'s', draw.KeyDown}},
	{name: "nodes-peers-filter", screen: frame.Nodes, change: frametest.Peers(40), keys: []draw.Key{'/', 'd', 'i', 's'}},
	{name: "nodes-peers-remembered", screen: frame.Nodes, change: frametest.Remembered},
	{name: "nodes-peers-dead", screen: frame.Nodes, change: frametest.Remembered, keys: []draw.Key{draw.KeyHome, draw.KeyEnter}},
	{name: "nodes-peers-whole", screen: frame.Nodes, change: frametest.Peers(8), keys: []draw.Key{draw.KeyHome, draw.KeyEnter}},
	{name: "checks", screen: frame.Checks, change: frametest.Checks, keys: []draw.Key{draw.KeyDown}},
	{name: "checks-filter", screen: frame.Checks, change: frametest.Checks, keys: []draw.Key{'s', 's', '/', 'd', 'i', 's'}},
	{name: "checks-figures", screen: frame.Checks, change: frametest.Checks, keys: []draw.Key{'/', 'd', 'i', 's', 'k', draw.KeyEnter, draw.KeyEnd, draw.KeyEnter}},
	{name: "checks-page", screen: frame.Checks, change: frametest.Checks, keys: []draw.Key{'/', 'c', 'e', 'p', 'h', draw.KeyEnter, draw.KeyEnter, draw.KeyEnd}},
	{name: "checks-page-largest", screen: frame.Checks, change: largestPage, keys: []draw.Key{draw.KeyHome, draw.KeyEnter, draw.KeyEnd}},
	{name: "checks-none", screen: frame.Checks},
	{name: "network-k8s", screen: frame.Network, change: frametest.Healthy},
	{name: "network", screen: frame.Network},
	{name: "network-all", screen: frame.Network, keys: []draw.Key{'v'}},
	{name: "help", screen: frame.Dashboard, keys: []draw.Key{'?'}},
	{name: "sources", screen: frame.Dashboard, keys: []draw.Key{'i'}},
	{name: "problems", screen: frame.Dashboard, keys: []draw.Key{'!', draw.KeyDown}},
	{name: "timeline", screen: frame.Dashboard, keys: []draw.Key{'L', draw.KeyDown}, change: frametest.Eventful},
	{name: "dashboard-crashed", screen: frame.Dashboard, change: frametest.Crashed},
	{name: "before-boot", screen: frame.Dashboard, keys: []draw.Key{'B', draw.KeyDown}, change: frametest.Crashed},
	{name: "paused", screen: frame.Dashboard, keys: []draw.Key{' '}},
	{name: "nothing-yet", screen: frame.Dashboard, change: nothingYet},
})

// largestPage gives each check a page of as many cells as a plugin has bytes for.
func largestPage(f *frame.Frame) {
	frametest.Checks(f)
	table := &plugin.Table{Columns: make([]plugin.Column, plugin.MaxColumns)}
	for range plugin.MaxRows {
		row := plugin.Row{Cells: make([]string, plugin.MaxColumns)}
		for i := range row.Cells {
			row.Cells[i] = "7"
		}
		table.Rows = append(table.Rows, row)
	}
	for i := range f.Checks.Results {
		f.Checks.Results[i].Page = &plugin.Page{Blocks: []plugin.Block{{Table: table}}}
	}
}

// prepared returns a function that draws p as one tick does: a beat and a second later, judged anew.
func prepared(p picture, w, h int) func() {
	f := frametest.Fixed()
	if p.change != nil {
		p.change(f)
	}
	canvas := draw.NewCanvas(screentest.Looks["colour"])
	c := newConsole(p.screen, nil)
	if f.Act != nil {
		c.OfferActions()
	}
	var tracker frame.Tracker
	draw := func() {
		f.Tick++
		f.Now = f.Now.Add(time.Second)
		f.Boot += time.Second
		tracker.Derive(&f.Snapshot)
		c.Present(canvas, w, h, f)
		c.Answer(f)
	}
	draw()
	for _, k := range p.keys {
		c.Handle(k, f)
		draw()
	}
	if p.visit != nil {
		c.Visit(p.visit(w, h))
	}
	draw()
	return draw
}

func TestDrawAllocatesNothing(t *testing.T) {
	for _, p := range views {
		for _, size := range []struct{ w, h int }{{200, 60}, {80, 24}, {40, 10}, {20, 5}} {
			draw := prepared(p, size.w, size.h)
			least := math.Inf(1)
			for range 5 { // others in the process may allocate too
				least = min(least, testing.AllocsPerRun(1, func() { // of all 10: the average is rounded down
					for range 10 {
						draw()
					}
				}))
			}
			if least != 0 {
				t.Errorf("%s at %dx%d: %v allocations", p.name, size.w, size.h, least)
			}
		}
	}
}

func BenchmarkDraw200x60(b *testing.B) {
	for _, p := range views {
		b.Run(p.name, func(b *testing.B) {
			draw := prepared(p, 200, 60)
			b.ReportAllocs()
			for b.Loop() {
				draw()
			}
		})
	}
}

// BenchmarkF15Draw draws the screens of a host with 5,000 interfaces.
func BenchmarkF15Draw(b *testing.B) {
	for _, kind := range []string{"veth", "physical", "device"} {
		for _, screen := range []string{frame.Dashboard, frame.Network} {
			p := picture{screen: screen, change: func(f *frame.Frame) { manyLinks(f, kind) }}
			b.Run(fmt.Sprintf("%s-%s", screen, kind), func(b *testing.B) {
				draw := prepared(p, 200, 60)
				b.ReportAllocs()
				for b.Loop() {
					draw()
				}
			})
		}
	}
}

// manyLinks makes the frame's links 5,000 of a kind: ports of pods, cards, or links of their own.
func manyLinks(f *frame.Frame, kind string) {
	one := f.Net.Interfaces[len(f.Net.Interfaces)-1]
	one.Kind, one.Physical = kind, kind == "physical"
	if kind != "veth" {
		one.Master = ""
	}
	for i := len(f.Net.Interfaces); i < 5000; i++ {
		one.Name = fmt.Sprintf("link%d", i)
		if kind == "veth" {
			one.Name = fmt.Sprintf("veth%d", i)
		}
		f.Net.Interfaces = append(f.Net.Interfaces, one)
	}
}
