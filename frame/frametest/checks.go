package frametest

import (
	"fmt"
	"math"
	"strings"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/plugin"
)

// Checks gives the fixed frame plugins of each kind, and in each condition.
func Checks(f *frame.Frame) {
	s := &plugin.State{Health: OK(), Directory: plugin.Directory, Results: []plugin.Result{
		checked("disk", plugin.OK, "DISK OK - free space: / 198 GiB (22%, inode=88%); /boot 310 MiB (31%); /var/lib/longhorn 1.2 TiB (41%)",
			figure("/", 702*GiB, "B", above(810*GiB), above(855*GiB), 0, 900*GiB),
			figure("/boot", 668*MiB, "B", above(880*MiB), above(930*MiB), 0, 978*MiB),
			figure("/var/lib/longhorn", 1843*GiB, "B", above(2760*GiB), above(2913*GiB), 0, 3066*GiB)),
		checked("load", plugin.Warning, "LOAD WARNING - total load average: 17.34, 9.98, 6.50",
			figure("load1", 17.34, "", above(15), above(30), 0, math.NaN()),
			figure("load5", 9.98, "", above(12), above(24), 0, math.NaN()),
			figure("load15", 6.5, "", above(10), above(20), 0, math.NaN())),
		checked("raid", plugin.Critical, "md0 is degraded: 1 of 2 disks"),
		checked("backup", plugin.Unknown, "exit code 127: /opt/checks/backup.sh: restic: not found"),
		checked("ntp", plugin.OK, "NTP OK: Offset -0.000214 secs", figure("offset", -0.000214, "s", plugin.Range{Set: true, Low: -0.5, High: 0.5}, plugin.Range{Set: true, Low: -2, High: 2}, math.NaN(), math.NaN())),
		checked("firewall", plugin.Unknown, ""),
		checked("tape", plugin.Unknown, ""),
		checked("ceph", plugin.Warning, "1 osd down, 3 of 4 in"),
		checked("smart", plugin.Warning, "nvme0 71 C, warning above 70",
			figure("sda", 41, "C", above(50), above(60), math.NaN(), math.NaN()),
			figure("nvme0", 71, "C", above(70), above(80), math.NaN(), math.NaN()),
			figure("fan1", 640, "rpm", plugin.Range{Set: true, Low: 600, High: math.Inf(1)}, plugin.Range{Set: true, Low: 300, High: math.Inf(1)}, math.NaN(), math.NaN()),
			figure("spare", math.NaN(), "%", plugin.Range{}, plugin.Range{}, math.NaN(), math.NaN()),
			figure("reads", 48_211_904, "c", plugin.Range{}, plugin.Range{}, math.NaN(), math.NaN())),
		checked("updates", plugin.OK, "40 packages could be updated, none of them for security"),
		checked("certificates", plugin.Critical, "2 of 31 certificates have expired: *.storage.example.org (3 days ago), registry.example.org (11 hours ago); 4 more expire within a week: "+
			"grafana.example.org, alertmanager.example.org, longhorn.example.org and vm-console.example.org; renewal by cert-manager fails since Thursday with \"429 urn:ietf:params:acme:error:rateLimited\""),
		checked("门禁", plugin.OK, "机柜门已关闭 🚪 温度 22 度，湿度 41%，一切正常"),
	}}
	for i := range s.Results {
		switch r := &s.Results[i]; r.Name {
		case "ntp": // silent
			r.At = f.Boot - 12*time.Minute
		case "firewall": // refused
			r.At, r.Took, r.Text = 0, 0, "it belongs to user 1000, not to root or to the owner of its folder ("+plugin.Directory+"/firewall/result)"
		case "tape": // has not run yet
			r.At, r.Took, r.Begun, r.Interval = 0, 0, f.Boot-2*time.Minute, 24*time.Hour
		case "raid":
			r.At = f.Boot - 48*time.Second
			r.More = []string{"Personalities : [raid1]", "md0 : active raid1 nvme1n1p3[1](F) nvme0n1p3[0]", "      937560064 blocks super 1.2 [2/1] [U_]"}
		case "ceph":
			r.Kind, r.Page = plugin.Screen, cephPage()
		case "smart":
			r.Kind = plugin.Scrape
		case "updates":
			r.Interval, r.At, r.Took = 6*time.Hour, f.Boot-3*time.Hour-20*time.Minute, 4*time.Second+200*time.Millisecond
			for i := range 40 {
				r.More = append(r.More, fmt.Sprintf("%s-%02d  1.%d.0 -> 1.%d.1", strings.Repeat("lib", i%3+1), i, i, i))
			}
		}
	}
	f.Checks = s
	settings := *f.Settings
	settings.Plugins = len(s.Results)
	f.Settings = &settings
	Derive(f)
	for i := range f.Problems {
		if p := &f.Problems[i]; p.Kind == frame.CheckFailed && p.Ended == "" {
			p.Since = f.Boot - 42*time.Minute
		}
	}
}

// checked is a result of a check that ran 14 seconds ago.
func checked(name string, status plugin.Status, text string, figures ...plugin.Figure) plugin.Result {
	return plugin.Result{Name: name, Status: status, At: Boot - 14*time.Second, Begun: Boot - 24*time.Hour, Took: 12 * time.Millisecond,
		Interval: time.Minute, Timeout: 10 * time.Second, Text: text, Figures: figures}
}

func figure(label string, value float64, unit string, warn, critical plugin.Range, low, high float64) plugin.Figure {
	return plugin.Figure{Label: label, Value: value, Unit: unit, Warn: warn, Critical: critical, Min: low, Max: high}
}

// above is the range that Nagios writes as the number alone.
func above(v float64) plugin.Range { return plugin.Range{Set: true, High: v} }

// cephPage has a block of each kind.
func cephPage() *plugin.Page {
	nan := math.NaN()
	return &plugin.Page{Title: "Ceph", Blocks: []plugin.Block{
		{Pairs: []plugin.Pair{
			{Name: "health", Value: "HEALTH_WARN: 1 osds down; Degraded data redundancy: 42/1260 objects degraded (3.333%), 12 pgs degraded", Status: plugin.Warning, Judged: true},
			{Name: "monitors", Value: "3, quorum a,b,c", Status: plugin.OK, Judged: true},
			{Name: "version", Value: "19.2.1 squid"},
		}},
		{Table: &plugin.Table{
			Columns: []plugin.Column{{Name: "osd"}, {Name: "host"}, {Name: "state"}, {Name: "used", Right: true}, {Name: "rate", Right: true}},
			Rows: []plugin.Row{
				{Cells: []string{"osd.0", "hypervisor-01", "up, in", "61 %", "12 MiB/s"}, Status: plugin.OK, Judged: true},
				{Cells: []string{"osd.1", "hypervisor-02", "up, in", "88 %", "3.1 MiB/s"}, Status: plugin.Warning, Judged: true},
				{Cells: []string{"osd.2", "hypervisor-03", "up, in", "64 %", "9.8 MiB/s"}, Status: plugin.OK, Judged: true},
				{Cells: []string{"osd.3", "hypervisor-03.rack-2.storage.example.org", "down, out", "", ""}, Status: plugin.Critical, Judged: true},
			},
		}},
		{Gauge: &plugin.Gauge{Label: "raw capacity", Value: 9_123, Of: 14_304, Unit: "GB", Status: plugin.OK, Judged: true}},
		{Gauge: &plugin.Gauge{Label: "recovery", Value: 37.5, Of: 100, Unit: "%"}},
		{Series: &plugin.Series{Label: "client iops", Points: []float64{812, 830, 901, 1200, 1411, 1180, nan, nan, 640, 720, 810, 790, 805, 1010, 1320, 1500, 1498, 1400, 900, 850}}},
		{Series: &plugin.Series{Label: "recovered", Unit: "B", Points: []float64{0, 0, 0, 12 * MiB, 48 * MiB, 90 * MiB, 88 * MiB, 91 * MiB}}},
	}}
}
