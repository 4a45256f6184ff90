package secret

import (
	"bytes"
	"encoding/base64"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
)

const (
	ownMin = 4  // bytes of a credential that is looked for
	ownMax = 16 // how many are remembered, the newest
)

// own is the credentials of this program, in the forms in which they may come back.
type own struct {
	forms [][]byte
}

var (
	owned   atomic.Pointer[own]
	owning  sync.Mutex
	ownList []string
)

// Own makes a credential of this program a secret in every text from now on, whatever it looks like, as it is and as
// URLs and base64 have it. It may be called from any goroutine; the last ones are remembered.
func Own(credentials ...string) {
	owning.Lock()
	defer owning.Unlock()
	for _, c := range credentials {
		if len(c) < ownMin || slices.Contains(ownList, c) {
			continue
		}
		if ownList = append(ownList, c); len(ownList) > ownMax {
			ownList = slices.Delete(ownList, 0, 1)
		}
		o := new(own)
		for _, c := range ownList {
			o.add(c)
			o.add(url.QueryEscape(c))
			o.add(url.PathEscape(c))
			o.add(base64.StdEncoding.EncodeToString([]byte(c)))
		}
		// The longest first: one may hold another.
		slices.SortStableFunc(o.forms, func(a, b []byte) int { return len(b) - len(a) })
		owned.Store(o)
	}
}

func (o *own) add(form string) {
	if !slices.ContainsFunc(o.forms, func(f []byte) bool { return string(f) == form }) {
		o.forms = append(o.forms, []byte(form))
	}
}

// in reports whether text has one of the credentials, or ends in the beginning of one that was cut.
func (o *own) in(text []byte) bool {
	for _, f := range o.forms {
		if s := find(text, f, 0); s.end > 0 {
			return true
		}
	}
	return false
}

// mask replaces the credentials in text from from on, in place.
func (o *own) mask(text []byte, from int) []byte {
	for _, f := range o.forms {
		for at := from; ; {
			s := find(text, f, at)
			if s.end == 0 {
				break
			}
			text = append(append(text[:s.start], stars...), text[s.end:]...)
			at = s.start + len(stars)
		}
	}
	return text
}

// find returns where f stands in text, at or after from, or the first 8 bytes of it or more at the text's end.
func find(text, f []byte, from int) span {
	head := f[:min(len(f), 8)]
	for {
		n := bytes.Index(text[from:], head)
		if n < 0 {
			return span{}
		}
		from += n
		if rest := text[from:]; bytes.HasPrefix(rest, f) || bytes.HasPrefix(f, rest) {
			return span{from, from + min(len(f), len(rest))}
		}
		from++
	}
}
