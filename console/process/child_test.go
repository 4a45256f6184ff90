package process

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"testing"

	"hypervisor-tui/internal/await"
)

// childVariable names what the test binary does instead of testing: some things can only be tried in a process of their own.
const childVariable = "HYPERVISOR_TUI_TEST_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childVariable) {
	case "memory limit":
		childMemoryLimit()
	case "capture":
		os.Exit(childCapture())
	case "crash while captured":
		childCrash()
	default:
		os.Exit(m.Run())
	}
}

// ended is how a child ended.
type ended struct {
	code        int
	out, stderr string
}

// runChild runs a child of that name to its end, with PATH and env alone in its environment.
func runChild(t *testing.T, name string, env ...string) ended {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), await.Limit)
	defer cancel()
	var out, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(env, "PATH="+os.Getenv("PATH"), childVariable+"="+name)
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return ended{cmd.ProcessState.ExitCode(), out.String(), stderr.String()}
}
