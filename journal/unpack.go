package journal

import (
	"bytes"
	"slices"
)

// Unpack takes a message, which is clean text, apart by the layouts of AppendPayload: what it says, and its own fields in
// their order, but err, error and reason first. The file and line of klog are the field source. A message in no such
// layout says all of itself and has no fields.
func Unpack(text []byte) (says []byte, own []WholeField) {
	text = criPayload(text)
	if _, rest, ok := klogHead(text); ok {
		return unpackKlog(rest)
	}
	if message, _, ok := findMessage(text); ok {
		f := fieldsOf(text)
		for f.next() {
			if len(f.rest) != len(message.rest) {
				own = append(own, f.whole())
			}
		}
		tail, _ := f.end()
		return append(message.appendText(nil), tail...), failuresFirst(own)
	}
	if _, rest, ok := prefixHead(text); ok {
		return rest, nil
	}
	return text, nil
}

// unpackKlog takes apart what follows klog's columns.
func unpackKlog(text []byte) (says []byte, own []WholeField) {
	place, says, ok := bytes.Cut(text, []byte("] "))
	if !ok {
		return text, nil
	}
	if len(says) > 0 && says[0] == '"' {
		if message, rest := cutString(says); len(rest) == 0 || rest[0] == ' ' {
			f := fields{rest: rest, first: true}
			for f.next() {
				own = append(own, f.whole())
			}
			says = append(appendUnquoted(nil, message), f.rest...)
		}
	}
	return says, append(failuresFirst(own), WholeField{Name: "source", Text: place, Full: len(place)})
}

// whole returns the pair as a field of an entry.
func (f *fields) whole() WholeField {
	text := f.appendText(nil)
	return WholeField{Name: string(f.key), Text: text, Full: len(text)}
}

// failuresFirst sorts what says why it failed to the front.
func failuresFirst(own []WholeField) []WholeField {
	slices.SortStableFunc(own, func(a, b WholeField) int { return failureRank(a.Name) - failureRank(b.Name) })
	return own
}

func failureRank(name string) int {
	if f := (fields{key: []byte(name)}); f.role() == failureField {
		return 0
	}
	return 1
}
