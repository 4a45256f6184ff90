package tty

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"hypervisor-tui/draw/tty/ttytest"
)

// TestOpenTtyChoosesTerminal opens the terminal in processes of their own: with a controlling terminal, with one on
// standard input only, with none.
func TestOpenTtyChoosesTerminal(t *testing.T) {
	if os.Getenv("DRAW_OPEN_TTY") != "" {
		openTtyChild()
		return
	}
	master, slave := ttytest.OpenPty(t, 80, 24)
	defer master.Close()
	for _, c := range []struct {
		stdin       *os.File
		controlling bool
		want        string
	}{
		{slave, true, "/dev/tty 80x24, standard input blocks, a controlling terminal"},
		{slave, false, "/proc/self/fd/0 80x24, standard input blocks, no controlling terminal"},
		{nil, false, "open terminal: no controlling terminal, and standard input is none: name one with --tty"},
	} {
		// A description of its own, since the child's standard input must be in blocking mode at first.
		var stdin *os.File
		if c.stdin != nil {
			var err error
			if stdin, err = os.OpenFile(c.stdin.Name(), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
				t.Fatal(err)
			}
			stdin.Fd() // takes it out of non-blocking mode
		}
		cmd := exec.Command(os.Args[0], "-test.run=^TestOpenTtyChoosesTerminal$")
		cmd.Env = append(os.Environ(), "DRAW_OPEN_TTY=1")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: c.controlling}
		if stdin != nil {
			cmd.Stdin = stdin
		}
		out, err := cmd.Output()
		stdin.Close()
		if first, _, _ := strings.Cut(string(out), "\n"); err != nil || first != c.want {
			t.Errorf("controlling %v: %q, %v; want %q", c.controlling, first, err, c.want)
		}
	}
}

func openTtyChild() {
	tty, err := Open("", 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer tty.Close()
	w, h := tty.Size()
	mode := "blocks"
	if flags, err := unix.FcntlInt(0, unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK != 0 {
		mode = "does not block"
	}
	controlling := "a controlling terminal"
	if f, err := os.Open("/dev/tty"); err != nil {
		controlling = "no controlling terminal"
	} else {
		f.Close()
	}
	fmt.Printf("%s %dx%d, standard input %s, %s\n", tty.line.file.Name(), w, h, mode, controlling)
}

// TestBaudOfPty: a pty reports 38400 and means nothing by it; the configured speed counts, up to what is paced.
func TestBaudOfPty(t *testing.T) {
	_, slave := ttytest.OpenPty(t, 80, 24)
	for _, c := range []struct{ configured, want int }{
		{0, 0}, {9600, 9600}, {115200, 115200}, {1_000_000, 1_000_000}, {4_000_000, 0}, {-1, 0},
	} {
		tty, err := Open(slave.Name(), c.configured)
		if err != nil {
			t.Fatal(err)
		}
		if tty.Baud() != c.want {
			t.Errorf("%d: %d, want %d", c.configured, tty.Baud(), c.want)
		}
		tty.Close()
	}
}
