package widget

import (
	"bytes"
	"strings"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
)

// ClusterKnown reports whether there are figures of the cluster, be they old ones.
func ClusterKnown(f *frame.Frame) bool { return f.Kube != nil && f.Kube.Health.Has() }

// KindStyle is style while a kind is followed and dim when its last good figures are shown.
func KindStyle(k *kube.KindStatus, style draw.Style) draw.Style {
	if k.State == health.Stale {
		return draw.Dim
	}
	return style
}

// KindState writes how good what is known of a kind is, in at most n columns.
func KindState(p *draw.Pen, k *kube.KindStatus, f *frame.Frame, n int) {
	style := StateStyle(k.State)
	if k.State == health.Absent || k.State == health.Failed {
		p.Fit(style, k.Err, n)
		return
	}
	if k.State == health.Stale {
		StaleMark(p, &k.Health, f)
		return
	}
	var room [48]byte
	p.FitBytes(style, k.AppendWords(room[:0], f.Boot), n)
}

// Counted writes n, or n of of when that is not negative, with its name in front, whole or not at all. What is not known
// is said in its place in a word.
func Counted(p *draw.Pen, name string, k *kube.KindStatus, n, of int, style draw.Style) {
	var room [64]byte
	text := appendFigure(room[:0], k, n, of)
	if p.Left() < len(name)+len(text)+2 {
		return
	}
	if !k.Has() {
		style = StateStyle(k.State)
	}
	p.Text(draw.Dim, name).Text(draw.Dim, ": ").Bytes(KindStyle(k, style), text).Skip(2)
}

func appendFigure(dst []byte, k *kube.KindStatus, n, of int) []byte {
	switch {
	case k.State == health.Init, k.State == health.OK && k.More > 0:
		return k.AppendWords(dst, 0)
	case k.State == health.Absent, k.State == health.Failed, !k.Has():
		word, _, _ := strings.Cut(k.Err, ":") // "forbidden: list pods"
		return append(dst, word[:min(len(word), 20)]...)
	}
	dst = draw.AppendInt(dst, int64(n))
	if of >= 0 {
		dst = draw.AppendInt(append(dst, '/'), int64(of))
	}
	return dst
}

// Ratio writes n/of, or n alone when not both fit into room columns: never a figure cut short.
func Ratio(p *draw.Pen, style draw.Style, n, of, room int) {
	var text [40]byte
	b := draw.AppendInt(text[:0], int64(n))
	short := len(b)
	b = draw.AppendInt(append(b, '/'), int64(of))
	if len(b) > room {
		b = b[:short]
	}
	p.Bytes(style, b)
}

// ShortAge writes a time span in its largest unit, 15d, up to column end, whole or not at all.
func ShortAge(p *draw.Pen, style draw.Style, d time.Duration, end int) {
	var room [24]byte
	text, _, _ := bytes.Cut(draw.AppendAge(room[:0], d), []byte{' '})
	if len(text) <= end-p.X() {
		p.Bytes(style, text)
	}
}

// SinceThen writes words around how long ago a time of the wall clock was, nothing when that is not known.
func SinceThen(p *draw.Pen, f *frame.Frame, before string, at time.Time, after string) {
	if age, known := f.Age(at); known {
		p.Text(draw.Dim, before).Age(draw.Text, age).Text(draw.Dim, after)
	}
}

// APITrouble is what is wrong with the API in two words, empty while it answers or there is none.
func APITrouble(f *frame.Frame) string {
	if f.Kube == nil || f.Kube.Health.State != health.Stale && f.Kube.Health.State != health.Failed {
		return ""
	}
	switch c := &f.Kube.Cause; c.Check {
	case kube.NotReady:
		if len(c.Checks) > 0 || strings.HasPrefix(c.Why, kube.NothingListed) {
			return "not ready"
		}
	case kube.Unauthorized, kube.Forbidden, kube.Kubeconfig, kube.Answers:
		return "not seen"
	case kube.Foreign:
		return "no API"
	}
	return "down"
}

// Namespaced writes namespace/name in at most n columns.
func Namespaced(p *draw.Pen, namespace, name string, n int) {
	end := p.X() + n
	if namespace != "" {
		p.Fit(draw.Dim, namespace, max(n/2, n-draw.Columns(name)-1)).Text(draw.Dim, "/")
	}
	p.Fit(draw.Text, name, end-p.X())
}

// LocalVMs writes how many VMs run on this host, as the QEMU processes tell.
func LocalVMs(p *draw.Pen, f *frame.Frame) {
	switch {
	case f.VMs == nil:
		p.Text(draw.Dim, "--")
	case !StatePlaceholder(p, &f.VMs.Health):
		p.Int(draw.Accent, int64(len(f.VMs.VMs)))
	}
}

// APIState writes the state of the API and, if none, why; short when figures follow.
func APIState(p *draw.Pen, f *frame.Frame, short bool) {
	if f.Kube == nil {
		p.Text(draw.Dim, "--")
		return
	}
	h := &f.Kube.Health
	switch trouble := APITrouble(f); {
	case short && trouble != "":
		p.Text(draw.Bad, trouble).Skip(1)
		ShortAge(p, draw.Bad, f.Boot-h.Since, p.X()+4)
	case f.Kube.Cause.Why != "" && trouble != "":
		p.Fit(draw.Warn, f.Kube.Cause.Why, min(p.Left(), 40))
	case h.Err != "":
		p.Fit(draw.Warn, h.Err, min(p.Left(), 40))
	case !StatePlaceholder(p, h):
		p.Text(draw.Good, "ok")
	}
}

// UnknownFigure writes a figure that only the API knows, whole or not at all.
func UnknownFigure(p *draw.Pen, name string) {
	if p.Left() < len(name)+6 {
		return
	}
	p.Text(draw.Dim, name).Text(draw.Dim, ": ").Text(draw.Dim, "n/a").Skip(2)
}
