package logs

import "testing"

// TestFollowingBySlowLines: on a slow line an entry that comes writes one row: what is shown stays where it is until
// the screen is full, and then half of it goes at once.
func TestFollowingBySlowLines(t *testing.T) {
	atDesk(t, 1000, 0, func(d *desk) {
		d.frame.Settings.Slow = true
		d.write(5)
		moves, before := 0, d.rows()
		for range 100 {
			d.write(1)
			now := d.rows()
			changed := 0
			for y := firstEntry; y < stateRow; y++ {
				if now[y] != before[y] {
					changed++
				}
			}
			if changed != 1 {
				moves++
			}
			if _, last := d.shown(); last != d.put-1 {
				t.Fatalf("entry %d is the newest, shown up to %d\n%s", d.put-1, last, d.rows())
			}
			before = now
		}
		if most := 100/(bodyRows/2) + 1; moves > most || moves < 5 {
			t.Errorf("moved %d times for 100 entries of a screen of %d rows, want at most %d", moves, bodyRows, most)
		}
		d.press('l') // another question starts with a full screen
		d.press('l', 'l', 'l')
		if first, last := d.shown(); last-first+1 != bodyRows {
			t.Errorf("shows %d to %d", first, last)
		}
	})
}
