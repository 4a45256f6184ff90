package screens

import "hypervisor-tui/journal"

// Options is what pages need beside frames; what is nil is not called.
type Options struct {
	Ask     func(journal.Query)           // with each new query for the log
	Crashed func(panel string, value any) // with each panic of a panel
}

// Pages returns the pages in the order of their F-keys.
func Pages(o Options) []Screen {
	return []Screen{
		newLogs(o.Ask),
		newDashboard(o.Crashed),
		newNetwork(),
	}
}

// Names returns the names of the pages in the order of their F-keys.
func Names() []string {
	var names []string
	for _, p := range Pages(Options{}) {
		names = append(names, p.Name())
	}
	return names
}
