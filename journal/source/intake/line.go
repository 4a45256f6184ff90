package intake

import "hypervisor-tui/journal"

// LineMax is how many bytes of a line are taken in; the rest is counted only.
const LineMax = 4 * journal.MaxMessage
