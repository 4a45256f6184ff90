package draw

// Palette is the 16 colours of a console as 0xRRGGBB, in the order of ANSI: black, red, green, yellow, blue, magenta,
// cyan, white, then the bright ones.
type Palette [16]uint32

// resetPalette puts the colours of a console back to the ones it was started with.
const resetPalette = "\x1b]R"

// SetPalette changes the colours of a console of the kernel, nil puts its own back; other terminals keep theirs. The
// Screen's Fini puts them back too.
//
// Linux: man 4 console_codes, ESC ] P
func (t *Tty) SetPalette(p *Palette) {
	if !t.console {
		return
	}
	_, _ = t.Write(p.sequence()) // a terminal that is gone is told elsewhere
}

func (p *Palette) sequence() []byte {
	if p == nil {
		return []byte(resetPalette)
	}
	const hex = "0123456789abcdef"
	var b []byte
	for i, colour := range p {
		b = append(b, 0x1b, ']', 'P', hex[i])
		for shift := 20; shift >= 0; shift -= 4 {
			b = append(b, hex[colour>>shift&15])
		}
	}
	return b
}
