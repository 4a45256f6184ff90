package draw

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"

	"github.com/gdamore/tcell/v2/terminfo"
	_ "github.com/gdamore/tcell/v2/terminfo/l/linux" // by hand: the build tag tcell_minimal leaves some of these out
	_ "github.com/gdamore/tcell/v2/terminfo/s/screen"
	_ "github.com/gdamore/tcell/v2/terminfo/t/tmux"
	_ "github.com/gdamore/tcell/v2/terminfo/v/vt220"
	_ "github.com/gdamore/tcell/v2/terminfo/x/xterm"
	"github.com/rivo/uniseg"

	"hypervisor-tui/draw/tty"
)

// ScreenOptions say what the terminal is. What is empty is taken from the environment.
type ScreenOptions struct {
	Term   string // $TERM
	Locale string // $LC_ALL, $LC_CTYPE or $LANG, the first that is set
}

// Caps are what the terminal can show.
type Caps struct {
	Colors int    // 0 is monochrome, also when $NO_COLOR is set; the others are 8, 16 and 256
	UTF8   bool   // false: ASCII, and lines by the alternate character set
	Linux  bool   // the kernel's console, with its small fonts
	Own    bool   // that of this machine, whose colours can be set
	Term   string // the entry in use, which is not always what $TERM says
}

// NewScreen makes a Screen on t; the caller calls Init and Fini. Nothing is executed and no file is read,
// whatever $TERM says: an unknown terminal counts as a VT220, whose sequences all have.
//
// It sets TCELL_TRUECOLOR and LC_ALL and unsets COLUMNS and LINES for the process, since tcell takes them from there.
// Fini restores the terminal within a second, whatever state it or tcell is in.
func NewScreen(t Terminal, o ScreenOptions) (*Screen, Caps, error) {
	term := cmp.Or(o.Term, os.Getenv("TERM"))
	locale := cmp.Or(o.Locale, os.Getenv("LC_ALL"), os.Getenv("LC_CTYPE"), os.Getenv("LANG"))
	caps := Caps{Term: entryName(term)}
	caps.Linux, caps.UTF8 = caps.Term == "linux", isUTF8(caps.Term, locale)
	if err := prepareEnvironment(caps.UTF8); err != nil {
		return nil, Caps{}, fmt.Errorf("prepare the terminal: %w", err)
	}
	entry, err := lookupEntry(caps.Term)
	if err != nil {
		return nil, Caps{}, fmt.Errorf("prepare the terminal: %w", err)
	}
	if caps.Own = t.Console(); caps.Own {
		keepAwake(entry, caps.UTF8)
	}
	s, err := newScreen(t, entry, caps)
	if err != nil {
		return nil, Caps{}, fmt.Errorf("prepare the terminal: %w", err)
	}
	s.tty, caps.Colors = t, s.tcell.Colors()
	return s, caps, nil
}

// narrow makes ambiguous characters as wide as clean.Width has them, whatever $RUNEWIDTH_EASTASIAN told tcell. Once: other
// sessions read the variable.
var narrow = sync.OnceFunc(func() { uniseg.EastAsianAmbiguousWidth = 1 })

// prepareEnvironment sets what tcell goes by.
func prepareEnvironment(utf8 bool) error {
	charset := "C"
	if utf8 {
		charset = "C.UTF-8"
	}
	narrow()
	return errors.Join(
		os.Setenv("LC_ALL", charset), // without a charset that it knows, tcell does not start
		// Looking up an entry writes 24-bit colours into the shared one when $COLORTERM asks for them.
		os.Setenv("TCELL_TRUECOLOR", "disable"),
		// tcell starts with that many cells: 99999 each are too many, and -1 is a panic.
		os.Unsetenv("COLUMNS"), os.Unsetenv("LINES"),
	)
}

// entryName returns the name of the entry to use for a terminal. The emulators that are listed under another name
// understand all that the entry says.
func entryName(term string) string {
	switch term {
	case "linux", "xterm", "xterm-256color", "screen", "screen-256color", "tmux", "tmux-256color":
		return term
	case "xterm-color", "xterm-16color", "xterm-debian", "rxvt", "rxvt-color", "rxvt-unicode", "konsole", "gnome", "xfce", "st":
		return "xterm"
	case "xterm-direct", "xterm-kitty", "xterm-ghostty", "ghostty", "alacritty", "foot", "foot-extra", "konsole-256color",
		"gnome-256color", "vte-256color", "st-256color", "rxvt-256color", "rxvt-unicode-256color":
		return "xterm-256color"
	}
	return "vt220"
}

// TakesUTF8 reports whether a terminal with that $TERM and locale takes UTF-8.
func TakesUTF8(term, locale string) bool { return isUTF8(entryName(term), locale) }

// isUTF8 reports whether the terminal takes UTF-8. A locale that says nothing is believed of serial terminals only: the
// kernel's console and today's emulators speak UTF-8 whatever a bare system sets.
func isUTF8(entry, locale string) bool {
	locale, _, _ = strings.Cut(locale, "@")
	language, codeset, named := strings.Cut(locale, ".")
	switch {
	case named:
		codeset = strings.ToLower(codeset)
		return codeset == "utf-8" || codeset == "utf8"
	case language == "" || language == "C" || language == "POSIX":
		return entry != "vt220"
	}
	return true
}

var padding = regexp.MustCompile(`\$<[^>]*>`)

// lookupEntry returns a copy of tcell's entry that makes it send nothing but colours, text and cursor: no mouse,
// paste, focus, title, hyperlink or keyboard protocol. tcell derives those from Mouse, XTermLike and the name.
func lookupEntry(name string) (*terminfo.Terminfo, error) {
	shared, err := terminfo.LookupTerminfo(name)
	if err != nil {
		return nil, fmt.Errorf("look up terminal %s: %w", name, err)
	}
	e := *shared
	e.Name, e.Aliases, e.Mouse, e.XTermLike = "hypervisor-tui", nil, "", false
	e.EnterKeypad, e.ExitKeypad = plainKeys, letters+foreignInput+plainKeys // an application keypad is dead: tcell does not know its keys
	e.DisableAutoMargin, e.EnableAutoMargin = "\x1b[?7l", "\x1b[?7h"        // screen's and tmux's have none
	e.AttrOff = "\x1b[m"                                                    // modesSequence and ExitKeypad take care of the character set
	// tcell sleeps for padding, and prints that of the alternate character set.
	e.PadChar = ""
	for _, s := range []*string{&e.EnterAcs, &e.ExitAcs} {
		*s = padding.ReplaceAllString(*s, "")
	}
	if name == "linux" {
		// The console has 16 foregrounds. Bright backgrounds come out dark, so they are asked for dark.
		const fg = "%?%p1%{8}%<%t3%p1%d%e9%p1%{8}%-%d%;"
		e.Colors = 16
		e.SetFg = "\x1b[" + fg + "m"
		e.SetBg = "\x1b[4%p1%{8}%m%dm"
		e.SetFgBg = "\x1b[" + fg + ";4%p2%{8}%m%dm"
	}
	return &e, nil
}

// keepAwake makes the entry of one of the kernel's consoles also switch off what darkens it, and put its colours back
// at the end. Nothing of this is for other terminals: `ESC ]` starts a string that does not end there.
//
// Linux: man 4 console_codes
func keepAwake(e *terminfo.Terminfo, utf8 bool) {
	e.EnterCA += "\x1b[9;0]\x1b[14;0]"
	if utf8 {
		e.EnterCA += "\x1b%G"
	}
	e.ExitCA += tty.ResetPalette + e.Clear // a framebuffer keeps what was cleared in other colours
}
