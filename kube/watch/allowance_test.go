package watch

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hypervisor-tui/kube"
)

// TestShortSinceTheFirstWait: a server that sends too much does so since somebody was made to wait first, until nobody was
// for a while.
func TestShortSinceTheFirstWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, began := newAllowance(10, 1), time.Now()
		for range 3 {
			a.take(100)
			if since, short := a.shortSince(); !short || !since.Equal(began) {
				t.Errorf("after %v: since %v, short %v", time.Since(began), since, short)
			}
			time.Sleep(recovery)
		}
		time.Sleep(time.Second)
		if _, short := a.shortSince(); short {
			t.Error("short for ever")
		}
	})
}

// TestF56FailedChecksAreFew: whatever a server says, few names of checks are kept.
func TestF56FailedChecksAreFew(t *testing.T) {
	if got := failedChecks([]byte(strings.Repeat("[-]etcd failed: reason withheld\n", 10_000))); len(got) != kube.MaxNames {
		t.Errorf("%d checks", len(got))
	}
}
