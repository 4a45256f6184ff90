//go:build !faults

package main

import "hypervisor-tui/journal"

// faultRun does nothing: see the build tag faults.
func faultRun(string) {}

// faultFrame does nothing: see the build tag faults.
func faultFrame(uint64, **journal.Page) {}
