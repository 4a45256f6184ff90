package source

import (
	"testing"

	"hypervisor-tui/journal"
)

// TestWhoIsTheHelper: only an entry that journald says is of the helper's unit is its; who calls itself so is not.
func TestWhoIsTheHelper(t *testing.T) {
	for _, c := range []struct {
		fields map[int]string
		want   bool
	}{
		{map[int]string{systemUnitField: "hypervisor-tui-act.service"}, true},
		{map[int]string{systemUnitField: "hypervisor-tui-act.service", identifierField: "hypervisor-tui"}, true},
		{map[int]string{systemUnitField: "user@1000.service", userUnitField: "hypervisor-tui-act.service"}, false},
		{map[int]string{systemUnitField: "hypervisor-tui-act.service", userUnitField: "x.service"}, false},
		{map[int]string{systemUnitField: "sshd.service", identifierField: "hypervisor-tui-act", commField: "hypervisor-tui-act"}, false},
		{map[int]string{aboutUnitField: "hypervisor-tui-act.service", pidField: "1", systemUnitField: "init.scope"}, false}, // systemd about it
		{map[int]string{systemUnitField: "hypervisor-tui-act@x.service"}, false},
		{nil, false},
	} {
		var f fields
		for i, value := range c.fields {
			f[i] = field{value: []byte(value), full: len(value), set: true}
		}
		var e journal.Entry
		if f.fill(&e); e.Helper != c.want {
			t.Errorf("%v: %v", c.fields, e.Helper)
		}
	}
}
