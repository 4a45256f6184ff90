package screens

import (
	"math"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
)

// drawSensors is one row: the temperature nearest to its limit, the slowest fan, what the machine draws.
func drawSensors(r draw.Region, f *frame.Frame) {
	p := r.Pen(1, 0)
	hottest(&p, f.Host.Sensors)
	slowest(&p, f.Host.Fans)
	power(&p, f.Host.Power)
}

// hottest writes the sensor that is nearest to its own limit, or the warmest.
func hottest(p *draw.Pen, sensors []sample.Sensor) {
	best := -1
	for i := range sensors {
		if !math.IsNaN(sensors[i].Celsius) && (best < 0 || heat(&sensors[i]) > heat(&sensors[best])) {
			best = i
		}
	}
	if best < 0 {
		return
	}
	s := &sensors[best]
	style := draw.Text
	if s.Celsius >= s.High {
		style = draw.Bad
	}
	p.Float(style, s.Celsius, 0, 0).Text(draw.Dim, " C ").Fit(draw.Dim, s.Name, min(p.Left()-1, 24)).Skip(2)
}

func heat(s *sample.Sensor) float64 {
	if math.IsNaN(s.High) || s.High <= 0 {
		return s.Celsius / 100
	}
	return s.Celsius / s.High
}

// slowest writes the fan that turns least.
func slowest(p *draw.Pen, fans []sample.Fan) {
	best := -1
	for i := range fans {
		if !math.IsNaN(fans[i].RPM) && (best < 0 || fans[i].RPM < fans[best].RPM) {
			best = i
		}
	}
	if best < 0 || p.Left() < 16 {
		return
	}
	style := draw.Text
	if fans[best].RPM <= fans[best].Low {
		style = draw.Bad
	}
	p.Text(draw.Dim, "fan ").Float(style, fans[best].RPM, 0, 0).Text(draw.Dim, " rpm").Skip(2)
}

// power writes the meter that shows most.
func power(p *draw.Pen, meters []sample.Power) {
	most := math.NaN()
	for i := range meters {
		if w := meters[i].Watts; !math.IsNaN(w) && !(w <= most) {
			most = w
		}
	}
	if !math.IsNaN(most) && p.Left() > 8 {
		p.Float(draw.Text, most, 0, 0).Text(draw.Dim, " W").Skip(2)
	}
}
