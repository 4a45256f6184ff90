package secret

import (
	"bytes"
	"hash/maphash"
)

// edge is what a text has of a private key that is not whole.
type edge uint8

const (
	noEdge edge = iota
	begun       // BEGIN without END
	ended       // END without BEGIN
)

var (
	beginMark = []byte("-----BEGIN ")
	endMark   = []byte("-----END ")
	dashes    = []byte("-----")
	keyLabel  = []byte("PRIVATE KEY")
)

// private returns what stands between the marks of a private key, one of which starts at i.
//
// RFC 7468
func (w *walk) private(i int) span {
	text := w.text
	mark := beginMark
	if !bytes.HasPrefix(text[i:], mark) {
		if mark = endMark; !bytes.HasPrefix(text[i:], mark) {
			return span{}
		}
	}
	from := i + len(mark)
	label := bytes.Index(text[from:min(len(text), from+64)], dashes)
	if label < 0 || !bytes.Contains(text[from:from+label], keyLabel) {
		return span{}
	}
	from += label + len(dashes)
	if mark[5] == 'E' {
		if w.done == i && w.key == noEdge && i > 0 { // its beginning was here
			return span{}
		}
		w.key = ended
		return span{w.keyStart(i), i}
	}
	if n := bytes.Index(text[from:], endMark); n >= 0 {
		return span{from, from + n}
	}
	w.key = begun
	return span{from, len(text)}
}

// keyStart returns where the lines of base64 before end start.
func (w *walk) keyStart(end int) int {
	start, from := end, max(w.done, end-8192)
	for start > from {
		line := bytes.LastIndexByte(w.text[from:start-1], '\n') + 1 + from
		if !keyText(w.text[line:start]) {
			break
		}
		start = line
	}
	return start
}

// keyText reports whether a line can be one of a private key.
func keyText(line []byte) bool {
	line = bytes.Trim(line, " \n")
	if bytes.HasPrefix(line, []byte("Proc-Type: ")) || bytes.HasPrefix(line, []byte("DEK-Info: ")) {
		return true
	}
	return len(line) <= 128 && base64Text(line)
}

// keyLine returns the line at start when it is so much base64 that it must be a piece of a key: what comes of one whose
// lines are entries of their own.
func (w *walk) keyLine(start int) span {
	const pieceMin = 40
	text := w.text
	first := skipBlank(text, start)
	end := run(text, first, "/+=")
	if end-first < pieceMin || text[first] == '/' || kinds(text[first:end])&isAlnum != isAlnum {
		return span{}
	}
	if after := skipBlank(text, end); after < len(text) && text[after] != '\n' {
		return span{}
	}
	return span{first, end}
}

// Lines masks the texts of several sources of which each may be a line of a private key: what is between the two marks,
// whichever comes first, is one. The zero value is ready. It does not allocate.
type Lines struct {
	seed maphash.Seed
	runs [4]keyRun
	open int // runs that are in use
	next int
}

type keyRun struct {
	source uint64
	key    edge // noEdge: free
	left   int
}

// linesMax is how many texts one private key has at most.
const linesMax = 256

// Append is Append for a text of a source, which a name tells from others.
func (l *Lines) Append(dst, source, text []byte) (masked []byte, found bool) {
	w := walk{text: text}
	masked, found = w.appendTo(dst)
	if l.open == 0 && w.key == noEdge {
		return masked, found
	}
	if l.seed == (maphash.Seed{}) {
		l.seed = maphash.MakeSeed()
	}
	id := maphash.Bytes(l.seed, source)
	r := l.run(id)
	switch {
	case w.key != noEdge && r == nil:
		l.start(id, w.key)
	case w.key != noEdge:
		if r.key != w.key {
			l.end(r)
		}
	case r == nil:
	case !keyText(text) || r.left == 0:
		l.end(r)
	default:
		r.left--
		if len(bytes.TrimSpace(text)) > 0 {
			return append(dst, stars...), true
		}
	}
	return masked, found
}

func (l *Lines) run(id uint64) *keyRun {
	for i := range l.runs {
		if l.runs[i].key != noEdge && l.runs[i].source == id {
			return &l.runs[i]
		}
	}
	return nil
}

func (l *Lines) start(id uint64, key edge) {
	r := &l.runs[l.next]
	if r.key == noEdge {
		l.open++
	}
	*r = keyRun{id, key, linesMax}
	l.next = (l.next + 1) % len(l.runs)
}

func (l *Lines) end(r *keyRun) {
	r.key = noEdge
	l.open--
}
