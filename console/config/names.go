package config

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"hypervisor-tui/internal/clean"
)

// children returns the names that may stand right below prefix, in the order of keys.
func children(keys []key, prefix string) []string {
	var names []string
	for _, k := range keys {
		rest, below := strings.CutPrefix(k.name, prefix)
		name, _, _ := strings.Cut(rest, ".")
		if below && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// got says in a message what stands there, in no words of the file: whatever file --config names, a link to /etc/shadow
// perhaps, nothing of it gets onto a screen. Of a text or a number it says nothing: the line is named.
func got(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return ", not a mapping"
	case n.Kind == yaml.SequenceNode:
		return fmt.Sprintf(", not a list of %d", len(n.Content))
	case n.ShortTag() == "!!null":
		return ", not nothing"
	}
	return ""
}

// unknown says that a key is not known. It names the known one that is near, and the key itself when hardly more is told
// by that; else those that are known.
func unknown(wrong string, known []string) string {
	said := strings.ToLower(wrong[:min(len(wrong), maxText)])
	best, least := "", 2+len(said)/4
	for _, name := range known {
		d := distance(said, strings.ToLower(name))
		if n := min(len(said), len(name)); n >= 4 && strings.EqualFold(said[:n], name[:n]) { // crit, warning
			d = min(d, 1)
		}
		if d < least {
			best, least = name, d
		}
	}
	switch {
	case best == "":
		return "unknown key (known here: " + strings.Join(known, ", ") + ")"
	case distance(said, strings.ToLower(best)) > 2:
		return fmt.Sprintf("unknown key (did you mean %q?)", best)
	}
	return fmt.Sprintf("unknown key %q (did you mean %q?)", clean.String(wrong), best)
}

// distance is the edit distance: how many bytes must be put in, taken out or replaced to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
