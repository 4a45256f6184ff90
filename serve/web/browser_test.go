package web

import (
	"fmt"
	"image"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"hypervisor-tui/draw"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/clean"
	"hypervisor-tui/serve/web/chromium"
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
			const off = width / 20 // each run is cut to whole 64ths of a pixel, and a row of a phone has many
			if (Math.abs(b.left - x * width) > off || Math.abs(b.right - (x + columns) * width) > off) astray.push(y + ',' + x + ' ' + run.textContent + ': ' + b.left / width + ' to ' + b.right / width)
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

// look opens a tab of w by h pixels that shows the stage.
func look(t testing.TB, b *chromium.Browser, s *stage, w, h int) *chromium.Tab {
	t.Helper()
	p := b.Open(t, w, h)
	p.Visit(s.url())
	p.Await("picture.childElementCount > 0")
	return p
}

// settled waits until the page shows the stage's newest frame, and returns both.
func settled(p *chromium.Tab, s *stage) (got shown, want state) {
	p.Helper()
	await.Until(p, "the page shows the newest frame", func() bool {
		want = s.now()
		p.Eval(cellsJS, &got)
		return slices.Equal(got.Text, lines(want.text))
	})
	return got, want
}

// exact holds that the page shows the stage's newest frame cell by cell.
func exact(p *chromium.Tab, s *stage) shown {
	p.Helper()
	got, frame := settled(p, s)
	want := lines(frame.roles)
	for y := range want {
		if got.Roles[y] != want[y] {
			p.Errorf("roles of row %d\n%s\n%s\n%s", y, got.Text[y], got.Roles[y], want[y])
		}
	}
	if len(got.Astray) > 0 {
		p.Errorf("not in its columns: %s", strings.Join(got.Astray, "\n"))
	}
	return got
}

// awaitTyped waits until the stage has had keys, and forgets them.
func (s *stage) awaitTyped(want ...draw.Key) {
	s.Helper()
	await.Until(s, "the keys", func() bool { return len(s.now().typed) >= len(want) })
	if typed := s.now().typed; !slices.Equal(typed, want) {
		s.Errorf("typed %v, want %v", typed, want)
	}
	s.set(func(s *stage) { s.state.typed = nil })
}

// TestChromium shows the page in a real browser.
func TestChromium(t *testing.T) {
	b := chromium.Start(t)
	for _, c := range []struct {
		name string
		test func(t *testing.T, b *chromium.Browser)
	}{
		{"each screen cell by cell", screensCellByCell},
		{"a font without box drawing", unevenFont},
		{"blocks without seams", blocksWithoutSeams},
		{"colours", colours},
		{"keys", keysOfTheBrowser},
		{"typed text", typedText},
		{"sizes", windowSizes},
		{"a phone", phone},
		{"selected text", selectedText},
		{"two tabs", twoTabs},
		{"the server restarts", serverRestarts},
		{"the connection hangs", connectionHangs},
		{"a slow connection", slowConnection},
		{"no room", noRoom},
		{"quit", quit},
		{"without JavaScript", withoutJavaScript},
		{"policy", policy},
		{"hours", hours},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, b) })
	}
}

func screensCellByCell(t *testing.T, b *chromium.Browser) {
	s := newStage(t)
	p := look(t, b, s, 1600, 900)
	var all string
	for _, n := range []int{1, 2, 4, 5, 3} { // the last one has text to find
		p.Press(0, fmt.Sprint("F", n))
		s.awaitTyped(draw.KeyF(n))
		all += strings.Join(exact(p, s).Text, "\n")
	}
	for _, name := range hostile {
		drawn := strings.Map(func(r rune) rune {
			if clean.Width(r) == 0 {
				return utf8.RuneError
			}
			return r
		}, name)
		if !strings.Contains(all, drawn) {
			t.Errorf("%q is on no screen", drawn)
		}
	}
	if all := p.Complaints(); len(all) > 0 {
		t.Errorf("the browser complains: %s", strings.Join(all, "\n"))
	}
	if name := p.Text("picture.ariaLabel + ' ' + picture.role"); name != "Hypervisor console region" {
		t.Errorf("a screen reader says %q", name)
	}
	if p.Text("find('Pod CIDR: 10.42')") != "true" { // over runs
		t.Error("the browser does not find text")
	}
}

// unevenFont draws as with a font whose box drawing is not as wide as its letters.
func unevenFont(t *testing.T, b *chromium.Browser) {
	s := newStage(t)
	p := look(t, b, s, 1600, 900)
	before, _ := settled(p, s)
	p.Eval("even = false; painted = []; refresh()", nil)
	if after := exact(p, s); after.Elements < before.Elements+300 {
		t.Errorf("%d elements with an even font, %d with another", before.Elements, after.Elements)
	}
	p.Eval("document.body.style.fontFamily = 'Noto Color Emoji'; measure()", nil)
	p.Await("!even") // it is found
}

func blocksWithoutSeams(t *testing.T, b *chromium.Browser) {
	s := newStage(t)
	s.silent = true
	p := b.Open(t, 400, 300)
	for _, zoom := range []float64{1, 1.1, 1.25, 2} {
		p.Resize(400, 300, zoom)
		p.Visit(s.url())
		p.Eval("take('data: 0 10 4' + [0, 1, 2, 3].map(y => `\\t${y} a10 ` + '█'.repeat(10)).join(''))", nil)
		var box struct{ W, H float64 }
		p.Eval("({W: picture.children[0].firstChild.offsetWidth, H: picture.offsetHeight})", &box)
		if n := p.Contrast(image.Rect(1, 1, int(box.W*zoom)-2, int(box.H*zoom)-2)); n > 40 { // of 228
			t.Errorf("at %v: blocks of %v have seams with a contrast of %d", zoom, box, n)
		}
	}
}

// colours holds that each role can be read, on the ground that the browser's user prefers.
func colours(t *testing.T, b *chromium.Browser) {
	s := newStage(t)
	p := look(t, b, s, 1600, 900)
	p.Eval(`function ratio(role) {
		const e = document.createElement('span')
		e.className = role
		picture.append(e)
		const light = of => {
			const [r, g, b] = of.match(/[\d.]+/g).map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
			return .2126 * r + .7152 * g + .0722 * b + .05
		}
		const style = getComputedStyle(e), ground = style.backgroundColor == 'rgba(0, 0, 0, 0)' ? getComputedStyle(document.body).backgroundColor : style.backgroundColor
		const a = light(style.color), b = light(ground)
		e.remove()
		return Math.max(a, b) / Math.min(a, b)
	}`, nil)
	for _, tone := range []string{"dark", "light"} {
		p.Prefer("prefers-color-scheme", tone)
		p.Await("(ratio('a'), getComputedStyle(document.body).backgroundColor == '" + map[string]string{"dark": "rgb(17, 19, 21)", "light": "rgb(255, 255, 255)"}[tone] + "')")
		for role, least := range map[string]float64{"a": 7, "b": 4.5, "c": 4.5, "d": 3, "e": 4.5, "f": 4.5, "g": 4.5, "h": 7, "i": 4.5, "j": 3} {
			var ratio float64
			if p.Eval("ratio('"+role+"')", &ratio); ratio < least {
				t.Errorf("%s: role %s has a contrast of %.1f, want %v", tone, role, ratio, least)
			}
		}
		var n int
		if p.Eval("new Set([...'abcdefghj'].map(r => { const e = document.createElement('span'); e.className = r; picture.append(e); const c = getComputedStyle(e).color; e.remove(); return c })).size", &n); n != 9 {
			t.Errorf("%s: 9 roles have %d colours", tone, n)
		}
	}
}

func keysOfTheBrowser(t *testing.T, b *chromium.Browser) {
	s := newStage(t)
	p := look(t, b, s, 800, 600)
	p.Eval("left = []; addEventListener('keydown', e => { if (!e.defaultPrevented) left.push(e.key) })", nil)
	p.Press(0, "ArrowUp", "PageDown", "End", "Escape", "Tab", "é", "漢", " ", " ")
	p.Press(8, "Tab", "G")
	s.awaitTyped(draw.KeyUp, draw.KeyPageDown, draw.KeyEnd, draw.KeyEsc, draw.KeyTab, 'é', '漢', ' ', ' ', draw.KeyBackTab, 'G')
	if left := p.Text("left"); left != "" {
		t.Errorf("the browser had %s as well", left)
	}
	// What is the browser's stays so.
	p.Press(2, "r", "f", "t", "l", "c", "+")
	p.Press(1, "ArrowLeft", "d")
	p.Press(4, "q")
	p.Press(2, "F5")
	p.Press(0, "F6", "F11", "F12", "Shift", "Dead", "AudioVolumeUp")
	if left, want := p.Text("left"), "r,f,t,l,c,+,ArrowLeft,d,q,F5,F6,F11,F12,Shift,Dead,AudioVolumeUp"; left != want {
		t.Errorf("the browser has %s, want %s", left, want)
	}
	p.Do("Input.insertText", map[string]any{"text": "pasted"}, nil)
	p.Press(0, "x")
	s.awaitTyped('x')
}

// typedText is fast, and comes in its order.
func typedText(t *testing.T, b *chromium.Browser) {
	s := newStage(t)
	p := look(t, b, s, 800, 600)
	const text = "/data: no <b>"
	p.Press(0, "F1")
	for _, r := range text {
		p.Press(0, string(r))
	}
	s.awaitTyped(append([]draw.Key{draw.KeyF1}, []draw.Key(text)...)...)
	if got := strings.Join(exact(p, s).Text, "\n"); !strings.Contains(got, text[1:]) {
		t.Errorf("%q is not on the page:\n%s", text[1:], got)
	}
}

func windowSizes(t *testing.T, b *chromium.Browser) {
	s := newStage(t)
	p := look(t, b, s, 800, 600)
	w, h := s.now().w, s.now().h
	p.Resize(1600, 1200, 1)
	await.Until(t, "a larger picture", func() bool { return s.now().w > w+80 && s.now().h > h+30 })
	if got := exact(p, s); got.Rows != s.now().h {
		t.Errorf("%d rows are shown, %d sent", got.Rows, s.now().h)
	}
	p.Resize(300, 100, 1)
	await.Until(t, "a smaller picture", func() bool { return s.now().w < 80 })
	if got := exact(p, s); got.Rows != s.now().h || got.Rows > 10 {
		t.Errorf("%d rows are shown, %d sent", got.Rows, s.now().h)
	}
	p.Resize(9000, 9000, 1)
	await.Until(t, "the largest picture", func() bool { return s.now().w == 400 && s.now().h == 150 })
	exact(p, s)
	p.Resize(1, 1, 1)
	await.Until(t, "the smallest picture", func() bool { return s.now().w == 1 && s.now().h == 1 })
}

func phone(t *testing.T, b *chromium.Browser) {
	s := newStage(t)
	p := b.Open(t, 360, 640)
	p.Prefer("pointer", "coarse")
	p.Do("Emulation.setDeviceMetricsOverride", map[string]any{"width": 360, "height": 640, "deviceScaleFactor": 3, "mobile": true}, nil)
	p.Do("Emulation.setTouchEmulationEnabled", map[string]any{"enabled": true}, nil)
	p.Visit(s.url())
	p.Await("picture.childElementCount > 0")
	exact(p, s)
	if now := s.now(); now.w < 40 || now.h < 20 {
		t.Errorf("%dx%d cells, want 40x20", now.w, now.h)
	}
	if p.Text("picture.getBoundingClientRect().bottom <= touch.getBoundingClientRect().top && touch.getBoundingClientRect().bottom <= innerHeight && picture.scrollWidth <= innerWidth") != "true" {
		t.Error("picture and buttons do not fit")
	}
	tap := func(of string) {
		t.Helper()
		var at struct{ X, Y float64 }
		p.Eval("(r => ({X: r.x + r.width / 2, Y: r.y + r.height / 2}))(touch.querySelector('"+of+"').getBoundingClientRect())", &at)
		p.Do("Input.dispatchTouchEvent", map[string]any{"type": "touchStart", "touchPoints": []any{map[string]any{"x": at.X, "y": at.Y}}}, nil)
		p.Do("Input.dispatchTouchEvent", map[string]any{"type": "touchEnd", "touchPoints": []any{}}, nil)
	}
	tap("[value=F1]")
	tap("[value=ArrowUp]")
	s.awaitTyped(draw.KeyF1, draw.KeyUp)
	tap("input")
	p.Await("document.activeElement == field")
	p.Do("Input.insertText", map[string]any{"text": "/err"}, nil)
	p.Do("Input.insertText", map[string]any{"text": "or"}, nil)
	s.awaitTyped('/', 'e', 'r', 'r', 'o', 'r')
	p.Eval("field.value = '/ere'; field.oninput()", nil) // as a keyboard that puts another word in its place
	s.awaitTyped(draw.KeyBackspace, draw.KeyBackspace, draw.KeyBackspace, 'e')
	p.Press(0, "Enter")
	s.awaitTyped(draw.KeyEnter)
	if p.Text("field.value") != "" {
		t.Error("the field keeps what was typed")
	}
	if p.Text("field.dispatchEvent(new InputEvent('beforeinput', {inputType: 'insertFromPaste', data: 'x', cancelable: true}))") != "false" {
		t.Error("the field takes what is pasted")
	}
}

// selectedText stays while the host goes on, and the page says that it is old.
func selectedText(t *testing.T, b *chromium.Browser) {
	s := newStage(t)
	p := look(t, b, s, 800, 600)
	before, _ := settled(p, s)
	p.Eval("getSelection().selectAllChildren(picture)", nil)
	p.Await("held")
	s.second()
	p.Await("lines.some((line, y) => line != painted[y])")
	var after shown
	if p.Eval(cellsJS, &after); !slices.Equal(before.Text, after.Text) {
		t.Error("what is selected changes")
	}
	if got := p.Text("getSelection()"); !strings.Contains(got, "<b>&amp;</b>") || strings.Count(got, "\n") < len(before.Text)-1 {
		t.Errorf("what is copied is %q", got)
	}
	p.Eval("seen -= 60000; state()", nil)
	if got := p.Text("note.textContent"); !strings.HasPrefix(got, "text is selected: what you see is old, 6") {
		t.Errorf("the page says %q", got)
	}
	p.Press(0, "ArrowDown")
	p.Await("!held && note.textContent == ''")
	exact(p, s)
}

func twoTabs(t *testing.T, b *chromium.Browser) {
	s := newStage(t)
	one, two := look(t, b, s, 800, 600), look(t, b, s, 800, 600)
	two.Press(0, "F3")
	s.awaitTyped(draw.KeyF3)
	two.Await("picture.textContent.includes('Physical interfaces')")
	if one.Text("picture.textContent.includes('Physical interfaces')") != "false" || s.now().sessions != 2 {
		t.Errorf("%d sessions, and a key goes to both", s.now().sessions)
	}
	one.Visit("about:blank#")
	await.Until(t, "a session ends with its tab", func() bool { return s.now().sessions == 1 })
	s.second()
	exact(two, s)
}

// serverRestarts holds that the page says so by itself within six seconds, and goes on by itself.
func serverRestarts(t *testing.T, b *chromium.Browser) {
	s := newStage(t)
	p := look(t, b, s, 800, 600)
	p.Press(0, "F3")
	s.awaitTyped(draw.KeyF3)
	settled(p, s)
	for age, want := range map[int]string{4900: "", 5100: "no connection: what you see is old, 5 s", 119_900: "no connection: what you see is old, 119 s",
		150_000: "no connection: what you see is old, 2 min", 86_400_000: "no connection: what you see is old, 24 h", -3_600_000: ""} {
		if got := p.Text(fmt.Sprintf("((a, b) => { seen = heard = Date.now() - %d; state(); const says = note.textContent; seen = a; heard = b; state(); return says })(seen, heard)", age)); got != want {
			t.Errorf("%d ms after the last frame the page says %q, want %q", age, got, want)
		}
	}
	s.stop()
	p.Await("note.textContent.startsWith('no connection: what you see is old, ')")
	if got := p.Text("document.body.className"); got != "old" {
		t.Errorf("the class of the picture is %q", got)
	}
	if got := p.Text("getComputedStyle(note).backgroundColor"); got != "rgb(179, 0, 27)" {
		t.Errorf("the banner is %q", got)
	}
	p.Press(0, "x") // what it would do nobody sees
	s.start()
	p.Await("note.textContent == '' && document.body.className == ''")
	s.awaitTyped(draw.KeyF3)
	exact(p, s)
}

// connectionHangs holds that a connection which is lost without a word is given up.
func connectionHangs(t *testing.T, b *chromium.Browser) {
	s := newStage(t)
	p := look(t, b, s, 800, 600)
	settled(p, s)
	s.lost.Store(true)
	s.second()
	await.Until(t, "the connection is lost", func() bool { return s.gone.Load() > 0 })
	s.lost.Store(false) // those that come now are whole
	p.Eval("seen -= 5000; heard -= 5000; state()", nil)
	if got := p.Text("note.textContent"); !strings.HasPrefix(got, "no connection: what you see is old, ") {
		t.Errorf("the page says %q", got)
	}
	p.Eval("heard -= 5000", nil)
	await.Until(t, "another session", func() bool { return s.now().begun > 1 })
	p.Await("note.textContent == ''")
	exact(p, s)
}

// slowConnection holds that the page says how long a frame was on its way.
func slowConnection(t *testing.T, b *chromium.Browser) {
	s := newStage(t)
	p := look(t, b, s, 800, 600)
	settled(p, s)
	for late, want := range map[int]string{4000: "", 7500: "slow connection: what you see is old, 7 s"} {
		if got := p.Text(fmt.Sprintf("(take(`data: ${performance.now() - least - %d}`), note.textContent)", late)); got != want {
			t.Errorf("%d ms late the page says %q, want %q", late, got, want)
		}
	}
	s.second()
	p.Await("note.textContent == ''")
	exact(p, s)
}

func noRoom(t *testing.T, b *chromium.Browser) {
	s := newStage(t)
	s.set(func(s *stage) { s.full = true })
	p := b.Open(t, 800, 600)
	p.Visit(s.url())
	p.Await("note.textContent.startsWith('503 a test: as many viewers as there may be are connected')")
	if got := p.Text("note.textContent"); !strings.HasSuffix(got, ": nothing is known yet") {
		t.Errorf("the page says %q", got)
	}
	s.set(func(s *stage) { s.full = false })
	p.Await("note.textContent == ''")
	exact(p, s)
}

func quit(t *testing.T, b *chromium.Browser) {
	s := newStage(t)
	p := look(t, b, s, 800, 600)
	p.Press(0, "q")
	p.Await("note.textContent == 'The session has ended. Any key begins a new one.'")
	if now := s.now(); now.sessions != 0 || now.begun != 1 {
		t.Errorf("%d sessions of %d", now.sessions, now.begun)
	}
	p.Press(0, "x")
	p.Await("note.textContent == ''")
	exact(p, s)
}

func withoutJavaScript(t *testing.T, b *chromium.Browser) {
	s := newStage(t)
	p := b.Open(t, 1200, 900)
	p.Do("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
	p.Do("Page.navigate", map[string]any{"url": s.url()}, nil)
	p.Await("location.search == '?screen=' && document.querySelector('pre') != null")
	canvas, _ := s.picture(t.Context(), "", 80, 24)
	if got := p.Text("document.querySelector('pre').textContent"); got != string(canvas.AppendText(nil)) {
		t.Errorf("the picture is\n%s", got)
	}
	p.Eval("document.links[2].click()", nil)
	p.Await("location.search == '?h=24&screen=network&w=80' && document.querySelector('pre')?.textContent.includes('Physical interfaces')")
	if all := p.Complaints(); len(all) > 0 {
		t.Errorf("the browser complains: %s", strings.Join(all, "\n"))
	}
	if s.now().begun > 0 {
		t.Error("a picture takes a session")
	}
}

// policy holds that the browser refuses what is not the page's, and that the tests would see it.
func policy(t *testing.T, b *chromium.Browser) {
	s := newStage(t)
	p := look(t, b, s, 800, 600)
	for i, act := range []string{
		"(e => { e.textContent = 'hacked = 1'; document.body.append(e) })(document.createElement('script'))",
		"(e => { e.textContent = '#picture { display: none }'; document.body.append(e) })(document.createElement('style'))",
		"fetch('http://127.0.0.2/').catch(() => {})",
		"(e => { e.src = 'data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA='; document.body.append(e) })(document.createElement('img'))",
	} {
		before := len(p.Complaints())
		p.Eval("{"+act+"}", nil)
		await.Until(t, act, func() bool { return len(p.Complaints()) > before })
		if i == 1 && p.Text("typeof hacked + getComputedStyle(picture).display") != "undefinedblock" {
			t.Error("a script or a style that is not the page's is used")
		}
	}
}

// hours takes in a frame for each second of some hours. The page does not grow.
func hours(t *testing.T, b *chromium.Browser) {
	s := newStage(t)
	p := look(t, b, s, 800, 600)
	before, _ := settled(p, s)
	p.Eval("{const all = lines.slice(); for (let i = 0; i < 3000; i++) take(`data: ${performance.now()} 88 35\\t2 a20 ${String(i).padEnd(20)}\\t5 b6d14 event ${String(i).padEnd(14, '─')}`); take(`data: ${performance.now()} 88 ${all.length}` + all.map((line, y) => `\\t${y} ${line}`).join(''))}", nil)
	if after := exact(p, s); after.Elements != before.Elements || after.Rows != before.Rows {
		t.Errorf("%d elements became %d, %d rows %d", before.Elements, after.Elements, before.Rows, after.Rows)
	}
}
