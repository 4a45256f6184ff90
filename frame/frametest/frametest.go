// Package frametest has what the tests of those that read frames share.
package frametest

import "hypervisor-tui/frame"

// Derive fills in what follows from the rest of f, as a subscriber's Tracker does. What was wrong before keeps its age.
func Derive(f *frame.Frame) {
	var t frame.Tracker
	t.Update(f.Boot, f.Problems)
	t.Derive(&f.Snapshot)
}
