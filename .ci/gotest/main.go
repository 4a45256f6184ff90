// Command gotest runs go test with its own arguments, prints what go test prints, and after that which tests were
// skipped and why, which go test keeps to itself. It exits as go test does.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

// event is a line of go test -json.
type event struct {
	Action, Package, Test, Output string
}

func main() {
	cmd := exec.Command("go", append([]string{"test", "-json"}, os.Args[1:]...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		end(err)
	}
	skipped := report(out, os.Stdout)
	err = cmd.Wait()
	for _, line := range skipped {
		fmt.Fprintln(os.Stdout, line)
	}
	end(err)
}

func end(err error) {
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		os.Exit(1)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
		os.Exit(2)
	}
	os.Exit(0)
}

// report copies what people read from events to w: the closing line of each package, and of one that failed also what it
// and its tests said, but for those that passed. It returns a line for each reason to skip.
func report(events io.Reader, w io.Writer) []string {
	said := map[string]map[string][]string{} // by package, and by its tests that have not passed
	reasons := map[string][]string{}
	for in := json.NewDecoder(events); ; {
		var e event
		if err := in.Decode(&e); err != nil {
			if err != io.EOF {
				fmt.Fprintln(w, "gotest:", err)
			}
			break
		}
		if said[e.Package] == nil {
			said[e.Package] = map[string][]string{}
		}
		tests := said[e.Package]
		switch {
		case e.Action == "build-output":
			fmt.Fprint(w, e.Output)
		case e.Action == "output":
			tests[e.Test] = append(tests[e.Test], e.Output)
		case e.Action == "skip" && e.Test != "":
			why := reason(tests[e.Test])
			reasons[why] = append(reasons[why], e.Test)
			delete(tests, e.Test)
		case e.Action == "pass" && e.Test != "":
			delete(tests, e.Test)
		case e.Action == "fail" && e.Test == "":
			own := tests[""]
			delete(tests, "")
			for _, test := range slices.Sorted(maps.Keys(tests)) {
				fmt.Fprint(w, strings.Join(tests[test], ""))
			}
			fmt.Fprint(w, strings.Join(own, ""))
		case e.Action == "pass" || e.Action == "skip":
			if own := tests[""]; len(own) > 0 {
				fmt.Fprint(w, own[len(own)-1])
			}
		}
	}
	var lines []string
	for why, tests := range reasons {
		slices.Sort(tests)
		lines = append(lines, "skipped: "+why+": "+strings.Join(slices.Compact(tests), " "))
	}
	slices.Sort(lines)
	return lines
}

var logged = regexp.MustCompile(`\.go:\d+: *(.+)`)

// reason is the last that a test logged.
func reason(said []string) string {
	found := logged.FindAllStringSubmatch(strings.Join(said, ""), -1)
	if len(found) == 0 {
		return "no reason is given"
	}
	return found[len(found)-1][1]
}
