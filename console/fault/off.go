//go:build !faults

package fault

import "hypervisor-tui/journal"

// Run does nothing: see the build tag faults.
func Run(string) {}

// Frame does nothing: see the build tag faults.
func Frame(uint64, **journal.Page) {}
