package metrics

import (
	"fmt"
	"math"
	"testing"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/plugin"
)

// TestChecks: a plugin has its last word, how old that is and its figures; one that has not reported is only silent or not.
func TestChecks(t *testing.T) {
	f := full()
	f.Checks = &plugin.State{Health: frametest.OK(), Results: []plugin.Result{
		{Name: "load", Status: plugin.Critical, At: f.Boot - 5*time.Second, Took: 12 * time.Millisecond, Interval: time.Minute, Figures: []plugin.Figure{
			{Label: "load1", Value: 17.25}, {Label: "spare", Value: math.NaN(), Unit: "%"}, {Label: "load1", Value: 99}, {Label: "load1", Value: 7, Unit: "s"},
			{Label: "end", Value: math.Inf(1)}, {Label: `C:\ "quoted" 温`, Value: -0.5, Unit: "c"}}},
		{Name: "late", Status: plugin.OK, At: f.Boot - time.Hour, Interval: time.Minute},
		{Name: "never", Status: plugin.Unknown, Begun: f.Boot - time.Second, Interval: time.Minute},
		{Name: "refused", Status: plugin.Unknown, Interval: time.Minute, Text: "belongs to user 1000"},
		{Name: "odd", Status: plugin.Unknown, At: f.Boot, Interval: time.Minute},
	}}
	reads(t, f, Options{}, map[string]float64{
		"hypervisor_check_status{check=load}": 2, "hypervisor_check_status{check=late}": 0, "hypervisor_check_status{check=never}": absent, "hypervisor_check_status{check=odd}": 3, "hypervisor_check_status{check=refused}": 3, "hypervisor_check_silent{check=refused}": 0,
		"hypervisor_check_silent{check=load}": 0, "hypervisor_check_silent{check=late}": 1, "hypervisor_check_silent{check=never}": 0,
		"hypervisor_check_age_seconds{check=load}": 5, "hypervisor_check_age_seconds{check=late}": 3600, "hypervisor_check_age_seconds{check=never}": absent, "hypervisor_check_age_seconds{check=refused}": absent,
		"hypervisor_check_duration_seconds{check=load}": 0.012, "hypervisor_check_duration_seconds{check=never}": absent,
		"hypervisor_check_value{check=load,label=load1}": 17.25, "hypervisor_check_value{check=load,label=load1,unit=s}": 7,
		"hypervisor_check_value{check=load,label=spare,unit=%}": absent, "hypervisor_check_value{check=load,label=end}": absent,
		`hypervisor_check_value{check=load,label=C:\ "quoted" 温,unit=c}`: -0.5,
	})
	f.Checks.Health = health.Health{State: health.Failed, Since: time.Second, Err: "read: no"} // it never had a value
	for _, checks := range []*plugin.State{f.Checks, nil} {
		f.Checks = checks
		reads(t, f, Options{}, map[string]float64{"hypervisor_check_status{check=load}": absent, "hypervisor_check_silent{check=never}": absent})
	}
}

// TestAllPluginsAreBounded: as many plugins as there can be, with as many figures as each can have, are that many series and no
// more, and take no room from the host.
func TestAllPluginsAreBounded(t *testing.T) {
	f := frametest.Fixed()
	without := written(t, f, Options{}).values
	f.Checks = all(f)
	if got, want := len(written(t, f, Options{}).values)-len(without), plugin.MaxPlugins*(4+plugin.MaxFigures); got != want {
		t.Errorf("%d series, want %d", got, want)
	}
	with := written(t, f, Options{MaxSeries: len(without)}).values
	for series := range without {
		if _, there := with[series]; !there {
			t.Errorf("%s is left out for plugins", series)
		}
	}
	if with["hypervisor_exporter_series_omitted"] == 0 {
		t.Error("none is left out")
	}
}

// all is all that plugins can have of figures.
func all(f *frame.Frame) *plugin.State {
	s := &plugin.State{Health: frametest.OK()}
	for i := range plugin.MaxPlugins {
		r := plugin.Result{Name: fmt.Sprintf("check_%d", i), At: f.Boot, Interval: time.Minute}
		for k := range plugin.MaxFigures {
			r.Figures = append(r.Figures, plugin.Figure{Label: fmt.Sprintf("figure-%02d", k), Value: float64(k) / 3, Unit: "MB"})
		}
		s.Results = append(s.Results, r)
	}
	return s
}
