package widget

import "hypervisor-tui/draw"

// WrapLine cuts off text what goes on a row of n columns: up to a line break, or else to a blank behind its first third, or
// else what fits, at least one rune. The line break or blank is in neither part. more reports whether another row follows.
func WrapLine[T ~string | ~[]byte](text T, n int) (line, rest T, more bool) {
	cut, blank := draw.CutColumns(text, n), 0
	for i := 0; i < len(text) && i <= cut; i++ {
		switch text[i] {
		case '\n':
			return text[:i], text[i+1:], true
		case ' ':
			blank = i
		}
	}
	switch {
	case cut == len(text):
		return text, text[cut:], false
	case blank > cut/3:
		return text[:blank], text[blank+1:], blank+1 < len(text)
	}
	return text[:cut], text[cut:], true
}

// WrapRows is how many rows of n columns text takes, at least one.
func WrapRows[T ~string | ~[]byte](text T, n int) (rows int) {
	for more := true; more; rows++ {
		_, text, more = WrapLine(text, n)
	}
	return rows
}

// Wrapped writes text from column x on, over as many rows of view as it takes, and returns the rest of view. Where hardly any
// columns are left behind x, it begins on the next row, further left.
func Wrapped(view draw.Region, x int, style draw.Style, text string) (rest draw.Region) {
	const few, left = 12, 4
	if x > left && view.W()-x-1 < few {
		x = left
		view.CutTop(1)
	}
	for more := true; more; {
		var line string
		line, text, more = WrapLine(text, max(view.W()-x-1, 1))
		p := view.CutTop(1).Pen(x, 0)
		p.Text(style, line)
	}
	return view
}

// WrappedName is Wrapped for namespace/name.
func WrappedName(view draw.Region, x int, namespace, name string) (rest draw.Region) {
	p := view.Pen(x, 0)
	if namespace != "" {
		p.Text(draw.Dim, namespace).Text(draw.Dim, "/")
	}
	return Wrapped(view, p.X(), draw.Text, name)
}
