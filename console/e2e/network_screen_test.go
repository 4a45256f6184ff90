package e2e

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// holdScreen holds F3 to what the report says: a row for each interface with its kind, state, first address, how many
// more, and the VM; one for each default route.
func holdScreen(t *testing.T, n networkJSON) {
	t.Helper()
	config := writeFile(t, "all.yaml", "interfaces: {deny: []}\n")
	r := runCommand(t, exec.Command(program(t, ""), "--once", "--screen", "network", "--size", "200x150", "--config", config), environment(t))
	if r.code != 0 || r.stderr != "" {
		t.Fatalf("exit code %d\n%s", r.code, r.stderr)
	}
	for i := range n.Interfaces {
		l := &n.Interfaces[i]
		want := append([]string{l.Name}, screenWords(l, n)...)
		if !hasLine(r.out, want) {
			t.Errorf("no row with %q in\n%s", want, r.out)
		}
	}
	for _, g := range n.Gateways {
		want := []string{"Default", *g.Address + " on " + g.Interface + " metric " + fmt.Sprint(g.Metric)}
		if g.Weight != nil {
			want = append(want, "weight "+fmt.Sprint(*g.Weight))
		}
		if g.OnLink {
			want = append(want, "onlink")
		}
		if g.Table != 254 {
			want = append(want, "table "+fmt.Sprint(g.Table))
		}
		if !hasLine(r.out, want) {
			t.Errorf("no row with %q in\n%s", want, r.out)
		}
	}
}

// screenWords is what the row of an interface has.
func screenWords(l *linkJSON, n networkJSON) (words []string) {
	kind := *l.Kind
	if kind == "tun" {
		kind = *l.Mode
	}
	state := "down"
	switch {
	case l.Carrier == nil:
	case !*l.Carrier:
		state = "no carrier"
	case l.Slave.State != nil:
		state = *l.Slave.State
	default:
		state = "up"
		for _, b := range n.Bridges {
			for _, p := range b.Ports {
				if p.Name == l.Name && p.STP != "forwarding" {
					state = p.STP
				}
			}
		}
	}
	words = append(words, " "+kind+" ", " "+state+" ")
	addresses := slices.DeleteFunc(slices.Clone(l.Addresses), func(a string) bool {
		return strings.HasPrefix(a, "fe80:") // stands only for a NIC that has no others, and no interface here is one
	})
	if len(addresses) > 0 {
		words = append(words, addresses[0])
	}
	if more := len(addresses) - 1; more > 0 {
		words = append(words, "+"+fmt.Sprint(more))
	}
	if l.VM != nil {
		words = append(words, *l.VM)
	}
	if l.Bond.Mode != nil {
		words = append(words, *l.Bond.Mode, fmt.Sprintf("%d/%d up", *l.Bond.Up, *l.Bond.Slaves))
	}
	if l.VLAN != nil {
		words = append(words, fmt.Sprintf("id %d on %s", *l.VLAN, *l.Parent))
	}
	return words
}

// hasLine reports whether a line has all words, in their order, the first of them as a word of its own.
func hasLine(text string, words []string) bool {
	for line := range strings.Lines(text) {
		rest, ok := line, true
		for i, word := range words {
			if i == 0 {
				word = " " + word + " "
			}
			at := strings.Index(rest, word)
			if ok = at >= 0; !ok {
				break
			}
			rest = rest[at+len(strings.TrimRight(word, " ")):]
		}
		if ok {
			return true
		}
	}
	return false
}
