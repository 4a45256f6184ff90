package tty

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Font is the set of characters that a console's font has. It never changes once it is made. The nil Font has all.
type Font struct {
	has [(1 << 16) / 64]uint64 // a console's map has 16 bits
}

// NewFont returns the font that has ASCII and the given characters.
func NewFont(characters string) *Font {
	f := new(Font)
	for r := rune(' '); r < 0x7f; r++ {
		f.add(r)
	}
	for _, r := range characters {
		f.add(r)
	}
	return f
}

func (f *Font) add(r rune) {
	if r >= 0 && r < 1<<16 {
		f.has[r/64] |= 1 << (r % 64)
	}
}

// Has reports whether the font has r.
func (f *Font) Has(r rune) bool {
	return f == nil || r >= 0 && r < 1<<16 && f.has[r/64]&(1<<(r%64)) != 0
}

// HasAll reports whether the font has every character of text.
func (f *Font) HasAll(text string) bool {
	for _, r := range text {
		if !f.Has(r) {
			return false
		}
	}
	return true
}

// The requests of the kernel's console that are not in x/sys. Kernel: include/uapi/linux/kd.h
const (
	getKeyboardType = 0x4b33 // KDGKBTYPE
	getUnicodeMap   = 0x4b66 // GIO_UNIMAP
)

// unicodePair is struct unipair: one character of a font and its place there.
type unicodePair struct {
	unicode uint16
	_       uint16 // its place
}

// unicodeMap is struct unimapdesc.
type unicodeMap struct {
	count   uint16
	entries *unicodePair
}

// isConsole reports whether fd is one of the kernel's virtual consoles: nothing else has this keyboard.
func isConsole(fd int) bool {
	var kind [4]byte // the kernel writes one byte
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), getKeyboardType, uintptr(unsafe.Pointer(&kind)))
	return errno == 0
}

// fontReader asks a console for its font, from kept memory.
type fontReader struct {
	pairs []unicodePair
	font  Font
}

// read makes r.font what the font of the console fd has, and reports whether the console told.
func (r *fontReader) read(fd int) bool {
	if r.pairs == nil {
		r.pairs = make([]unicodePair, 1024) // more than the map of most fonts of 512 characters
	}
	for range 2 {
		m := unicodeMap{count: uint16(len(r.pairs)), entries: &r.pairs[0]}
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), getUnicodeMap, uintptr(unsafe.Pointer(&m)))
		switch {
		case errno == unix.ENOMEM && int(m.count) > len(r.pairs): // count is now how many there are
			r.pairs = make([]unicodePair, m.count)
		case errno != 0 || m.count == 0 || int(m.count) > len(r.pairs):
			return false
		default:
			r.font.set(r.pairs[:m.count])
			return true
		}
	}
	return false
}

func (f *Font) set(pairs []unicodePair) {
	clear(f.has[:])
	f.add(' ')
	for _, p := range pairs {
		f.add(rune(p.unicode))
	}
}

// Console reports whether the terminal is one of the kernel's virtual consoles, as /dev/tty1 is.
func (t *Terminal) Console() bool { return t.console }

// Font asks the console which characters its font has; nil when the terminal is none or does not tell. It returns old
// when that is the same, and then allocates nothing. Nothing tells of another font: ask again now and then.
//
// The answer may take long: the kernel gives it under the lock that its own messages are printed with. Nothing else of
// the Tty waits for that.
func (t *Terminal) Font(old *Font) *Font {
	t.fontMu.Lock()
	defer t.fontMu.Unlock()
	if !t.console {
		return nil
	}
	told := false
	conn, err := t.line.file.SyscallConn()
	if err == nil {
		err = conn.Control(func(fd uintptr) { told = t.fonts.read(int(fd)) })
	}
	if err != nil || !told {
		return nil
	}
	if old != nil && old.has == t.fonts.font.has {
		return old
	}
	font := t.fonts.font
	return &font
}
