package dashboard

import (
	"hypervisor-tui/frame"
	"hypervisor-tui/screens/widget"
)

// panel is one of the dashboard's boxes.
type panel uint8

const (
	cpuPanel panel = iota
	memoryPanel
	diskPanel
	netPanel
	vmPanel
	clusterPanel
	panelCount
)

// The row of panels that a panel stands in, from the top: two side by side, or on a high and narrow screen, as a phone
// is, each on its own.
var (
	paired  = [panelCount]int{cpuPanel: 0, memoryPanel: 0, diskPanel: 1, netPanel: 1, vmPanel: 2, clusterPanel: 3}
	stacked = [panelCount]int{cpuPanel: 0, memoryPanel: 1, diskPanel: 2, netPanel: 3, vmPanel: 4, clusterPanel: 5}
)

const bands = int(panelCount)

// A screen that is too narrow for two panels has room for them below each other from so many columns and rows on.
const (
	stackedWidth = 40
	stackedBody  = 24
)

// part is something that a panel shows.
type part uint8

const (
	cpuGauge part = iota
	cpuShares
	cpuLoad
	cpuStalled
	cpuSensors
	cpuCores
	cpuProcesses
	cpuHistory
	memoryGauge
	memoryAmounts
	memorySwap
	memoryHuge
	memoryStalled
	memoryProcesses
	diskRule
	diskRows
	diskArrays
	diskFilesystems
	diskHistory
	netRule
	netConnections
	netRows
	vmRows
	clusterRows
	clusterVMs
	clusterSystem
	clusterNode
	clusterWarning
	partCount
)

// priority is who gets the rows of the screen, from the top: what comes last goes first when the screen is small. A part
// that comes twice gets more the second time. It gets rows as long as a panel beside it is higher, or rows are left: at
// least so many, or else none, and most in all at most.
var priority = [...]struct {
	part        part
	panel       panel
	least, most int
}{
	{cpuGauge, cpuPanel, 1, 1},
	{memoryGauge, memoryPanel, 1, 1},
	{diskRule, diskPanel, 1, 1},
	{netRule, netPanel, 1, 1},
	{diskFilesystems, diskPanel, 1, 1},
	{netRows, netPanel, 1, 1},
	{clusterRows, clusterPanel, 2, 2},
	{cpuShares, cpuPanel, 1, 1},
	{memoryAmounts, memoryPanel, 2, 2},
	{cpuLoad, cpuPanel, 1, 1},
	{diskRows, diskPanel, 1, 1},
	{netConnections, netPanel, 1, 1},
	{vmRows, vmPanel, 2, 4},
	{clusterVMs, clusterPanel, 1, 1},
	{cpuCores, cpuPanel, 1, 4},
	{memorySwap, memoryPanel, 1, 1},
	{clusterSystem, clusterPanel, 1, 1},
	{diskFilesystems, diskPanel, 1, 3},
	{netRows, netPanel, 1, 2},
	{memoryHuge, memoryPanel, 1, 1},
	{cpuStalled, cpuPanel, 1, 1},
	{memoryStalled, memoryPanel, 1, 1},
	{diskArrays, diskPanel, 1, 1},
	{diskRows, diskPanel, 1, 2},
	{vmRows, vmPanel, 1, 6},
	{cpuSensors, cpuPanel, 1, 1},
	{diskFilesystems, diskPanel, 1, 4},
	{netRows, netPanel, 1, 4},
	{cpuCores, cpuPanel, 1, 8},
	{clusterNode, clusterPanel, 1, 1},
	{clusterWarning, clusterPanel, 1, 1},
	{cpuProcesses, cpuPanel, 4, 6},
	{memoryProcesses, memoryPanel, 4, 6},
	{cpuHistory, cpuPanel, historyRows, historyRows + 1},
	{diskHistory, diskPanel, mirrorRows, mirrorRows},
	{vmRows, vmPanel, 1, 64},
	{clusterWarning, clusterPanel, 1, 5},
	{memoryHuge, memoryPanel, 1, 4},
	{diskRows, diskPanel, 1, 12},
	{diskFilesystems, diskPanel, 1, 12},
	{netRows, netPanel, 1, 16},
}

// fits is how many rows each part, panel and band has on a screen.
type fits struct {
	rows   [partCount]int
	panels [panelCount]int
	bands  [bands]int
	band   *[panelCount]int // paired or stacked
	left   int
}

// lay shares the rows of a body out by priority. What is left makes the charts higher.
func (d *Page) lay(w, body int, f *frame.Frame) {
	d.fits = fits{left: body, band: &paired}
	width, charts := w/2, []panel{cpuPanel, diskPanel}
	if d.stacked {
		d.fits.band, width, charts = &stacked, w, []panel{cpuPanel, diskPanel, netPanel}
	}
	for _, p := range priority {
		d.fits.grant(p.part, p.panel, p.least, min(d.wants(p.part, width, p.most, f), p.most))
	}
	for d.fits.left > 0 {
		lowest := d.fits.band[charts[0]]
		for _, p := range charts[1:] {
			if at := d.fits.band[p]; d.fits.bands[at] < d.fits.bands[lowest] {
				lowest = at
			}
		}
		d.fits.bands[lowest]++
		d.fits.left--
	}
}

// grant gives a part more rows, up to most in all. Its panel takes them from its band, and that from what is left.
func (s *fits) grant(p part, of panel, least, most int) {
	n := most - s.rows[p]
	at := s.band[of]
	free := s.bands[at] - s.panels[of]
	if n = min(n, free+s.left); n < least {
		return
	}
	s.rows[p] += n
	s.panels[of] += n
	if n > free {
		s.left -= n - free
		s.bands[at] = s.panels[of]
	}
}

// wants is how many rows a part has something for, in a panel of a width. CPUs are drawn as bars if those take most rows at
// most, else as a strip.
func (d *Page) wants(p part, width, most int, f *frame.Frame) int {
	h := f.Host
	switch p {
	case vmRows:
		return d.vms.wants(d.body, f)
	case clusterNode, clusterWarning:
		if !widget.ClusterKnown(f) {
			return 0
		}
	case cpuCores, cpuProcesses, memoryProcesses, cpuSensors, memoryHuge, diskArrays, diskRows, diskFilesystems:
		if h == nil {
			return 0
		}
	}
	switch p {
	case clusterWarning:
		return max(len(listedWarnings(f)), 1)
	case cpuCores:
		if rows := barRows(width, len(h.Cores)); rows <= most {
			return rows
		}
		return stripRows(width, len(h.Cores))
	case cpuSensors:
		return min(len(h.Sensors)+len(h.Fans)+len(h.Power), 1)
	case memoryHuge:
		n := 0
		for i := range h.Huge {
			if h.Huge[i].Total > 0 {
				n++
			}
		}
		return n
	case diskArrays:
		return min(len(h.Arrays)+len(h.Pools), 1)
	case diskRows:
		return len(h.Disks)
	case diskFilesystems:
		return max(len(d.urgent), 1)
	case netRows:
		return len(d.links)
	}
	return most
}
