package sample

import (
	"bytes"
	"math"
	"time"
)

// socketsReader reads /proc/net/sockstat, sockstat6, snmp and conntrack's count and limit. Only sockstat must be there.
type socketsReader struct{ sockstat, sockstat6, snmp, conntrack, conntrackMax kept }

func (r *socketsReader) read(_ time.Duration, _ *Host, n *Net) error {
	text, err := r.sockstat.read()
	if err != nil {
		return err
	}
	s := SocketCounts{Established: -1, Conntrack: -1, ConntrackMax: -1}
	if s.TCP, s.UDP, err = parseSockstat(text, "TCP:", "UDP:"); err != nil {
		return r.sockstat.fail(err)
	}
	// A host without IPv6 has no sockstat6: then the sum is the IPv4 figure alone.
	if text, err = r.sockstat6.read(); err == nil {
		tcp6, udp6, e := parseSockstat(text, "TCP6:", "UDP6:")
		if e != nil {
			return r.sockstat6.fail(e)
		}
		s.TCP, s.UDP = s.TCP+tcp6, s.UDP+udp6
	} else if !missing(err) {
		return err
	}
	s.Established, err = readCount(&r.snmp, parseEstablished)
	if e := err; e != nil && !missing(e) {
		return e
	}
	s.Conntrack, err = readCount(&r.conntrack, parseCount)
	if e := err; e != nil && !missing(e) {
		return e
	}
	s.ConntrackMax, err = readCount(&r.conntrackMax, parseCount)
	if e := err; e != nil && !missing(e) {
		return e
	}
	n.Sockets = s
	return nil
}

func (r *socketsReader) close() {
	r.sockstat.close()
	r.sockstat6.close()
	r.snmp.close()
	r.conntrack.close()
	r.conntrackMax.close()
}

// readCount is the one figure that parse finds in file, -1 with an error.
func readCount(file *kept, parse func([]byte) (int, error)) (int, error) {
	text, err := file.read()
	if err != nil {
		return -1, err
	}
	v, err := parse(text)
	if err != nil {
		return -1, file.fail(err)
	}
	return v, nil
}

// parseSockstat returns the sockets in use of the lines that start with tcp and udp.
//
// Kernel: net/ipv4/proc.c, sockstat_seq_show
func parseSockstat(text []byte, tcp, udp string) (inTCP, inUDP int, err error) {
	inTCP, inUDP = -1, -1
	for len(text) > 0 && err == nil {
		var line []byte
		line, text = cutLine(text)
		kind, rest := cutWord(line)
		key, rest := cutWord(rest)
		if string(key) != "inuse" {
			continue
		}
		value, _ := cutWord(rest)
		switch string(kind) {
		case tcp:
			inTCP, err = parseCount(value)
		case udp:
			inUDP, err = parseCount(value)
		}
	}
	if err == nil && (inTCP < 0 || inUDP < 0) {
		err = errFields
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
		names, text = cutLine(text)
		names, ok := bytes.CutPrefix(names, []byte("Tcp:"))
		if !ok {
			continue
		}
		figures, _ := cutLine(text)
		figures, ok = bytes.CutPrefix(figures, []byte("Tcp:"))
		if !ok {
			return -1, errOrder
		}
		for {
			var name, figure []byte
			name, names = cutWord(names)
			figure, figures = cutWord(figures)
			if len(name) == 0 || len(figure) == 0 {
				return -1, errShort
			}
			if string(name) == "CurrEstab" {
				return parseCount(figure)
			}
		}
	}
	return -1, errFields
}

// parseCount is the first word of text as a count.
func parseCount(text []byte) (int, error) {
	line, _ := cutLine(text)
	word, _ := cutWord(line)
	v, err := number(word)
	if err != nil || v > math.MaxInt32 {
		return -1, errNumber
	}
	return int(v), nil
}
