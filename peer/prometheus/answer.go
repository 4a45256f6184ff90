package prometheus

import (
	"encoding/json"
	"math"
	"strconv"

	"hypervisor-tui/peer"
)

// answer is what Prometheus answers to a question for a range.
//
// Prometheus: docs/querying/api.md.
type answer struct {
	Status    string `json:"status"`
	ErrorType string `json:"errorType"`
	Error     string `json:"error"`
	Data      struct {
		Type   string `json:"resultType"`
		Result []struct {
			Metric struct {
				Figure string `json:"figure"`
			} `json:"metric"`
			Values []point `json:"values"`
		} `json:"result"`
	} `json:"data"`
}

// point is a time of the wall clock, in seconds, and a value; NaN: it is no number.
type point struct{ at, value float64 }

// UnmarshalJSON reads [1700000000.5, "12.5"].
func (p *point) UnmarshalJSON(text []byte) error {
	var value string
	if err := json.Unmarshal(text, &[2]any{&p.at, &value}); err != nil {
		return err
	}
	var err error
	if p.value, err = strconv.ParseFloat(value, 64); err != nil {
		p.value = math.NaN()
	}
	return nil
}

// decode reads the answer to the question. What is not there, is no number or no share is a gap.
func (q *question) decode(text []byte) (cpu, memory peer.Figure, err error) {
	var a answer
	switch err := json.Unmarshal(text, &a); {
	case err == nil && a.Status == "error":
		return cpu, memory, words("it says %s: %s", a.ErrorType, a.Error)
	case err != nil, a.Status != "success", a.Data.Type != "matrix", len(a.Data.Result) > 2:
		return cpu, memory, errOther
	}
	for _, series := range a.Data.Result {
		var to *peer.Figure
		switch series.Metric.Figure {
		case "cpu":
			to = &cpu
		case "memory":
			to = &memory
		}
		if to == nil || to.Points.Len() > 0 {
			return peer.Figure{}, peer.Figure{}, errOther
		}
		*to = peer.NewFigure(q.line(series.Values))
	}
	return cpu, memory, nil
}

// line puts values where they belong in the time that was asked for.
func (q *question) line(values []point) []float64 {
	line := make([]float64, points)
	for i := range line {
		line[i] = math.NaN()
	}
	for _, p := range values {
		place := math.Round((p.at - float64(q.from.Unix())) / step.Seconds())
		if place < 0 || place >= points || p.value < -1 || p.value > 101 {
			continue
		}
		line[int(place)] = max(0, min(p.value, 100)) // counters are not read all at once: a share may be a little off
	}
	return line
}
