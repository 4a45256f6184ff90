package web

import (
	"image"
	"slices"
	"strings"
	"testing"

	"hypervisor-tui/draw"
	"hypervisor-tui/internal/await"
)

// cellsJS says what the page shows, a string a row for the text and one for the roles as golden screens have them, and what does not stand in its
// column: the first and the last point of each character against the width of a cell.
const cellsJS = `(() => {
	const letters = '.dtb+w!ask', text = [], roles = [], astray = []
	const probe = document.createElement('span')
	probe.textContent = '0'.repeat(100)
	picture.firstChild.append(probe)
	const width = probe.getBoundingClientRect().width / 100
	probe.remove()
	const rowHeight = picture.firstChild.getBoundingClientRect().height
	;[...picture.children].forEach((row, y) => {
		let t = '', r = '', x = 0
		const box = row.getBoundingClientRect()
		if (Math.abs(box.height - rowHeight) > .01 || Math.abs(box.top - y * rowHeight) > .01) astray.push('row ' + y + ' at ' + box.top + ', ' + box.height + ' high')
		for (const run of row.children) {
			const bold = run.classList.contains('bold')
			let letter = letters[run.className.charCodeAt(0) - 97]
			if (bold && letter >= 'a') letter = letter.toUpperCase()
			const wide = run.classList.contains('wide') ? 2 : 1
			const chars = [...run.textContent]
			const range = document.createRange()
			range.selectNodeContents(run)
			const b = run.getBoundingClientRect()
			const columns = chars.length * wide
			if (Math.abs(b.left - x * width) > .1 || Math.abs(b.right - (x + columns) * width) > .1) astray.push(y + ',' + x + ' ' + run.textContent + ': ' + b.left / width + ' to ' + b.right / width)
			if (getComputedStyle(run).fontWeight != (bold ? '700' : '400')) astray.push('bold of ' + run.textContent)
			for (const c of chars) { t += c; r += letter.repeat(wide) }
			x += columns
		}
		text.push(t.trimEnd())
		roles.push(r.replace(/\.+$/, ''))
	})
	return {Text: text, Roles: roles, Astray: astray, Rows: picture.childElementCount, Elements: picture.querySelectorAll('*').length}
})()`

type shown struct {
	Text, Roles, Astray []string
	Rows, Elements      int
}

// settled waits until the page shows the stage's newest frame, and returns it.
func settled(t *tab, s *stage) (got shown) {
	t.Helper()
	await.Until(t, "the page shows the newest frame", func() bool {
		t.eval(cellsJS, &got)
		return slices.Equal(got.Text, lines(s.now().text))
	})
	return got
}

// TestChromium shows the page in a real browser.
func TestChromium(t *testing.T) {
	t.Parallel()
	b := startBrowser(t)
	t.Run("each screen cell by cell", func(t *testing.T) {
		s := newStage(t)
		b := b.open(1600, 900)
		b.visit(s.url())
		b.await("typeof picture == 'object' && picture.childElementCount > 0")
		for _, key := range []string{"F1", "F2", "F3"} {
			before := len(s.now().typed)
			b.press(0, key)
			await.Until(t, key, func() bool { return len(s.now().typed) > before })
			for _, tone := range []string{"dark", "light"} {
				b.do("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": tone}}})
				got, want := settled(b, s), s.now()
				if roles := lines(want.roles); !slices.Equal(got.Roles, roles) {
					for y := range roles {
						if got.Roles[y] != roles[y] {
							t.Errorf("%s: roles of row %d\n%s\n%s\n%s", key, y, got.Text[y], got.Roles[y], roles[y])
						}
					}
				}
				if len(got.Astray) > 0 {
					t.Errorf("%s is not in its columns: %s", key, strings.Join(got.Astray, "\n"))
				}
			}
		}
		if all := b.complaints(); len(all) > 0 {
			t.Errorf("the browser complains: %s", strings.Join(all, "\n"))
		}
		if want := []draw.Key{draw.KeyF1, draw.KeyF2, draw.KeyF3}; !slices.Equal(s.now().typed, want) {
			t.Errorf("typed %v, want %v", s.now().typed, want)
		}
	})
	t.Run("blocks without seams", func(t *testing.T) {
		s := newStage(t)
		s.silent = true
		b := b.open(400, 300)
		for _, zoom := range []float64{1, 1.1, 1.25, 2} {
			b.do("Emulation.setDeviceMetricsOverride", map[string]any{"width": 400, "height": 300, "deviceScaleFactor": zoom, "mobile": false})
			b.visit(s.url())
			b.await("typeof picture == 'object' && document.readyState == 'complete'")
			b.eval("take('data: 10 4' + [0, 1, 2, 3].map(y => `\\t${y} a10 ` + '█'.repeat(10)).join(''))", nil)
			var box struct{ W, H float64 }
			b.eval("({W: picture.children[0].firstChild.offsetWidth, H: picture.offsetHeight})", &box)
			if n := b.contrast(image.Rect(1, 1, int(box.W*zoom)-2, int(box.H*zoom)-2)); n > 40 { // of 228
				t.Errorf("at %v: blocks of %v have seams with a contrast of %d", zoom, box, n)
			}
		}
	})
}
