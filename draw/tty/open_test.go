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

// TestOpenFd: a descriptor that was handed over is taken as it is, without what the environment says of another terminal.
func TestOpenFd(t *testing.T) {
	t.Setenv("COLUMNS", "7")
	t.Setenv("LINES", "7")
	before := ttytest.Goroutines()
	master, slave := ttytest.OpenPty(t, 0, 0)
	mode := ttytest.TermiosOf(t, slave)
	fd, err := unix.Open(slave.Name(), unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	tty, err := OpenFd(fd)
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	if w, h := tty.Size(); w != DefaultWidth || h != defaultHeight {
		t.Errorf("%dx%d", w, h)
	}
	ttytest.SetSize(t, master, 65535, 65535)
	if w, h := tty.Size(); w != MaxWidth || h != MaxHeight {
		t.Errorf("%dx%d", w, h)
	}
	if err := tty.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := master.WriteString("q"); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 16)
	if n, err := tty.Read(got); err != nil || string(got[:n]) != "q" {
		t.Errorf("%q, %v", got[:n], err)
	}
	if err := tty.Close(); err != nil {
		t.Error(err)
	}
	if now := ttytest.TermiosOf(t, slave); now != mode {
		t.Errorf("mode %+v, before %+v", now, mode)
	}
	ttytest.NoMoreGoroutines(t, before)
}

// TestOpenFdClosesWhatIsNoTerminal: the descriptor is its own also when it cannot use it.
func TestOpenFdClosesWhatIsNoTerminal(t *testing.T) {
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pipe[1])
	regular, err := unix.Open("/proc/self/exe", unix.O_RDONLY|unix.O_CLOEXEC, 0) // epoll does not take it
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range []int{pipe[0], regular} {
		if _, err := OpenFd(fd); err == nil {
			t.Error("opened")
		}
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != unix.EBADF {
			t.Errorf("descriptor %d is still open: %v", fd, err)
		}
	}
}
