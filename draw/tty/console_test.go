package tty

import (
	"strings"
	"testing"
)

// TestPtyIsNoConsole: on another terminal nothing is asked of a font, and no colours are changed.
func TestPtyIsNoConsole(t *testing.T) {
	tty, _ := onPty(t, 80, 24)
	defer tty.Close()
	if tty.Console() || tty.Serial() || tty.Font(nil) != nil {
		t.Errorf("console %v, serial %v, font %v", tty.Console(), tty.Serial(), tty.Font(nil) != nil)
	}
	tty.mu.Lock() // nothing may be written
	queued := tty.out.unsent()
	tty.mu.Unlock()
	tty.SetPalette(&Palette{})
	if now := tty.out.unsent(); now != queued {
		t.Errorf("%d bytes for the colours of a terminal that keeps its own", now-queued)
	}
}

func TestPaletteSequence(t *testing.T) {
	p := Palette{0: 0x000000, 1: 0xcc0000, 10: 0x4e9a06, 15: 0xffffff}
	got := string(p.sequence())
	for _, want := range []string{"\x1b]P0000000", "\x1b]P1cc0000", "\x1b]Pa4e9a06", "\x1b]Pfffffff"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	if len(got) != 16*10 {
		t.Errorf("%d bytes", len(got))
	}
	if got := string((*Palette)(nil).sequence()); got != "\x1b]R" {
		t.Errorf("back to its own: %q", got)
	}
}
