package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/sample/link/linktest"
)

// testVersion is the version that the built program says it has.
const testVersion = "v0.0.0-test"

// The exit codes, as the manual has them.
const (
	exitFine = iota
	exitFailure
	exitUsage
	exitLogin
)

// buildDir holds the built programs.
var buildDir string

func TestMain(m *testing.M) {
	if linktest.PlayedGuest() {
		return
	}
	if err := becomeHost(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(testAll(m))
}

func testAll(m *testing.M) int {
	await.Together()
	dir, err := os.MkdirTemp("", "hypervisor-tui-build")
	if err == nil {
		err = toRoot()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	buildDir = dir
	return m.Run()
}

// builds are the program as make build makes it and the one with the fault switch, each made when a test first asks.
var builds = map[string]func() (string, error){
	"":       sync.OnceValues(func() (string, error) { return build("") }),
	"faults": sync.OnceValues(func() (string, error) { return build("faults") }),
}

func build(tags string) (string, error) {
	path := filepath.Join(buildDir, "hypervisor-tui"+tags)
	cmd := exec.Command("go", "build", "-trimpath", "-tags", tags, "-ldflags", "-X main.version="+testVersion, "-o", path, "hypervisor-tui")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
}

// program returns the path of the program, built with the tags.
func program(t *testing.T, tags string) string {
	t.Helper()
	if path := os.Getenv(programVariable); path != "" && tags == "" {
		return path
	}
	path, err := builds[tags]()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// environment is what the program runs in: nothing of the machine but PATH, and a home of its own. It has no place for a
// recording, which is 64 MiB: a test that wants one names it.
func environment(t *testing.T, more ...string) []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "XDG_STATE_HOME=/dev/null", "TERM=xterm-256color", "LC_ALL=C.UTF-8", "TZ=UTC"}
	return append(env, more...) // of two values the program gets the last
}

// ran is how a run without a terminal ended.
type ran struct {
	code        int
	out, stderr string
	took        time.Duration
}

// run runs the program to its end, without a terminal.
func run(t *testing.T, env []string, args ...string) ran {
	t.Helper()
	return runCommand(t, exec.Command(program(t, ""), args...), env)
}

func runCommand(t *testing.T, cmd *exec.Cmd, env []string) ran {
	t.Helper()
	var out, stderr bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = env, &out, &stderr
	cmd.WaitDelay = await.Limit
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(await.Limit, func() { _ = cmd.Process.Kill() }) // the exit code then tells
	defer kill.Stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return ran{cmd.ProcessState.ExitCode(), out.String(), stderr.String(), time.Since(start)}
}

// writeFile makes a file of the test's own and returns its path.
func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
