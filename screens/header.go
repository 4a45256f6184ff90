package screens

import (
	"strings"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens/widget"
)

// The columns of the header: nothing moves between sizes, wide screens put more to the right.
const (
	headerSecond = 30
	headerThird  = 57
	headerFourth = 68
	headerFifth  = 94
)

// headerRows is three, and one more for the verdict; under 12 rows the verdict takes the second's place.
func headerRows(w, h int, f *frame.Frame) int {
	rows := 3
	if w < widget.Narrow && h < 12 {
		rows = 2
	}
	if len(f.Problems) > 0 && h >= 12 {
		rows++
	}
	return rows
}

func (c *Console) drawHeader(r draw.Region, f *frame.Frame) {
	verdictRow := -1
	if len(f.Problems) > 0 {
		verdictRow = min(r.H()-1, 3)
		if r.H() < 4 {
			verdictRow = 1
		}
	}
	if r.W() < widget.Narrow {
		shortHeader(r, f, c.paused)
	} else {
		fullHeader(r, f, c.paused)
	}
	if alarms(f) {
		r.Sub(0, 0, r.W(), 1).Restyle(draw.Selected | draw.Bold)
	}
	if band := r.Sub(0, 2, r.W(), 1); f.Past != nil {
		band.Fill(' ', draw.Text)
		c.drawPast(band, f)
	}
	if verdictRow >= 0 {
		row := r.Sub(0, verdictRow, r.W(), 1)
		row.Fill(' ', draw.Text)
		c.drawVerdict(row, f)
	}
}

func fullHeader(r draw.Region, f *frame.Frame, paused bool) {
	h, right := f.Host, min(headerFifth-1, r.W())
	p := r.Pen(1, 0)
	if alarms(f) { // as wide: nothing moves
		p.Text(draw.Text, "ALARM ")
	} else {
		p.Text(draw.Dim, "Node: ")
	}
	p.Fit(draw.Accent|draw.Bold, hostname(f), headerSecond-1-p.X())
	p.To(headerSecond).Text(draw.Dim, "Uptime: ")
	uptime(&p, f)
	stale(&p, f, sample.Uptime, headerThird-1)
	p.To(headerThird).Text(draw.Dim, "CPU: ")
	cpuPercent(&p, f)
	p.To(headerFourth).Text(draw.Dim, "Load: ")
	load(&p, f)
	stale(&p, f, sample.Loadavg, right)

	p = r.Pen(1, 1)
	K3s(&p, f, headerSecond-1)
	p.To(headerSecond).Text(draw.Dim, "Memory: ")
	memoryUsed(&p, f)
	stale(&p, f, sample.Meminfo, headerThird-1)
	p.To(headerThird).Text(draw.Dim, "VMs: ")
	vmsOfCluster(&p, f, headerFourth-1-p.X())
	p.To(headerFourth).Text(draw.Dim, "Pods: ")
	podsOfCluster(&p, f, right-p.X())

	p = r.Pen(1, 2)
	p.Text(draw.Dim, "KubeVirt: ")
	kubevirt(&p, f, headerSecond-1-p.X())
	p.To(headerSecond)
	primaryAddress(&p, f, headerThird-headerSecond-1)
	p.To(headerThird)
	clock(&p, f, paused)

	if r.W() < headerFifth+20 || h == nil {
		return
	}
	for i, text := range [...]string{h.Machine.OS, h.Machine.Model, h.Machine.Kernel} {
		p = r.Pen(headerFifth, i)
		p.Text(draw.Dim, [...]string{"OS: ", "Machine: ", "Kernel: "}[i])
		if text == "" {
			text = "n/a"
		}
		p.Fit(draw.Text, text, p.Left()-1)
	}
}

// shortHeader is for screens narrower than 72 columns: which machine, when, and the three figures that matter.
func shortHeader(r draw.Region, f *frame.Frame, paused bool) {
	p := r.Pen(0, 0)
	if alarms(f) {
		p.Text(draw.Text, "ALARM ")
	}
	p.Fit(draw.Accent|draw.Bold, hostname(f), r.W()-23-p.X())
	p.To(max(r.W()-21, p.X()+1))
	clock(&p, f, paused)
	p = r.Pen(0, 1)
	p.Text(draw.Dim, "CPU ")
	cpuPercent(&p, f)
	p.Text(draw.Dim, " Mem ")
	memoryUsed(&p, f)
	p = r.Pen(0, 2)
	p.Text(draw.Dim, "Up ")
	uptime(&p, f)
	p.Skip(2)
	primaryAddress(&p, f, p.Left())
}

// stale writes how old the host's last good value of s is, if it is not fresh, up to column end.
func stale(p *draw.Pen, f *frame.Frame, s sample.Source, end int) {
	if f.Host != nil {
		widget.StaleAge(p, &f.Host.Health[s], f, end)
	}
}

// alarms reports whether something critical is so now and nobody has acknowledged it.
func alarms(f *frame.Frame) bool { return !f.OfPast() && f.Alarm() != nil }

func hostname(f *frame.Frame) string {
	if f.Host == nil {
		return "--"
	}
	if f.Host.Machine.Hostname == "" {
		return "n/a"
	}
	return f.Host.Machine.Hostname
}

func uptime(p *draw.Pen, f *frame.Frame) {
	if !widget.Placeholder(p, f, sample.Uptime) {
		p.Uptime(draw.Text, f.Host.Uptime)
	}
}

func load(p *draw.Pen, f *frame.Frame) {
	if !widget.Placeholder(p, f, sample.Loadavg) {
		p.Float(draw.Text, f.Host.Load[0], 2, 0)
	}
}

func cpuPercent(p *draw.Pen, f *frame.Frame) {
	if !widget.Placeholder(p, f, sample.Stat) {
		p.Share(widget.Level(f.Host.CPU.Busy, f.Settings.CPU), f.Host.CPU.Busy)
	}
}

func memoryUsed(p *draw.Pen, f *frame.Frame) {
	if widget.Placeholder(p, f, sample.Meminfo) {
		return
	}
	m := &f.Host.Memory
	p.SizeOf(widget.Level(m.UsedPercent(), f.Settings.Memory), m.Used, m.Total)
}

// primaryAddress writes the address that others reach this host by: the first global one of the interface that holds
// the default route, else the first global one at all.
func primaryAddress(p *draw.Pen, f *frame.Frame, n int) {
	if f.Net == nil || f.Host == nil || !f.Host.Health[sample.Links].Has() {
		p.Text(draw.Dim, "--")
		return
	}
	a, name := frame.PrimaryAddress(f.Net)
	if a == "" {
		p.Fit(draw.Warn, "no address", n)
		return
	}
	end := p.X() + n
	p.Fade(widget.Old(f, sample.Links)).Fit(draw.Accent, a, n)
	if p.X()+1+len(name) <= end {
		p.Skip(1).Text(draw.Dim, name)
	}
	stale(p, f, sample.Links, end)
}

var beats = [...]draw.Glyph{draw.Beat0, draw.Beat1, draw.Beat2, draw.Beat3}

// clock writes the heartbeat, date, time and zone: a frozen host is seen at once. A paused picture says so instead.
func clock(p *draw.Pen, f *frame.Frame, paused bool) {
	if paused {
		p.Text(draw.Selected, " PAUSED ").Skip(1).Time(draw.Text, f.Now)
		return
	}
	if f.OfPast() {
		p.Text(draw.Selected, " PAST ").Skip(1).Time(draw.Text, f.Now)
		return
	}
	p.Glyph(draw.Good, beats[f.Tick%uint64(len(beats))]).Skip(1).Date(draw.Text, f.Now).Skip(1).Time(draw.Accent|draw.Bold, f.Now)
	if zone, _ := f.Now.Zone(); p.Left() > 5 {
		p.Skip(1).Fit(draw.Dim, zone, min(5, p.Left()-1))
	}
}

// drawVerdict says what is wrong, since when and where to look: the worst problem, and the next two where there is room for
// them; then how many more there are, and the key that lists all.
func (c *Console) drawVerdict(r draw.Region, f *frame.Frame) {
	p := r.Pen(1, 0)
	shown := 0
	for ; shown < min(len(f.Problems), 3); shown++ {
		room := p.Left() - 1
		if r.W() >= widget.Narrow || shown > 0 {
			room -= tailColumns(len(f.Problems)-shown-1) + 2
		}
		if !c.drawProblem(&p, f, &f.Problems[shown], room, shown == 0) {
			break
		}
	}
	more := len(f.Problems) - shown
	if p.Left() <= tailColumns(more) {
		return
	}
	if more > 0 {
		p.Text(draw.Dim, "+").Int(draw.Dim, int64(more)).Text(draw.Dim, " more ")
	}
	p.Text(draw.Accent, "[!]")
}

// tailColumns is how wide the end of the verdict line is, which counts so many more problems.
func tailColumns(more int) int {
	if more == 0 {
		return len("[!]")
	}
	return len("+ more [!]") + widget.Digits(more)
}

// drawProblem writes a problem in at most room columns, and two blanks: whole, or without whom it hits, or cut short where that
// says enough, or when it must be there. It reports whether it did.
func (c *Console) drawProblem(p *draw.Pen, f *frame.Frame, problem *frame.Problem, room int, must bool) bool {
	const enough = 20 // columns of a problem's words
	var text, age, whom [256]byte
	short, since, hits := problem.AppendShort(text[:0]), age[:0], problem.AppendWhom(whom[:0])
	if !problem.Dated() {
		since = draw.AppendAge(append(since, ' '), f.Boot-problem.Since)
	}
	key := 0
	if position(c.pages, problem.Where) >= 0 {
		key = len(" [F1]")
	}
	room -= len("! ") + key + len(since)
	columns := draw.ColumnsBytes(short, len(text))
	if columns+draw.ColumnsBytes(hits, len(whom)) > room {
		hits = nil
	}
	if columns > room && room < enough && !must {
		return false
	}
	style := SeverityStyle(problem.Severity)
	p.Glyph(style|draw.Bold, draw.Attention).Skip(1).FitBytes(style|draw.Bold, short, min(room, columns))
	p.Bytes(style, since).Bytes(style, hits).Skip(1)
	c.where(p, problem.Where)
	p.Skip(2)
	return true
}

// SeverityStyle is the style of what is wrong and as bad as s.
func SeverityStyle(s journal.Severity) draw.Style {
	if s <= journal.Err {
		return draw.Bad
	}
	return draw.Warn
}

// where writes the key of the page of a name, nothing where there is none.
func (c *Console) where(p *draw.Pen, page string) {
	if i := position(c.pages, page); i >= 0 {
		p.Text(draw.Accent, "[F").Int(draw.Accent, int64(i)+1).Text(draw.Accent, "]")
	}
}

// K3s writes, up to column end, how the service that makes this host a node and the API are, and says so when they
// differ. Without such a service it is the API alone.
func K3s(p *draw.Pen, f *frame.Frame, end int) {
	u := frame.ClusterUnit(f.Units)
	p.Text(draw.Dim, carrierName(u)).Text(draw.Dim, ": ")
	answers := f.Kube != nil && f.Kube.Health.State == health.OK
	trouble := widget.APITrouble(f)
	switch {
	case u == nil:
		apiAlone(p, f, end-p.X())
	case trouble == "" && f.Units.Health.State == health.Stale:
		p.Text(draw.Dim, u.Active)
		widget.StaleAge(p, &f.Units.Health, f, end)
	case u.Running() && answers:
		p.Glyph(draw.Good, draw.OK).Skip(1).Text(draw.Good, "Running")
	case u.Running() && trouble == "":
		p.Glyph(draw.Good, draw.OK).Skip(1).Text(draw.Good, u.Active)
	case u.Running():
		p.Glyph(draw.Bad, draw.Attention).Skip(1)
		both(p, f, u.Active, trouble, end)
	case answers:
		p.Glyph(draw.Warn, draw.Attention).Skip(1).Text(draw.Warn, u.Active).Text(draw.Warn, ", API ok")
	case trouble != "":
		p.Glyph(draw.Bad, draw.Wrong).Skip(1)
		both(p, f, u.Active, trouble, end)
	default:
		p.Glyph(draw.Bad, draw.Wrong).Skip(1).Text(draw.Bad, u.Active)
	}
}

// carrierName is what the header calls the service; k3s where there is none.
func carrierName(u *sample.Unit) string {
	switch {
	case u != nil && strings.HasPrefix(u.Name, "rke2"):
		return "RKE2"
	case u != nil && strings.HasPrefix(u.Name, "kubelet"):
		return "Kubelet"
	}
	return "K3s"
}

// both writes the state of the service and what is wrong with the API, or the second alone where there is no room.
func both(p *draw.Pen, f *frame.Frame, active, trouble string, end int) {
	style := draw.Bad
	if f.Units.Health.State == health.Stale {
		style = draw.Dim
	}
	if end-p.X() >= len(active)+len(", ")+len(trouble) {
		p.Text(style, active).Text(style, ", ")
	}
	troubleFor(p, f, trouble, end)
}

// troubleFor writes what is wrong with the API and for how long, as much of it as fits whole: API down 3m.
func troubleFor(p *draw.Pen, f *frame.Frame, trouble string, end int) {
	const age = len(" 15m")
	if end-p.X() >= len("API ")+len(trouble)+age {
		p.Text(draw.Bad, "API ")
	}
	p.Fit(draw.Bad, trouble, end-p.X()).Skip(1)
	if f.Kube.Health.Since > 0 {
		widget.ShortAge(p, draw.Bad, f.Boot-f.Kube.Health.Since, end)
	}
}

// apiAlone writes what is known of the API in at most n columns.
func apiAlone(p *draw.Pen, f *frame.Frame, n int) {
	end := p.X() + n
	switch {
	case f.Kube == nil:
		p.Text(draw.Dim, "--")
	case f.Kube.Health.State == health.OK:
		p.Glyph(draw.Good, draw.OK).Text(draw.Good, " API answers")
	case widget.APITrouble(f) != "":
		p.Glyph(draw.Bad, draw.Wrong).Skip(1)
		troubleFor(p, f, widget.APITrouble(f), end)
	case f.Kube.Health.Err != "":
		p.Text(draw.Dim, "API: ").Fit(draw.Text, f.Kube.Health.Err, n-5)
	default:
		widget.StatePlaceholder(p, &f.Kube.Health)
	}
}

// kubevirt writes the phase of KubeVirt in at most n columns, dim and with its age when it is not fresh.
func kubevirt(p *draw.Pen, f *frame.Frame, n int) {
	if !widget.ClusterKnown(f) {
		if f.Kube == nil || f.Kube.Health.State == health.Init {
			p.Text(draw.Dim, "--")
		} else {
			p.Text(draw.Dim, "n/a")
		}
		return
	}
	kept := &f.Kube.Kinds[kube.KindKubeVirt]
	if !kept.Has() {
		widget.KindState(p, kept, f, n)
		return
	}
	phase, style, sign := f.Kube.Virt.Phase, draw.Good, draw.OK
	if phase != "Deployed" {
		style, sign = draw.Warn, draw.Attention
	}
	if trouble := f.Kube.Virt.Trouble(); trouble != "" && phase == "Deployed" {
		phase, style, sign = trouble, draw.Bad, draw.Attention
	}
	if kept.Count == 0 {
		phase = "not deployed"
	}
	if kept.State != health.Stale {
		p.Glyph(style, sign).Skip(1).Fit(style, phase, n-2)
		return
	}
	end := p.X() + n
	p.Fit(draw.Dim, phase, n-len(" (15m)"))
	widget.StaleAge(p, &kept.Health, f, end)
}

// vmsOfCluster writes running (or migrating) and defined VMs in at most n columns: those of the cluster, or of this host while only its
// processes are known.
func vmsOfCluster(p *draw.Pen, f *frame.Frame, n int) {
	if !widget.ClusterKnown(f) || !f.Kube.Kinds[kube.KindVM].Has() {
		widget.LocalVMs(p, f)
		return
	}
	t, kept, end := &f.Kube.Virt.Tally, &f.Kube.Kinds[kube.KindVM], p.X()+n
	widget.Ratio(p, widget.KindStyle(kept, draw.Accent), t.Up(), t.Total, n)
	widget.StaleAge(p, &kept.Health, f, end)
}

// podsOfCluster writes working pods and all that have not succeeded in at most n columns, and how many are here when there are other nodes.
func podsOfCluster(p *draw.Pen, f *frame.Frame, n int) {
	if !widget.ClusterKnown(f) {
		p.Text(draw.Text, "n/a")
		return
	}
	k, end := f.Kube, p.X()+n
	pods := &k.Kinds[kube.KindPod]
	if widget.StatePlaceholder(p, &pods.Health) {
		return
	}
	if pods.More > 0 {
		p.Text(draw.Text, ">").Int(draw.Text, int64(pods.More))
		return
	}
	style := widget.KindStyle(pods, draw.Text)
	widget.Ratio(p, style, k.Pods.Running, k.Pods.NotSucceeded(), n)
	var room [24]byte
	here := draw.AppendInt(room[:0], int64(k.Pods.Local))
	if k.Local != nil && k.Nodes.Total > 1 && end-p.X() >= len(" here ")+len(here) {
		p.Text(draw.Dim, " here ").Bytes(style, here)
	}
	widget.StaleAge(p, &pods.Health, f, end)
}

// VMsAndPods is the header's figures for a screen that has no room for them there.
func VMsAndPods(p *draw.Pen, f *frame.Frame) {
	p.Text(draw.Dim, "VMs ")
	vmsOfCluster(p, f, 5)
	p.Text(draw.Dim, " Pods ")
	podsOfCluster(p, f, min(p.Left(), 7))
}

// tiny screens get a picture of their own.
func tiny(w, h int) bool { return w < 38 || h < 8 }

// drawTiny is for a screen with no room for anything: what is wrong, or else the figures that matter most, one a row.
func drawTiny(r draw.Region, f *frame.Frame) {
	p := r.CutTop(1).Pen(0, 0)
	if f.OfPast() {
		p.Text(draw.Selected, "PAST").Skip(1).Time(draw.Text, f.Now)
		p = r.CutTop(1).Pen(0, 0)
	}
	if len(f.Problems) > 0 {
		var text [256]byte
		if alarms(f) {
			p.Text(draw.Selected, "ALARM").Skip(1)
		}
		p.Glyph(draw.Bad, draw.Attention).FitBytes(draw.Bad, f.Problems[0].AppendWhat(text[:0]), p.Left())
		p = r.CutTop(1).Pen(0, 0)
	}
	p.Text(draw.Dim, "CPU ")
	cpuPercent(&p, f)
	p.Skip(1).Glyph(draw.Good, beats[f.Tick%uint64(len(beats))])
	p = r.CutTop(1).Pen(0, 0)
	p.Text(draw.Dim, "Mem ")
	memoryUsed(&p, f)
	p = r.CutTop(1).Pen(0, 0)
	p.Fit(draw.Text, hostname(f), p.Left())
	p = r.CutTop(1).Pen(0, 0)
	primaryAddress(&p, f, p.Left())
	p = r.CutTop(1).Pen(0, 0)
	p.Time(draw.Text, f.Now)
}
