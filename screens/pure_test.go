package screens_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/screens/screentest"
)

// overlays are the views that views lacks.
var overlays = []picture{
	{name: "login", screen: "logs", keys: []draw.Key{draw.KeyF12}},
	{name: "link", screen: "network", keys: []draw.Key{draw.KeyDown, draw.KeyEnter}},
	{name: "network-filter", screen: "network", keys: []draw.Key{'/', 'e'}},
}

// TestDrawChangesNothing: the state of each page and overlay is the same after two pictures, on the cells that it knows
// and on fewer.
func TestDrawChangesNothing(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range append(overlays, views...) {
		f := frametest.Fixed()
		settings := *f.Settings
		settings.Login = true
		f.Settings = &settings
		if p.change != nil {
			p.change(f)
		}
		new(frame.Tracker).Derive(&f.Snapshot)
		c := newConsole(p.screen, func(panel string, v any) { t.Errorf("%s: %s crashed: %v", p.name, panel, v) })
		canvas := draw.NewCanvas(screentest.Looks["ascii"])
		c.Update(100, 30, f)
		for _, k := range append([]draw.Key{draw.KeyNone}, p.keys...) {
			c.Handle(k, f)
			c.Update(100, 30, f)
		}
		if p.visit != nil {
			c.Visit(p.visit(100, 30))
		}
		seen[c.Active()], seen[c.OverlayName()] = true, true
		before := state(c.Console)
		c.Draw(canvas.Begin(100, 30), f)
		c.Draw(canvas.Begin(60, 20), f)
		if after := state(c.Console); after != before {
			t.Errorf("%s: drawing makes of\n%s\nthis:\n%s", p.name, before, after)
		}
	}
	for _, name := range []string{"logs", "dashboard", "network", "help", "sources", "problems", "login", "entry", "vm", "storage", "hardware", "node", "warnings", "processes", "link", "timeline", "before boot", "checks", "check"} {
		if !seen[name] {
			t.Errorf("%s is not drawn", name)
		}
	}
}

// state is all that can be reached from v, as text: reflect.DeepEqual would find no two functions equal, and of what is
// behind a pointer only the newest state.
func state(v any) string {
	var b strings.Builder
	appendState(&b, reflect.ValueOf(v), map[uintptr]bool{})
	return b.String()
}

func appendState(b *strings.Builder, v reflect.Value, seen map[uintptr]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() && !seen[v.Pointer()] {
			seen[v.Pointer()] = true
			appendState(b, v.Elem(), seen)
		}
	case reflect.Interface:
		appendState(b, v.Elem(), seen)
	case reflect.Struct:
		for i := range v.NumField() {
			fmt.Fprintf(b, "%s.%s ", v.Type().Name(), v.Type().Field(i).Name)
			appendState(b, v.Field(i), seen)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			appendState(b, v.Index(i), seen)
		}
	case reflect.Func, reflect.Invalid:
	default:
		fmt.Fprintln(b, v)
	}
}
