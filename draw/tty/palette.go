package tty

// Palette is the 16 colours of a console as 0xRRGGBB, in the order of ANSI: black, red, green, yellow, blue, magenta,
// cyan, white, then the bright ones.
type Palette [16]uint32

// LightPalette is dark on a light ground. A font of 512 characters leaves a console in text mode the first eight alone,
// bright ones being drawn as these.
var LightPalette = Palette{
	0xf2f2f2, 0xa80000, 0x006600, 0x804f00, 0x0033a0, 0x7a007a, 0x006470, 0x303030,
	0xb4b4b4, 0xc00000, 0x006e00, 0x8a5500, 0x0040c0, 0x8f008f, 0x00596b, 0x000000,
}

// ResetPalette puts the colours of a console back to the ones it was started with.
const ResetPalette = "\x1b]R"

// SetPalette changes the colours of a console of the kernel, nil puts its own back; other terminals keep theirs. The
// Screen's Fini puts them back too.
//
// Linux: man 4 console_codes, ESC ] P
func (t *Terminal) SetPalette(p *Palette) {
	if !t.console {
		return
	}
	_, _ = t.Write(p.sequence()) // a terminal that is gone is reported elsewhere
}

func (p *Palette) sequence() []byte {
	if p == nil {
		return []byte(ResetPalette)
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
