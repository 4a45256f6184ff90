//go:build !faults

package main

// fault does nothing: see the build tag faults.
func (g *guard) fault(string) {}

// fault does nothing: see the build tag faults.
func (l *loop) fault() {}
