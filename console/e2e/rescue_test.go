package e2e

import "testing"

// TestRescueProfile: no cluster is looked for, that is said, and memory stays small.
func TestRescueProfile(t *testing.T) {
	t.Parallel()
	s := start(t, setup{args: []string{"--config", writeFile(t, "config.yaml", "profile: rescue\n")}, env: []string{"KUBECONFIG=/etc/passwd"}})
	s.await(footer)
	s.sources("off in rescue")
	s.keys("i1")
	s.await(" All ")
	s.keys("3")
	s.await("Physical interfaces")
	private := s.status("RssAnon")
	t.Logf("resident: %d KiB, of it not the program's own file: %d KiB", s.status("VmRSS"), private)
	if private > 8<<10 {
		t.Errorf("%d KiB", private)
	}
}
