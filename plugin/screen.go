package plugin

import (
	"bytes"
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
	r := reader{json.NewDecoder(bytes.NewReader(output))}
	r.UseNumber()
	status, page = Unknown, &Page{}
	err = r.object("", fields{
		"v": func(at string) error {
			v, err := r.number(at)
			if err == nil && v != screenVersion {
				err = fmt.Errorf("%s: this reads version %d only", at, screenVersion)
			}
			return err
		},
		"title":   func(at string) error { return r.text(at, &page.Title) },
		"summary": func(at string) error { return r.text(at, &summary) },
		"status": func(at string) error {
			judged := false
			if err := r.status(at, &status, &judged); err != nil || judged {
				return err
			}
			return fmt.Errorf("%s: null, where a status belongs", at)
		},
		"blocks": func(at string) error {
			return r.array(at, MaxBlocks, "blocks", func(at string, _ int) error {
				page.Blocks = append(page.Blocks, Block{})
				return r.block(at, &page.Blocks[len(page.Blocks)-1])
			})
		},
	}, "v", "status")
	if err == nil {
		if _, more := r.Token(); !errors.Is(more, io.EOF) {
			err = fmt.Errorf("byte %d: something is behind the JSON", r.InputOffset())
		}
	}
	if err != nil {
		return Unknown, "", nil, err
	}
	return status, summary, page, nil
}

// block reads an object with one key, which is the kind of the block.
func (r reader) block(at string, b *Block) error {
	kinds := 0
	kind := func(read func(at string) error) func(string) error {
		return func(at string) error {
			if kinds++; kinds > 1 {
				return fmt.Errorf("%s: a second kind in one block", at)
			}
			return read(at)
		}
	}
	err := r.object(at, fields{
		"kv": kind(func(at string) error {
			return r.array(at, MaxPairs, "pairs", func(at string, _ int) error {
				b.Pairs = append(b.Pairs, Pair{})
				return r.pair(at, &b.Pairs[len(b.Pairs)-1])
			})
		}),
		"table":  kind(func(at string) error { b.Table = &Table{}; return r.table(at, b.Table) }),
		"gauge":  kind(func(at string) error { b.Gauge = &Gauge{}; return r.gauge(at, b.Gauge) }),
		"series": kind(func(at string) error { b.Series = &Series{}; return r.series(at, b.Series) }),
	})
	if err == nil && b.Pairs == nil && b.Table == nil && b.Gauge == nil && b.Series == nil {
		err = fmt.Errorf("%s: nothing is in the block", at)
	}
	return err
}

func (r reader) pair(at string, p *Pair) error {
	n := 0
	err := r.array(at, 3, "texts", func(at string, i int) error {
		n++
		switch i {
		case 0:
			return r.text(at, &p.Name)
		case 1:
			return r.text(at, &p.Value)
		}
		return r.status(at, &p.Status, &p.Judged)
	})
	if err == nil && n < 2 {
		err = fmt.Errorf("%s: %d texts, where a name and a value belong", at, n)
	}
	return err
}

func (r reader) table(at string, t *Table) error {
	var states []Row
	err := r.object(at, fields{
		"columns": func(at string) error {
			return r.array(at, MaxColumns, "columns", func(at string, _ int) error {
				var c Column
				err := r.text(at, &c.Name)
				c.Name, c.Right = strings.CutPrefix(c.Name, ">")
				t.Columns = append(t.Columns, c)
				return err
			})
		},
		"rows": func(at string) error {
			return r.array(at, MaxRows, "rows", func(at string, _ int) error {
				var cells []string
				err := r.array(at, MaxColumns, "cells", func(at string, _ int) error {
					cells = append(cells, "")
					return r.text(at, &cells[len(cells)-1])
				})
				t.Rows = append(t.Rows, Row{Cells: cells})
				return err
			})
		},
		"status": func(at string) error {
			states = []Row{}
			return r.array(at, MaxRows, "rows", func(at string, _ int) error {
				states = append(states, Row{})
				s := &states[len(states)-1]
				return r.status(at, &s.Status, &s.Judged)
			})
		},
	}, "columns", "rows")
	switch {
	case err != nil:
		return err
	case len(t.Columns) == 0:
		return fmt.Errorf("%s.columns: none", at)
	case states != nil && len(states) != len(t.Rows):
		return fmt.Errorf("%s.status: %d for %d rows", at, len(states), len(t.Rows))
	}
	for i := range t.Rows {
		if n := len(t.Rows[i].Cells); n != len(t.Columns) {
			return fmt.Errorf("%s.rows[%d]: %d cells for %d columns", at, i, n, len(t.Columns))
		}
		if states != nil {
			t.Rows[i].Status, t.Rows[i].Judged = states[i].Status, states[i].Judged
		}
	}
	return nil
}

func (r reader) gauge(at string, g *Gauge) error {
	return r.object(at, fields{
		"label": func(at string) error { return r.text(at, &g.Label) },
		"unit":  func(at string) error { return r.unit(at, &g.Unit) },
		"value": func(at string) (err error) {
			if g.Value, err = r.number(at); err == nil && g.Value < 0 {
				err = fmt.Errorf("%s: less than 0", at)
			}
			return err
		},
		"of": func(at string) (err error) {
			if g.Of, err = r.number(at); err == nil && g.Of <= 0 {
				err = fmt.Errorf("%s: not more than 0", at)
			}
			return err
		},
		"status": func(at string) error { return r.status(at, &g.Status, &g.Judged) },
	}, "label", "value", "of")
}

func (r reader) series(at string, s *Series) error {
	return r.object(at, fields{
		"label": func(at string) error { return r.text(at, &s.Label) },
		"unit":  func(at string) error { return r.unit(at, &s.Unit) },
		"points": func(at string) error {
			return r.array(at, MaxPoints, "points", func(at string, _ int) error {
				t, err := r.token(at)
				v := math.NaN()
				if err == nil && t != nil {
					v, err = number(at, t)
				}
				s.Points = append(s.Points, v)
				return err
			})
		},
	}, "label", "points")
}

// reader reads JSON token by token, so that what does not belong is refused where it stands, and nothing deeper than what belongs
// is read. What it reads is at a place, which errors name.
type reader struct{ *json.Decoder }

// fields are what reads the values of an object, by their keys.
type fields map[string]func(at string) error

// object reads an object that has no other keys than these and none twice, but those that it must have.
func (r reader) object(at string, known fields, must ...string) error {
	if err := r.open(at, '{', "an object"); err != nil {
		return err
	}
	seen := make(map[string]bool, len(known))
	for r.More() {
		t, err := r.token(at)
		if err != nil {
			return err
		}
		key, _ := t.(string)
		inner := strings.TrimPrefix(at+"."+key, ".")
		switch {
		case known[key] == nil:
			return fmt.Errorf("%s: no key is called %q", place(at), name(key))
		case seen[key]:
			return fmt.Errorf("%s: a second time", inner)
		}
		seen[key] = true
		if err := known[key](inner); err != nil {
			return err
		}
	}
	if _, err := r.token(at); err != nil {
		return err
	}
	for _, key := range must {
		if !seen[key] {
			return fmt.Errorf("%s: it has no %q", place(at), key)
		}
	}
	return nil
}

// array reads an array of at most so many items, which item reads one by one.
func (r reader) array(at string, most int, things string, item func(at string, i int) error) error {
	if err := r.open(at, '[', "an array"); err != nil {
		return err
	}
	for i := 0; r.More(); i++ {
		if i == most {
			return fmt.Errorf("%s: more than %d %s", at, most, things)
		}
		if err := item(fmt.Sprintf("%s[%d]", at, i), i); err != nil {
			return err
		}
	}
	_, err := r.token(at)
	return err
}

func (r reader) open(at string, want json.Delim, what string) error {
	t, err := r.token(at)
	if err == nil && t != want {
		err = fmt.Errorf("%s: %s, where %s belongs", place(at), kindOf(t), what)
	}
	return err
}

func (r reader) text(at string, to *string) error {
	t, err := r.token(at)
	if err != nil {
		return err
	}
	s, is := t.(string)
	if !is {
		return fmt.Errorf("%s: %s, where a string belongs", at, kindOf(t))
	}
	*to = name(s)
	return nil
}

func (r reader) unit(at string, to *string) error {
	err := r.text(at, to)
	if err == nil && utf8.RuneCountInString(*to) > MaxUnit {
		err = fmt.Errorf("%s: more than %d characters", at, MaxUnit)
	}
	return err
}

// status reads one of the names of a status, or null.
func (r reader) status(at string, to *Status, judged *bool) error {
	t, err := r.token(at)
	if err != nil || t == nil {
		return err
	}
	word, _ := t.(string)
	i := slices.Index(statusNames[:], word)
	if i < 0 {
		return fmt.Errorf("%s: a status is one of %s", at, strings.Join(statusNames[:], ", "))
	}
	*to, *judged = Status(i), true
	return nil
}

func (r reader) number(at string) (float64, error) {
	t, err := r.token(at)
	if err != nil {
		return 0, err
	}
	return number(at, t)
}

func number(at string, t json.Token) (float64, error) {
	n, is := t.(json.Number)
	if !is {
		return 0, fmt.Errorf("%s: %s, where a number belongs", at, kindOf(t))
	}
	v, err := n.Float64()
	if err != nil {
		return 0, fmt.Errorf("%s: a number that is too large", at)
	}
	return v, nil
}

// token returns the next token. An error says where it is.
func (r reader) token(at string) (json.Token, error) {
	t, err := r.Token()
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("%s: the JSON ends too early", place(at))
	case err != nil:
		return nil, fmt.Errorf("%s: no JSON: %s at byte %d", place(at), name(err.Error()), r.InputOffset())
	}
	return t, nil
}

// place is what an error calls a place: that of the whole is empty.
func place(at string) string {
	if at == "" {
		return "screen"
	}
	return at
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
