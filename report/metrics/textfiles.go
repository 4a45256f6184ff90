package metrics

import (
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
)

// textfileGroups are about the files that other programs leave; what is in them has no rows here.
func textfileGroups() []group {
	return []group{
		{title: "Files of others", collector: "textfile", every: slow, source: textfileHealth, families: []family{
			{name: "node_textfile_mtime_seconds", labels: "file", help: "When each file whose series are here was written last, in seconds since 1970.", write: func(w *Writer, f *frame.Frame) {
				for i := range f.Textfiles.Files {
					if file := &f.Textfiles.Files[i]; file.Modified.Unix() >= 0 {
						w.uint(uint64(file.Modified.Unix()), file.Path)
					}
				}
			}},
		}},
	}
}

func textfileHealth(f *frame.Frame) *health.Health {
	if f.Textfiles == nil {
		return nil
	}
	return &f.Textfiles.Health
}

// textfiles writes the series that are in the files of others, all of them or, for want of room, none.
func (w *Writer) textfiles(f *frame.Frame) {
	t := f.Textfiles
	switch {
	case !served(f, textfileHealth(f), slow):
	case w.options.MaxSeries > 0 && w.series+t.Series > w.options.MaxSeries:
		w.omitted += t.Series
	case w.format == OpenMetrics:
		w.series += t.Series
		w.dst = append(w.dst, t.OpenMetrics...)
	default:
		w.series += t.Series
		w.dst = append(w.dst, t.Text...)
	}
}
