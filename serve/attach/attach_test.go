package attach

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/draw/tty/ttytest"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/serve/socket"
)

// server is a Serve that runs, with a session that writes "shown" and then waits.
type server struct {
	t       *testing.T
	path    string
	end     func() // as a SIGTERM would
	returns chan struct{}
	quit    chan error // ends one session, as a user would
	came    chan *Client
	resizes chan struct{}

	mu   sync.Mutex
	said []string // to the log
}

// start starts one. No client is too slow for it, however busy the machine is.
func start(t *testing.T) *server {
	t.Helper()
	return startWith(t, await.Limit)
}

// startWith starts one whose clients may take wait to say what they want.
func startWith(t *testing.T, wait time.Duration) *server {
	t.Helper()
	dir, err := os.MkdirTemp("", "attach") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &server{t: t, path: filepath.Join(dir, "s"), returns: make(chan struct{}), quit: make(chan error),
		came: make(chan *Client, 100), resizes: make(chan struct{}, 100)}
	l, err := socket.Listen("unixpacket", s.path)
	if err != nil {
		t.Fatal(err)
	}
	var ctx context.Context
	ctx, s.end = context.WithCancel(context.Background())
	go func() {
		run(ctx, Options{Listener: l, Session: s.session, Log: s.log}, wait)
		close(s.returns)
	}()
	t.Cleanup(func() {
		s.end()
		<-s.returns
	})
	return s
}

func (s *server) log(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said = append(s.said, fmt.Sprintf(format, args...))
}

func (s *server) logged(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.said, func(line string) bool { return strings.Contains(line, text) })
}

func (s *server) session(ctx context.Context, c *Client) error {
	s.came <- c
	if err := c.Terminal.Start(); err != nil {
		return err
	}
	if _, err := c.Terminal.Write([]byte("shown\n")); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-c.Terminal.Hup():
			return errors.New("the terminal hung up")
		case err := <-s.quit:
			return err
		case <-c.Resized:
			s.resizes <- struct{}{}
		}
	}
}

// client is the other side, as hypervisor-attach has it.
type client struct {
	t    *testing.T
	conn *net.UnixConn
}

func (s *server) connect() *client {
	s.t.Helper()
	var conn *net.UnixConn
	await.Until(s.t, "a connection", func() bool { // EAGAIN while too many wait
		var err error
		conn, err = net.DialUnix("unixpacket", nil, &net.UnixAddr{Name: s.path, Net: "unixpacket"})
		return err == nil
	})
	s.t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(await.Limit)); err != nil {
		s.t.Fatal(err)
	}
	return &client{s.t, conn}
}

func (c *client) say(text string, files ...*os.File) {
	c.t.Helper()
	var fds []int
	for _, f := range files {
		fds = append(fds, fdOf(c.t, f))
	}
	var rights []byte
	if len(fds) > 0 {
		rights = unix.UnixRights(fds...)
	}
	if _, _, err := c.conn.WriteMsgUnix([]byte(text), rights, nil); err != nil {
		c.t.Fatal(err)
	}
}

// fdOf returns a file's descriptor without changing whether it blocks.
func fdOf(t *testing.T, f *os.File) (fd int) {
	t.Helper()
	conn, err := f.SyscallConn()
	if err == nil {
		err = conn.Control(func(n uintptr) { fd = int(n) })
	}
	if err != nil {
		t.Fatal(err)
	}
	return fd
}

// hears holds that the server says what starts with want, and nothing after it when that is the last word.
func (c *client) hears(want string) {
	c.t.Helper()
	buf := make([]byte, 512)
	n, err := c.conn.Read(buf)
	if errors.Is(err, unix.ECONNRESET) { // what was said to the server has not been read
		n, err = c.conn.Read(buf)
	}
	if err != nil || !strings.HasPrefix(string(buf[:n]), want) || want == "." && n > 1 {
		c.t.Fatalf("the server says %q, %v; want %q", buf[:n], err, want)
	}
	if want == "+" {
		return
	}
	if n, err := c.conn.Read(buf); n > 0 || err == nil {
		c.t.Fatalf("the server says %q after %q", buf[:n], want)
	}
}

const hello = "1\x00xterm-256color\x00C.UTF-8"

// shown connects a terminal and waits until the session has begun.
func (s *server) shown(slave *os.File) (*client, *Client) {
	s.t.Helper()
	c := s.connect()
	c.say(hello, slave)
	c.hears("+")
	c.say("+")
	var session *Client
	ttytest.Within(s.t, "a session", func() { session = <-s.came })
	return c, session
}

func TestShowsOnTerminalThatIsHandedOver(t *testing.T) {
	s := start(t)
	master, slave := ttytest.OpenPty(t, 100, 30)
	mode := ttytest.TermiosOf(t, slave)
	c, session := s.shown(slave)
	if w, h := session.Terminal.Size(); w != 100 || h != 30 || session.Term != "xterm-256color" || session.Who != fmt.Sprint("unix uid ", os.Getuid()) {
		t.Errorf("%dx%d %q %q", w, h, session.Term, session.Who)
	}
	view := ttytest.View(master, 100, 30)
	await.Until(t, "the picture", view.Shows("shown"))
	if ttytest.TermiosOf(t, slave) == mode {
		t.Error("not in raw mode")
	}
	c.say("w")
	ttytest.Within(t, "it hears of the size", func() { <-s.resizes })
	s.quit <- nil
	c.hears(".")
	if now := ttytest.TermiosOf(t, slave); now != mode {
		t.Errorf("mode %+v, before %+v", now, mode)
	}
	if !s.logged("has come") || !s.logged("has left") {
		t.Errorf("log: %q", s.said)
	}
}

// TestFarewell: whatever ends a session the terminal is itself again before the client hears of it.
func TestFarewell(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(s *server, c *client)
		want string
	}{
		"the user quits":       {func(s *server, c *client) { s.quit <- nil }, "."},
		"too many look on":     {func(s *server, c *client) { s.quit <- errors.New("16 look on \x1b[2J") }, ".16 look on "},
		"the server ends":      {func(s *server, c *client) { s.end() }, ".the server has ended"},
		"the client leaves":    {func(s *server, c *client) { c.conn.CloseWrite() }, "."},
		"it says what is none": {func(s *server, c *client) { c.say("x") }, ".it said what"},
		"it says too much":     {func(s *server, c *client) { c.say(strings.Repeat("w", 1000)) }, ".it said what"},
		"it says nothing":      {func(s *server, c *client) { c.say("") }, "."},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			_, slave := ttytest.OpenPty(t, 80, 24)
			mode := ttytest.TermiosOf(t, slave)
			client, _ := s.shown(slave)
			c.end(s, client)
			buf := make([]byte, 512)
			n, err := client.conn.Read(buf)
			if said := string(buf[:n]); err != nil || !strings.HasPrefix(said, c.want) || c.want == "." && n > 1 || strings.Contains(said, "\x1b") {
				t.Errorf("%q, %v; want %q", said, err, c.want)
			}
			if now := ttytest.TermiosOf(t, slave); now != mode {
				t.Errorf("mode %+v, before %+v", now, mode)
			}
		})
	}
}

// TestUnreadResizesKeepTheFarewell: the kernel says ECONNRESET first when the server has not read all.
func TestUnreadResizesKeepTheFarewell(t *testing.T) {
	s := start(t)
	_, slave := ttytest.OpenPty(t, 80, 24)
	c, _ := s.shown(slave)
	for range 20 {
		c.say("w")
	}
	s.quit <- nil
	c.hears(".")
}

// TestClientIsKilled: nobody but the server can put the terminal back then.
func TestClientIsKilled(t *testing.T) {
	s := start(t)
	_, slave := ttytest.OpenPty(t, 80, 24)
	mode := ttytest.TermiosOf(t, slave)
	c, _ := s.shown(slave)
	await.Until(t, "raw mode", func() bool { return ttytest.TermiosOf(t, slave) != mode })
	c.conn.Close()
	await.Until(t, "the terminal is itself again", func() bool { return ttytest.TermiosOf(t, slave) == mode })
}

// reopened opens a pty's slave anew.
func reopened(t *testing.T, slave *os.File, flags int) *os.File {
	t.Helper()
	fd, err := unix.Open(slave.Name(), flags|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), slave.Name())
	t.Cleanup(func() { f.Close() })
	return f
}

// TestRefuses: who hands over something else than a terminal of his own is told so, and nothing of it stays open.
func TestRefuses(t *testing.T) {
	s := start(t)
	master, slave := ttytest.OpenPty(t, 80, 24)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	null, err := os.OpenFile("/dev/null", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	gone, goneSlave := ttytest.OpenPty(t, 80, 24)
	gone.Close()
	for name, c := range map[string]struct {
		said  string
		files []*os.File
		want  string
	}{
		"a pipe":               {hello, []*os.File{r}, "?the server draws on pseudo-terminals only"},
		"a device":             {hello, []*os.File{null}, "?the server draws on pseudo-terminals only"},
		"a master":             {hello, []*os.File{master}, "?the server draws on pseudo-terminals only"},
		"none":                 {hello, nil, "-hypervisor-attach handed over 0"},
		"two":                  {hello, []*os.File{slave, slave}, "-hypervisor-attach handed over 2"},
		"many":                 {hello, slices.Repeat([]*os.File{slave}, 100), "-hypervisor-attach handed over"},
		"to read only":         {hello, []*os.File{reopened(t, slave, unix.O_RDONLY|unix.O_NONBLOCK)}, "-hypervisor-attach must"},
		"a path":               {hello, []*os.File{reopened(t, slave, unix.O_PATH)}, "-hypervisor-attach must"},
		"what blocks":          {hello, []*os.File{reopened(t, slave, unix.O_RDWR)}, "-hypervisor-attach must"},
		"one that has hung up": {hello, []*os.File{goneSlave}, "-open terminal"},
		"an older version":     {"0\x00xterm\x00", []*os.File{slave}, "?this server speaks version 1"},
		"a newer version":      {"2\x00xterm\x00", []*os.File{slave}, "?this server speaks version 1"},
		"another protocol":     {"GET / HTTP/1.1\r\n\r\n", nil, "?this server speaks version 1"},
		"half of it":           {"1\x00xterm", []*os.File{slave}, "-what hypervisor-attach said"},
		"too much":             {hello + strings.Repeat("x", 1000), []*os.File{slave}, "-what hypervisor-attach said"},
		"no UTF-8":             {"1\x00vt220\x00C", []*os.File{slave}, "?this server draws in UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			client := s.connect()
			client.t = t
			before := openFiles(t)
			client.say(c.said, c.files...)
			client.hears(c.want)
			await.Until(t, "nothing more is open", func() bool { return openFiles(t) <= before })
		})
	}
	select {
	case <-s.came:
		t.Error("a session has begun")
	default:
	}
}

// openFiles counts this process's descriptors.
func openFiles(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(all)
}

// TestConsoleOfTheKernel: a VT or a serial line is for its own console.
func TestConsoleOfTheKernel(t *testing.T) {
	for _, path := range []string{"/dev/tty1", "/dev/tty0", "/dev/ttyS0", "/dev/console"} {
		f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
		if err != nil {
			t.Logf("not here: %v", err)
			continue
		}
		defer f.Close()
		if _, err := inspect(fdOf(t, f), 0); err == nil && !strings.HasPrefix(path, "/dev/console") { // a pty in containers
			t.Errorf("%s is taken", path)
		}
	}
}

// TestTerminalOfAnotherUser is refused, to all but root.
func TestTerminalOfAnotherUser(t *testing.T) {
	_, slave := ttytest.OpenPty(t, 80, 24)
	fd, me := fdOf(t, slave), uint32(os.Getuid())
	for _, c := range []struct {
		uid  uint32
		want string
	}{{me, ""}, {me + 1, "this terminal is another user's"}, {0, ""}} {
		if name, err := inspect(fd, c.uid); c.want == "" && (err != nil || "/dev/"+name != slave.Name()) || c.want != "" && (err == nil || err.Error() != c.want) {
			t.Errorf("uid %d: %q, %v", c.uid, name, err)
		}
	}
	if me != 0 {
		t.Skip("only root can connect as another user")
	}
	s := start(t)
	if err := os.Chmod(filepath.Dir(s.path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(s.path, 0o666); err != nil {
		t.Fatal(err)
	}
	connected := make(chan *client)
	go func() {
		runtime.LockOSThread() // for ever: the thread ends with the goroutine
		defer close(connected)
		// This thread alone, as the wrapper would do it for all of them.
		if _, _, e := unix.RawSyscall(unix.SYS_SETRESUID, 65534, 65534, 65534); e == 0 {
			connected <- s.connect()
		}
	}()
	c := <-connected
	if c == nil {
		t.Skip("cannot become another user here")
	}
	c.say(hello, slave)
	c.hears("?this terminal is another user's")
}

// TestTerminalHangsUpBeforeTheSession: after it was taken, and before anything is drawn.
func TestTerminalHangsUpBeforeTheSession(t *testing.T) {
	s := start(t)
	before := openFiles(t)
	master, slave := ttytest.OpenPty(t, 80, 24)
	c := s.connect()
	c.say(hello, slave)
	slave.Close()
	c.hears("+")
	master.Close()
	c.say("+")
	c.hears(".the terminal hung up")
	c.conn.Close()
	await.Until(t, "nothing is open any more", func() bool { return openFiles(t) <= before })
}

// TestClientThatDidNotWait shows a console of its own by now: nothing may be drawn.
func TestClientThatDidNotWait(t *testing.T) {
	s := start(t)
	_, slave := ttytest.OpenPty(t, 80, 24)
	for _, last := range []func(c *client){func(c *client) { c.conn.Close() }, func(c *client) { c.say("w") }} {
		c := s.connect()
		c.say(hello, slave)
		c.hears("+")
		last(c)
	}
	s.end()
	<-s.returns
	if len(s.came) > 0 {
		t.Error("a session has begun")
	}
}

// TestSilentClients: a thousand that connect and say nothing keep a later one no longer than their deadlines.
func TestSilentClients(t *testing.T) {
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil || files.Cur < 1200 {
		t.Skipf("needs 1,200 descriptors, has %d, %v", files.Cur, err)
	}
	s := startWith(t, 20*time.Millisecond)
	before, goroutines := openFiles(t), ttytest.Goroutines()
	var silent []*client
	for range 1000 {
		silent = append(silent, s.connect())
	}
	for _, c := range silent {
		if n, err := c.conn.Read(make([]byte, 10)); n > 0 || !errors.Is(err, io.EOF) && !errors.Is(err, unix.ECONNRESET) {
			t.Fatalf("%d bytes, %v", n, err)
		}
		c.conn.Close()
	}
	await.Until(t, "nothing is open any more", func() bool { return openFiles(t) <= before })
	ttytest.NoMoreGoroutines(t, goroutines)
}

// TestManyHangUpAtOnce: nothing of thirty terminals stays when their masters close.
func TestManyHangUpAtOnce(t *testing.T) {
	s := start(t)
	s.shownAndGone()
	before, goroutines := openFiles(t), ttytest.Goroutines()
	var masters []*os.File
	var clients []*client
	for range 30 {
		master, slave := ttytest.OpenPty(t, 80, 24)
		c, _ := s.shown(slave)
		slave.Close()
		masters, clients = append(masters, master), append(clients, c)
	}
	for _, m := range masters {
		m.Close()
	}
	for _, c := range clients {
		c.hears(".the terminal hung up")
		c.conn.Close()
	}
	await.Until(t, "nothing is open any more", func() bool { return openFiles(t) <= before })
	ttytest.NoMoreGoroutines(t, goroutines)
}

// TestClientLetsTheTerminalBlock: the open file is shared, so a hostile client can. It keeps its own session, and nobody else.
func TestClientLetsTheTerminalBlock(t *testing.T) {
	s := start(t)
	master, slave := ttytest.OpenPty(t, 80, 24)
	c, session := s.shown(slave)
	if err := unix.SetNonblock(fdOf(t, slave), false); err != nil {
		t.Fatal(err)
	}
	if _, err := session.Terminal.Write(make([]byte, 100<<10)); err != nil { // more than a pty takes
		t.Fatal(err)
	}
	s.quit <- nil
	s.shownAndGone()
	slave.Close()
	master.Close()
	c.hears(".")
}

// TestSomethingIsInTheWay of the socket: that is said once, and the socket is made when it has gone.
func TestSomethingIsInTheWay(t *testing.T) {
	s := &server{t: t, path: filepath.Join(t.TempDir(), "s"), returns: make(chan struct{}), came: make(chan *Client, 1)}
	if err := os.WriteFile(s.path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer close(s.returns)
		run(ctx, Options{Path: s.path, Session: s.session, Log: s.log}, await.Limit)
	}()
	await.Until(t, "it says so", func() bool { return s.logged("something else is there") })
	if err := os.Remove(s.path); err != nil {
		t.Fatal(err)
	}
	_, slave := ttytest.OpenPty(t, 80, 24)
	s.shown(slave)
	cancel()
	ttytest.Within(t, "it ends", func() { <-s.returns })
	if len(s.said) != 3 { // with a coming and a leaving
		t.Errorf("log: %q", s.said)
	}
}

// TestNoDescriptorLeft: a client waits until there is one for it, and is told when there is none for its terminal.
func TestNoDescriptorLeft(t *testing.T) {
	s := start(t)
	s.shownAndGone()
	_, slave := ttytest.OpenPty(t, 80, 24)
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(openFiles(t) + 10), Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Setrlimit(unix.RLIMIT_NOFILE, &was) }()
	var taken []int
	free := func() {
		unix.Close(taken[len(taken)-1])
		taken = taken[:len(taken)-1]
	}
	for {
		fd, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			break
		}
		taken = append(taken, fd)
	}
	defer func() {
		for len(taken) > 0 {
			free()
		}
	}()
	free()
	c := s.connect()
	await.Until(t, "it cannot accept", func() bool { return s.logged("too many open files") })
	free()
	c.say(hello, slave)
	c.hears("?the server has no descriptor left")
	c.conn.Close()
	for range 5 {
		free()
	}
	s.shown(slave)
}

// shownAndGone is one viewer, after whom the runtime has what it keeps.
func (s *server) shownAndGone() {
	s.t.Helper()
	master, slave := ttytest.OpenPty(s.t, 80, 24)
	c, _ := s.shown(slave)
	s.quit <- nil
	c.hears(".")
	c.conn.Close()
	master.Close()
	slave.Close()
	await.Until(s.t, "it has left", func() bool { return s.logged("has left") })
}

// TestLimitedLog: who is refused again and again gets a line in ten seconds.
func TestLimitedLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines []string
		l := limited{log: func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }}
		for i := range 25 {
			l.say("number %d", i)
			time.Sleep(time.Second)
		}
		if want := []string{"number 0", "number 10, after 9 others", "number 20, after 9 others"}; !slices.Equal(lines, want) {
			t.Errorf("%q, want %q", lines, want)
		}
	})
}
