package console

import (
	"fmt"
	"os"
	"strings"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/draw"
	"hypervisor-tui/draw/tty"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/clean"
	"hypervisor-tui/journal"
)

// settings is what the configuration says to the screens.
func settings(c config.Config, banner, path string) *frame.Settings {
	s := &frame.Settings{
		Banner:     clean.String(strings.ReplaceAll(banner, "\n", "; ")),
		ConfigPath: clean.String(path),
		Quit:       c.Quit,
		Login:      c.Login && !overSSH(),
		Refresh:    c.RefreshInterval,
		CPU:        limits(c.Thresholds.CPU),
		Memory:     limits(c.Thresholds.Memory),
		Filesystem: limits(c.Thresholds.Filesystem),
		HideLinks:  c.Interfaces.Deny,
		Plugins:    len(c.Plugins.List),
		Rescue:     c.Profile == config.Rescue,
	}
	s.Tabs = tabNames(config.Tabs(c))
	return s
}

// settings is what a configuration says to the screens of this session. A viewer's ends with q, and never hands over to a
// login prompt, and so does a login shell. It leads to other nodes, whose logs are seen there, where he may see this one's, and is not at another node.
func (l *session) settings(c loaded) *frame.Settings {
	s := settings(c.config, c.banner, c.path)
	s.Visit = canVisit && !l.hideLogs && !l.peer
	if l.shell {
		s.Quit, s.Login = true, false
	}
	if l.viewer != "" {
		s.Quit, s.Login, s.Viewer, s.HideLogs = true, false, l.viewer, l.hideLogs
	}
	return s
}

func tabNames(tabs []journal.Tab) (names []string) {
	for _, tab := range tabs {
		names = append(names, tab.Name)
	}
	return names
}

// overSSH reports whether this terminal is somebody's remote login: there is nothing to hand over to.
func overSSH() bool { return os.Getenv("SSH_CONNECTION") != "" || os.Getenv("SSH_TTY") != "" }

func limits(t config.Threshold) frame.Limits {
	return frame.Limits{Warn: float64(t.Warn), Critical: float64(t.Critical), Margin: float64(t.Margin)}
}

// configPath is the file that LoadConfig(path) reads, empty if none.
func configPath(path string) string {
	if path != "" {
		return path
	}
	if _, err := os.Stat(config.DefaultPath); err == nil {
		return config.DefaultPath
	}
	return ""
}

// appearance chooses colours and runes for a terminal. font is what a console's font has, nil elsewhere.
func appearance(c config.Display, caps draw.Caps, font *tty.Font) draw.Appearance {
	a := draw.Appearance{Theme: theme(c.Theme, caps), Glyphs: glyphs(c.Glyphs, caps, font), Font: font}
	if font == nil && !caps.Own && a.Glyphs.Name == draw.ASCIIGlyphs().Name {
		a.Font = tty.NewFont("") // names and messages are ASCII as well, then
	}
	return a
}

func theme(name string, caps draw.Caps) *draw.Theme {
	switch {
	case name == "mono" || caps.Colors == 0:
		return draw.MonoTheme()
	case name == "light" && caps.Own:
		return draw.LightConsoleTheme()
	case name == "light":
		return draw.LightTheme(caps.Colors)
	}
	return draw.DarkTheme(caps.Colors)
}

// palette is what a console's colours are set to, nil for its own.
func palette(c config.Display, caps draw.Caps) *tty.Palette {
	if c.Palette == nil && caps.Own && theme(c.Theme, caps).Name == "light" {
		return &tty.LightPalette
	}
	return c.Palette
}

func glyphs(name string, caps draw.Caps, font *tty.Font) *draw.Glyphs {
	switch {
	case name == "unicode" || name == "auto" && caps.UTF8 && !caps.Linux:
		return draw.UnicodeGlyphs()
	case name == "vt" || name == "auto" && caps.Linux && caps.UTF8:
		return draw.VTGlyphs(font)
	}
	return draw.ASCIIGlyphs()
}

// zone is what times are shown in, with a note when the one that is asked for cannot be had.
type zone struct {
	*time.Location
	note string
}

// noZone stands for a zone whose file does not answer. Until it does nobody may use time.Local, which would wait for it.
var noZone = zone{time.UTC, "the time zone is not answering: times are UTC"}

// localZone reads the zone of the environment or of this host.
func localZone() zone {
	if time.Local.String() != "UTC" {
		return zone{time.Local, ""}
	}
	// Go's zone is UTC, without an error, when it finds no other.
	name, set := os.LookupEnv("TZ")
	if asked := strings.TrimPrefix(name, ":"); asked != "" && asked != "UTC" {
		return zone{time.UTC, fmt.Sprintf("TZ=%q is not known here: times are UTC", clean.String(name))}
	}
	const file = "/etc/localtime"
	if _, err := os.Lstat(file); err == nil && !set {
		return zone{time.UTC, file + " has no time zone: times are UTC"}
	}
	return zone{time.UTC, ""}
}
