package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gdamore/tcell/v2"
	"golang.org/x/sys/unix"

	"hypervisor-tui/draw"
	"hypervisor-tui/draw/tty/ttytest"
	"hypervisor-tui/draw/vtscreen"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/serve/attach"
	"hypervisor-tui/serve/socket"
)

// role makes the test's program another one: a server, or the command itself.
const role = "ATTACH_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "server":
		if err := serve(os.Args[1]); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	case "client":
		answerTime = await.Limit // no test depends on how busy the machine is
		main()
	case "hasty client":
		main()
	default:
		os.Exit(m.Run())
	}
}

// serve is a server with a small picture, until SIGTERM.
func serve(path string) error {
	l, err := socket.Listen("unixpacket", path)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends when the test does
		cancel()
	}()
	fmt.Println("ready")
	attach.Serve(ctx, attach.Options{Listener: l, Session: session, Log: func(string, ...any) {}})
	return nil
}

// session draws how large the terminal is, and the last key. The keys q and e end it.
func session(ctx context.Context, c *attach.Client) error {
	screen, caps, err := draw.NewScreen(c.Terminal, draw.ScreenOptions{Term: c.Term, Locale: "C.UTF-8"})
	if err != nil {
		return err
	}
	if err := screen.Init(); err != nil {
		return err
	}
	defer screen.Fini()
	events := make(chan tcell.Event)
	go func() {
		for e := screen.PollEvent(); e != nil; e = screen.PollEvent() {
			select {
			case events <- e:
			case <-ctx.Done():
			}
		}
	}()
	key := draw.KeyNone
	for {
		w, h := c.Terminal.Size()
		screen.Clear()
		for x, r := range fmt.Sprintf("%s %dx%d key %d", caps.Term, w, h, key) {
			screen.Put(x, 0, string(r), tcell.StyleDefault)
		}
		screen.Show()
		select {
		case <-ctx.Done():
			return nil
		case <-c.Terminal.Hup():
			return errors.New("the terminal hung up")
		case <-c.Resized:
		case e := <-events:
			switch k, is := e.(*tcell.EventKey); {
			case !is:
				continue
			default:
				key = draw.KeyOf(k)
			}
			switch key {
			case 'q':
				return nil
			case 'e':
				return errors.New("16 look on already")
			}
		}
	}
}

func itself(t *testing.T, as string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), role+"="+as, "TERM=xterm-256color", "LC_ALL=C.UTF-8", "GORACE=atexit_sleep_ms=0")
	return cmd
}

// startServer starts a server of its own process, and returns its socket.
func startServer(t *testing.T) (path string, process *os.Process) {
	t.Helper()
	path = filepath.Join(folder(t), "s")
	cmd := itself(t, "server", path)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		_ = cmd.Process.Signal(unix.SIGCONT) // it may have ended
		_ = cmd.Wait()
	})
	line := make([]byte, len("ready\n"))
	if _, err := io.ReadFull(out, line); err != nil {
		t.Fatalf("the server says %q, %v", line, err)
	}
	return path, cmd.Process
}

// folder is one with a short path, as a socket needs it.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "attach")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// viewer is the command on a terminal.
type viewer struct {
	t             *testing.T
	cmd           *exec.Cmd
	master, slave *os.File
	screen        *ttytest.Viewer
	mode          unix.Termios // of the terminal before
	stderr        bytes.Buffer
	ended         chan struct{}
}

// view starts the command. With a terminal that is not the controlling one it is as behind sudo or in a script: the
// terminal does not hang up when it dies.
func view(t *testing.T, cmd *exec.Cmd, controlling bool) *viewer {
	t.Helper()
	v := &viewer{t: t, cmd: cmd, ended: make(chan struct{})}
	v.master, v.slave = ttytest.OpenPty(t, 100, 30)
	if err := unix.SetNonblock(int(v.slave.Fd()), false); err != nil { // as the terminal of a shell
		t.Fatal(err)
	}
	v.mode = ttytest.TermiosOf(t, v.slave)
	v.screen = ttytest.View(v.master, 100, 30)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = v.slave, v.slave, &v.stderr
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	cmd.SysProcAttr.Setsid, cmd.SysProcAttr.Setctty = controlling, controlling
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait() // ProcessState has it
		close(v.ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-v.ended
	})
	return v
}

func (v *viewer) await(text string) {
	v.t.Helper()
	await.Until(v.t, "the screen shows "+text, v.screen.Shows(text))
}

func (v *viewer) keys(text string) {
	v.t.Helper()
	if _, err := v.master.WriteString(text); err != nil {
		v.t.Fatal(err)
	}
}

// ends holds that it ends with the code, that it says what contains the text, and that the terminal is itself again.
func (v *viewer) ends(code int, text string) {
	v.t.Helper()
	ttytest.Within(v.t, "it ends", func() { <-v.ended })
	said := v.stderr.String()
	if got := v.cmd.ProcessState.ExitCode(); got != code || !strings.Contains(said, text) || text == "" && said != "" {
		v.t.Errorf("exit code %d, says %q; want %d, %q", got, said, code, text)
	}
	v.restored()
}

func (v *viewer) restored() {
	v.t.Helper()
	await.Until(v.t, "the mode is as before", func() bool { return ttytest.TermiosOf(v.t, v.slave) == v.mode })
	await.Until(v.t, "cursor on, main screen", func() (ok bool) {
		v.screen.See(func(s *vtscreen.Screen) { ok = s.Visible && !s.Alt && !s.Keypad && s.Autowrap && s.Pending() == "" })
		return ok
	})
	v.screen.See(func(s *vtscreen.Screen) {
		if strings.Trim(strings.Join(s.Foreign, ""), "\r\n") != "" { // those end a fallback's lines
			v.t.Errorf("sequences that are not ours: %q", s.Foreign)
		}
	})
}

func TestPictureKeysResizeQuit(t *testing.T) {
	path, _ := startServer(t)
	v := view(t, itself(t, "client", "--socket", path), true)
	v.await("xterm-256color 100x30")
	info, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/0", v.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	var flags int
	if _, after, ok := strings.Cut(string(info), "flags:"); !ok {
		t.Fatalf("%q", info)
	} else if _, err := fmt.Sscanf(after, "%o", &flags); err != nil || flags&unix.O_NONBLOCK != 0 {
		t.Errorf("standard input, which a shell may share, has the flags %o, %v", flags, err)
	}
	v.keys("\x1bOQ")
	v.await(fmt.Sprint("key ", draw.KeyF2))
	ttytest.SetSize(t, v.master, 81, 25)
	v.await("81x25")
	v.keys("q")
	v.ends(fine, "")
}

// TestEnvironmentIsHeard: whatever $TERM is the server draws by its own list, and without UTF-8 not at all.
func TestEnvironmentIsHeard(t *testing.T) {
	path, _ := startServer(t)
	for term, entry := range map[string]string{"tmux": "tmux", "": "vt220", "../../x": "vt220", strings.Repeat("x", 5000): "vt220", "xterm-kitty": "xterm-256color"} {
		cmd := itself(t, "client", "--socket", path)
		cmd.Env = append(cmd.Env, "TERM="+term)
		v := view(t, cmd, true)
		v.await(entry + " 100x30")
		v.keys("q")
		v.ends(fine, "")
	}
	cmd := itself(t, "client", "--socket", path, "--fallback", "--", "echo", "own", "console")
	cmd.Env = append(cmd.Env, "TERM=vt220", "LC_ALL=C")
	v := view(t, cmd, true)
	v.await("own console")
	v.ends(fine, "UTF-8")
}

func TestServerRefusesOrEndsIt(t *testing.T) {
	path, server := startServer(t)
	v := view(t, itself(t, "client", "--socket", path), true)
	v.await("100x30")
	v.keys("e")
	v.ends(failed, "16 look on already")

	v = view(t, itself(t, "client", "--socket", path), true)
	v.await("100x30")
	if err := server.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	v.ends(failed, "the server has ended without a word")
}

// TestFarewellWithUnreadResize: the kernel says ECONNRESET before it hands over what a server said that has not read all.
func TestFarewellWithUnreadResize(t *testing.T) {
	path := filepath.Join(folder(t), "s")
	l, err := socket.Listen("unixpacket", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	v := view(t, itself(t, "client", "--socket", path), true)
	conn, err := l.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	hello, said := make([]byte, 512), make([]byte, 2)
	_, err1 := conn.Read(hello)
	_, err2 := conn.Write([]byte("+"))
	n, err3 := conn.Read(said)
	if err := errors.Join(err1, err2, err3); err != nil || string(said[:n]) != "+" {
		t.Fatalf("%q, %v", said[:n], err)
	}
	if err := v.cmd.Process.Signal(unix.SIGWINCH); err != nil {
		t.Fatal(err)
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	await.Until(t, "something is unread", func() (unread bool) {
		_ = raw.Control(func(fd uintptr) {
			n, err := unix.IoctlGetInt(int(fd), unix.TIOCINQ)
			unread = err == nil && n > 0
		})
		return unread
	})
	if err := v.cmd.Process.Signal(unix.SIGSTOP); err != nil { // it hears of both at once
		t.Fatal(err)
	}
	await.Until(t, "it has stopped", func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", v.cmd.Process.Pid))
		return err == nil && strings.Contains(string(stat), ") T ")
	})
	if _, err := conn.Write([]byte(".good night")); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if err := v.cmd.Process.Signal(unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	v.ends(failed, "good night")
}

// TestClientIsKilled: the server puts the terminal back. One that the client controls hangs up with it.
func TestClientIsKilled(t *testing.T) {
	path, _ := startServer(t)
	v := view(t, itself(t, "client", "--socket", path), false)
	v.await("100x30")
	if err := v.cmd.Process.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-v.ended
	v.restored()
}

// TestSignals end it: with the server's help, and when that does not answer any more.
func TestSignals(t *testing.T) {
	path, server := startServer(t)
	for _, s := range []unix.Signal{unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM} {
		v := view(t, itself(t, "client", "--socket", path), true)
		v.await("100x30")
		if err := v.cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		v.ends(fine, "")
	}
	for _, s := range []unix.Signal{unix.SIGHUP, unix.SIGTERM} {
		v := view(t, itself(t, "client", "--socket", path), true)
		v.await("100x30")
		for _, to := range []struct {
			p *os.Process
			s unix.Signal
		}{{server, unix.SIGSTOP}, {v.cmd.Process, s}} {
			if err := to.p.Signal(to.s); err != nil {
				t.Fatal(err)
			}
		}
		v.ends(fine, "")
		if err := server.Signal(unix.SIGCONT); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFallback: whatever keeps the server from answering, the command in its place is started on the terminal.
func TestFallback(t *testing.T) {
	dir := folder(t)
	stale := filepath.Join(dir, "stale")
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: stale, Net: "unixpacket"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	stopped, server := startServer(t)
	if err := server.Signal(unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	full := filepath.Join(dir, "full")
	fullSocket, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fullSocket)
	if err := errors.Join(unix.Bind(fullSocket, &unix.SockaddrUnix{Name: full}), unix.Listen(fullSocket, 0)); err != nil {
		t.Fatal(err)
	}
	for range 2 { // as many as a queue of 0 takes, and one
		c, err := net.Dial("unixpacket", full)
		if err == nil {
			defer c.Close()
		}
	}
	for name, c := range map[string]struct{ path, says string }{
		"no socket":      {filepath.Join(dir, "none"), "no such file"},
		"stale socket":   {stale, "connection refused"},
		"long path":      {strings.Repeat("x", 200), "invalid argument"},
		"stopped server": {stopped, "does not answer"},
		"full queue":     {full, "resource temporarily unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			v := view(t, itself(t, "hasty client", "--socket", c.path, "--fallback", "--", "sh", "-c", `test -t 0 && echo "own console $1"; exit 7`, "sh", "here"), true)
			v.await("own console here")
			v.ends(7, c.says)
			v = view(t, itself(t, "hasty client", "--socket", c.path), true)
			v.ends(failed, c.says)
			v = view(t, itself(t, "hasty client", "--socket", c.path, "--fallback", "--", "/nonexistent/x"), true)
			v.ends(failed, "run /nonexistent/x: no such file")
		})
	}
	if err := server.Signal(unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	// It hears of those who did not wait, and serves the next.
	v := view(t, itself(t, "client", "--socket", stopped), true)
	v.await("100x30")
	v.keys("q")
	v.ends(fine, "")
}

// TestTerminalOfAnotherUser cannot be opened, as behind su; the command in its place may do with what is open.
func TestTerminalOfAnotherUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can be another user")
	}
	path, _ := startServer(t)
	cmd := itself(t, "client", "--socket", path, "--fallback", "--", "echo", "own console")
	cmd.Path = "/proc/self/exe" // the folder that the test is built in is closed to others
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	v := view(t, cmd, true)
	v.await("own console")
	v.ends(fine, "permission denied")
}

func TestNoTerminal(t *testing.T) {
	cmd := itself(t, "client")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != failed || !strings.Contains(stderr.String(), "-t") {
		t.Errorf("%v, %q", err, stderr.String())
	}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
	}{
		{"--help", fine}, {"x", misuse}, {"--socket", misuse}, {"--fallback", misuse}, {"--fallback x", misuse}, {"--fallback --", misuse}, {"--tty /dev/tty1", misuse},
	} {
		out, err := itself(t, "client", strings.Fields(c.args)...).CombinedOutput()
		var exit *exec.ExitError
		if code := 0; errors.As(err, &exit) && exit.ExitCode() != c.code || err == nil && c.code != code || !strings.Contains(string(out), "--fallback") {
			t.Errorf("%q: %v, %s", c.args, err, out)
		}
	}
}
