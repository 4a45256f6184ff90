package linktest

import (
	"bufio"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const guestVariable = "LINKTEST_QEMU" // in the environment of a test binary that is to play QEMU

// PlayedGuest plays QEMU when this process was started for that, and reports whether it was. TestMain calls it first.
func PlayedGuest() bool {
	if os.Getenv(guestVariable) == "" {
		return false
	}
	var g tap
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		answer := "done"
		if err := g.obey(strings.Fields(in.Text())); err != nil {
			answer = err.Error()
		}
		io.WriteString(os.Stdout, answer+"\n")
	}
	return true
}

// tap is what a guest sends through.
type tap struct {
	file   *os.File
	source string // the guest's hardware address
}

func (g *tap) obey(words []string) (err error) {
	switch words[0] {
	case "tap":
		g.file, err = openTap(words[1])
		g.source = words[2]
	case "say":
		mac, _ := hex.DecodeString(strings.ReplaceAll(g.source, ":", ""))
		frame := append(append([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, mac...), make([]byte, 52)...)
		_, err = g.file.Write(frame)
	}
	return err
}

func openTap(name string) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	request, err := unix.NewIfreq(name)
	if err != nil {
		return nil, err
	}
	request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
	return os.NewFile(uintptr(fd), name), unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
}

// Guest is a process that plays QEMU.
type Guest struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// Play starts one for the guest default_NAME, in namespaces of its own when flags say so; args are more of QEMU's. It
// lives until End or the end of the test, and skips the test where it cannot be had.
func Play(t *testing.T, name string, flags uintptr, args ...string) *Guest {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	qemu := filepath.Join(t.TempDir(), "qemu-system-x86_64") // the kernel names a process after the file
	if err := os.Symlink(self, qemu); err != nil {
		t.Fatal(err)
	}
	g := &Guest{t: t, cmd: exec.Command(qemu, append([]string{"-name", "guest=default_" + name, "-smp", "1"}, args...)...)}
	g.cmd.Env = append(os.Environ(), guestVariable+"=1")
	g.cmd.SysProcAttr = &unix.SysProcAttr{Cloneflags: flags, Pdeathsig: unix.SIGKILL}
	if g.in, err = g.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := g.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	g.out = bufio.NewReader(out)
	if err := g.cmd.Start(); err != nil {
		t.Skip("no namespace of its own here: ", err)
	}
	t.Cleanup(g.End)
	g.Tell("wait") // it runs by then
	return g
}

// PID is the process's.
func (g *Guest) PID() int { return g.cmd.Process.Pid }

// End ends the process.
func (g *Guest) End() {
	g.in.Close()
	_ = g.cmd.Wait()
}

// Tell makes it do something and skips the test when it cannot. "tap NAME MAC" makes it open a tap, which is to be up and
// a port of a bridge; "say" makes the guest of that address send a frame.
func (g *Guest) Tell(what string) {
	g.t.Helper()
	io.WriteString(g.in, what+"\n")
	if line, err := g.out.ReadString('\n'); err != nil || line != "done\n" {
		g.t.Skipf("%s: it answers %q, %v", what, line, err)
	}
}
