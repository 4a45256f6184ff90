//go:build faults

package fault

import (
	"os"
	"strings"
	"sync"

	"hypervisor-tui/journal"
)

// faultVariable names the fault.
const faultVariable = "HYPERVISOR_TUI_FAULT"

// faultAfter is how many frames the loop draws before it commits its fault: systemd has been told by then that we are ready.
const faultAfter = 3

// Run commits `panic NAME` in the first run of the goroutine of that name, `panic always NAME` in each.
func Run(name string) {
	what := os.Getenv(faultVariable)
	if what == "panic "+name {
		os.Unsetenv(faultVariable)
		panic("fault switch")
	}
	if strings.TrimPrefix(what, "panic always ") == name {
		panic("fault switch")
	}
}

// Frame commits a fault in the page that is about to be drawn, or in the loop that has drawn so many frames.
func Frame(frames uint64, page **journal.Page) {
	if frames < faultAfter {
		return
	}
	switch os.Getenv(faultVariable) {
	case "logs panel":
		*page = &journal.Page{Rows: []journal.Row{{Start: 1}}} // a message that ends before it starts
	case "panic loop":
		panic("fault switch")
	case "block loop":
		select {}
	case "fatal":
		new(sync.Mutex).Unlock() // no recover catches what the runtime says to this
	}
}
