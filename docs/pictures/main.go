// Command pictures draws text with colours as a PNG: what tmux capture-pane -e -p prints comes on standard input, the
// picture goes to standard output. The README's pictures are made with it, see shoot.sh.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// palette is the sixteen colours of the kernel's console, in SGR's order.
var palette = [16]color.RGBA{
	{0, 0, 0, 255}, {170, 0, 0, 255}, {0, 170, 0, 255}, {170, 85, 0, 255},
	{0, 0, 170, 255}, {170, 0, 170, 255}, {0, 170, 170, 255}, {170, 170, 170, 255},
	{85, 85, 85, 255}, {255, 85, 85, 255}, {85, 255, 85, 255}, {255, 255, 85, 255},
	{85, 85, 255, 255}, {255, 85, 255, 255}, {85, 255, 255, 255}, {255, 255, 255, 255},
}

// style is what SGR has set.
type style struct {
	fg, bg        color.RGBA
	bold, reverse bool
}

var plain = style{fg: palette[7], bg: palette[0]}

type cell struct {
	r rune
	style
}

func main() {
	dir := flag.String("fonts", "/usr/share/fonts/truetype/dejavu", "the folder of DejaVuSansMono.ttf and DejaVuSansMono-Bold.ttf")
	size := flag.Float64("size", 14, "the font's size in pixels")
	flag.Parse()
	if err := run(os.Stdin, os.Stdout, *dir, *size); err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer, dir string, size float64) error {
	rows, err := parse(in)
	if err != nil {
		return err
	}
	regular, err := face(dir+"/DejaVuSansMono.ttf", size)
	if err != nil {
		return err
	}
	bold, err := face(dir+"/DejaVuSansMono-Bold.ttf", size)
	if err != nil {
		return err
	}
	return (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(out, paint(rows, regular, bold))
}

func face(path string, size float64) (font.Face, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w (Debian: apt-get install fonts-dejavu-core)", err)
	}
	f, err := opentype.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingFull})
}

// parse reads lines of text with SGR sequences. Any other escape sequence is an error: it would move the cursor, and the
// text would not be the picture.
func parse(in io.Reader) ([][]cell, error) {
	var rows [][]cell
	now := plain
	for lines := bufio.NewScanner(in); ; {
		if !lines.Scan() {
			if len(rows) == 0 && lines.Err() == nil {
				return nil, errors.New("no text on standard input")
			}
			return rows, lines.Err()
		}
		var row []cell
		for line := lines.Text(); line != ""; {
			if parameters, ok := strings.CutPrefix(line, "\x1b["); ok {
				var found bool
				if parameters, line, found = strings.Cut(parameters, "m"); !found {
					return nil, fmt.Errorf("line %d: an escape sequence that is no SGR", len(rows)+1)
				}
				if err := now.set(parameters); err != nil {
					return nil, fmt.Errorf("line %d: %w", len(rows)+1, err)
				}
				continue
			}
			for i, r := range line {
				if r == '\x1b' {
					line = line[i:]
					break
				}
				row = append(row, cell{r, now})
				if i+len(string(r)) == len(line) {
					line = ""
				}
			}
		}
		rows = append(rows, row)
	}
}

// set takes in the parameters of one SGR sequence.
func (s *style) set(parameters string) error {
	codes := strings.Split(parameters, ";")
	for i := 0; i < len(codes); i++ {
		n, err := strconv.Atoi(codes[i])
		if err != nil && codes[i] != "" {
			return fmt.Errorf("SGR %q: %w", parameters, err)
		}
		switch {
		case n == 0:
			*s = plain
		case n == 1:
			s.bold = true
		case n == 22:
			s.bold = false
		case n == 7:
			s.reverse = true
		case n == 27:
			s.reverse = false
		case n >= 30 && n <= 37:
			s.fg = palette[n-30]
		case n >= 90 && n <= 97:
			s.fg = palette[n-90+8]
		case n == 39:
			s.fg = plain.fg
		case n >= 40 && n <= 47:
			s.bg = palette[n-40]
		case n >= 100 && n <= 107:
			s.bg = palette[n-100+8]
		case n == 49:
			s.bg = plain.bg
		case n == 2 || n == 3 || n == 4 || n >= 23 && n <= 25: // faint, italic, underline: not drawn
		default:
			return fmt.Errorf("SGR %q: only the sixteen colours are known; start the program with TERM=linux", parameters)
		}
	}
	return nil
}

// paint draws the rows, each cell as wide as the font's advance.
func paint(rows [][]cell, regular, bold font.Face) image.Image {
	advance, _ := regular.GlyphAdvance('M')
	w, metrics := advance.Round(), regular.Metrics()
	ascent := metrics.Ascent.Round()
	h := ascent + metrics.Descent.Round()
	columns := 0
	for _, row := range rows {
		columns = max(columns, len(row))
	}
	picture := image.NewRGBA(image.Rect(0, 0, columns*w, len(rows)*h))
	draw.Draw(picture, picture.Bounds(), image.NewUniform(plain.bg), image.Point{}, draw.Src)
	for y, row := range rows {
		for x, c := range row {
			if c.reverse {
				c.fg, c.bg = c.bg, c.fg
			}
			draw.Draw(picture, image.Rect(x*w, y*h, (x+1)*w, (y+1)*h), image.NewUniform(c.bg), image.Point{}, draw.Src)
			f := regular
			if c.bold {
				f = bold
			}
			d := font.Drawer{Dst: picture, Src: image.NewUniform(c.fg), Face: f, Dot: fixed.P(x*w, y*h+ascent)}
			d.DrawString(string(c.r))
		}
	}
	return picture
}
