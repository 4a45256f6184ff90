package widget

import "strings"

// Contains reports whether text contains part, in large or small letters.
func Contains(text, part string) bool {
	for i := range len(text) - len(part) + 1 {
		if strings.EqualFold(text[i:i+len(part)], part) {
			return true
		}
	}
	return false
}
