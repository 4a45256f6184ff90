package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"hypervisor-tui/internal/await"
)

// browser is a Chromium without a window, driven over a pipe.
//
// Chromium: DevTools Protocol, --remote-debugging-pipe
type browser struct {
	testing.TB
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

// startBrowser starts a browser of the test's own. It skips the test where there is no Chromium.
func startBrowser(t testing.TB) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed: nothing shows the page")
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
	b := &browser{TB: t, out: out, answers: make(map[int]chan answer)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		b.read(in)
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
func (b *browser) read(in *os.File) {
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
			b.Errorf("the browser says %q: %v", text, err)
			return
		}
		b.mu.Lock()
		if m.ID > 0 {
			b.answers[m.ID] <- m.answer
			delete(b.answers, m.ID)
		} else if strings.HasPrefix(m.Method, "Log.") || strings.HasPrefix(m.Method, "Audits.") || m.Method == "Runtime.exceptionThrown" {
			b.events = append(b.events, event{m.SessionID, m.Method, m.Params})
		}
		b.mu.Unlock()
	}
}

// call calls a method and returns its result.
func (b *browser) call(session, method string, params map[string]any) json.RawMessage {
	b.Helper()
	b.mu.Lock()
	b.last++
	id, got := b.last, make(chan answer, 1)
	b.answers[id] = got
	text, err := json.Marshal(map[string]any{"id": id, "sessionId": session, "method": method, "params": params})
	if session == "" {
		text, err = json.Marshal(map[string]any{"id": id, "method": method, "params": params})
	}
	if err == nil {
		_, err = b.out.Write(append(text, 0))
	}
	b.mu.Unlock()
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), await.Limit)
	defer cancel()
	select {
	case a := <-got:
		if a.Error != nil {
			b.Fatalf("%s: %s", method, a.Error.Message)
		}
		return a.Result
	case <-ctx.Done():
		b.Fatalf("%s: no answer", method)
	}
	return nil
}

// tab is one page of a browser.
type tab struct {
	*browser
	session string
}

// open opens a tab of w by h pixels that shows nothing yet.
func (b *browser) open(w, h int) *tab {
	b.Helper()
	var target struct{ TargetID string }
	b.decode(b.call("", "Target.createTarget", map[string]any{"url": "about:blank"}), &target)
	var attached struct{ SessionID string }
	b.decode(b.call("", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}), &attached)
	t := &tab{b, attached.SessionID}
	for _, domain := range []string{"Page", "Runtime", "Log", "Audits"} {
		t.do(domain+".enable", nil)
	}
	t.resize(w, h, false)
	return t
}

func (b *browser) decode(text json.RawMessage, to any) {
	b.Helper()
	if err := json.Unmarshal(text, to); err != nil {
		b.Fatalf("%s: %v", text, err)
	}
}

func (t *tab) do(method string, params map[string]any) json.RawMessage {
	t.Helper()
	return t.call(t.session, method, params)
}

func (t *tab) resize(w, h int, phone bool) {
	t.do("Emulation.setDeviceMetricsOverride", map[string]any{"width": w, "height": h, "deviceScaleFactor": 1, "mobile": phone})
	t.do("Emulation.setTouchEmulationEnabled", map[string]any{"enabled": phone})
	if phone {
		t.do("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "pointer", "value": "coarse"}}})
	}
}

func (t *tab) visit(url string) { t.do("Page.navigate", map[string]any{"url": url}) }

// eval runs an expression on the page and decodes what it makes.
func (t *tab) eval(expression string, to any) {
	t.Helper()
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	t.decode(t.do("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}), &r)
	if r.ExceptionDetails != nil {
		t.Fatalf("%s: %s %s", expression, r.ExceptionDetails.Text, r.ExceptionDetails.Exception.Description)
	}
	if to != nil {
		t.decode(r.Result.Value, to)
	}
}

// text is what an expression makes, as text.
func (t *tab) text(expression string) string {
	t.Helper()
	var s string
	t.eval("String("+expression+")", &s)
	return s
}

// await polls until an expression is true.
func (t *tab) await(expression string) {
	t.Helper()
	await.Until(t, expression, func() bool { return t.text(expression) == "true" })
}

// type presses keys by their names; modifiers are those of all of them: 1 Alt, 2 Ctrl, 8 Shift. It returns once the page has had them.
func (t *tab) press(modifiers int, keys ...string) {
	t.Helper()
	for _, key := range keys {
		down := map[string]any{"type": "keyDown", "key": key, "modifiers": modifiers}
		if len([]rune(key)) == 1 && modifiers&^8 == 0 {
			down["text"] = key
		}
		t.do("Input.dispatchKeyEvent", down)
		t.do("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key, "modifiers": modifiers})
	}
}

// contrast is how much the brightest point of a part of the window, in its own pixels, differs from the darkest: 255 is white to black.
func (t *tab) contrast(part image.Rectangle) int {
	t.Helper()
	var shot struct{ Data []byte }
	t.decode(t.do("Page.captureScreenshot", nil), &shot)
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

// complaints are what the browser has told of the tab: errors, and violations of its policy.
func (t *tab) complaints() (all []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range t.events {
		if e.Session == t.session {
			all = append(all, fmt.Sprintf("%s %s", e.Method, e.Params))
		}
	}
	return all
}

// TestMain lets the tests wait beside each other.
func TestMain(m *testing.M) {
	await.Together()
	os.Exit(m.Run())
}
