package plugin

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"time"

	"hypervisor-tui/internal/exposition"
)

// Header is the first line of a result's file. Behind it is what the plugin printed, as it came.
type Header struct {
	Began time.Duration // CLOCK_BOOTTIME
	Took  time.Duration
	End   End
}

// End is how a run ended.
type End struct {
	How  How
	Code uint8 // the exit code or the number of the signal, else 0
}

// How is in which way a run ended.
type How uint8

// The ways in which a run ends.
const (
	Exited    How = iota
	Signalled     // a signal killed it
	TimedOut      // it took too long and was killed
	Flooded       // it printed more than MaxOutput and was killed
	Failed        // it was not started, or not asked: one line of output says why
)

var hows = [...]string{Exited: "exit", Signalled: "signal", TimedOut: "timeout", Flooded: "flood", Failed: "failed"}

// magic begins a header. Its number grows with a change that readers of before would get wrong.
const magic = "hvtplugin 1 "

// maxMillis bounds the times of a header, so that they can be added: 146 years.
const maxMillis = 1 << 62 / uint64(time.Millisecond)

// Append appends the header as a line to dst: hvtplugin 1 BEGAN TOOK END, with the times in milliseconds.
func (h Header) Append(dst []byte) []byte {
	dst = append(dst, magic...)
	dst = append(strconv.AppendInt(dst, h.Began.Milliseconds(), 10), ' ')
	dst = append(strconv.AppendInt(dst, h.Took.Milliseconds(), 10), ' ')
	dst = append(dst, hows[h.End.How]...)
	if h.End.How <= Signalled {
		dst = strconv.AppendUint(append(dst, ':'), uint64(h.End.Code), 10)
	}
	return append(dst, '\n')
}

// ParseHeader reads the header of a result's file as Append writes it, and nothing else. rest is what is behind it, a part of
// file.
func ParseHeader(file []byte) (h Header, rest []byte, err error) {
	const maxHeader = 100
	line, _, found := bytes.Cut(file[:min(len(file), maxHeader)], []byte("\n"))
	if !found {
		return Header{}, nil, errors.New("it has no header")
	}
	fields, has := strings.CutPrefix(string(line), magic)
	if !has {
		return Header{}, nil, fmt.Errorf("it does not begin with %q", strings.TrimSpace(magic))
	}
	began, fields, _ := strings.Cut(fields, " ")
	took, end, _ := strings.Cut(fields, " ")
	b, errB := strconv.ParseUint(began, 10, 64)
	t, errT := strconv.ParseUint(took, 10, 64)
	if errB != nil || errT != nil || b > maxMillis || t > maxMillis {
		return Header{}, nil, errors.New("the times of its header cannot be read")
	}
	h = Header{Began: time.Duration(b) * time.Millisecond, Took: time.Duration(t) * time.Millisecond}
	word, code, coded := strings.Cut(end, ":")
	for how, name := range hows {
		if name != word || coded != (How(how) <= Signalled) {
			continue
		}
		n, err := strconv.ParseUint(code, 10, 8)
		if coded && err != nil {
			break
		}
		h.End = End{How(how), uint8(n)}
		// Only what Append writes: no zeros in front, no signs.
		if again := h.Append(nil); bytes.Equal(again, file[:len(line)+1]) {
			return h, file[len(again):], nil
		}
	}
	return Header{}, nil, errors.New("its header cannot be read")
}

// Result reads the file of a result: a header, and what the plugin printed, which the kind says how to read. What cannot be read
// is Unknown, and Text says why. Begun is left to the caller.
func (s *Spec) Result(file []byte) Result {
	r := Result{Name: s.Name, Kind: s.Kind, Status: Unknown, Interval: s.Interval, Timeout: s.Timeout}
	h, output, err := ParseHeader(file)
	if len(output) > MaxOutput {
		err = fmt.Errorf("it has more than %d KiB", MaxOutput>>10)
	}
	if err != nil {
		r.Text = "the result is not readable: " + err.Error()
		return r
	}
	r.At, r.Took = h.Began+h.Took, h.Took
	if h.End.How == Exited {
		s.read(&r, output, h.End.Code)
		return r
	}
	// Killed: the last line may be cut, and a number in it be another one.
	r.Text, r.More = lines(output)
	switch h.End.How {
	case Signalled:
		r.Text = prefix(signalName(h.End.Code), r.Text)
	case TimedOut:
		r.Text = prefix(fmt.Sprintf("killed after %s, as it did not end", h.Took.Round(100*time.Millisecond)), r.Text)
	case Flooded:
		r.Text = prefix(fmt.Sprintf("killed, as it printed more than %d KiB", MaxOutput>>10), r.Text)
	case Failed:
		if r.Text == "" {
			r.Text = "it could not be run"
		}
	}
	return r
}

// signalName is a signal as people know it: signal 9, killed.
func signalName(n uint8) string {
	number := fmt.Sprintf("signal %d", n)
	if said := syscall.Signal(n).String(); said != number {
		return number + ", " + said
	}
	return number
}

// read reads into r what a run that ended by itself printed.
func (s *Spec) read(r *Result, output []byte, code uint8) {
	var err error
	switch s.Kind {
	case Check:
		r.Text, r.More, r.Figures, r.Left = ParseCheck(output)
		r.Status = min(Status(code), Unknown)
		if Status(code) > Unknown {
			r.Text = prefix(fmt.Sprintf("exit code %d", code), r.Text)
		}
		return
	case Screen:
		r.Status, r.Text, r.Page, err = ParseScreen(output)
	case Metrics, Scrape:
		if s.Kind == Metrics && len(output) > 0 && !bytes.HasSuffix(output, []byte("\n")) {
			output = append(output[:len(output):len(output)], '\n') // it ended by itself: no more was to come
		}
		if code == 0 { // else what it printed is words
			r.Figures, r.Left, r.Status, r.Text, err = ParseMetrics(output, s.Metrics)
		}
	default:
		err = errors.New("of no kind that is known")
	}
	if err != nil { // behind it what it printed, from where that is wrong on
		var wrong *exposition.LineError
		for n := 1; errors.As(err, &wrong) && n < wrong.Line; n++ {
			_, output, _ = bytes.Cut(output, []byte("\n"))
		}
		const few = 10
		if r.Text, r.More = lines(append([]byte(err.Error()+"\n"), output...)); len(r.More) > few+1 {
			r.More = append(r.More[:few:few], "and more lines")
		}
	}
	if code != 0 {
		r.Status = Unknown
		if r.Page == nil {
			r.Text, r.More = lines(output)
		}
		r.Text = prefix(fmt.Sprintf("exit code %d", code), r.Text)
	}
}

// prefix returns what is said in front of a text that may be empty.
func prefix(what, text string) string {
	if text == "" {
		return what
	}
	return shorten(what + ": " + text)
}
