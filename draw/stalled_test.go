package draw

import (
	"strings"
	"testing"

	"github.com/gdamore/tcell/v2"

	"hypervisor-tui/draw/tty"
	"hypervisor-tui/draw/tty/ttytest"
	"hypervisor-tui/draw/vtscreen"
	"hypervisor-tui/internal/await"
)

// TestF31StalledReader leaves the master unread: nothing blocks, and after the release everything is painted.
func TestF31StalledReader(t *testing.T) {
	before := ttytest.Goroutines()
	device, master := openTty(t, 80, 24)
	s, _, err := NewScreen(device, ScreenOptions{Term: "xterm-256color", Locale: "C.UTF-8"})
	if err != nil {
		t.Fatal(err)
	}
	ttytest.Within(t, "frames on a dead terminal", func() {
		if err := s.Init(); err != nil {
			t.Error(err)
		}
		for i := range 40 {
			text := string(rune('a' + i%26))
			for y := range 24 {
				for x := range 80 {
					s.Put(x, y, text, tcell.StyleDefault.Foreground(tcell.PaletteColor((x+i)%16)))
				}
			}
			s.Show()
			device.Size()
		}
	})
	if device.Idle() {
		t.Error("idle although nobody reads")
	}
	if device.Unsent() > tty.MaxQueue {
		t.Errorf("%d bytes kept, more than %d", device.Unsent(), tty.MaxQueue)
	}
	if !device.Damaged() || device.Damaged() {
		t.Error("Damaged does not report once that output was lost")
	}
	device.Drop()
	v := ttytest.View(master, 80, 24)
	await.Until(t, "idle after release", device.Idle)
	s.Clear()
	for y := range 24 {
		for x := range 80 {
			s.Put(x, y, "Z", tcell.StyleDefault)
		}
	}
	s.Show()
	want := strings.Repeat(strings.Repeat("Z", 80)+"\n", 24)
	await.Until(t, "full repaint", v.Shows(want))
	ttytest.Within(t, "Fini", s.Fini)
	master.Close()
	<-v.Done
	ttytest.NoMoreGoroutines(t, before)
}

// TestF31FiniOnStalledTerminal: the mode is restored, and what puts the terminal back is what it gets last.
func TestF31FiniOnStalledTerminal(t *testing.T) {
	before := ttytest.Goroutines()
	master, slave := ttytest.OpenPty(t, 80, 24)
	mode := ttytest.TermiosOf(t, slave)
	device, err := tty.Open(slave.Name(), 0)
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := NewScreen(device, ScreenOptions{Term: "xterm-256color", Locale: "C.UTF-8"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Init(); err != nil {
		t.Fatal(err)
	}
	await.Until(t, "idle", device.Idle)
	ttytest.Fill(t, master, slave)
	s.Clear()
	if device.Idle() {
		t.Error("idle although the kernel takes nothing")
	}
	ttytest.Within(t, "Fini", s.Fini)
	if got := ttytest.TermiosOf(t, slave); got != mode {
		t.Errorf("mode after Fini %+v, before %+v", got, mode)
	}
	slave.Close()
	v := ttytest.View(master, 80, 24)
	<-v.Done
	v.See(func(s *vtscreen.Screen) {
		if s.Alt || !s.Visible || s.Keypad || strings.TrimSpace(s.String()) != "" {
			t.Errorf("left with alt %v, cursor %v, keypad %v and\n%s", s.Alt, s.Visible, s.Keypad, s)
		}
	})
	ttytest.NoMoreGoroutines(t, before)
}
