package screens

import (
	"strings"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
)

// k3s writes, up to column end, how the service that makes this host a node and the API are, and says so when they
// differ. Without such a service it is the API alone.
func k3s(p *draw.Pen, f *frame.Frame, end int) {
	u := frame.Carrier(f.Units)
	p.Text(draw.Dim, carrierName(u)).Text(draw.Dim, ": ")
	answers := f.Kube != nil && f.Kube.Health.State == health.OK
	trouble := apiTrouble(f)
	switch {
	case u == nil:
		apiAlone(p, f, end-p.X())
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
	if end-p.X() >= len(active)+len(", ")+len(trouble) {
		p.Text(draw.Bad, active).Text(draw.Bad, ", ")
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
		shortAge(p, draw.Bad, f.Boot-f.Kube.Health.Since, end)
	}
}

// apiAlone writes what is known of the API in at most n columns.
func apiAlone(p *draw.Pen, f *frame.Frame, n int) {
	end := p.X() + n
	switch {
	case f.Kube == nil:
		p.Text(draw.Dim, "--")
	case f.Kube.Health.State == health.OK:
		p.Glyph(draw.Good, draw.OK).Text(draw.Good, " API ok")
	case apiTrouble(f) != "":
		p.Glyph(draw.Bad, draw.Wrong).Skip(1)
		troubleFor(p, f, apiTrouble(f), end)
	case f.Kube.Health.Err != "":
		p.Text(draw.Dim, "API: ").Fit(draw.Text, f.Kube.Health.Err, n-5)
	default:
		stateWord(p, &f.Kube.Health)
	}
}

// kubevirt writes the phase of KubeVirt in at most n columns, dim and with its age when it is not fresh.
func kubevirt(p *draw.Pen, f *frame.Frame, n int) {
	if !clusterKnown(f) {
		if f.Kube == nil || f.Kube.Health.State == health.Init {
			p.Text(draw.Dim, "--")
		} else {
			p.Text(draw.Dim, "n/a")
		}
		return
	}
	kept := &f.Kube.Kinds[kube.KindKubeVirt]
	if !kept.Has() {
		kindState(p, kept, f, n)
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
	style, end := kindStyle(kept, style), p.X()+n
	const age = len(" 15m")
	p.Glyph(style, sign).Skip(1)
	if kept.State != health.Stale {
		p.Fit(style, phase, end-p.X())
		return
	}
	p.Fit(style, phase, end-age-p.X()).Skip(1)
	shortAge(p, draw.Dim, kept.Age(f.Boot), end)
	if old := " old"; end-p.X() >= len(old) {
		p.Text(draw.Dim, old)
	}
}

// vmsOfCluster writes running and defined VMs in at most n columns: those of the cluster, or of this host while only its
// processes are known.
func vmsOfCluster(p *draw.Pen, f *frame.Frame, n int) {
	if !clusterKnown(f) || !f.Kube.Kinds[kube.KindVM].Has() {
		localVMs(p, f)
		return
	}
	t := &f.Kube.Virt.Tally
	ratio(p, kindStyle(&f.Kube.Kinds[kube.KindVM], draw.Accent), t.Running, t.Total, n)
}

// podsOfCluster writes running and all pods in at most n columns, and how many are here when there are other nodes.
func podsOfCluster(p *draw.Pen, f *frame.Frame, n int) {
	if !clusterKnown(f) {
		p.Text(draw.Text, "n/a")
		return
	}
	k, end := f.Kube, p.X()+n
	pods := &k.Kinds[kube.KindPod]
	if stateWord(p, &pods.Health) {
		return
	}
	if pods.More > 0 {
		p.Text(draw.Text, ">").Int(draw.Text, int64(pods.More))
		return
	}
	style := kindStyle(pods, draw.Text)
	ratio(p, style, k.Pods.Running, k.Pods.Total, n)
	if k.Here == nil || k.Nodes.Total < 2 {
		return
	}
	var room [24]byte
	if here := draw.AppendInt(room[:0], int64(k.Pods.Here)); end-p.X() >= len(" here ")+len(here) {
		p.Text(draw.Dim, " here ").Bytes(style, here)
	}
}

// vmsAndPods is the header's figures for a screen that has no room for them there.
func vmsAndPods(p *draw.Pen, f *frame.Frame) {
	p.Text(draw.Dim, "VMs ")
	vmsOfCluster(p, f, 5)
	p.Text(draw.Dim, " Pods ")
	podsOfCluster(p, f, min(p.Left(), 7))
}
