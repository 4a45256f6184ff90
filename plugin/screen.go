package plugin

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// screenVersion is the "v" of what ParseScreen reads.
const screenVersion = 1

// ParseScreen reads the screen that a plugin prints, as JSON:
//
//	{"v": 1, "status": "warning", "title": "Ceph", "summary": "1 osd down", "blocks": [
//	  {"kv": [["health", "HEALTH_WARN", "warning"], ["mons", "3"]]},
//	  {"table": {"columns": ["osd", ">used"], "rows": [["osd.3", "81 %"]], "status": ["ok"]}},
//	  {"gauge": {"label": "used", "value": 81, "of": 100, "unit": "%", "status": "ok"}},
//	  {"series": {"label": "iops", "unit": "1/s", "points": [1, null, 3]}}]}
//
// v and status must be there; status is ok, warning, critical or unknown. Of a pair the third text, of a table, whose rows it says
// one by one, and of a gauge, status may be missing, or null, where nothing is judged. A > before the name of a column makes it
// flush right. A point that is null is not known. A text beyond MaxText is cut. Anything else, and more of anything than there
// may be, is an error that names the place.
func ParseScreen(output []byte) (status Status, summary string, page *Page, err error) {
	if len(bytes.TrimSpace(output)) == 0 {
		return Unknown, "", nil, within("", errors.New("it printed nothing"))
	}
	r := reader{json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(output, []byte("\ufeff"))))} // RFC 8259, section 8.1
	r.UseNumber()
	page = &Page{}
	judged := false
	err = r.object(fields{
		"v":       r.version,
		"title":   func() error { return r.text(&page.Title) },
		"summary": func() error { return r.text(&summary) },
		"status":  func() error { return r.status(&status, &judged) },
		"blocks":  func() error { return items(r, &page.Blocks, MaxBlocks, "blocks", r.block) },
	}, "v", "status")
	if err == nil && !judged {
		err = within(".status", errors.New("null, where a status belongs"))
	}
	if err == nil {
		if _, more := r.Token(); !errors.Is(more, io.EOF) {
			err = fmt.Errorf("something is behind it, at byte %d", r.InputOffset())
		}
	}
	if err != nil {
		return Unknown, "", nil, within("", err)
	}
	return status, summary, page, nil
}

func (r reader) version() error {
	v := 0.0
	err := r.number(&v)
	if err == nil && v != screenVersion {
		err = fmt.Errorf("this reads version %d only", screenVersion)
	}
	return err
}

// block reads an object with one key, which is the kind of the block.
func (r reader) block(b *Block) error {
	kinds := 0
	kind := func(read func() error) func() error {
		return func() error {
			if kinds++; kinds > 1 {
				return errors.New("a second kind in one block")
			}
			return read()
		}
	}
	err := r.object(fields{
		"kv":     kind(func() error { return items(r, &b.Pairs, MaxPairs, "pairs", r.pair) }),
		"table":  kind(func() error { b.Table = &Table{}; return r.table(b.Table) }),
		"gauge":  kind(func() error { b.Gauge = &Gauge{}; return r.gauge(b.Gauge) }),
		"series": kind(func() error { b.Series = &Series{}; return r.series(b.Series) }),
	})
	if err == nil && b.Pairs == nil && b.Table == nil && b.Gauge == nil && b.Series == nil {
		err = errors.New("nothing is in the block")
	}
	return err
}

func (r reader) pair(p *Pair) error {
	n := 0
	err := r.array(3, "texts", func(i int) error {
		n++
		switch i {
		case 0:
			return r.text(&p.Name)
		case 1:
			return r.text(&p.Value)
		}
		return r.status(&p.Status, &p.Judged)
	})
	if err == nil && n < 2 {
		err = fmt.Errorf("%d texts, where a name and a value belong", n)
	}
	p.Value = value(p.Name, p.Value)
	return err
}

func (r reader) table(t *Table) error {
	states := []Row(nil)
	err := r.object(fields{
		"columns": func() error { return items(r, &t.Columns, MaxColumns, "columns", r.column) },
		"rows": func() error {
			return items(r, &t.Rows, MaxRows, "rows", func(row *Row) error { return items(r, &row.Cells, MaxColumns, "cells", r.text) })
		},
		"status": func() error {
			states = []Row{} // not nil, even if there are none
			return items(r, &states, MaxRows, "rows", func(row *Row) error { return r.status(&row.Status, &row.Judged) })
		},
	}, "columns", "rows")
	switch {
	case err != nil:
		return err
	case len(t.Columns) == 0:
		return within(".columns", errors.New("none"))
	case states != nil && len(states) != len(t.Rows):
		return within(".status", fmt.Errorf("%d for %d rows", len(states), len(t.Rows)))
	}
	for i := range t.Rows {
		if n := len(t.Rows[i].Cells); n != len(t.Columns) {
			return within(fmt.Sprintf(".rows[%d]", i), fmt.Errorf("%d cells for %d columns", n, len(t.Columns)))
		}
		for j := range t.Columns {
			t.Rows[i].Cells[j] = value(t.Columns[j].Name, t.Rows[i].Cells[j])
		}
		if states != nil {
			t.Rows[i].Status, t.Rows[i].Judged = states[i].Status, states[i].Judged
		}
	}
	return nil
}

func (r reader) column(c *Column) error {
	err := r.text(&c.Name)
	c.Name, c.Right = strings.CutPrefix(c.Name, ">")
	return err
}

func (r reader) gauge(g *Gauge) error {
	err := r.object(fields{
		"label":  func() error { return r.text(&g.Label) },
		"unit":   func() error { return r.unit(&g.Unit) },
		"value":  func() error { return r.number(&g.Value) },
		"of":     func() error { return r.number(&g.Of) },
		"status": func() error { return r.status(&g.Status, &g.Judged) },
	}, "label", "value", "of")
	switch {
	case err != nil:
		return err
	case g.Value < 0:
		return within(".value", errors.New("less than 0"))
	case g.Of <= 0:
		return within(".of", errors.New("not more than 0"))
	}
	return nil
}

func (r reader) series(s *Series) error {
	return r.object(fields{
		"label":  func() error { return r.text(&s.Label) },
		"unit":   func() error { return r.unit(&s.Unit) },
		"points": func() error { return items(r, &s.Points, MaxPoints, "points", r.point) },
	}, "label", "points")
}

func (r reader) point(to *float64) error {
	t, err := r.token()
	if *to = math.NaN(); err != nil || t == nil {
		return err
	}
	return toNumber(to, t)
}

// reader reads JSON token by token, so that what does not belong is refused where it stands, and nothing deeper than what belongs
// is read.
type reader struct{ *json.Decoder }

// fields are what reads the values of an object, by their keys.
type fields map[string]func() error

// object reads an object that has no other keys than these and none twice, and those that it must have.
func (r reader) object(known fields, must ...string) error {
	if err := r.open('{', "an object"); err != nil {
		return err
	}
	seen := make(map[string]bool, len(known))
	for r.More() {
		t, err := r.token()
		if err != nil {
			return err
		}
		key, _ := t.(string)
		read := known[key]
		if read == nil {
			return fmt.Errorf("no key is called %q", name(key))
		}
		if err = read(); seen[key] {
			err = errors.New("a second time")
		}
		if err != nil {
			return within("."+key, err)
		}
		seen[key] = true
	}
	if _, err := r.token(); err != nil {
		return err
	}
	for _, key := range must {
		if !seen[key] {
			return fmt.Errorf("it has no %q", key)
		}
	}
	return nil
}

// array reads an array of at most so many things, which item reads one by one.
func (r reader) array(most int, things string, item func(i int) error) error {
	if err := r.open('[', "an array"); err != nil {
		return err
	}
	for i := 0; r.More(); i++ {
		if i == most {
			return fmt.Errorf("more than %d %s", most, things)
		}
		if err := item(i); err != nil {
			return within(fmt.Sprintf("[%d]", i), err)
		}
	}
	_, err := r.token()
	return err
}

// items reads an array as the items of a slice.
func items[T any](r reader, to *[]T, most int, things string, read func(*T) error) error {
	return r.array(most, things, func(i int) error {
		*to = append(*to, *new(T))
		return read(&(*to)[i])
	})
}

func (r reader) open(want json.Delim, what string) error {
	t, err := r.token()
	if err == nil && t != want {
		err = fmt.Errorf("%s, where %s belongs", kindOf(t), what)
	}
	return err
}

func (r reader) text(to *string) error {
	t, err := r.token()
	if err != nil {
		return err
	}
	s, is := t.(string)
	if !is {
		return fmt.Errorf("%s, where a string belongs", kindOf(t))
	}
	*to = name(s)
	return nil
}

func (r reader) unit(to *string) error {
	err := r.text(to)
	if err == nil && utf8.RuneCountInString(*to) > MaxUnit {
		err = fmt.Errorf("more than %d characters", MaxUnit)
	}
	return err
}

// status reads one of the names of a status, or null.
func (r reader) status(to *Status, judged *bool) error {
	t, err := r.token()
	if err != nil || t == nil {
		return err
	}
	word, _ := t.(string)
	i := slices.Index(statusNames[:], word)
	if i < 0 {
		return fmt.Errorf("a status is one of %s", strings.Join(statusNames[:], ", "))
	}
	*to, *judged = Status(i), true
	return nil
}

func (r reader) number(to *float64) error {
	t, err := r.token()
	if err != nil {
		return err
	}
	return toNumber(to, t)
}

func toNumber(to *float64, t json.Token) (err error) {
	n, is := t.(json.Number)
	if !is {
		return fmt.Errorf("%s, where a number belongs", kindOf(t))
	}
	if *to, err = n.Float64(); err != nil {
		return errors.New("a number that is too large")
	}
	return nil
}

func (r reader) token() (json.Token, error) {
	t, err := r.Token()
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errors.New("the JSON ends too early")
	case err != nil:
		return nil, fmt.Errorf("no JSON: %s at byte %d", name(err.Error()), r.InputOffset())
	}
	return t, nil
}

func kindOf(t json.Token) string {
	switch t := t.(type) {
	case json.Delim:
		return map[json.Delim]string{'{': "an object", '[': "an array"}[t]
	case string:
		return "a string"
	case json.Number:
		return "a number"
	case bool:
		return "true or false"
	}
	return "null"
}

// misplaced is what is wrong at a place of the JSON, such as .blocks[2].table; empty: with the whole.
type misplaced struct {
	place string
	err   error
}

func (e *misplaced) Error() string {
	return cmp.Or(strings.TrimPrefix(e.place, "."), "screen") + ": " + e.err.Error()
}

// within returns err with one more step in front of its place.
func within(step string, err error) error {
	if e, is := err.(*misplaced); is {
		return &misplaced{step + e.place, e.err}
	}
	return &misplaced{step, err}
}
