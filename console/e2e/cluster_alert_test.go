//go:build !nokube

package e2e

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/frame"
	"hypervisor-tui/internal/apart"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/kube/apitest"
)

// TestRealAPIKilledCalls: the API server is killed, and starts again.
func TestRealAPIKilledCalls(t *testing.T) {
	t.Parallel()
	if boottime.Now() < 3*time.Minute {
		t.Skip("a host that has just booted is given time to start its cluster")
	}
	if !apart.Inside(t, unix.CLONE_NEWNS, programVariable+"="+program(t, "")) {
		return
	}
	c := apitest.Start(t)
	c.Load(thisHost(t))
	journald := journaldSocket(t)
	calls(t, journald, breakage{
		kind: frame.APIDown, says: "API down", where: frame.Dashboard,
		env:   []string{"KUBECONFIG=" + writeFile(t, "kubeconfig", c.Kubeconfig(apitest.Admin))},
		begin: c.KillAPI, mend: c.StartAPI,
	})
}
