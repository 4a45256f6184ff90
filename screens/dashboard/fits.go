package dashboard

// part is something that the dashboard shows beside its gauges.
type part uint8

const (
	sparklines part = iota
	clusterBlock
	cpuPressure
	memoryPressure
	temperature
	perDisk
	coreBars
	clusterLine
	vmTable
	memoryDetail
	nodeLine
	warningLine
)

// priority is what goes first when the screen is small, from the top: a part is drawn from this many body rows on. The gauges
// and the figures of disk and network stay to the last.
var priority = [...]int{
	warningLine:    34,
	nodeLine:       28,
	temperature:    22,
	sparklines:     20,
	cpuPressure:    20,
	memoryPressure: 16,
	clusterBlock:   15,
	perDisk:        14,
	coreBars:       12,
	vmTable:        12,
	clusterLine:    10,
	memoryDetail:   8,
}

// fits reports whether a body of so many rows has room for p.
func fits(p part, rows int) bool { return rows >= priority[p] }
