package metrics

import (
	"math"
	"slices"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/sample"
)

// selfGroups are how the exposition itself was made.
func selfGroups() []group {
	return []group{
		{title: "Sources", families: []family{
			{name: "hypervisor_source_up", labels: "source", help: "1 while the source answers, 0 while it does not: then its series are missing. Not of what this host does not have, or what has not answered yet.", write: func(w *Writer, f *frame.Frame) {
				eachSource(f, func(s *frame.Source, every time.Duration) {
					if said(&s.Health) {
						w.truth(served(f, &s.Health, every), s.Name)
					}
				})
			}},
			{name: "hypervisor_source_age_seconds", labels: "source", help: "Time since the source answered last. Logs have none: they speak when there is something new.", write: func(w *Writer, f *frame.Frame) {
				eachSource(f, func(s *frame.Source, _ time.Duration) {
					if said(&s.Health) && s.Health.At != 0 && asked(f, s) {
						w.decimal(uint64(s.Health.Age(f.Boot)/time.Millisecond), 3, s.Name)
					}
				})
			}},
			{name: "node_scrape_collector_success", labels: "collector", help: "As hypervisor_source_up, by the names of node_exporter's collectors.", write: func(w *Writer, f *frame.Frame) {
				w.eachCollector(f, func(g *group, h *health.Health) { w.truth(served(f, h, g.every), g.collector) })
			}},
			{name: "node_scrape_collector_duration_seconds", labels: "collector", help: "How long the last reading took; a scrape waits for none.", write: func(w *Writer, f *frame.Frame) {
				w.eachCollector(f, func(g *group, h *health.Health) {
					if h.Cost > 0 {
						w.decimal(uint64(h.Cost), 9, g.collector)
					}
				})
			}},
		}},
		{title: "Files of others, whether they could be read", families: []family{
			{name: "node_textfile_scrape_error", help: "1 while a file of serve.exporter.textfiles is left out or the directory does not answer; i on the console says why.", write: func(w *Writer, f *frame.Frame) {
				if f.Textfiles != nil {
					w.truth(f.Textfiles.Failed)
				}
			}},
		}},
		{title: "This program", families: []family{
			{name: "hypervisor_build_info", labels: "version", help: "The program that writes this.", write: func(w *Writer, f *frame.Frame) {
				if f.Settings != nil {
					w.uint(1, f.Settings.Version)
				}
			}},
			{name: "hypervisor_self_cpu_seconds_total", kind: counter, help: "CPU time of this program.", write: func(w *Writer, f *frame.Frame) {
				if f.Self.Goroutines > 0 {
					w.decimal(uint64(math.Round(f.Self.CPU*1e6)), 6)
				}
			}},
			{name: "hypervisor_self_resident_memory_bytes", help: "Memory of this program.", write: func(w *Writer, f *frame.Frame) {
				if f.Self.RSS > 0 {
					w.uint(f.Self.RSS)
				}
			}},
			{name: "hypervisor_self_goroutines", help: "Goroutines of this program.", write: func(w *Writer, f *frame.Frame) {
				if f.Self.Goroutines > 0 {
					w.number(f.Self.Goroutines)
				}
			}},
			{name: "hypervisor_self_viewers", help: "Who look at this host through this program, in browsers and on terminals.", write: func(w *Writer, f *frame.Frame) {
				if f.Self.Goroutines > 0 {
					w.number(f.Self.Viewers)
				}
			}},
			{name: "hypervisor_self_crashes_total", kind: counter, help: "Panics of this program that were caught.", write: func(w *Writer, f *frame.Frame) {
				if f.Self.Goroutines > 0 {
					w.uint(f.Self.Crashes)
				}
			}},
			{name: "hypervisor_exporter_series_omitted", help: "Series that are left out because there are more than serve.exporter.maxSeries; those of mere ports of bridges go first.", write: func(w *Writer, _ *frame.Frame) {
				w.number(w.omitted)
			}},
		}},
	}
}

// said reports whether a source of this host has said anything, or should have.
func said(h *health.Health) bool { return h.State != health.Init && h.State != health.Absent }

// eachSource visits the sources, those of one name once, with the time between two of their samples. What is read only while
// somebody looks is left out.
func eachSource(f *frame.Frame, visit func(s *frame.Source, every time.Duration)) {
	for i := range f.Sources {
		s := &f.Sources[i]
		if s.Name == frame.Processes || slices.ContainsFunc(f.Sources[:i], func(o frame.Source) bool { return o.Name == s.Name }) {
			continue
		}
		between := slow
		if i < int(sample.SourceCount) && s.Name == frame.SourceName(sample.Source(i)) {
			between = every(sample.Source(i))
		}
		visit(s, between)
	}
}

// asked reports whether a source is asked again and again, as all are but the logs: those speak when there is something new.
func asked(f *frame.Frame, s *frame.Source) bool {
	return f.Page == nil || !slices.ContainsFunc(f.Page.Sources, func(o journal.SourceState) bool { return o.Name == s.Name })
}

// eachCollector visits what node_exporter has a name for.
func (w *Writer) eachCollector(f *frame.Frame, visit func(g *group, h *health.Health)) {
	for _, groups := range [...][]group{w.table.host, w.table.network} {
		for i := range groups {
			g := &groups[i]
			if g.collector == "" || g.source == nil {
				continue
			}
			if h := g.source(f); h != nil && said(h) {
				visit(g, h)
			}
		}
	}
}
