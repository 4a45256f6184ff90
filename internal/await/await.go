// Package await is how tests wait: for a condition, and never longer than for a hang.
package await

import (
	"flag"
	"runtime"
	"testing"
	"time"
)

// Limit is how long a test waits for what should come at once or within seconds. It only catches a hang: no test may
// depend on how busy the machine is.
const Limit = 2 * time.Minute

// Together lets eight tests of a package run at a time, whatever the number of processors: tests that mostly wait cost
// nothing beside each other. It is for a TestMain.
func Together() {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
}

// Until polls until ok returns true. It ends the test after Limit, and says what did not come.
func Until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for limit := time.Now().Add(Limit); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("not within %v: %s", Limit, what)
		}
	}
}

// Goroutines counts the goroutines that there are. The function that it returns fails the test when there are more than
// five more: what is done a dozen times may not leave one behind each time. Up to five are the runtime's own, which has one
// for finalizers, and what is just ending.
func Goroutines(t testing.TB) (same func()) {
	before := runtime.NumGoroutine()
	return func() {
		t.Helper()
		if now := runtime.NumGoroutine(); now > before+5 {
			t.Errorf("%d goroutines became %d", before, now)
		}
	}
}
