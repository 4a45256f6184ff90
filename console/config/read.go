package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"hypervisor-tui/internal/clean"
)

// maxConfig is the largest file that is read, in bytes. The parser takes some 200 bytes of memory for each of them,
// and a rescue system has little.
const maxConfig = 64 << 10

// maxProblems is how many problems of one file are told; the rest is counted.
const maxProblems = 20

// Load reads the file at path. An empty path means the default one, which may be missing. The error has one line
// for each problem, each with the file's name, the line, what is wrong and what would be right. With an error comes
// DefaultConfig, for a console that must not stay dark. It does not block on a FIFO or a device: it refuses them.
func Load(path string) (Config, error) {
	given := path != ""
	if !given {
		path = DefaultPath
	}
	text, err := readConfig(path)
	if !given && errors.Is(err, fs.ErrNotExist) {
		return Default(), nil
	}
	if err != nil {
		return Default(), fmt.Errorf("read config: %w", err)
	}
	return parseConfig(filepath.Base(path), text)
}

// readConfig returns the text of a regular file of at most maxConfig bytes.
func readConfig(path string) ([]byte, error) {
	// Stat before open, as opening is an act on some devices. O_NONBLOCK, as a FIFO may still come between the two.
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file: name a YAML file", path)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err == nil && len(text) > maxConfig {
		err = fmt.Errorf("%s is larger than %d KiB: this is not a configuration", path, maxConfig>>10)
	}
	return text, err
}

// parseConfig is LoadConfig for a text in memory; file is its name in messages.
func parseConfig(file string, text []byte) (Config, error) {
	r := reader{file: file, lines: map[string]int{}}
	var c Config
	if root := r.parse(text); len(r.problems) == 0 {
		r.mapping(root, "", "", c.keys())
		r.defaults(1, "", c.keys())
		r.relations(&c)
	}
	if len(r.problems) > 0 {
		return Default(), r.err()
	}
	return c, nil
}

// relations settles what depends on more than one key. It does nothing for a file with problems: there the values are
// not all known.
func (r *reader) relations(c *Config) {
	if len(r.problems) > 0 {
		return
	}
	if c.Profile == Rescue && r.lines["logBufferSize"] == 0 {
		r.fallback(key{"logBufferSize", rescueLogBuffer, whole(&c.LogBufferSize, 1, 1_000_000), ""}, "")
	}
	if c.Profile == Rescue && r.lines["history.enable"] == 0 {
		c.History.Enable = false
	}
	t := &c.Thresholds
	r.below("thresholds.cpu", &t.CPU)
	r.below("thresholds.memory", &t.Memory)
	r.below("thresholds.filesystem", &t.Filesystem)
	r.serving(&c.Serve)
	r.asking(&c.Peers)
	r.questioning(&c.Prometheus)
	r.acting(&c.Actions)
}

func (r *reader) below(name string, t *Threshold) {
	if t.Warn >= t.Critical {
		line := max(r.lines[name+".warn"], r.lines[name+".critical"])
		r.problem(line, "%s: warn (%d) must be below critical (%d)", name, t.Warn, t.Critical)
	}
	switch line := r.lines[name+".margin"]; {
	case t.Margin < t.Warn:
	case line == 0: // the default is too wide for a limit as low as that
		t.Margin = t.Warn - 1
	default:
		r.problem(line, "%s: margin (%d) must be below warn (%d)", name, t.Margin, t.Warn)
	}
}

// reader walks one file and gathers what is wrong with it.
type reader struct {
	file     string
	lines    map[string]int // where each key stands, by its full name; defaults have no line
	place    string         // full name of the key whose value is read
	problems []error
	more     int // problems beyond maxProblems
}

// problem records one line for the operator. It quotes nothing of the file but a key that is near a known one.
func (r *reader) problem(line int, format string, a ...any) {
	if len(r.problems) == maxProblems {
		r.more++
		return
	}
	at := r.file
	if line > 0 {
		at = fmt.Sprintf("%s:%d", r.file, line)
	}
	r.problems = append(r.problems, errors.New(clean.String(at+": "+fmt.Sprintf(format, a...))))
}

func (r *reader) err() error {
	if r.more > 0 {
		r.problems = append(r.problems, fmt.Errorf("%s: and %d more problems", clean.String(r.file), r.more))
	}
	return errors.Join(r.problems...)
}

// parse returns the file's one document, or an empty node when it has none.
func (r *reader) parse(text []byte) *yaml.Node {
	nothing := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}
	if line, bad := strange(text); bad {
		r.problem(line, "holds a byte that is not UTF-8 text: save the file as UTF-8")
		return nothing
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var first, second yaml.Node
	err := decoder.Decode(&first)
	if errors.Is(err, io.EOF) {
		return nothing
	}
	if err == nil {
		if err = decoder.Decode(&second); err == nil {
			r.problem(second.Line, "a second document starts here: it would not be read, remove it")
		} else if errors.Is(err, io.EOF) {
			err = nil
		}
	}
	if err != nil {
		r.syntax(err)
		return nothing
	}
	r.plain(&first)
	return first.Content[0]
}

// strange finds the first line with something that is neither UTF-8 nor text.
func strange(text []byte) (line int, found bool) {
	for i, c := range string(text) {
		control := c < ' ' && c != '\t' && c != '\n' && c != '\r'
		if control || c == utf8.RuneError && !bytes.HasPrefix(text[i:], []byte("\uFFFD")) {
			return bytes.Count(text[:i], []byte("\n")) + 1, true
		}
	}
	return 0, false
}

// syntax records a parser's error. The parser names the line where the broken block starts, or the one before it.
func (r *reader) syntax(err error) {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	var line int
	if n, _ := fmt.Sscanf(text, "line %d:", &line); n == 1 {
		_, text, _ = strings.Cut(text, ": ")
	}
	if quotes(text) {
		text = "this is not YAML"
	}
	r.problem(line, "%s: look near here for a wrong indentation, quote or bracket", text)
}

// quotes reports whether a parser's error may quote the file: it names more than a sign.
func quotes(text string) bool {
	for {
		open := strings.IndexAny(text, "'\"`")
		if open < 0 {
			return false
		}
		end := strings.IndexByte(text[open+1:], text[open])
		if end < 0 || end > 1 {
			return true
		}
		text = text[open+end+2:]
	}
}

// plain refuses anchors, aliases and tags anywhere below n: the walk then sees each value once, as it is written.
func (r *reader) plain(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 {
		r.problem(n.Line, "anchors (&), aliases (*) and tags (!) are not read here: write the value itself")
		return false
	}
	for _, child := range n.Content {
		if !r.plain(child) {
			return false
		}
	}
	return true
}

// entries is a list of at most most mappings, each of which must have each key that has no default. name is that of an entry, which
// no other may have; nil: they have none. check finds what contradicts itself in an entry whose keys are each right, which stands at
// a place and begins on a line; nil: nothing can.
func entries[T any](list *[]T, most int, keys func(*T) []key, name func(*T) string, check func(r *reader, e *T, at string, line int)) value {
	must := fmt.Sprintf("a list of at most %d entries {%s}", most, strings.Join(children(keys(new(T)), ""), ", "))
	return value{must, func(r *reader, n *yaml.Node) *yaml.Node {
		if n.Kind != yaml.SequenceNode || len(n.Content) > most {
			return n
		}
		*list = make([]T, len(n.Content))
		place, lines := r.place, map[string]int{}
		for i, node := range n.Content {
			e, at, problems := &(*list)[i], fmt.Sprintf("%s[%d]", place, i), len(r.problems)
			if known := keys(e); r.mapping(node, at+".", "", known) {
				r.defaults(node.Line, at+".", known)
			}
			if check != nil && len(r.problems) == problems {
				check(r, e, at, node.Line)
			}
			if name == nil || name(e) == "" {
				continue
			}
			if line, twice := lines[name(e)]; twice {
				r.problem(node.Line, "%s.name is already used on line %d", at, line)
			}
			lines[name(e)] = node.Line
		}
		return nil
	}}
}

// mapping reads the keys of n. at stands before them in messages, prefix before them both there and in keys. Null is
// an empty mapping: all that was in it is commented out.
func (r *reader) mapping(n *yaml.Node, at, prefix string, keys []key) bool {
	if n.Kind != yaml.MappingNode {
		if n.ShortTag() == "!!null" {
			return true
		}
		where := strings.TrimSuffix(at+prefix, ".")
		if where == "" {
			where = "the file"
		}
		r.problem(n.Line, "%s must be a mapping of %s%s", where, strings.Join(children(keys, prefix), ", "), got(n))
		return false
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		r.pair(n.Content[i], n.Content[i+1], at, prefix, keys)
	}
	return true
}

func (r *reader) pair(name, v *yaml.Node, at, prefix string, keys []key) {
	full := at + prefix + name.Value
	known := children(keys, prefix)
	switch {
	case name.Kind != yaml.ScalarNode || !slices.Contains(known, name.Value):
		r.problem(name.Line, "%s", unknown(name.Value, known))
		return
	case r.lines[full] != 0:
		r.problem(name.Line, "%s is already set on line %d: remove one", full, r.lines[full])
		return
	}
	r.lines[full] = name.Line
	for _, k := range keys {
		if k.name == prefix+name.Value {
			r.value(k, at, v)
			return
		}
	}
	r.mapping(v, at, prefix+name.Value+".", keys)
}

func (r *reader) value(k key, at string, n *yaml.Node) {
	r.place = at + k.name
	if wrong := k.value.read(r, n); wrong != nil {
		r.problem(wrong.Line, "%s must be %s%s", at+k.name, k.value.must, got(wrong))
	}
}

// defaults fills what the file did not set. line is where the mapping starts.
func (r *reader) defaults(line int, at string, keys []key) {
	for _, k := range keys {
		switch {
		case r.lines[at+k.name] != 0:
		case k.fallback == "":
			r.problem(line, "%s is missing: it must be %s", at+k.name, k.value.must)
		default:
			r.fallback(k, at)
		}
	}
}

// fallback takes the default of k. Most are plain scalars, which need no parser: those would take milliseconds of each start.
func (r *reader) fallback(k key, at string) {
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: k.fallback}
	if strings.ContainsAny(k.fallback, "[{\"\n") {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(k.fallback), &doc); err != nil {
			r.problem(0, "default of %s: %v", k.name, err)
			return
		}
		n = doc.Content[0]
	}
	r.value(k, at, n)
}
