package report

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
	"hypervisor-tui/sample"
)

const (
	lineColumns = 79 // the 80th would wrap on terminals that wrap at once
	unitColumns = 30 // a unit's name takes no more of its line, so that there is a message
	hostColumns = 30
	unknown     = "--"
)

// statusFields are the words of the status line, what matters most first: which machine, how is it, where to reach it.
var statusFields = [...]func(dst []byte, f *frame.Frame) []byte{
	appendHostname, appendCPU, appendMemory, appendCluster, appendVMs, appendFullest, appendPods, appendLoad, appendAddress, appendChecks, appendRx, appendTx,
	appendUptime,
}

// AppendStatus appends how the machine is as one line of at most 79 columns of ASCII, and the worst problem, if there is
// one, as a second:
//
//	2026-11-22 03:02:11 hypervisor-01 cpu 45% mem 50% / 78% load 2.34 10.0.0.11
//	! br0 no carrier since 14m [network] +2 more
//
// What does not fit is left out, the least useful first, as is the cluster where there is none; what is not known is --. It allocates nothing when dst has room
// for it.
func AppendStatus(dst []byte, f *frame.Frame) []byte {
	start := len(dst)
	dst = f.Now.AppendFormat(dst, time.DateTime)
	for _, field := range statusFields {
		before := len(dst)
		dst = append(dst, ' ')
		dst = ascii(field(dst, f), before)
		if len(dst)-start > lineColumns || len(dst) == before+1 {
			dst = dst[:before]
		}
	}
	dst = append(dst, '\n')
	if len(f.Problems) > 0 {
		dst = appendProblems(dst, f)
	}
	return dst
}

// appendProblems appends the worst problem, cut so that since when, where to look and how many more there are fit.
func appendProblems(dst []byte, f *frame.Frame) []byte {
	worst := &f.Problems[0]
	var room [64]byte
	tail := room[:0]
	if !worst.Dated() {
		tail = draw.AppendAge(append(tail, " since "...), f.Boot-worst.Since)
	}
	tail = append(append(append(tail, " ["...), worst.Where...), ']')
	if more := len(f.Problems) - 1; more > 0 {
		tail = append(strconv.AppendInt(append(tail, " +"...), int64(more), 10), " more"...)
	}
	start := len(dst)
	dst = ascii(worst.AppendWhat(append(dst, "! "...)), start)
	dst = cut(dst, start, lineColumns-len(tail))
	return append(append(dst, tail...), '\n')
}

// AppendEntry appends a row of p as one line of at most 79 columns of ASCII; times are in loc:
//
//	03:02:11 E k3s[1234]: first line of the message (+3 lines)
//
// The letter is C for crit and worse, E, W, N, I or D. What is too long ends in >, what is not ASCII is ?. It allocates
// nothing when dst has room for it.
func AppendEntry(dst []byte, p *journal.Page, r *journal.Row, loc *time.Location) []byte {
	start := len(dst)
	dst = time.UnixMicro(r.Time).In(loc).AppendFormat(dst, time.TimeOnly)
	dst = append(dst, ' ', letter(r.Severity), ' ')
	unit := len(dst)
	dst = cut(ascii(appendKnown(dst, r.Unit), unit), unit, unitColumns)
	if r.PID > 0 {
		dst = append(strconv.AppendInt(append(dst, '['), int64(r.PID), 10), ']')
	}
	dst = append(dst, ':', ' ')

	message := p.Message(r)
	var room [32]byte
	tail := room[:0]
	if end := bytes.IndexByte(message, '\n'); end >= 0 {
		tail = appendFollowing(tail, bytes.Count(message[end:], []byte{'\n'}), r.Full > len(message))
		message = message[:end]
	}
	text := len(dst)
	dst = append(dst, message[:min(len(message), (lineColumns+1)*utf8.UTFMax)]...) // what is beyond cannot be seen
	dst = cut(ascii(dst, text), start, lineColumns-len(tail))
	return append(append(dst, tail...), '\n')
}

// appendFollowing appends how many lines follow the first; more says that the message was longer than what is left of it.
func appendFollowing(dst []byte, lines int, more bool) []byte {
	dst = append(strconv.AppendInt(append(dst, " (+"...), int64(lines), 10), " line"...)
	if lines != 1 {
		dst = append(dst, 's')
	}
	if more {
		dst = append(dst, ", cut"...)
	}
	return append(dst, ')')
}

func letter(s journal.Severity) byte {
	const letters = "CCCEWNID"
	return letters[min(int(s), len(letters)-1)]
}

// ascii replaces, in dst from start on, each rune and each bad byte that is not printable ASCII by a question mark.
// One column stays one byte, and nothing grows.
func ascii(dst []byte, start int) []byte {
	end := start
	for i := start; i < len(dst); end++ {
		v, n := utf8.DecodeRune(dst[i:])
		i += n
		if v < ' ' || v > '~' {
			v = '?'
		}
		dst[end] = byte(v)
	}
	return dst[:end]
}

// cut shortens dst from start on, which is ASCII, to a number of columns; then the last of them is >.
func cut(dst []byte, start, columns int) []byte {
	if len(dst)-start <= columns {
		return dst
	}
	dst = dst[:start+columns]
	dst[len(dst)-1] = '>'
	return dst
}

func appendKnown(dst []byte, text string) []byte {
	if text == "" {
		return append(dst, unknown...)
	}
	return append(dst, text...)
}

// appendHostname appends the name without its domain where it is long.
func appendHostname(dst []byte, f *frame.Frame) []byte {
	if f.Host == nil {
		return append(dst, unknown...)
	}
	name := f.Host.Machine.Hostname
	if len(name) > hostColumns {
		name, _, _ = strings.Cut(name, ".")
	}
	return appendKnown(dst, name)
}

func appendCPU(dst []byte, f *frame.Frame) []byte {
	dst = append(dst, "cpu "...)
	if !has(f, sample.Stat) {
		return append(dst, unknown...)
	}
	return appendWhole(dst, f.Host.CPU.Busy)
}

func appendMemory(dst []byte, f *frame.Frame) []byte {
	dst = append(dst, "mem "...)
	if !has(f, sample.Meminfo) {
		return append(dst, unknown...)
	}
	return appendWhole(dst, f.Host.Memory.UsedPercent())
}

// fullest is the filesystem with the least room, nil while none is known; a read-only image is always full and does not count.
func fullest(f *frame.Frame) *sample.Filesystem {
	var fullest *sample.Filesystem
	if has(f, sample.Filesystems) {
		for i := range f.Host.Filesystems {
			s := &f.Host.Filesystems[i]
			if !s.Health.Has() || s.ReadOnly || math.IsNaN(s.UsedPercent) {
				continue
			}
			if fullest == nil || s.UsedPercent > fullest.UsedPercent {
				fullest = s
			}
		}
	}
	return fullest
}

func appendFullest(dst []byte, f *frame.Frame) []byte {
	fullest := fullest(f)
	if fullest == nil {
		return append(append(dst, "disk "...), unknown...)
	}
	return appendWhole(append(append(dst, fullest.Mount...), ' '), fullest.UsedPercent)
}

func appendLoad(dst []byte, f *frame.Frame) []byte {
	dst = append(dst, "load "...)
	if !has(f, sample.Loadavg) {
		return append(dst, unknown...)
	}
	return draw.AppendFloat(dst, f.Host.Load[0], 2)
}

func appendAddress(dst []byte, f *frame.Frame) []byte {
	if f.Net == nil || !has(f, sample.Links) {
		return append(append(dst, "address "...), unknown...)
	}
	address, _ := frame.PrimaryAddress(f.Net)
	if address == "" {
		return append(dst, "no address"...)
	}
	return append(dst, address...)
}

func appendRx(dst []byte, f *frame.Frame) []byte {
	dst = append(dst, "rx "...)
	if f.Net == nil || !has(f, sample.NetDev) {
		return append(dst, unknown...)
	}
	return draw.AppendRate(dst, f.Net.Rx)
}

func appendTx(dst []byte, f *frame.Frame) []byte {
	dst = append(dst, "tx "...)
	if f.Net == nil || !has(f, sample.NetDev) {
		return append(dst, unknown...)
	}
	return draw.AppendRate(dst, f.Net.Tx)
}

func appendUptime(dst []byte, f *frame.Frame) []byte {
	dst = append(dst, "up "...)
	if !has(f, sample.Uptime) {
		return append(dst, unknown...)
	}
	return draw.AppendAge(dst, f.Host.Uptime)
}

// appendWhole appends a share as a whole number of percent.
func appendWhole(dst []byte, percent float64) []byte {
	dst = draw.AppendFloat(dst, percent, 0)
	if math.IsNaN(percent) {
		return dst
	}
	return append(dst, '%')
}
