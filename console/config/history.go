package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"hypervisor-tui/history"
)

// History is what the flight recorder goes by. Whoever records starts anew when it changes.
type History struct {
	Enable bool
	Path   string        // absolute, of the file; empty: the place that the environment names
	Size   int64         // bytes of the file
	Sync   time.Duration // between two times that it is on the disk
}

func (h *History) keys() []key {
	return []key{
		{"history.enable", "true", truth(&h.Enable),
			"Whether what the console knows is recorded, for the key p: by hypervisor-tui --record, or by a console while nobody else does and the file can be written. Profile rescue makes the default false."},
		{"history.path", "null", orNull(absolutePath(&h.Path)),
			"The file of the recording. null means flight in $STATE_DIRECTORY, in $XDG_STATE_HOME/hypervisor-tui or in ~/.local/state/hypervisor-tui."},
		{"history.size", "64MiB", byteSize(&h.Size, history.MinSize, history.MaxSize),
			"Size of that file, which is written whole at once and never grows: 64MiB reach back ten days by 10 seconds, five weeks by the minute and half a year by 10 minutes on a host with five VMs, and a day, four days and four weeks on one with 256 CPUs, 200 interfaces and 50 VMs. After a change the old file stays beside it, as flight.old."},
		{"history.sync", "60s", duration(&h.Sync, 10*time.Second, 10*time.Minute),
			"Time between two moments at which what was recorded is written: a power failure or a crash costs no more than that, and the newest of the past is up to so old. It is there at once when a critical alert begins."},
	}
}

// byteSize is a whole number of MiB or GiB.
func byteSize(bytes *int64, least, most int64) value {
	must := fmt.Sprintf("a size from %dMiB to %dGiB, such as 64MiB or 1GiB", least>>20, most>>30)
	return scalar(must, func(n *yaml.Node) bool {
		digits, unit := strings.CutSuffix(n.Value, "MiB")
		shift := 20
		if !unit {
			digits, unit = strings.CutSuffix(n.Value, "GiB")
			shift = 30
		}
		count, err := strconv.ParseUint(digits, 10, 32)
		*bytes = int64(count) << shift
		return unit && err == nil && n.ShortTag() == "!!str" && *bytes >= least && *bytes <= most
	})
}

// Off says why nothing is recorded by this configuration, empty where it is.
func (h *History) Off() string {
	switch {
	case !h.Enable:
		return "off: history.enable is false"
	case h.File() == "":
		return "off: there is no place for it, set history.path or $STATE_DIRECTORY"
	}
	return ""
}

// File is the path of the recording by this configuration and the process's environment; empty: neither names a place.
func (h *History) File() string {
	if h.Path != "" {
		return h.Path
	}
	return stateFile("flight")
}

// stateFile is the path of a file that outlives this process, by the environment; empty: that names no place.
//
// systemd.exec(5) on StateDirectory=; the XDG Base Directory Specification.
func stateFile(name string) string {
	const own = "hypervisor-tui"
	state, _, _ := strings.Cut(os.Getenv("STATE_DIRECTORY"), ":") // of several the first
	switch xdg, home := os.Getenv("XDG_STATE_HOME"), os.Getenv("HOME"); {
	case filepath.IsAbs(state):
		return filepath.Join(state, name)
	case filepath.IsAbs(xdg):
		return filepath.Join(xdg, own, name)
	case filepath.IsAbs(home):
		return filepath.Join(home, ".local/state", own, name)
	}
	return ""
}
