package config

import (
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"hypervisor-tui/draw/tty"
	"hypervisor-tui/internal/clean"
)

// Bounds of lists and texts in the file; they keep what one file can cost small and what it says on one screen.
const (
	maxLogs  = 16
	maxList  = 64
	maxFiles = 16 // each pattern is looked at every few seconds
	maxText  = 255
	maxLabel = 20
)

// value is what one key may hold. read stores n in the variable that the value was made for and returns nil, or
// returns the node, n or one below it, that is not what must says.
type value struct {
	must string // completes "must be ..."
	read func(r *reader, n *yaml.Node) (wrong *yaml.Node)
}

// scalar is a value without parts: read reports whether n is what must says.
func scalar(must string, read func(n *yaml.Node) bool) value {
	return value{must, func(_ *reader, n *yaml.Node) *yaml.Node {
		if n.Kind != yaml.ScalarNode || !read(n) {
			return n
		}
		return nil
	}}
}

func duration(d *time.Duration, least, most time.Duration) value {
	must := fmt.Sprintf("a duration from %s to %s, or a number of seconds", span(least), span(most))
	return scalar(must, func(n *yaml.Node) bool {
		*d = parseDuration(n)
		return *d >= least && *d <= most
	})
}

// span is a duration as people write it: 24h and 90s, not 24h0m0s and 1m30s.
func span(d time.Duration) string {
	switch {
	case d > 0 && d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d > 0 && d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s"
}

// parseDuration returns -1 for what is no duration.
func parseDuration(n *yaml.Node) time.Duration {
	switch n.ShortTag() {
	case "!!str":
		if d, err := time.ParseDuration(n.Value); err == nil {
			return d
		}
	case "!!int", "!!float":
		var seconds float64
		// Beyond 292 years (and for .nan and .inf) the conversion to nanoseconds could overflow; no setting is that long.
		if err := n.Decode(&seconds); err == nil && math.Abs(seconds) < 1e9 {
			return time.Duration(seconds * float64(time.Second))
		}
	}
	return -1
}

func whole(i *int, least, most int) value {
	return scalar(fmt.Sprintf("a whole number from %d to %d", least, most), func(n *yaml.Node) bool {
		// The tag first: Decode would take 2.5 for 2.
		return n.ShortTag() == "!!int" && n.Decode(i) == nil && *i >= least && *i <= most
	})
}

func truth(b *bool) value {
	return scalar("true or false", func(n *yaml.Node) bool {
		return n.ShortTag() == "!!bool" && n.Decode(b) == nil
	})
}

func oneOf(s *string, names ...string) value {
	last := len(names) - 1
	must := strings.Join(names[:last], ", ") + " or " + names[last]
	return scalar(must, func(n *yaml.Node) bool {
		*s = n.Value
		return slices.Contains(names, n.Value)
	})
}

func size(s *Size) value {
	return scalar("columns x rows from 1x1 to 400x150, such as 80x24", func(n *yaml.Node) bool {
		var err error
		*s, err = ParseSize(n.Value)
		return err == nil
	})
}

// ParseSize reads WxH, from 1x1 to the largest picture that is drawn.
func ParseSize(text string) (Size, error) {
	w, h, _ := strings.Cut(text, "x")
	width, errW := strconv.Atoi(w)
	height, errH := strconv.Atoi(h)
	if errW != nil || errH != nil || width < 1 || width > 400 || height < 1 || height > 150 {
		return Size{}, fmt.Errorf("size %q is not columns x rows from 1x1 to 400x150, such as 80x24", text)
	}
	return Size{width, height}, nil
}

func absolutePath(s *string) value {
	return scalar("an absolute path", func(n *yaml.Node) bool {
		*s = n.Value
		return path.IsAbs(n.Value) && shown(n) && len(n.Value) < 4096
	})
}

func label(s *string) value {
	must := fmt.Sprintf("a name of at most %d plain characters other than %s", maxLabel, allTab)
	return scalar(must, func(n *yaml.Node) bool {
		*s = n.Value
		return shown(n) && len([]rune(n.Value)) <= maxLabel && n.Value != allTab
	})
}

// shown reports whether n is text that appears on a screen as it stands in the file.
func shown(n *yaml.Node) bool {
	return n.ShortTag() == "!!str" && strings.TrimSpace(n.Value) != "" && clean.String(n.Value) == n.Value
}

func globs(list *[]string) value {
	must := fmt.Sprintf("a list of at most %d globs, such as [veth*, tap?]", maxList)
	return texts(list, must, func(s string) bool {
		_, err := path.Match(s, "")
		return err == nil
	})
}

func unitNames(list *[]string) value {
	must := fmt.Sprintf("a list of 1 to %d unit names without blanks or globs, such as [k3s]", maxList)
	v := texts(list, must, func(s string) bool { return !strings.ContainsAny(s, "*?[ ") && s != ".service" })
	return value{must, func(r *reader, n *yaml.Node) *yaml.Node {
		if len(n.Content) == 0 {
			return n
		}
		wrong := v.read(r, n)
		for i, s := range *list {
			(*list)[i] = strings.TrimSuffix(s, ".service")
		}
		return wrong
	}}
}

func filePatterns(list *[]string) value {
	must := fmt.Sprintf("a list of 1 to %d absolute paths or globs, such as [/var/log/pods/*/*/*.log]", maxFiles)
	v := texts(list, must, func(s string) bool {
		_, err := path.Match(s, "")
		return err == nil && path.IsAbs(s) && s != "/"
	})
	return value{must, func(r *reader, n *yaml.Node) *yaml.Node {
		if len(n.Content) == 0 || len(n.Content) > maxFiles {
			return n
		}
		return v.read(r, n)
	}}
}

// texts is a list of texts that each pass fits.
func texts(list *[]string, must string, fits func(string) bool) value {
	return value{must, func(_ *reader, n *yaml.Node) *yaml.Node {
		if n.Kind != yaml.SequenceNode || len(n.Content) > maxList {
			return n
		}
		*list = make([]string, 0, len(n.Content))
		for _, e := range n.Content {
			if e.Kind != yaml.ScalarNode || !shown(e) || len(e.Value) > maxText || !fits(e.Value) {
				return e
			}
			*list = append(*list, e.Value)
		}
		return nil
	}}
}

// colours is a list of the 16 colours of a console.
func colours(p **tty.Palette) value {
	return value{`a list of 16 colours, such as "#cc0000"`, func(_ *reader, n *yaml.Node) *yaml.Node {
		colours := new(tty.Palette)
		if n.Kind != yaml.SequenceNode || len(n.Content) != len(colours) {
			return n
		}
		for i, e := range n.Content {
			digits, marked := strings.CutPrefix(e.Value, "#")
			v, err := strconv.ParseUint(digits, 16, 24)
			if e.Kind != yaml.ScalarNode || !marked || len(digits) != 6 || err != nil {
				return e
			}
			colours[i] = uint32(v)
		}
		*p = colours
		return nil
	}}
}

// orNull is v or null, which leaves v's variable at its zero value.
func orNull(v value) value {
	return value{v.must + ", or null", func(r *reader, n *yaml.Node) *yaml.Node {
		if n.ShortTag() == "!!null" {
			return nil
		}
		return v.read(r, n)
	}}
}
