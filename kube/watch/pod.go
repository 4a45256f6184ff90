package watch

import (
	"fmt"
	"time"

	"hypervisor-tui/kube"
)

// podStatus reads what the kubelet says of a pod. Numbers of fields: PodStatus, PodCondition and ContainerStatus in
// k8s.io/api/core/v1/generated.proto.
func (s *scan) podStatus(p *kube.Pod, b []byte) {
	var worst containerState
	for f := s.over(b); f.next(); {
		switch f.num {
		case 1:
			p.Phase = s.name(f.data)
		case 2:
			s.podCondition(p, f.data)
		case 8, 10:
			c := s.containerStatus(f.data)
			c.starts = f.num == 10
			if c.ready && (!c.starts || c.runs) {
				p.ReadyContainers++
			}
			p.Restarts += c.restarts
			if c.ended.After(p.Restarted) {
				p.Restarted = c.ended
			}
			if c.why != nil && (worst.why == nil || worst.starts && !c.starts) {
				worst = c
			}
		}
	}
	if worst.why == nil || p.Why == "Terminating" || p.Ended() {
		return
	}
	p.Why, p.Slow = s.name(worst.why), false
	p.Message, p.LastEnd = s.text(worst.message, kube.MaxMessage), s.name(worst.lastEnd)
	if worst.starts {
		p.Why = s.name([]byte("Init:" + p.Why))
	}
}

// podCondition reads Ready, and why the pod is on no node.
func (s *scan) podCondition(p *kube.Pod, b []byte) {
	c := s.condition(b)
	switch string(c.kind) {
	case "Ready":
		p.Ready = truth(string(c.status))
		if p.Ready == kube.False && string(c.reason) == "PodCompleted" {
			p.Ready = kube.Unknown
		}
	case "PodScheduled":
		if string(c.status) != "False" || string(c.reason) != "Unschedulable" || p.Why != "" {
			return
		}
		p.Why, p.Slow, p.Message = "Unschedulable", true, s.text(c.message, kube.MaxMessage)
	default:
		return
	}
	if p.Why != "Terminating" && !c.since.IsZero() {
		p.Since = c.since
	}
}

func truth(status string) kube.Truth {
	switch status {
	case "True":
		return kube.True
	case "False":
		return kube.False
	}
	return kube.Unknown
}

// podTrouble says of a pod of which nothing worse is known what it is waiting for. Init containers, images and probes take
// their time.
func (s *scan) podTrouble(p *kube.Pod) {
	switch {
	case p.Why != "" || p.Ended():
	case p.Phase == "Running" && p.Ready == kube.False:
		p.Why, p.Slow = kube.PodNotReady, true
	case p.Phase == "Pending" || p.Phase == "Unknown":
		p.Why, p.Slow = p.Phase, true
	}
	if p.Why == "" {
		p.Since = time.Time{}
	}
}

// containerState is what the kubelet says of one.
type containerState struct {
	starts   bool // it is an init container
	restarts int
	ended    time.Time // when the run before this one did
	why      []byte    // it does not run: a reason that is no step of a usual start, nil: it does, or is about to
	message  []byte    // of why
	lastEnd  []byte    // how the run before ended, nil: not said
	runs     bool
	ready    bool
}

func (s *scan) containerStatus(b []byte) (c containerState) {
	for f := s.over(b); f.next(); {
		switch f.num {
		case 2:
			c.why, c.message = s.containerTrouble(f.data)
			c.runs = s.field(f.data, 2) != nil
		case 3:
			end := s.field(f.data, 3)
			c.ended, c.lastEnd = s.time(s.field(end, 6)), s.ending(end)
		case 4:
			c.ready = f.n != 0
		case 5:
			c.restarts = int(max(int32(f.n), 0))
		}
	}
	return c
}

// containerTrouble reads a ContainerState. One that has ended with 0 has done what it should.
func (s *scan) containerTrouble(b []byte) (why, message []byte) {
	for f := s.over(b); f.next(); {
		switch f.num {
		case 1:
			switch reason := s.field(f.data, 1); string(reason) {
			case "", "ContainerCreating", "PodInitializing":
			default:
				why, message = reason, s.field(f.data, 2)
			}
		case 3:
			if code, reason := s.exit(f.data); code != 0 {
				why, message = reason, s.field(f.data, 4)
			}
		}
	}
	return why, message
}

// exit reads a ContainerStateTerminated: the exit code, and why in a word.
func (s *scan) exit(b []byte) (code int32, reason []byte) {
	reason = []byte("Error")
	for f := s.over(b); f.next(); {
		switch f.num {
		case 1:
			code = int32(f.n)
		case 3:
			reason = f.data
		}
	}
	return code, reason
}

// ending says how the last run of a container ended, nil when there was none.
func (s *scan) ending(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	code, reason := s.exit(b)
	if string(reason) == "Error" {
		return fmt.Appendf(nil, "exit code %d", code)
	}
	return reason
}
