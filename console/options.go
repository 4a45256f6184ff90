package console

// Options are what the command line says to every way to run.
type Options struct {
	Config  string   // path of the configuration; empty: the default one, if it is there
	Screen  string   // the first one; empty: as the configuration says
	TTY     string   // path of the terminal; empty: the controlling one
	Size    string   // of --once's picture, WxH; empty: 80x24
	JSON    bool     // --once prints the snapshot, not the picture, and --history objects
	Metrics bool     // --once prints the figures for Prometheus, not the picture
	At      string   // of --once and --history: a time of the past as it is typed; empty: now, and all
	Listen  []string // of --serve: where it answers, beside what the configuration says
	Undo    string   // of --undo: the node that is uncordoned
	Blink   string   // of --blink: the interface
	Plugin  string   // of --plugin: its name
	Shell   bool     // it is the login shell of whoever sits at the terminal
	Version string   // of the program
}
