package console

import (
	"cmp"
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gdamore/tcell/v2"

	"hypervisor-tui/console/config"
	"hypervisor-tui/draw"
	"hypervisor-tui/draw/tty"
	"hypervisor-tui/journal"
)

const (
	// attachTime is for how long nobody typed on a serial line when the next key may come from another terminal.
	attachTime = 30 * time.Second
	// fontBeats is how many seconds lie between two questions which characters a console's font has.
	fontBeats = 10
	// headRows are the rows that a slow line gets first, whatever else changed: the header with clock and verdict.
	headRows = 4
	// chunkTime is what a slow line sends at once: the clock waits for no more.
	chunkTime = time.Second / 2
	// leastChunk keeps a very slow line from doing nothing but moving the cursor.
	leastChunk = 100
	// repairBaud is the speed that a row a second is repaired at; repairs take about a sixth of what the line sends.
	repairBaud = 9600
	repairMax  = 3 // rows a second
	// repairCells is how many cells of a row are repaired for each second: a row of 200, each second, costs as much CPU as all
	// else that is drawn.
	repairCells = 50
)

// terminal is a session's terminal, drawn on through tcell. It is a Display.
type terminal struct {
	tty     Terminal
	screen  *draw.Screen
	caps    draw.Caps
	line    terminalState
	typed   chan draw.Key
	resizes <-chan struct{}
	repaint bool // it shows something else than we think
	font    aside
	level   aside
}

func newTerminal(t Terminal, screen *draw.Screen, caps draw.Caps, d config.Display) *terminal {
	return &terminal{tty: t, screen: screen, caps: caps, line: newTerminalState(t, palette(d, caps)), typed: make(chan draw.Key), repaint: true}
}

// Size implements Display.
func (t *terminal) Size() (w, h int) { return t.tty.Size() }

// Resized implements Display.
func (t *terminal) Resized() <-chan struct{} { return t.resizes }

// Keys implements Display.
func (t *terminal) Keys() <-chan draw.Key { return t.typed }

// Hup implements Display.
func (t *terminal) Hup() <-chan struct{} { return t.tty.Hup() }

// Idle implements Display.
func (t *terminal) Idle() bool {
	if t.tty.Damaged() {
		t.repaint = true
	}
	return t.tty.Idle() && !t.tty.Asking()
}

// Repaint implements Display; where the terminal can only be asked what size it has, it is.
func (t *terminal) Repaint() {
	t.repaint = true
	t.tty.AskSize()
}

// poll hands over the keys until the screen ends or ctx does. One that has failed closes their channel.
func (t *terminal) poll(ctx context.Context) error {
	for {
		switch e := t.screen.PollEvent().(type) {
		case nil:
			return nil
		case *tcell.EventError:
			close(t.typed)
			return nil
		case *tcell.EventKey:
			select {
			case t.typed <- draw.KeyOf(e):
			case <-ctx.Done():
				return nil
			}
		}
	}
}

// terminalState is what the loop knows of the terminal beyond the picture on it.
type terminalState struct {
	palette   *tty.Palette
	chunk     int           // bytes that are sent at once, 0 on a fast terminal
	repair    int           // rows that are sent again at once
	repairing bool          // they are due with the next frame
	shared    bool          // the kernel may write on it, and who is at the other end may change
	keyed     time.Time     // when the last key came
	kernel    [2]uint64     // entries of the kernel that have been seen: all, and those that it printed
	healed    time.Time     // when the picture was sent again because of the kernel,
	full      time.Duration // which is not done more often than this
}

// newTerminalState is for a terminal of the given speed in bits a second, 0 for no limit.
func newTerminalState(t Terminal, palette *tty.Palette) terminalState {
	l := terminalState{palette: palette, repair: 1, shared: t.Console() || t.Serial() || t.Baud() > 0, full: time.Second}
	if baud := t.Baud(); baud > 0 {
		perSecond := baud / 10
		l.chunk = max(int(int64(perSecond)*int64(chunkTime)/int64(time.Second)), leastChunk)
		l.repair = min(max(baud/repairBaud, 1), repairMax)
		l.full = max(l.full, 2*fullPicture*time.Second/time.Duration(perSecond))
	}
	return l
}

// fullPicture is about what a whole picture of 80x24 takes, in bytes.
const fullPicture = 4000

// attached is called with each key: on a serial line that nobody has typed on for a while, somebody may just have
// attached a terminal that shows nothing yet.
func (t *terminal) attached(now time.Time) {
	if t.line.shared && !t.tty.Console() && now.Sub(t.line.keyed) > attachTime {
		t.Repaint()
	}
	t.line.keyed = now
}

// watchTerminal looks, once a second, for what nobody tells: another font, messages of the kernel on the picture.
func (l *session) watchTerminal(now time.Time) {
	if l.terminal == nil {
		return
	}
	if l.frame.Tick%fontBeats == 0 {
		l.askFont()
	}
	if l.line.shared && now.Sub(l.line.healed) >= l.line.full && l.collector.Log().Kernel(journal.Debug+1) != l.line.kernel[0] {
		l.ask(&l.level, "console level", func() func() {
			level := consoleLevel()
			return func() { l.printed(level) }
		})
	}
}

// askFont asks a console which characters its font has.
func (l *session) askFont() {
	if !l.tty.Console() {
		return
	}
	old := l.canvas.Appearance().Font
	l.ask(&l.font, "font", func() func() {
		font := l.tty.Font(old)
		return func() { l.fontIs(font) }
	})
}

// fontIs takes in what a console's font has.
func (l *session) fontIs(font *tty.Font) {
	if font != l.canvas.Appearance().Font {
		l.canvas.SetAppearance(appearance(l.themed(l.collector.Config().Display), l.caps, font))
		l.repaint = true
		l.draw(time.Now())
	}
}

// themed is d with the theme that this session has chosen.
func (l *session) themed(d config.Display) config.Display {
	d.Theme = cmp.Or(l.theme, d.Theme)
	return d
}

// nextTheme draws this session, until it ends, in the theme that comes after the one it has; the configuration stays.
func (l *session) nextTheme() {
	if l.terminal == nil { // a page's colours are its own
		return
	}
	names := [...]string{"dark", "light", "mono"}
	l.theme = names[(slices.Index(names[:], l.canvas.Appearance().Theme.Name)+1)%len(names)]
	l.recolour(l.collector.Config().Display)
	changed := *l.frame.Settings
	changed.Terminal = terminalText(l.canvas, l.caps, l.tty.Baud())
	l.frame.Settings = &changed
}

// recolour draws in the colours and runes of d; the next frame is sent whole.
func (l *session) recolour(d config.Display) {
	if l.terminal == nil {
		return
	}
	d = l.themed(d)
	var font *tty.Font
	if l.caps.Own {
		font = l.canvas.Appearance().Font // of others appearance chooses one
	}
	l.canvas.SetAppearance(appearance(d, l.caps, font))
	colours := palette(d, l.caps)
	if l.line.palette != nil && colours == nil {
		l.tty.SetPalette(nil)
	}
	l.line.palette, l.repaint = colours, true
}

// printed sends the picture again when the kernel has printed on its consoles, which it does from level on.
func (l *session) printed(level journal.Severity) {
	log := l.collector.Log()
	seen := [2]uint64{log.Kernel(journal.Debug + 1), log.Kernel(level)}
	printed := seen[1] != l.line.kernel[1]
	l.line.kernel = seen
	if printed {
		now := time.Now()
		l.line.healed, l.repaint = now, true
		l.draw(now)
	}
}

// consoleLevel is the severity from which on the kernel keeps a message off its consoles.
//
// Kernel: Documentation/admin-guide/sysctl/kernel.rst, printk
func consoleLevel() journal.Severity {
	text, err := os.ReadFile("/proc/sys/kernel/printk")
	if err != nil {
		return 0 // unknown: Ctrl-L and the slow repair are left
	}
	first, _, _ := strings.Cut(string(text), "\t")
	n, err := strconv.ParseUint(first, 10, 8)
	if err != nil {
		return 0
	}
	return journal.Severity(n)
}

// Send implements Display: it hands over what changed, on a slow line as much as it takes in chunkTime.
func (t *terminal) Send(c *draw.Canvas) (more bool) {
	if t.repaint {
		t.repaint = false
		if t.line.palette != nil {
			t.tty.SetPalette(t.line.palette) // first: a framebuffer keeps what was drawn in other colours
		}
		t.screen.Clear()
		c.Cleared()
	} else if t.line.repairing {
		t.screen.SetModes()
		c.Repair(t.line.repair)
	}
	t.line.repairing = false
	sent := 0
	if t.line.chunk == 0 {
		sent = c.Flush(t.screen)
	} else {
		sent, more = c.FlushSome(t.screen, t.line.chunk, headRows)
	}
	if sent > 0 {
		t.screen.Show()
	}
	return more
}
