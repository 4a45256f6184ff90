// Package config reads the YAML file. A bad file gives an error that says what is wrong in which line, and how to mend it.
package config

import (
	"slices"
	"time"

	"hypervisor-tui/draw/tty"
	"hypervisor-tui/journal"
)

// DefaultPath is read when no --config is given, if it exists.
const DefaultPath = "/etc/hypervisor-tui/config.yaml"

// Config is what the configuration file says, its gaps filled with the defaults that Config.keys names. It is a value:
// nothing changes it after LoadConfig, and its slices are not to be written.
type Config struct {
	RefreshInterval time.Duration // between two samples
	LogBufferSize   int           // entries that the ring keeps
	Screen          string        // logs, dashboard or network
	Theme           string        // auto, dark, light or mono
	Glyphs          string        // auto, unicode, vt or ascii
	Size            Size          // the zero Size asks the terminal
	Quit            bool          // q ends the program
	Profile         string        // full or rescue
	KubeconfigPath  string        // absolute; empty looks in the usual places
	Logs            []Log         // the tabs of the log screen after All
	Interfaces      Deny          // by interface name
	Filesystems     Deny          // by mount point
	Thresholds      Thresholds
	Baud            int          // 0 asks the terminal
	Login           bool         // F12 ends the program with the exit code for a login
	Palette         *tty.Palette // of a console of the kernel; nil keeps its own
}

// Size is a number of columns and rows.
type Size struct {
	Width, Height int
}

// Log is one tab of the log screen. It has units, or files, or both.
type Log struct {
	Name         string
	JournalUnits []string // without .service
	Files        []string // absolute patterns in the sense of path.Match
	Format       string   // auto, cri or plain
}

// Deny lists what is not shown one by one, as globs in the sense of path.Match.
type Deny struct {
	Deny []string
}

// Thresholds say when a share of something becomes a problem.
type Thresholds struct {
	CPU, Memory, Filesystem Threshold
}

// Threshold is in percent; Warn is below Critical.
type Threshold struct {
	Warn, Critical int
}

// Default returns what an empty file means.
func Default() Config {
	c, err := parseConfig("defaults", nil)
	if err != nil {
		panic("the key table contradicts itself: " + err.Error())
	}
	return c
}

// Tabs returns the tabs of the log screen: All, then those of c.Logs in their order.
func Tabs(c Config) []journal.Tab {
	tabs := []journal.Tab{{Name: allTab}}
	for _, l := range c.Logs {
		tab := journal.Tab{Name: l.Name, Units: l.JournalUnits}
		if len(l.Files) > 0 && !slices.Contains(tab.Units, l.Name) {
			tab.Units = append(slices.Clone(tab.Units), l.Name) // what is read from files goes by the tab's name
		}
		tabs = append(tabs, tab)
	}
	return tabs
}
