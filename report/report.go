// Package report is the screens for machines: a Frame as the JSON of --once --json, whose keys docs/json.md documents,
// and as the lines of --plain. It is pure.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
)

// Write writes f to w as one indented JSON object and a newline, in one call. The keys are a contract that scripts rely
// on: each is always there, and keys are only ever added. Sizes are bytes, times seconds, shares percent 0-100; what is
// not known is null, and lists are never null. f may lack Host, Net, Page, Kube and Settings.
func Write(w io.Writer, f *frame.Frame) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false) // it goes to jq and to people, not into a page
	if err := e.Encode(newDocument(f)); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// document is the whole report. In it and below, a pointer is a value that may be unknown, and every float is one:
// JSON has no NaN. A list or map must be made, since encoding/json writes a nil one as null.
type document struct {
	At         *string    `json:"at"`
	Version    *string    `json:"version"`
	Problems   []problem  `json:"problems"`
	Sources    []source   `json:"sources"`
	Host       host       `json:"host"`
	Network    network    `json:"network"`
	Kubernetes kubernetes `json:"kubernetes"`
	KubeVirt   kubevirt   `json:"kubevirt"`
	Logs       logs       `json:"logs"`
	Self       self       `json:"self"`
}

type problem struct {
	Severity string  `json:"severity"`
	What     string  `json:"what"`
	Since    *string `json:"since"`
	Where    string  `json:"where"`
}

type source struct {
	Name  string   `json:"name"`
	State string   `json:"state"`
	Age   *float64 `json:"age_seconds"`
	Error *string  `json:"error"`
}

type self struct {
	RSS        *uint64  `json:"rss_bytes"`
	CPU        *float64 `json:"cpu_seconds"`
	Goroutines *int     `json:"goroutines"`
	Frames     *uint64  `json:"frames"`
	Skipped    *uint64  `json:"frames_skipped"`
}

func newDocument(f *frame.Frame) document {
	d := document{
		At:         stamp(f.Now, time.RFC3339),
		Problems:   newProblems(f),
		Sources:    newSources(f),
		Host:       newHost(f),
		Network:    newNetwork(f),
		Kubernetes: newKubernetes(f),
		KubeVirt:   newKubeVirt(f),
		Logs:       newLogs(f),
		Self:       newSelf(&f.Self),
	}
	if f.Settings != nil {
		d.Version = text(f.Settings.Version)
	}
	return d
}

func newProblems(f *frame.Frame) []problem {
	list := make([]problem, 0, len(f.Problems))
	for i := range f.Problems {
		p := &f.Problems[i]
		list = append(list, problem{
			Severity: p.Severity.String(),
			What:     string(p.AppendWhat(nil)),
			Since:    stamp(f.Now.Add(min(p.Since-f.Boot, 0)), time.RFC3339),
			Where:    p.Where.String(),
		})
	}
	return list
}

func newSources(f *frame.Frame) []source {
	list := make([]source, 0, len(f.Sources))
	for i := range f.Sources {
		h := &f.Sources[i].Health
		list = append(list, source{
			Name:  f.Sources[i].Name,
			State: h.State.String(),
			Age:   known(h.Age(f.Boot).Seconds(), h.At != 0),
			Error: text(h.Err),
		})
	}
	return list
}

// newSelf is all null when nobody has measured yet: a running program has a goroutine at least.
func newSelf(s *frame.Self) self {
	measured := s.Goroutines > 0
	return self{
		RSS:        known(s.RSS, s.RSS > 0),
		CPU:        known(s.CPU, measured),
		Goroutines: known(s.Goroutines, measured),
		Frames:     known(s.Frames, measured),
		Skipped:    known(s.Skipped, measured),
	}
}

// has says whether a source of the host has a value to report, be it a stale one.
func has(f *frame.Frame, s sample.Source) bool { return f.Host != nil && f.Host.Health[s].Has() }
