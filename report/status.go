package report

import (
	"bytes"
	"strconv"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
)

// appendCluster appends whether the API answers, and since when it does not; nothing where there is none.
func appendCluster(dst []byte, f *frame.Frame) []byte {
	if f.Kube == nil || f.Kube.Health.State == health.Absent {
		return dst
	}
	dst = append(dst, "k8s "...)
	switch h := &f.Kube.Health; h.State {
	case health.Init:
		return append(dst, unknown...)
	case health.OK:
		return append(dst, "ok"...)
	default:
		dst = append(dst, "down"...)
		if h.Since == 0 {
			return dst
		}
		var room [24]byte
		age, _, _ := bytes.Cut(draw.AppendAge(room[:0], f.Boot-h.Since), []byte{' '})
		return append(append(dst, ' '), age...)
	}
}

// appendVMs appends how many VMs run of those that are defined, appendPods how many pods work of those that have not
// succeeded. A question mark follows what is not fresh; nothing is appended while it is not known.
func appendVMs(dst []byte, f *frame.Frame) []byte {
	if f.Kube == nil {
		return dst
	}
	return appendOf(dst, "vms ", &f.Kube.Kinds[kube.KindVM], f.Kube, f.Kube.Virt.Tally.Up(), f.Kube.Virt.Tally.Total)
}

func appendPods(dst []byte, f *frame.Frame) []byte {
	if f.Kube == nil {
		return dst
	}
	return appendOf(dst, "pods ", &f.Kube.Kinds[kube.KindPod], f.Kube, f.Kube.Pods.Running, f.Kube.Pods.NotSucceeded())
}

func appendOf(dst []byte, name string, k *kube.KindStatus, s *kube.State, n, of int) []byte {
	if !k.Has() {
		return dst
	}
	dst = strconv.AppendInt(append(dst, name...), int64(n), 10)
	dst = strconv.AppendInt(append(dst, '/'), int64(of), 10)
	if k.State == health.Stale || s.Health.State != health.OK {
		dst = append(dst, '?')
	}
	return dst
}
