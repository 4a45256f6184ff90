package journal

import "bytes"

// Trace knows which lines of a log file are one entry: what a Go program prints when it panics, and the stack of an
// exception of a JVM. The zero value is no trace.
//
// Go: runtime/traceback.go; Java: java.lang.Throwable, printStackTrace
type Trace struct {
	jvm   bool
	stack bool // of a goroutine; that of the next one is another entry
}

// Begin reports whether a line is the first of a trace.
func (t *Trace) Begin(line []byte) bool {
	*t = Trace{jvm: exceptionHead(line), stack: isGoroutine(line)}
	return t.jvm || t.stack || bytes.HasPrefix(line, panicHead) || bytes.HasPrefix(line, fatalHead)
}

// GoesOn reports whether the trace that began goes on with a line.
func (t *Trace) GoesOn(line []byte) bool {
	switch {
	case t.jvm:
		return indented(line) || bytes.HasPrefix(line, causeHead)
	case isGoroutine(line):
		first := !t.stack
		t.stack = true
		return first
	}
	return goTrace(line)
}

// InTrace reports whether a line may be one of a trace that began before it.
func InTrace(line []byte) bool {
	return goTrace(line) || isGoroutine(line) || bytes.HasPrefix(line, causeHead)
}

var (
	causeHead   = []byte("Caused by: ")
	threadHead  = []byte("Exception in thread ")
	createdHead = []byte("created by ")
	signalHead  = []byte("[signal ")
	runtimeHead = []byte("runtime stack:")
	panicCall   = []byte("panic(")
)

func indented(line []byte) bool { return len(line) > 0 && (line[0] == ' ' || line[0] == '\t') }

// goTrace knows the lines of a Go program's trace but for those that begin one. Empty lines separate its parts.
func goTrace(line []byte) bool {
	return len(line) == 0 || indented(line) || bytes.HasPrefix(line, createdHead) || bytes.HasPrefix(line, signalHead) ||
		bytes.HasPrefix(line, runtimeHead) || isCall(line)
}

// isCall knows a function of a stack: main.(*T).f(0x1, ...).
func isCall(line []byte) bool {
	if bytes.HasPrefix(line, panicCall) {
		return true
	}
	open := bytes.IndexByte(line, '(')
	return open > 0 && line[len(line)-1] == ')' && bytes.IndexByte(line[:open], '.') > 0 && bytes.IndexByte(line[:open], ' ') < 0
}

// isGoroutine knows "goroutine 7 [running]:".
func isGoroutine(line []byte) bool {
	if !bytes.HasPrefix(line, goroutineHead) {
		return false
	}
	_, rest, ok := number(line[len(goroutineHead):], 19)
	return ok && len(rest) > 1 && rest[0] == ' ' && rest[1] == '['
}

// exceptionHead knows "java.lang.IllegalStateException: why" and what a thread says before it.
func exceptionHead(line []byte) bool {
	if bytes.HasPrefix(line, threadHead) {
		return true
	}
	n, dots := 0, 0
	for ; n < len(line) && (letter(line[n]) || digit(line[n]) || line[n] == '.' || line[n] == '_' || line[n] == '$'); n++ {
		if line[n] == '.' {
			dots++
		}
	}
	name := line[:n]
	return dots > 0 && (n == len(line) || line[n] == ':') && (bytes.HasSuffix(name, []byte("Exception")) || bytes.HasSuffix(name, []byte("Error")))
}
