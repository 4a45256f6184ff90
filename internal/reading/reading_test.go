package reading

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestRepeat: each reading is reported, while one hangs there is no second one, and an error is handed on.
func TestRepeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, readings := time.Now(), 0
		var got []string
		ctx, cancel := context.WithCancel(t.Context())
		err := Repeat(ctx, time.Second, func() time.Duration { return time.Since(began) }, func() (int, error) {
			switch readings++; readings {
			case 2:
				time.Sleep(2500 * time.Millisecond)
			case 3:
				return 0, errors.New("broken")
			}
			return readings, nil
		}, func(a Answer[int]) {
			if got = append(got, fmt.Sprint(a.Value, a.Err, a.Cost)); a.Value == 4 {
				cancel()
			}
		})
		want := "1 <nil> 0s; 0 not answering 1s 1s; 0 not answering 2s 2s; 2 <nil> 2.5s; 0 broken 0s; 4 <nil> 0s"
		if strings.Join(got, "; ") != want || !errors.Is(err, context.Canceled) {
			t.Errorf("%v: %q", err, got)
		}
	})
}

// TestPanic of a reading is raised where Repeat was called, with the trace of where it was.
func TestPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer func() {
			if p := fmt.Sprint(recover()); !strings.Contains(p, "torn") || !strings.Contains(p, "reading_test.go") {
				t.Error(p)
			}
		}()
		err := Repeat(t.Context(), time.Second, func() time.Duration { return 1 }, func() (int, error) { panic("torn") }, func(Answer[int]) { t.Error("reported") })
		t.Error(err)
	})
}
