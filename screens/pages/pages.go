// Package pages is the table of the pages.
package pages

import (
	"hypervisor-tui/journal"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/checks"
	"hypervisor-tui/screens/dashboard"
	"hypervisor-tui/screens/logs"
	"hypervisor-tui/screens/network"
	"hypervisor-tui/screens/nodes"
)

// Options is what pages need beside frames; what is nil is not called.
type Options struct {
	Ask     func(journal.Query)           // with each new query for the log
	Crashed func(panel string, value any) // with each panic of a panel
}

// New returns the pages in the order of their F-keys.
func New(o Options) []screens.Screen {
	return []screens.Screen{
		logs.New(o.Ask),
		dashboard.New(o.Crashed),
		network.New(),
		nodes.New(),
		checks.New(),
	}
}

// Names returns the names of the pages in the order of their F-keys.
func Names() []string {
	var names []string
	for _, p := range New(Options{}) {
		names = append(names, p.Name())
	}
	return names
}
