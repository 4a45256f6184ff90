package sample

import (
	"bytes"
	"math"
	"time"

	"hypervisor-tui/sample/procfile"
)

// socketsReader reads /proc/net/sockstat, sockstat6, snmp and conntrack's count and limit. Only sockstat must be there.
type socketsReader struct{ sockstat, sockstat6, snmp, conntrack, conntrackMax procfile.File }

func (r *socketsReader) read(_ time.Duration, _ *Host, n *Net) error {
	text, err := r.sockstat.Read()
	if err != nil {
		return err
	}
	var s SocketCounts
	if s.TCP, s.UDP, err = parseSockstat(text, "TCP:", "UDP:"); err != nil {
		return r.sockstat.Fail(err)
	}
	// A host without IPv6 has no sockstat6: then the sum is the IPv4 figure alone.
	if text, err = r.sockstat6.Read(); err == nil {
		tcp6, udp6, e := parseSockstat(text, "TCP6:", "UDP6:")
		if e != nil {
			return r.sockstat6.Fail(e)
		}
		s.TCP, s.UDP = s.TCP+tcp6, s.UDP+udp6
	} else if !procfile.Missing(err) {
		return err
	}
	for _, f := range [...]struct {
		into  *int
		file  *procfile.File
		parse func([]byte) (int, error)
	}{{&s.Established, &r.snmp, parseEstablished}, {&s.Conntrack, &r.conntrack, parseCount}, {&s.ConntrackMax, &r.conntrackMax, parseCount}} {
		if *f.into, err = readCount(f.file, f.parse); err != nil && !procfile.Missing(err) {
			return err
		}
	}
	n.Sockets = s
	return nil
}

func (r *socketsReader) close() {
	r.sockstat.Close()
	r.sockstat6.Close()
	r.snmp.Close()
	r.conntrack.Close()
	r.conntrackMax.Close()
}

// readCount is the one figure that parse finds in file, -1 with an error.
func readCount(file *procfile.File, parse func([]byte) (int, error)) (int, error) {
	text, err := file.Read()
	if err != nil {
		return -1, err
	}
	v, err := parse(text)
	if err != nil {
		return -1, file.Fail(err)
	}
	return v, nil
}

// parseSockstat returns the sockets in use of the lines that start with tcp and udp.
//
// Kernel: net/ipv4/proc.c, sockstat_seq_show
func parseSockstat(text []byte, tcp, udp string) (inTCP, inUDP int, err error) {
	inTCP, inUDP = -1, -1
	for line := range procfile.Lines(text) {
		kind, rest := procfile.CutWord(line)
		key, rest := procfile.CutWord(rest)
		if string(key) != "inuse" {
			continue
		}
		value, _ := procfile.CutWord(rest)
		switch string(kind) {
		case tcp:
			inTCP, err = parseCount(value)
		case udp:
			inUDP, err = parseCount(value)
		}
		if err != nil {
			break
		}
	}
	if err == nil && (inTCP < 0 || inUDP < 0) {
		err = procfile.ErrFields
	}
	return inTCP, inUDP, err
}

// parseEstablished returns Tcp CurrEstab of /proc/net/snmp, which counts both families. Its columns are named by the
// line above the figures, some of which are signed.
//
// Kernel: Documentation/networking/snmp_counter.rst
func parseEstablished(text []byte) (int, error) {
	for len(text) > 0 {
		var names []byte
		names, text = procfile.CutLine(text)
		names, ok := bytes.CutPrefix(names, []byte("Tcp:"))
		if !ok {
			continue
		}
		figures, _ := procfile.CutLine(text)
		figures, ok = bytes.CutPrefix(figures, []byte("Tcp:"))
		if !ok {
			return -1, procfile.ErrOrder
		}
		for {
			var name, figure []byte
			name, names = procfile.CutWord(names)
			figure, figures = procfile.CutWord(figures)
			if len(name) == 0 || len(figure) == 0 {
				return -1, procfile.ErrShort
			}
			if string(name) == "CurrEstab" {
				return parseCount(figure)
			}
		}
	}
	return -1, procfile.ErrFields
}

// parseCount is the first word of text as a count.
func parseCount(text []byte) (int, error) {
	line, _ := procfile.CutLine(text)
	word, _ := procfile.CutWord(line)
	v, err := procfile.Number(word)
	if err != nil || v > math.MaxInt32 {
		return -1, procfile.ErrNumber
	}
	return int(v), nil
}
