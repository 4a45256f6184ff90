package config

import (
	"hypervisor-tui/draw/tty"
	"hypervisor-tui/screens/pages"
)

// Display is what a session goes by, and its terminal.
type Display struct {
	Screen  string       // the name of the first page
	Theme   string       // auto, dark, light or mono
	Glyphs  string       // auto, unicode, vt or ascii
	Size    Size         // the zero Size asks the terminal
	Quit    bool         // q ends the program
	Baud    int          // 0 asks the terminal
	Login   bool         // F12 ends the program with the exit code for a login
	Palette *tty.Palette // of a console of the kernel; nil keeps its own
}

// Size is a number of columns and rows.
type Size struct {
	Width, Height int
}

func (d *Display) keys() []key {
	return []key{
		{"screen", "dashboard", oneOf(&d.Screen, pages.Names()...),
			"The first screen; the flag --screen goes before it."},
		{"theme", "auto", oneOf(&d.Theme, "auto", "dark", "light", "mono"),
			"Colours. auto takes what the terminal has; light on a Linux console sets its palette too; NO_COLOR in the environment means mono."},
		{"glyphs", "auto", oneOf(&d.Glyphs, "auto", "unicode", "vt", "ascii"),
			"Characters for lines and gauges. auto asks the console which ones its font has."},
		{"size", "null", orNull(size(&d.Size)),
			"Columns x rows for a terminal that does not know its size. null asks it."},
		{"quit", "true", truth(&d.Quit),
			"Whether q ends the program. The NixOS module sets false: a console has nothing behind it."},
		{"baud", "null", orNull(whole(&d.Baud, 300, 4_000_000)),
			"Speed of a serial line in bits a second; the picture is sent no faster. null asks the terminal."},
		{"login", "false", truth(&d.Login),
			"Whether F12 or Ctrl-] and then y ends the program with exit code 3, for a unit that starts a login prompt on this terminal. Never over SSH."},
		{"palette", "null", orNull(colours(&d.Palette)),
			"Colours of a Linux console: black, red, green, yellow, blue, magenta, cyan, white, then the bright ones. null keeps the console's own."},
	}
}
