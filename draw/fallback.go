package draw

import (
	"unicode/utf8"

	"hypervisor-tui/draw/tty"
)

// fallback is what is drawn in place of a character that the font lacks: the nearest of ASCII.
func fallback(r rune) rune {
	switch r {
	case '‐', '‑', '‒', '–', '—', '―', '−', '─', '━', '╌', '╴':
		return '-'
	case '‘', '’', '‚', '′', '‵':
		return '\''
	case '“', '”', '„', '″':
		return '"'
	case '…', '·', '∙':
		return '.'
	case '•', '●', '○', '■', '▪', '◆', '★':
		return '*'
	case '→', '»', '›', '▶', '►':
		return '>'
	case '←', '«', '‹', '◀', '◄':
		return '<'
	case '↑', '▲':
		return '^'
	case '↓', '▼':
		return 'v'
	case '│', '┃', '├', '┤', '║':
		return '|'
	case '┌', '┐', '└', '┘', '┬', '┴', '┼', '╭', '╮', '╯', '╰':
		return '+'
	case '✓', '✔', '√':
		return '+'
	case '✗', '✘', '✕', '×':
		return 'x'
	case '\u00a0', '\u2007', '\u2009', '\u202f':
		return ' '
	case '€':
		return 'E'
	case 'µ', 'μ':
		return 'u'
	}
	if r >= '▀' && r <= '▟' {
		return '#'
	}
	return '?'
}

// drawn is r, or what stands for it in font f. The replacement character itself is a box or a diamond on a console.
func drawn(f *tty.Font, r rune) rune {
	if f == nil || r < utf8.RuneSelf || r != utf8.RuneError && f.Has(r) {
		return r
	}
	return fallback(r)
}

// AppendASCII appends text to dst with all that is not ASCII replaced.
func AppendASCII(dst, text []byte) []byte {
	for _, r := range string(text) {
		if r >= utf8.RuneSelf {
			r = fallback(r)
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}
