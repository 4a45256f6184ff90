package peer

import (
	"math"
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample"
)

// Usages is what Prometheus has of the nodes that somebody looks at whole. It does not change.
type Usages []Usage

// Of returns what it has of the node of that name, nil: it has not been asked yet.
func (u Usages) Of(node string) *Usage {
	for i := range u {
		if u[i].Node == node {
			return &u[i]
		}
	}
	return nil
}

// Usage is what Prometheus has of one node's CPUs and memory over some hours, in percent of all that it has.
type Usage struct {
	Node        string
	Health      health.Health // of its answers: Err says in words why there is no new one
	From, To    time.Time     // of the first point and the last one
	CPU, Memory Figure        // points from From to To at equal distances; empty before the first answer
}

// Figure is the course of one figure.
type Figure struct {
	Points   sample.Series
	Known    int     // how many points are no gaps
	Min, Avg float64 // of those; NaN without any
}

// NewFigure returns the figure with these points; NaN is a gap.
func NewFigure(points []float64) Figure {
	f := Figure{Min: math.NaN(), Avg: math.NaN()}
	sum := 0.0
	for _, v := range points {
		if f.Points.Push(v); math.IsNaN(v) {
			continue
		}
		if f.Known++; f.Known == 1 || v < f.Min {
			f.Min = v
		}
		sum += v
	}
	if f.Known > 0 {
		f.Avg = sum / float64(f.Known)
	}
	return f
}
