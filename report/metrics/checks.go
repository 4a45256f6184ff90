package metrics

import (
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/plugin"
)

// checkGroups are what the plugins report. Of one that has not run yet there is only whether it is silent.
func checkGroups() []group {
	reported := func(write func(*Writer, *frame.Frame, *plugin.Result)) func(*Writer, *frame.Frame) {
		return func(w *Writer, f *frame.Frame) {
			for i := range f.Checks.Results {
				if r := &f.Checks.Results[i]; r.At != 0 {
					write(w, f, r)
				}
			}
		}
	}
	return []group{{title: "Plugins", source: checksHealth, every: slow, families: []family{
		{name: "hypervisor_check_status", labels: "check", help: "How things are by the last word of a plugin, as Nagios numbers it: 0 ok, 1 warning, 2 critical, 3 unknown, as where its result cannot be read.", write: func(w *Writer, f *frame.Frame) {
			for i := range f.Checks.Results {
				if r := &f.Checks.Results[i]; !r.Pending() {
					w.uint(uint64(r.Status), r.Name)
				}
			}
		}},
		{name: "hypervisor_check_silent", labels: "check", help: "1 while a plugin has not reported for three intervals and the time that a run may take.", write: func(w *Writer, f *frame.Frame) {
			for i := range f.Checks.Results {
				w.truth(f.Checks.Silent(&f.Checks.Results[i]), f.Checks.Results[i].Name)
			}
		}},
		{name: "hypervisor_check_age_seconds", labels: "check", help: "How long ago a plugin has reported.",
			write: reported(func(w *Writer, f *frame.Frame, r *plugin.Result) { w.float(max(f.Boot-r.At, 0).Seconds(), r.Name) })},
		{name: "hypervisor_check_duration_seconds", labels: "check", help: "How long the last run of a plugin took.",
			write: reported(func(w *Writer, _ *frame.Frame, r *plugin.Result) { w.float(r.Took.Seconds(), r.Name) })},
		{name: "hypervisor_check_value", labels: "check,label,unit", help: "A figure of a plugin, 64 of each at most, in the unit that it writes: one of c is a counter, one without a plain number.", write: reported(checkValues)},
	}}}
}

func checksHealth(f *frame.Frame) *health.Health {
	if f.Checks == nil {
		return nil
	}
	return &f.Checks.Health
}

// checkValues writes the figures of a plugin; of those that it calls alike the first.
func checkValues(w *Writer, _ *frame.Frame, r *plugin.Result) {
	for i := range r.Figures {
		v, again := &r.Figures[i], false
		for k := range r.Figures[:i] {
			again = again || r.Figures[k].Label == v.Label && r.Figures[k].Unit == v.Unit
		}
		if !again {
			w.float(v.Value, r.Name, v.Label, v.Unit)
		}
	}
}
