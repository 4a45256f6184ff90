package history

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/kube"
	"hypervisor-tui/plugin"
)

var update = flag.Bool("update", false, "write what of testdata is made anew")

// notExported are the fields that the walk cannot see, and why a record can do without them.
var notExported = map[string]string{
	"Net.counted":     "of the sampler",
	"Net.reading":     "of the sampler",
	"Net.hardware":    "of the sampler",
	"Net.remembered":  "fits Histories",
	"Problem.said":    "of the tracker that found it; a record's problems are not found again",
	"Problem.atLeast": "of the tracker that found it, as said is",
}

// TestEveryFieldIsRecordedOrLeftOut: all exported fields of what a Snapshot is made of are in the plan or among those left out,
// whose names, as those of the other tables, are names of fields; what is not exported has a reason.
func TestEveryFieldIsRecordedOrLeftOut(t *testing.T) {
	used, hidden := map[string]bool{}, map[string]bool{}
	var walk func(typ reflect.Type, in string)
	walk = func(typ reflect.Type, in string) {
		for {
			if k := typ.Kind(); k != reflect.Slice && k != reflect.Pointer && k != reflect.Array {
				break
			}
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || typ == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range typ.NumField() {
			f := typ.Field(i)
			here, there := in+"."+f.Name, typ.Name()+"."+f.Name
			used[here], used[there] = true, true
			switch {
			case !f.IsExported():
				hidden[there] = true
			case leftOut[here] == "" && leftOut[there] == "":
				walk(f.Type, f.Name)
			}
		}
	}
	walk(reflect.TypeFor[frame.Snapshot](), "Snapshot")
	walk(reflect.TypeFor[plugin.State](), "Checks")
	for _, table := range []any{leftOut, chosenKinds, absent} {
		for _, k := range reflect.ValueOf(table).MapKeys() {
			if !used[k.String()] {
				t.Errorf("%s is no field of what is recorded", k)
			}
		}
	}
	for name := range hidden {
		if notExported[name] == "" {
			t.Errorf("%s is not exported, so it is not recorded: say why a record can do without it", name)
		}
	}
	for name := range notExported {
		if !hidden[name] {
			t.Errorf("%s is no field that is not exported", name)
		}
	}
}

// TestNumbersOfRecordings: what is recorded as a number keeps it, so that an older recording says what it said: new names come
// behind those that are there.
func TestNumbersOfRecordings(t *testing.T) {
	var b strings.Builder
	var kernel []string
	list := func(what string, n int, name func(i int) string) {
		for i := range n {
			fmt.Fprintf(&b, "%s %d %s\n", what, i, name(i))
		}
	}
	list("event", int(frame.EventKindCount), func(i int) string {
		e := frame.Event{Kind: frame.EventKind(i), Subject: "it"}
		return string(e.AppendWhat(nil))
	})
	list("plugin", int(plugin.KindCount), func(i int) string { return plugin.Kind(i).String() })
	list("status", int(plugin.StatusCount), func(i int) string { return plugin.Status(i).String() })
	list("alert", int(frame.Over)+1, func(i int) string { return frame.AlertState(i).String() })
	list("health", int(health.Failed)+1, func(i int) string { return health.State(i).String() })
	list("severity", int(journal.SeverityCount), func(i int) string { return journal.Severity(i).String() })
	list("check", int(kube.NotReady)+1, func(i int) string { return kube.Check(i).String() })
	for i, name := range map[journal.KernelKind]string{journal.KernelOther: "other", journal.OutOfMemory: "out of memory", journal.DiskFailed: "disk",
		journal.FilesystemFailed: "filesystem", journal.HardwareFailed: "hardware", journal.Stalled: "stalled", journal.KernelBug: "bug"} {
		kernel = append(kernel, fmt.Sprintf("kernel %d %s\n", i, name))
	}
	slices.Sort(kernel)
	b.WriteString(strings.Join(kernel, ""))
	fmt.Fprintf(&b, "truth %d unknown\ntruth %d false\ntruth %d true\n", kube.Unknown, kube.False, kube.True)
	const path = "testdata/numbers.txt"
	old, err := os.ReadFile(path)
	if err != nil && !*update {
		t.Fatal(err)
	}
	now := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	for line := range strings.Lines(string(old)) {
		if line = strings.TrimSuffix(line, "\n"); !slices.Contains(now, line) {
			t.Errorf("%q was recorded and is not any more: a recording would tell something else", line)
		}
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(old) != b.String() {
		t.Errorf("there are new names: go test ./history -update")
	}
}
