package plugin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
)

// ceph is a screen with all that one can have.
const ceph = `{"v": 1, "title": "Ceph", "status": "warning", "summary": "1 osd down", "blocks": [
	{"kv": [["health", "HEALTH_WARN", "warning"], ["mons", "3"]]},
	{"table": {"columns": ["osd", "used", ">rate"], "rows": [["osd.3", "81 %", "12 MiB/s"], ["osd.4", "", "0"]], "status": ["ok", null]}},
	{"gauge": {"label": "used", "value": 81, "of": 100, "unit": "%", "status": "critical"}},
	{"gauge": {"label": "free", "value": 1.5, "of": 3}},
	{"series": {"label": "iops", "unit": "1/s", "points": [1, null, -3e2]}},
	{"table": {"columns": ["none"], "rows": []}}, {"series": {"label": "new", "points": []}}]}
`

func TestParseScreen(t *testing.T) {
	status, summary, page, err := ParseScreen([]byte(ceph))
	if err != nil || status != Warning || summary != "1 osd down" || page.Title != "Ceph" || len(page.Blocks) != 7 {
		t.Fatalf("%v %q %+v, %v", status, summary, page, err)
	}
	points := page.Blocks[4].Series.Points
	if len(points) != 3 || !math.IsNaN(points[1]) {
		t.Fatalf("%v", points)
	}
	points[1] = 0 // so that it is equal to itself
	want := []Block{
		{Pairs: []Pair{{"health", "HEALTH_WARN", Warning, true}, {Name: "mons", Value: "3"}}},
		{Table: &Table{
			Columns: []Column{{Name: "osd"}, {Name: "used"}, {"rate", true}},
			Rows:    []Row{{[]string{"osd.3", "81 %", "12 MiB/s"}, OK, true}, {Cells: []string{"osd.4", "", "0"}}},
		}},
		{Gauge: &Gauge{"used", 81, 100, "%", Critical, true}},
		{Gauge: &Gauge{Label: "free", Value: 1.5, Of: 3}},
		{Series: &Series{"iops", "1/s", []float64{1, 0, -300}}},
		{Table: &Table{Columns: []Column{{Name: "none"}}}},
		{Series: &Series{Label: "new"}},
	}
	for i, b := range page.Blocks {
		if !reflect.DeepEqual(b, want[i]) {
			t.Errorf("block %d: %+v, want %+v", i, b, want[i])
		}
	}
	_, summary, page, err = ParseScreen([]byte(`{"v":1.0,"status":"ok","summary":"a\u001b[31m\nb` + "\xff" + ` password=hunter2secret","title":"` + strings.Repeat("é", MaxText) + `"}`))
	if err != nil || summary != "a\ufffd^Jb\ufffd password=***" || len(page.Title) > MaxText || !strings.HasSuffix(page.Title, "é…") {
		t.Errorf("%q %q, %v", summary, page.Title, err)
	}
}

// TestParseScreenSecrets: what a name says is a secret is hidden, in pairs and in tables, and words about one are not.
func TestParseScreenSecrets(t *testing.T) {
	_, _, page, err := ParseScreen([]byte(`{"v":1,"status":"ok","blocks":[{"kv":[["password","hunter2"],["token","expired"],["osd","3"]]},
		{"table":{"columns":["node",">token"],"rows":[["a1","k10abc123"],["b2",""]]}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(page.Blocks[0].Pairs, page.Blocks[1].Table.Rows),
		"[{password *** ok false} {token expired ok false} {osd 3 ok false}] [{[a1 ***] ok false} {[b2 ] ok false}]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// block is a screen of one block.
func block(text string) string { return `{"v":1,"status":"ok","blocks":[` + text + `]}` }

// repeated is a JSON array of that many items.
func repeated(n int, item string) string {
	return "[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]"
}

// screens are screens that are refused, and why. Where they are taken, why is empty.
var screens = []struct{ text, why string }{
	{`{"v":1,"status":"ok"}`, ""},
	{` {"status":"unknown","blocks":[],"v":1} ` + "\n\t", ""},
	{"\ufeff" + `{"v":1,"status":"ok"}`, ""},
	{``, "screen: it printed nothing"},
	{" \n", "screen: it printed nothing"},
	{`{"v":1,"status":"ok"`, "screen: the JSON ends too early"},
	{`{"v":1,"status":"ok"}{}`, "screen: something is behind it, at byte "},
	{`{"v":1,"status":"ok"} x`, "screen: something is behind it, at byte "},
	{`{"v":1,"status":"ok",}`, "screen: no JSON: "},
	{`{v:1}`, "screen: no JSON: "},
	{`{"v":NaN,"status":"ok"}`, "v: no JSON: "},
	{`[]`, "screen: an array, where an object belongs"},
	{`"x"`, "screen: a string, where an object belongs"},
	{`null`, "screen: null, where an object belongs"},
	{`Traceback (most recent call last):`, "screen: no JSON: "},
	{`{"status":"ok"}`, `screen: it has no "v"`},
	{`{"v":2,"status":"ok"}`, "v: this reads version 1 only"},
	{`{"v":"1","status":"ok"}`, "v: a string, where a number belongs"},
	{`{"v":null,"status":"ok"}`, "v: null, where a number belongs"},
	{`{"v":1}`, `screen: it has no "status"`},
	{`{"v":1,"status":"OK"}`, "status: a status is one of ok, warning, critical, unknown"},
	{`{"v":1,"status":0}`, "status: a status is one of "},
	{`{"v":1,"status":null}`, "status: null, where a status belongs"},
	{`{"v":1,"status":"ok","V":1}`, `screen: no key is called "V"`},
	{`{"v":1,"status":"ok","a` + "\\u001b[31m" + `b":1}`, "screen: no key is called \"a\ufffdb\""},
	{`{"` + strings.Repeat("x", 2*MaxText) + `":1}`, `screen: no key is called "xxx`},
	{`{"v":1,"v":1,"status":"ok"}`, "v: a second time"},
	{`{"v":1,"status":"ok","title":5}`, "title: a number, where a string belongs"},
	{`{"v":1,"status":"ok","summary":true}`, "summary: true or false, where a string belongs"},
	{`{"v":1,"status":"ok","summary":{}}`, "summary: an object, where a string belongs"},
	{`{"v":1,"status":"ok","blocks":{}}`, "blocks: an object, where an array belongs"},
	{`{"v":1,"status":"ok","blocks":null}`, "blocks: null, where an array belongs"},
	{block(``), ""},
	{block(`{}`), "blocks[0]: nothing is in the block"},
	{block(`{"kv":[]}`), "blocks[0]: nothing is in the block"},
	{block(`5`), "blocks[0]: a number, where an object belongs"},
	{block(`{"kv":[["a","b"]],"gauge":{}}`), "blocks[0].gauge: a second kind in one block"},
	{block(`{"kv":[["a","b"]]},{"chart":1}`), `blocks[1]: no key is called "chart"`},
	{`{"v":1,"status":"ok","blocks":` + repeated(MaxBlocks, `{"kv":[["a","b"]]}`) + `}`, ""},
	{`{"v":1,"status":"ok","blocks":` + repeated(MaxBlocks+1, `{"kv":[["a","b"]]}`) + `}`, "blocks: more than 8 blocks"},

	{block(`{"kv":[["a","b",null]]}`), ""},
	{block(`{"kv":[["a"]]}`), "blocks[0].kv[0]: 1 texts, where a name and a value belong"},
	{block(`{"kv":[["a","b"],["a",1]]}`), "blocks[0].kv[1][1]: a number, where a string belongs"},
	{block(`{"kv":[["a","b","red"]]}`), "blocks[0].kv[0][2]: a status is one of "},
	{block(`{"kv":[["a","b","ok","d"]]}`), "blocks[0].kv[0]: more than 3 texts"},
	{block(`{"kv":{"a":"b"}}`), "blocks[0].kv: an object, where an array belongs"},
	{block(`{"kv":` + repeated(MaxPairs, `["a","b"]`) + `}`), ""},
	{block(`{"kv":` + repeated(MaxPairs+1, `["a","b"]`) + `}`), "blocks[0].kv: more than 200 pairs"},

	{block(`{"table":{"rows":[],"columns":["a"]}}`), ""},
	{block(`{"table":{"columns":["a"]}}`), `blocks[0].table: it has no "rows"`},
	{block(`{"table":{"rows":[]}}`), `blocks[0].table: it has no "columns"`},
	{block(`{"table":{"columns":[],"rows":[]}}`), "blocks[0].table.columns: none"},
	{block(`{"table":{"status":["ok"],"rows":[["x","y"]],"columns":["a",">"]}}`), ""},
	{block(`{"table":{"columns":["a","b"],"rows":[["x","y"],["x","y","z"]]}}`), "blocks[0].table.rows[1]: 3 cells for 2 columns"},
	{block(`{"table":{"columns":["a","b"],"rows":[["x"]]}}`), "blocks[0].table.rows[0]: 1 cells for 2 columns"},
	{block(`{"table":{"columns":["a"],"rows":[[1]]}}`), "blocks[0].table.rows[0][0]: a number, where a string belongs"},
	{block(`{"table":{"columns":["a"],"rows":[["x"]],"status":[]}}`), "blocks[0].table.status: 0 for 1 rows"},
	{block(`{"table":{"columns":["a"],"rows":[["x"]],"status":["ok","ok"]}}`), "blocks[0].table.status: 2 for 1 rows"},
	{block(`{"table":{"columns":["a"],"columns":["a"],"rows":[]}}`), "blocks[0].table.columns: a second time"},
	{block(`{"table":{"columns":` + repeated(MaxColumns, `"a"`) + `,"rows":` + repeated(3, repeated(MaxColumns, `"a"`)) + `}}`), ""},
	{block(`{"table":{"columns":` + repeated(MaxColumns+1, `"a"`) + `,"rows":[]}}`), "blocks[0].table.columns: more than 64 columns"},
	{block(`{"table":{"columns":["a"],"rows":` + repeated(MaxRows, `["a"]`) + `}}`), ""},
	{block(`{"table":{"columns":["a"],"rows":` + repeated(MaxRows+1, `["a"]`) + `}}`), "blocks[0].table.rows: more than 200 rows"},

	{block(`{"gauge":{"label":"a","value":0,"of":1,"status":null}}`), ""},
	{block(`{"gauge":{"value":0,"of":1}}`), `blocks[0].gauge: it has no "label"`},
	{block(`{"gauge":{"label":"a","value":0}}`), `blocks[0].gauge: it has no "of"`},
	{block(`{"gauge":{"label":"a","value":null,"of":1}}`), "blocks[0].gauge.value: null, where a number belongs"},
	{block(`{"gauge":{"label":"a","value":"1","of":1}}`), "blocks[0].gauge.value: a string, where a number belongs"},
	{block(`{"gauge":{"label":"a","value":1e999,"of":1}}`), "blocks[0].gauge.value: a number that is too large"},
	{block(`{"gauge":{"label":"a","value":-1,"of":1}}`), "blocks[0].gauge.value: less than 0"},
	{block(`{"gauge":{"label":"a","value":1,"of":0}}`), "blocks[0].gauge.of: not more than 0"},
	{block(`{"gauge":{"label":"a","value":1,"of":1e-999}}`), "blocks[0].gauge.of: not more than 0"},
	{block(`{"gauge":{"label":"a","value":1,"of":1,"unit":"elevenrunes"}}`), "blocks[0].gauge.unit: more than 10 characters"},
	{block(`{"gauge":{"label":"a","value":1,"of":1,"color":"red"}}`), `blocks[0].gauge: no key is called "color"`},

	{block(`{"series":{"label":"a","points":[null]}}`), ""},
	{block(`{"series":{"label":"a"}}`), `blocks[0].series: it has no "points"`},
	{block(`{"series":{"label":"a","points":["1"]}}`), "blocks[0].series.points[0]: a string, where a number belongs"},
	{block(`{"series":{"label":"a","points":[1,-1e999]}}`), "blocks[0].series.points[1]: a number that is too large"},
	{block(`{"series":{"label":"a","points":[1,NaN]}}`), "blocks[0].series.points[1]: no JSON: "},
	{block(`{"series":{"label":"a","points":` + repeated(MaxPoints, "1") + `}}`), ""},
	{block(`{"series":{"label":"a","points":` + repeated(MaxPoints+1, "1") + `}}`), "blocks[0].series.points: more than 1000 points"},
	{block(`{"series":{"label":"a","points":` + strings.Repeat("[", 30_000)), "blocks[0].series.points[0]: an array, where a number belongs"},
	{`{"x":` + strings.Repeat("[", 60_000), `screen: no key is called "x"`},
	{strings.Repeat(`{"blocks":[`, 5000), "blocks[0]: no key is called \"blocks\""},
}

func TestParseScreenRefuses(t *testing.T) {
	for _, c := range screens {
		status, summary, page, err := ParseScreen([]byte(c.text))
		said := fmt.Sprint(err)
		if c.why == "" && (err != nil || page == nil) || c.why != "" && (!strings.HasPrefix(said, c.why) || status != Unknown || summary != "" || page != nil) {
			t.Errorf("%.100q: %v %q, %.200s, want %s", c.text, status, summary, said, c.why)
		}
		checkScreen(t, []byte(c.text))
	}
}

func FuzzParseScreen(f *testing.F) {
	f.Add([]byte(ceph))
	for _, c := range screens {
		f.Add([]byte(c.text))
	}
	f.Fuzz(checkScreen)
}

// checkScreen holds that whatever a plugin prints becomes what a result may have, or an error that is one clean line once Result
// has it.
func checkScreen(t *testing.T, output []byte) {
	s := Spec{Name: "n", Kind: Screen}
	r := s.Result(append(Header{}.Append(nil), output...))
	checkResult(t, &r)
	_, _, page, err := ParseScreen(output)
	if (r.Page == nil) != (err != nil) || (page == nil) != (err != nil) {
		t.Fatalf("%q: %+v, %v", output, r, err)
	}
	if err != nil {
		return
	}
	var other struct {
		V      float64
		Title  string
		Blocks []map[string]json.RawMessage
	}
	if err := json.Unmarshal(bytes.TrimPrefix(output, []byte("\ufeff")), &other); err != nil || other.V != 1 || (other.Title == "") != (page.Title == "") || len(other.Blocks) != len(page.Blocks) {
		t.Fatalf("%q: %+v, which is %+v, %v", output, page, other, err)
	}
}
