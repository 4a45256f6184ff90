// Package metrics writes the figures of a frame as an exposition for Prometheus. It is pure: no clock, no file, no HTTP.
package metrics

// Format is how an exposition is written.
type Format uint8

// The formats.
const (
	Text        Format = iota // Prometheus text format 0.0.4
	OpenMetrics               // OpenMetrics 1.0.0
)

// ContentType is what HTTP calls an exposition in this format.
func (f Format) ContentType() string {
	if f == OpenMetrics {
		return "application/openmetrics-text; version=1.0.0; charset=utf-8"
	}
	return "text/plain; version=0.0.4; charset=utf-8"
}
