package peer

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/internal/clean"
)

var at = time.Date(2026, 11, 28, 18, 0, 0, 0, time.UTC)

func some[T any](v T) *T { return &v }

func whole() Summary {
	return Summary{Node: "hv2", Time: at, Version: "1.9", BootID: "b", Uptime: 60, Generation: 7, Severity: "err", Problems: 2, Worst: "unit x failed",
		Since: at, CPU: some(12.5), MemoryUsed: some(uint64(1)), Memory: some(uint64(2)), Fullest: some(99.0), VMs: some(3), Ready: "True", API: "ok"}
}

func TestSummaryComesAsItWasSaid(t *testing.T) {
	said := whole()
	text, err := json.Marshal(&said)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ParseSummary(text); err != nil || !reflect.DeepEqual(*got, said) {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestSummaryHasNothingThatCannotBe: what is out of its bounds is not known, and is not 0.
func TestSummaryHasNothingThatCannotBe(t *testing.T) {
	got, err := ParseSummary([]byte(`{"node":"h\u001b[2Jv2","time":"2026-11-28T18:00:00Z","worst":"password=hunter22 at\u202e","cpu_pct":100.5,"fs_pct":-1,
		"mem_used":3,"mem_total":2,"vms":-1,"severity":"dire\u001b[31m","ready":"perhaps","problems":-4,"generation":-1,"uptime_s":-1,"new":{"of":"a later version"}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := Summary{Node: clean.String("h\x1b[2Jv2"), Time: at, Worst: clean.String("password=*** at\u202e"), Memory: some(uint64(2))}
	if !reflect.DeepEqual(*got, want) {
		t.Errorf("%+v, want %+v", *got, want)
	}
}

func TestNoSummary(t *testing.T) {
	for _, text := range []string{"", "null", "{}", "[]", "<html>", `{"node":"hv2"}`, `{"time":"2026-11-28T18:00:00Z"}`, `{"node":"hv2","time":"noon"}`, `{"node":"hv2","time":"9999-12-31T23:59:59Z"}`, `{"node":"hv2","time":"0001-01-02T00:00:00Z"}`,
		`{"node":"hv2","time":"2026-11-28T18:00:00Z"`, `{"node":"hv2","time":"2026-11-28T18:00:00Z"}{}`, `{"node":"hv2","time":"2026-11-28T18:00:00Z","cpu_pct":"1"}`} {
		if s, err := ParseSummary([]byte(text)); err == nil || err.Error() != "its answer is no summary" {
			t.Errorf("%s: %+v, %v", text, s, err)
		}
	}
	if _, err := ParseSummary([]byte(strings.Repeat(" ", MaxSummary+1))); err == nil || err.Error() != "it answers more than 4 kB" {
		t.Errorf("too long: %v", err)
	}
}

func known() []Peer {
	s := whole()
	return []Peer{
		{Name: "hv1", Address: netip.MustParseAddrPort("10.0.0.1:9101"), Said: Said{"Unknown", at}},
		{Name: "hv2", Address: netip.MustParseAddrPort("[fd00::2]:9101"), Summary: &s, Heard: at, Offset: -time.Minute},
	}
}

func TestListComesBack(t *testing.T) {
	text, err := EncodeList(known())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := DecodeList(text); err != nil || !reflect.DeepEqual(got, known()) {
		t.Errorf("%+v, %v", got, err)
	}
	if text, err = EncodeList(nil); err != nil {
		t.Fatal(err)
	}
	if got, err := DecodeList(text); err != nil || len(got) != 0 {
		t.Errorf("of nobody: %+v, %v", got, err)
	}
}

// TestListOfTooMuch: where the summaries are too long together the nodes are kept without them.
func TestListOfTooMuch(t *testing.T) {
	long := whole()
	long.Worst = strings.Repeat("x", 2000)
	peers := make([]Peer, MaxPeers)
	for i := range peers {
		peers[i] = Peer{Name: "hv" + strings.Repeat("1", i%200), Address: known()[0].Address, Summary: &long, Heard: at}
	}
	text, err := EncodeList(peers)
	if err != nil || len(text) > MaxList {
		t.Fatalf("%d bytes, %v", len(text), err)
	}
	got, err := DecodeList(text)
	if err != nil || len(got) != 200 || got[0].Name != "hv" || got[0].Summary != nil || !got[0].Heard.IsZero() {
		t.Errorf("%d nodes, %v", len(got), err)
	}
}

func TestListThatIsNone(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "damaged",
		`{"version":1,"peers":[{"na`:    "damaged",
		"\x00\x00\x00":                  "damaged",
		`{}`:                            "damaged",
		`{"version":2,"peers":"other"}`: "damaged",
		`{"version":2}`:                 "of another version, 2",
		`{"version":1,"peers":[{"name":"a b","address":"10.0.0.1:1"}]}`:                              "damaged",
		`{"version":1,"peers":[{"name":"a","address":""}]}`:                                          "damaged",
		`{"version":1,"peers":[{"name":"a","address":"10.0.0.1:0"}]}`:                                "damaged",
		`{"version":1,"peers":[{"name":"a","address":"[fe80::1%\u001b[2J]:1"}]}`:                     "damaged",
		`{"version":1,"peers":[` + strings.Repeat(`{},`, MaxPeers) + `{}]}`:                          "of more than 5000 nodes",
		strings.Repeat(" ", MaxList+1):                                                               "larger than 8 MiB",
		`{"version":1,"peers":[{"name":"` + strings.Repeat("a", 254) + `","address":"10.0.0.1:1"}]}`: "damaged",
	} {
		if peers, err := DecodeList([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.60q: %v, %v, want %q", text, peers, err, want)
		}
	}
}

func FuzzParseSummary(f *testing.F) {
	text, _ := json.Marshal(some(whole()))
	f.Add(text)
	f.Add([]byte(`{"node":"\u001b","time":"2026-11-28T18:00:00+23:59","cpu_pct":1e308,"mem_used":18446744073709551615}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := ParseSummary(text)
		if err != nil {
			return
		}
		for _, v := range []string{s.Node, s.Version, s.BootID, s.Severity, s.Worst, s.Ready, s.API} {
			if clean.String(v) != v {
				t.Errorf("%q is not clean", v)
			}
		}
		if s.CPU != nil && !(*s.CPU >= 0 && *s.CPU <= 100) || s.VMs != nil && *s.VMs < 0 || s.Problems < 0 || s.MemoryUsed != nil && *s.MemoryUsed > *s.Memory {
			t.Errorf("%+v", s)
		}
	})
}

func FuzzDecodeList(f *testing.F) {
	text, _ := EncodeList(known())
	f.Add(text)
	f.Add([]byte(`{"version":1,"peers":[{"name":"a","address":"[fe80::1%eth0]:1","heard":"2026-11-28T18:00:00Z","summary":{"node":"a"}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		peers, err := DecodeList(text)
		if err != nil {
			return
		}
		again, err := EncodeList(peers)
		if err != nil {
			t.Skip(err) // a year that JSON does not take
		}
		if got, err := DecodeList(again); err != nil || len(got) != len(peers) {
			t.Errorf("%d nodes of %d, %v", len(got), len(peers), err)
		}
		for i := range peers {
			if p := &peers[i]; !Nameable(p.Name) || !p.Address.IsValid() || i > 0 && peers[i-1].Name >= p.Name {
				t.Errorf("%+v", p)
			}
		}
	})
}
