package logs

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/journal"
)

// shelf is an archive of entries in memory, oldest first.
type shelf struct {
	mu      sync.Mutex
	entries []journal.Entry
	boots   []journal.Place // first entries
}

func (s *shelf) add(e journal.Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries = append(s.entries, e)
}

// split returns the entries before the position and those from it on.
func (s *shelf) split(at journal.Place) (older, newer []journal.Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, _ := slices.BinarySearchFunc(s.entries, at, func(e journal.Entry, at journal.Place) int {
		if e.Place.Time < at.Time || e.Place.Time == at.Time && e.Place.Seq < at.Seq {
			return -1
		}
		return 1
	})
	return s.entries[:n], s.entries[n:]
}

func (s *shelf) Older(_ context.Context, before journal.Place, put func(journal.Entry) bool) error {
	older, _ := s.split(before)
	for _, e := range slices.Backward(older) {
		if !put(e) {
			break
		}
	}
	return nil
}

func (s *shelf) Newer(_ context.Context, from, to journal.Place, put func(journal.Entry) bool) error {
	older, _ := s.split(to)
	_, newer := s.split(from)
	for _, e := range newer[:max(len(older)+len(newer)-len(s.entries), 0)] {
		if !put(e) {
			break
		}
	}
	return nil
}

func (s *shelf) Whole(_ context.Context, at journal.Place) ([]journal.Field, error) {
	_, newer := s.split(at)
	if len(newer) == 0 || newer[0].Place != at {
		return nil, journal.ErrGone
	}
	return []journal.Field{{Name: "_PID", Value: []byte("7")}, {Name: "CODE_FILE", Value: []byte("main.go")}, {Name: "MESSAGE", Value: newer[0].Message}}, nil
}

func (s *shelf) BootStart(_ context.Context, at journal.Place) (journal.Place, error) {
	for _, b := range slices.Backward(s.boots) {
		if b.Time <= at.Time {
			return b, nil
		}
	}
	return journal.Place{}, journal.ErrGone
}

// shelve gives the desk's source an archive with lines 0 to n-1 in it, every hundredth an error.
func (d *desk) shelve(n int) {
	d.shelf, d.put = &shelf{}, n
	for i := range n {
		at := d.start.Add(time.Duration(i) * time.Second)
		e := journal.Entry{Time: at, Unit: []byte("k3s"), Severity: journal.Info, Message: fmt.Appendf(nil, "line %d.", i)}
		if i%100 == 0 {
			e.Severity = journal.Err
		}
		e.Place = journal.Place{Time: at.UnixMicro(), Seq: uint64(1_000_000 + i)}
		d.shelf.add(e)
	}
	d.sink.SetArchive(d.shelf)
}

const beforeBuffer = "in the journal, before the buffer"

// TestScrollingGoesOnInTheJournal: up beyond the buffer and down again, no line missing and none twice.
func TestScrollingGoesOnInTheJournal(t *testing.T) {
	atDesk(t, 100, 0, func(d *desk) {
		d.shelve(5000)
		d.write(100)
		const page = bodyRows - 1
		bottom := 5099
		for range 20 {
			d.press(draw.KeyPageUp)
			bottom -= page
			state := "paused"
			if bottom < 5000 {
				state = beforeBuffer
			}
			d.want("PgUp", bottom-page, bottom, bottom-page, state)
		}
		d.press(draw.KeyUp, draw.KeyUp)
		d.want("Up", bottom-page-2, bottom-2, bottom-page-2, beforeBuffer)
		bottom -= 2
		d.write(30) // and the buffer loses its oldest ones
		d.want("entries come", bottom-page, bottom, bottom-page, beforeBuffer)
		for range 19 {
			d.press(draw.KeyPageDown)
			bottom += page
		}
		d.want("PgDn", bottom-page, bottom, bottom, "paused")
		d.write(200)
		d.want("the buffer has lost what is shown", bottom-page, bottom, bottom, beforeBuffer)
		d.press(draw.KeyHome)
		d.want("Home", 0, page, 0, beforeBuffer)
		d.press(draw.KeyPageUp)
		d.want("above the oldest", 0, page, 0, "nothing further")
		d.press(draw.KeyEnd)
		d.want("End", 5330-bodyRows, 5329, -1, "following")
	})
}

// TestPausedPageStaysInAFlood: with an archive a paused page stays although the buffer has lost it, cursor and all.
func TestPausedPageStaysInAFlood(t *testing.T) {
	atDesk(t, 50, 0, func(d *desk) {
		d.shelve(0)
		d.write(50)
		d.press(draw.KeyUp, draw.KeyUp)
		d.want("paused", 50-bodyRows, 49, 47, "paused")
		for range 10 {
			d.write(49)
			d.want("flooded", 50-bodyRows, 49, 47, "")
		}
		d.press(draw.KeyDown, draw.KeyDown, draw.KeyDown)
		d.want("down", 51-bodyRows, 50, 50, beforeBuffer)
	})
}

func TestJumpsInTheJournal(t *testing.T) {
	atDesk(t, 100, 0, func(d *desk) {
		d.shelve(1000)
		d.write(100)
		first := func(line int) journal.Place {
			return journal.Place{Time: d.start.Add(time.Duration(line) * time.Second).UnixMicro(), Seq: uint64(1_000_000 + line)}
		}
		d.shelf.boots = []journal.Place{first(0), first(700)}
		for range 10 {
			d.press('E')
		}
		d.wantAmid("the buffer's first error", 1000, "paused")
		d.press('E')
		d.wantAmid("the error before", 900, beforeBuffer)
		d.press('E', 'e', 'e')
		d.wantAmid("and back", 1000, "paused")
		d.press('t')
		d.typeIn(d.start.Add(600 * time.Second).Format("15:04:05"))
		d.press(draw.KeyEnter)
		d.wantAmid("a time", 600, beforeBuffer)
		d.press(draw.KeyEnd, 'b')
		d.want("the boot before", 700-bodyRows, 699, 699, "the last of the boot before")
		d.press('b')
		d.want("no boot before that", 700-bodyRows, 699, 699, "no earlier boot is kept")
		d.typeIn("eb")
		d.want("from an error of this boot, with the boot before around it", 700-bodyRows, 699, 699, "the last of the boot before")
		d.press(draw.KeyUp)
		d.want("up from there", 700-bodyRows, 699, 698, beforeBuffer)
		d.press(draw.KeyEnd)
		d.want("End", 1100-bodyRows, 1099, -1, "following")
		d.press('/')
		d.typeIn("line 7.")
		d.press(draw.KeyEnter)
		d.want("no match in the buffer", -1, -1, -1, "following  /line 7.")
		d.press(draw.KeyPageUp)
		d.want("the match before it", 7, 7, 7, beforeBuffer)
		d.press(draw.KeyEsc)
		d.want("its neighbours", 0, bodyRows-1, 7, beforeBuffer)
	})
}

// TestFilterKeepsItsPlaceInTheJournal: a filter typed while old entries are shown filters those.
func TestFilterKeepsItsPlaceInTheJournal(t *testing.T) {
	atDesk(t, 100, 0, func(d *desk) {
		d.shelve(1000)
		d.write(100)
		d.press('t')
		d.typeIn(d.start.Add(500 * time.Second).Format("15:04:05"))
		d.press(draw.KeyEnter, '/')
		d.typeIn("00.")
		d.want("at once", 100, 1000, 500, "/00.")
		d.press(draw.KeyEsc)
		d.wantAmid("without the filter", 500, beforeBuffer)
	})
}

func TestDetailHasAllFields(t *testing.T) {
	atDesk(t, 50, 0, func(d *desk) {
		d.shelve(100)
		d.write(50)
		d.press(draw.KeyHome, draw.KeyEnter)
		text := strings.Join(d.rows(), "\n")
		for _, want := range []string{"line 0.", "3 fields, read again", "CODE_FILE", "main.go", "_PID"} {
			if !strings.Contains(text, want) {
				d.Errorf("the entry does not show %q:\n%s", want, text)
			}
		}
		d.press(draw.KeyEsc)
		if q := d.page.query; q.Whole != 0 || d.frame.Page.Whole != nil {
			d.Error("a closed entry is still wanted")
		}
		d.shelf.mu.Lock()
		d.shelf.entries = d.shelf.entries[50:]
		d.shelf.mu.Unlock()
		d.press(draw.KeyEnter)
		if text := strings.Join(d.rows(), "\n"); !strings.Contains(text, "rotated away") || !strings.Contains(text, "line 0.") {
			d.Errorf("it does not say what is gone, and show what there is:\n%s", text)
		}
	})
}

// TestAnyKeysLeaveOneRowChosen: whatever is pressed while entries come and go, a page that does not follow has its cursor
// on the screen, on one row.
func TestAnyKeysLeaveOneRowChosen(t *testing.T) {
	keys := []string{"k", "j", "e", "E", "l", "w", "c", "f", "b", "n", "/line 1\n", "/!7\n", "/zz\n", "/\x7f", "t-1000s\n", "t-4000s\n"}
	special := []draw.Key{draw.KeyUp, draw.KeyDown, draw.KeyPageUp, draw.KeyPageDown, draw.KeyHome, draw.KeyEnd, draw.KeyCtrlU, draw.KeyCtrlD, draw.KeyEsc, draw.KeyLeft, draw.KeyRight}
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		atDesk(t, 60, 0, func(d *desk) {
			d.shelve(300)
			d.shelf.boots = []journal.Place{d.shelf.entries[0].Place, d.shelf.entries[150].Place}
			d.write(100)
			pressed := ""
			for range 60 {
				if n := random.IntN(len(keys) + 2*len(special)); n < len(keys) {
					pressed += " " + keys[n]
					for _, r := range keys[n] {
						switch r {
						case '\n':
							d.press(draw.KeyEnter)
						case '\x7f':
							d.press(draw.KeyCtrlU, draw.KeyEnter)
						default:
							d.press(draw.Key(r))
						}
					}
				} else {
					k := special[(n-len(keys))/2]
					pressed += fmt.Sprint(" ", k)
					d.press(k)
				}
				if random.IntN(4) == 0 {
					n := random.IntN(70)
					pressed += fmt.Sprint(" write ", n)
					d.write(n)
				}
				want := !d.page.following() && len(d.frame.Page.Rows) > 0
				if got := d.cursor() >= 0; got != want || d.frame.Page.Pending || d.page.input.Open {
					t.Fatalf("seed %d: a row is chosen: %v, want %v; after%s\n%s", seed, got, want, pressed, strings.Join(d.rows(), "\n"))
				}
			}
		})
	}
}
