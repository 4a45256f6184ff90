// Package chromium drives a Chromium without a window in tests, over a pipe.
//
// Chromium: DevTools Protocol, --remote-debugging-pipe
package chromium

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"hypervisor-tui/internal/await"
)

// Browser is a Chromium. Any goroutine may use it.
type Browser struct {
	out *os.File // to it

	mu      sync.Mutex
	last    int // number of the last call
	answers map[int]chan answer
	events  []event // that Log and Audits have told of
}

type answer struct {
	Result json.RawMessage
	Error  *struct{ Message string }
}

type event struct {
	Session, Method string
	Params          json.RawMessage
}

// Start starts a browser that ends with the test. It skips the test where there is no Chromium.
func Start(t testing.TB) *Browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		path, err = exec.LookPath("google-chrome")
	}
	if err != nil {
		t.Skip("neither chromium nor google-chrome is installed: nothing shows the page")
	}
	toBrowser, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	in, fromBrowser, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	home, err := os.MkdirTemp("", "chromium")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
		"--disable-background-networking", "--disable-component-update", "--force-device-scale-factor=1",
		"--user-data-dir="+home, "--remote-debugging-pipe", "about:blank")
	cmd.Env = append(os.Environ(), "HOME="+home)
	cmd.ExtraFiles = []*os.File{toBrowser, fromBrowser} // 3 and 4
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = toBrowser.Close()
	_ = fromBrowser.Close()
	b := &Browser{out: out, answers: make(map[int]chan answer)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		b.read(t, in)
	}()
	t.Cleanup(func() {
		_ = out.Close() // it ends then, as does its pipe
		<-read
		_ = in.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		await.Until(t, "the browser's processes leave its folder alone", func() bool { return os.RemoveAll(home) == nil })
	})
	return b
}

// read takes in what the browser says until it ends.
func (b *Browser) read(t testing.TB, in *os.File) {
	r := bufio.NewReader(in)
	for {
		text, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var m struct {
			ID        int
			SessionID string
			Method    string
			Params    json.RawMessage
			answer
		}
		if err := json.Unmarshal(text[:len(text)-1], &m); err != nil {
			t.Errorf("the browser says %q: %v", text, err)
			return
		}
		b.mu.Lock()
		if m.ID > 0 {
			b.answers[m.ID] <- m.answer
			delete(b.answers, m.ID)
		} else if m.Method == "Log.entryAdded" || m.Method == "Runtime.exceptionThrown" || bytes.Contains(m.Params, []byte("ontentSecurityPolicy")) {
			b.events = append(b.events, event{m.SessionID, m.Method, m.Params})
		}
		b.mu.Unlock()
	}
}

// call calls a method of a session, the browser's own if it is empty, and decodes what it returns.
func (b *Browser) call(t testing.TB, session, method string, params map[string]any, to any) {
	t.Helper()
	b.mu.Lock()
	b.last++
	id, got := b.last, make(chan answer, 1)
	b.answers[id] = got
	message := map[string]any{"id": id, "method": method, "params": params}
	if session != "" {
		message["sessionId"] = session
	}
	text, err := json.Marshal(message)
	if err == nil {
		_, err = b.out.Write(append(text, 0))
	}
	b.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	select {
	case a := <-got:
		if a.Error != nil {
			t.Fatalf("%s: %s", method, a.Error.Message)
		}
		if to == nil {
			return
		}
		if err := json.Unmarshal(a.Result, to); err != nil {
			t.Fatalf("%s: %s: %v", method, a.Result, err)
		}
	case <-time.After(await.Limit):
		t.Fatalf("%s: no answer", method)
	}
}

// Tab is one page of a browser. Its methods end the test that opened it when they fail.
type Tab struct {
	testing.TB
	browser *Browser
	session string
}

// Open opens a tab of w by h pixels that shows nothing yet.
func (b *Browser) Open(t testing.TB, w, h int) *Tab {
	t.Helper()
	var target struct{ TargetID string }
	b.call(t, "", "Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call(t, "", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	p := &Tab{t, b, attached.SessionID}
	for _, domain := range []string{"Page", "Runtime", "Log", "Audits"} {
		p.Do(domain+".enable", nil, nil)
	}
	p.Resize(w, h, 1)
	t.Cleanup(func() { b.call(t, "", "Target.closeTarget", map[string]any{"targetId": target.TargetID}, nil) })
	return p
}

// Do calls a method of the protocol on the tab and decodes what it returns, unless to is nil.
func (t *Tab) Do(method string, params map[string]any, to any) {
	t.Helper()
	t.browser.call(t, t.session, method, params, to)
}

// Resize makes the window w by h CSS pixels, with so many pixels in each.
func (t *Tab) Resize(w, h int, scale float64) {
	t.Helper()
	t.Do("Emulation.setDeviceMetricsOverride", map[string]any{"width": w, "height": h, "deviceScaleFactor": scale, "mobile": false}, nil)
}

// Prefer sets a media feature.
func (t *Tab) Prefer(name, value string) {
	t.Helper()
	t.Do("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": name, "value": value}}}, nil)
}

// Visit opens an address and waits until the page is there.
func (t *Tab) Visit(url string) {
	t.Helper()
	t.Do("Page.navigate", map[string]any{"url": url}, nil)
	t.Await("location.href != 'about:blank' && document.readyState == 'complete'")
}

// Eval runs an expression on the page and decodes what it makes.
func (t *Tab) Eval(expression string, to any) {
	t.Helper()
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	t.Do("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &r)
	if r.ExceptionDetails != nil {
		t.Fatalf("%s: %s %s", expression, r.ExceptionDetails.Text, r.ExceptionDetails.Exception.Description)
	}
	if to == nil {
		return
	}
	if err := json.Unmarshal(r.Result.Value, to); err != nil {
		t.Fatalf("%s: %s: %v", expression, r.Result.Value, err)
	}
}

// Text is what an expression makes, as text.
func (t *Tab) Text(expression string) string {
	t.Helper()
	var s string
	t.Eval("String("+expression+")", &s)
	return s
}

// Await polls until an expression is true.
func (t *Tab) Await(expression string) {
	t.Helper()
	await.Until(t, expression, func() bool { return t.Text(expression) == "true" })
}

// Press presses keys by their names, with the same modifiers: 1 Alt, 2 Ctrl, 4 Meta, 8 Shift. It returns once the page has
// had them.
func (t *Tab) Press(modifiers int, keys ...string) {
	t.Helper()
	for _, key := range keys {
		down := map[string]any{"type": "keyDown", "key": key, "modifiers": modifiers}
		if len([]rune(key)) == 1 && modifiers&^8 == 0 {
			down["text"] = key
		}
		t.Do("Input.dispatchKeyEvent", down, nil)
		t.Do("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key, "modifiers": modifiers}, nil)
	}
}

// Contrast is how much the brightest point of a part of the window, in its own pixels, differs from the darkest: 255 is white
// beside black.
func (t *Tab) Contrast(part image.Rectangle) int {
	t.Helper()
	var shot struct{ Data []byte }
	t.Do("Page.captureScreenshot", nil, &shot)
	picture, err := png.Decode(bytes.NewReader(shot.Data))
	if err != nil {
		t.Fatal(err)
	}
	if !part.In(picture.Bounds()) {
		t.Fatalf("%v is not in the window of %v", part, picture.Bounds())
	}
	low, high := uint8(255), uint8(0)
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			v := color.GrayModel.Convert(picture.At(x, y)).(color.Gray).Y
			low, high = min(low, v), max(high, v)
		}
	}
	return int(high) - int(low)
}

// Complaints are what the browser has told of the tab: errors, and violations of its policy.
func (t *Tab) Complaints() (all []string) {
	t.browser.mu.Lock()
	defer t.browser.mu.Unlock()
	for _, e := range t.browser.events {
		if e.Session == t.session {
			all = append(all, fmt.Sprintf("%s %s", e.Method, e.Params))
		}
	}
	return all
}
