package draw

import (
	"bytes"
	"math/rand"
	"runtime"
	"testing"

	"hypervisor-tui/draw/tty/ttytest"
	"hypervisor-tui/draw/vtscreen"
	"hypervisor-tui/internal/await"
)

// TestF36Flood sends 1 MB of noise, goes on while nobody takes events, and ends. Goroutines are not counted: tcell's
// reader may then wait for ever on a queue that its main loop has left, which is why Fini can do without tcell.
func TestF36Flood(t *testing.T) {
	quietEnv(t)
	device, master := openTty(t, 80, 24)
	s, _, err := NewScreen(device, ScreenOptions{Term: "linux", Locale: "C.UTF-8"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Init(); err != nil {
		t.Fatal(err)
	}
	v := ttytest.View(master, 80, 24)
	noise := make([]byte, 1<<20)
	random := rand.New(rand.NewSource(36))
	random.Read(noise)
	copy(noise[1000:], bytes.Repeat([]byte("\x1b[65;1;65;1;0;2147483647_"), 100))
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		master.Write(noise)
	}()
	ttytest.Within(t, "noise taken while events are read", func() {
		for {
			select {
			case <-sent:
				return
			default:
				if s.tcell.HasPendingEvent() {
					s.PollEvent()
				} else {
					runtime.Gosched()
				}
			}
		}
	})
	go master.Write(noise[:64<<10]) // and now nobody reads any more
	await.Until(t, "the event queue has something", s.tcell.HasPendingEvent)
	ttytest.Within(t, "Fini", s.Fini)
	master.Close()
	<-v.Done
}

// TestC8ReportsAreOff: whatever another program has switched on is off from the start, after a wipe and at the end, when
// pasted text is not marked any more.
func TestC8ReportsAreOff(t *testing.T) {
	quietEnv(t)
	const left = "\x1b=\x1b[?1h\x1b[?9h\x1b[?1000h\x1b[?1002h\x1b[?1003h\x1b[?1004h\x1b[?1005h\x1b[?1006h\x1b[?1015h\x1b[?2004h"
	for _, term := range entries {
		device, master := openTty(t, 40, 12)
		v := ttytest.View(master, 40, 12)
		if _, err := device.Write([]byte(left)); err != nil {
			t.Fatal(err)
		}
		s, _, err := NewScreen(device, ScreenOptions{Term: term, Locale: "C.UTF-8"})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Init(); err != nil {
			t.Fatal(err)
		}
		off := func(when string, marked bool) {
			t.Helper()
			await.Until(t, term+": plain keys and no reports "+when, func() (ok bool) {
				v.See(func(s *vtscreen.Screen) {
					ok = !s.Keypad && !s.CursorKeys && s.Paste == marked
					for _, on := range s.Reports {
						ok = ok && !on
					}
				})
				return ok
			})
		}
		for range 2 {
			s.Clear()
			off("after a wipe", true)
			if _, err := device.Write([]byte(left)); err != nil {
				t.Fatal(err)
			}
		}
		s.Fini()
		off("at the end", false)
		master.Close()
	}
}
