package main

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"hypervisor-tui/draw/clean"
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

// got describes a node in a message.
func got(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return fmt.Sprintf("a list of %d", len(n.Content))
	case n.ShortTag() == "!!null":
		return "nothing"
	case n.ShortTag() == "!!str":
		return fmt.Sprintf("%q", short(n.Value))
	}
	return short(n.Value)
}

// short cuts a text from the file to what a message has room for.
func short(s string) string {
	const most = 40
	if runes := []rune(clean.String(s)); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return clean.String(s)
}

// suggestion names the known key that wrong most resembles, or all of them when none is near.
func suggestion(wrong string, known []string) string {
	best, least := "", 2+len(wrong)/4
	for _, name := range known {
		if d := distance(strings.ToLower(wrong), strings.ToLower(name)); d < least {
			best, least = name, d
		}
	}
	if best == "" {
		return " (known here: " + strings.Join(known, ", ") + ")"
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
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
