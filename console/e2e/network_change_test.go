package e2e

import (
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hypervisor-tui/sample/link/linktest"
)

// TestNetworkChangesAreOnTheScreen: what an administrator changes is on F3 long before the next sample is due, which is
// a minute away here: the kernel's events bring it.
func TestNetworkChangesAreOnTheScreen(t *testing.T) {
	if testing.Short() {
		t.Skip("long: six changes of a network, each seen on the screen")
	}
	t.Parallel()
	if !inNetwork(t) {
		return
	}
	setIP(t, `link add br0 type bridge
		link add lan0 type veth peer name lan1
		link set lan1 addrgenmode none up
		link set lan0 addrgenmode none up`)
	far := linktest.Play(t, "web", unix.CLONE_NEWNET)
	config := writeFile(t, "slow.yaml", "refreshInterval: 60s\ninterfaces: {deny: []}\n")
	s := start(t, setup{args: []string{"--config", config, "--screen", "network"}, w: 132, h: 43})
	row := func(words ...string) {
		t.Helper()
		s.until("a row with "+strings.Join(words, ", "), func(text string) bool { return hasLine(text, words) })
	}
	row("lan0", " veth ", " up ", "other end lan1")
	for _, change := range []struct {
		command string
		row     []string
	}{
		{"addr add 10.7.0.1/24 dev lan0", []string{"lan0", " up ", "10.7.0.1/24"}},
		{"link set lan1 down", []string{"lan0", " no carrier ", "10.7.0.1/24"}},
		{"link set lan1 name wan1", []string{"lan0", "other end wan1"}},
		{"route add default via 10.7.0.9 dev lan0 metric 7 onlink", []string{"Default", "10.7.0.9 on lan0 metric 7"}},
		{"link set wan1 netns " + strconv.Itoa(far.PID()), []string{"lan0", " no carrier ", "default/web"}},
	} {
		setIP(t, change.command)
		row(change.row...)
	}
	setIP(t, "link del lan0")
	s.until("no row of a link that is gone", func(text string) bool { return !strings.Contains(text, "lan0") })
	s.await("br0", "no default route")
}
