package e2e

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/journal/file/jwrite"
)

// hungFile is a filesystem that consists of one file. It answers what the kernel asks until it is hung, and then never
// again: what a file is like on a network disk whose server has died.
type hungFile struct {
	fd int // of /dev/fuse

	mu     sync.Mutex // guards the rest
	text   []byte
	good   int // above 0: it hangs for what lies beyond so many bytes, and is cached as a file of a disk is
	hung   bool
	unread [][8]byte // questions that came since it hangs, by their numbers
}

// newHungFile serves text. Whoever wants it in a place of his own mounts it with mountHung.
func newHungFile(t *testing.T, text string) *hungFile {
	t.Helper()
	needRoot(t)
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skip("no FUSE here: ", err)
	}
	t.Cleanup(func() { unix.Close(fd) }) // the kernel gives up what waits
	return &hungFile{fd: fd, text: []byte(text)}
}

// mountHung is a script that puts the file behind descriptor 3 in the place of path and becomes the program.
func mountHung(path string) string {
	return fmt.Sprintf("mount -i -t fuse -o fd=3,rootmode=100444,user_id=0,group_id=0,allow_other hung %q || exit 9\n"+
		`exec 3<&-; exec "$@"`, path)
}

// serve answers until nobody has the file mounted any more.
func (h *hungFile) serve() {
	buf := make([]byte, 1<<17)
	for {
		n, err := unix.Read(h.fd, buf)
		switch {
		case err == unix.ENOENT || err == unix.EINTR || err == unix.EPERM: // interrupted, or not mounted yet
			continue
		case err != nil:
			return
		}
		h.take(buf[:n])
	}
}

// take answers a question, or keeps it.
func (h *hungFile) take(question []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	unique := [8]byte(question[8:16])
	answer, errno := h.answer(question)
	switch {
	case errno < 0:
	case h.hung && binary.NativeEndian.Uint32(question[4:]) != 26, h.beyond(question): // not INIT: it is mounted
		h.unread = append(h.unread, unique)
	default:
		h.reply(unique, answer, errno)
	}
}

// beyond reports whether a question is about what lies beyond the good part.
func (h *hungFile) beyond(q []byte) bool {
	const read = 15
	return h.good > 0 && binary.NativeEndian.Uint32(q[4:]) == read &&
		binary.NativeEndian.Uint64(q[48:])+uint64(binary.NativeEndian.Uint32(q[56:])) > uint64(h.good)
}

// hang makes the file hang.
func (h *hungFile) hang() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hung = true
}

// asked is how many questions it has left unanswered.
func (h *hungFile) asked() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.unread)
}

// recover makes the file answer again, with text; what waits gets an error.
func (h *hungFile) recover(text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, unique := range h.unread {
		h.reply(unique, nil, int(unix.EIO))
	}
	h.hung, h.good, h.unread, h.text = false, 0, nil, []byte(text)
}

func (h *hungFile) reply(unique [8]byte, body []byte, errno int) {
	b := binary.NativeEndian.AppendUint32(nil, uint32(16+len(body)))
	b = binary.NativeEndian.AppendUint32(b, uint32(-errno))
	_, _ = unix.Write(h.fd, append(append(b, unique[:]...), body...)) // the question may have been taken back
}

// answer is what is answered to a question, an errno below 0 for nothing at all.
//
// Kernel: include/uapi/linux/fuse.h
func (h *hungFile) answer(q []byte) (body []byte, errno int) {
	u32, u64 := binary.NativeEndian.AppendUint32, binary.NativeEndian.AppendUint64
	switch binary.NativeEndian.Uint32(q[4:]) {
	case 26: // INIT
		body = u32(u32(u32(nil, 7), 31), 0)
		body = append(body, make([]byte, 64-len(body))...)
		binary.NativeEndian.PutUint32(body[20:], 4096) // max_write
		return body, 0
	case 3: // GETATTR
		body = append(u64(u64(make([]byte, 16), 1), uint64(len(h.text))), make([]byte, 40)...)
		body = append(u32(u32(u32(body, 0), 0o100444), 1), make([]byte, 20)...)
		return body, 0
	case 17: // STATFS: no blocks, nothing that could be full
		return make([]byte, 80), 0
	case 14: // OPEN, with FOPEN_DIRECT_IO: each read comes here
		direct := uint32(1)
		if h.good > 0 {
			direct = 0
		}
		return u32(u32(u64(nil, 1), direct), 0), 0
	case 15: // READ
		at := min(binary.NativeEndian.Uint64(q[48:]), uint64(len(h.text)))
		size := min(uint64(binary.NativeEndian.Uint32(q[56:])), uint64(len(h.text))-at)
		return h.text[at : at+size], 0
	case 18, 25: // RELEASE, FLUSH
		return nil, 0
	case 2, 36, 42: // FORGET, INTERRUPT, BATCH_FORGET
		return nil, -1
	}
	return nil, int(unix.ENOSYS)
}

// file is the device for a child, as its descriptor 3. A child that hangs when the test fails is let go, so that it can
// be ended.
func (h *hungFile) file(t *testing.T) *os.File {
	t.Helper()
	fd, err := unix.FcntlInt(uintptr(h.fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "/dev/fuse")
	t.Cleanup(func() {
		f.Close()
		h.recover("")
	})
	return f
}

// start starts the program with the file in the place of path.
func (h *hungFile) start(t *testing.T, path string, o setup) *session {
	t.Helper()
	mayMountHung(t)
	o.unshared, o.script = true, mountHung(path)
	o.before = func(s *session) {
		s.cmd.ExtraFiles = []*os.File{h.file(t)}
	}
	return start(t, o)
}

// mayMountHung skips the test where such a file cannot be mounted.
func mayMountHung(t *testing.T) {
	t.Helper()
	probe := exec.Command("sh", "-c", mountHung("/proc/loadavg"), "sh", "true")
	probe.ExtraFiles = []*os.File{newHungFile(t, "").file(t)}
	probe.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS}
	if out, err := probe.CombinedOutput(); err != nil {
		t.Skipf("no FUSE mounts here: %v %s", err, out)
	}
}

// ends ends the program by a signal and wants its terminal as it was.
func (s *session) ends() {
	s.t.Helper()
	s.signal(unix.SIGTERM)
	if code, took := s.exit(); code != 0 {
		s.t.Errorf("exit code %d after %v\n%s", code, took, s.stderr())
	}
	s.restored()
}

// TestF53HungAtStart: whatever file never answers, there is a frame, what has not come is said, and a signal ends it.
func TestF53HungAtStart(t *testing.T) {
	t.Parallel()
	zone := filepath.Join(t.TempDir(), "zone")
	config := filepath.Join(t.TempDir(), "config.yaml")
	state := t.TempDir()
	recording := filepath.Join(state, "hypervisor-tui/flight")
	if err := os.Mkdir(filepath.Dir(recording), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{zone, config, recording} {
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for path, c := range map[string]struct {
		says  string // among the sources
		setup setup
	}{
		"/proc/loadavg":                    {"sampler not answering, waits for /proc/loadavg", setup{}},
		"/proc/stat":                       {"sampler not answering, waits for /proc/stat", setup{}},
		"/etc/os-release":                  {"identity: not answering", setup{}},
		"/proc/cpuinfo":                    {"", setup{}},
		"/etc/resolv.conf":                 {"network files: not answering: /etc/resolv.conf", setup{}},
		"/etc/passwd":                      {"", setup{}},
		"/etc/nsswitch.conf":               {"", setup{}},
		"/sys/class/dmi/id/product_serial": {"", setup{}},
		zone:                               {"time zone is not answering: times are UTC", setup{env: []string{"TZ=" + zone}}},
		recording:                          {recording + ", which has not answered yet", setup{env: []string{"XDG_STATE_HOME=" + state}}},
		config:                             {"not answering (" + config, setup{args: []string{"--config", config}}},
	} {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			h := newHungFile(t, "")
			if _, err := os.Stat(path); err != nil {
				t.Skip(err)
			}
			c.setup.w, c.setup.h = 200, tall
			s := h.start(t, path, c.setup)
			s.await(footer, "Uptime:")
			t.Logf("first frame after %v", time.Since(s.began))
			if c.says != "" {
				s.sources(c.says)
			}
			s.ends()
		})
	}
}

// TestF52ReaderHangs: figures that are not fresh any more are not shown as if they were.
func TestF52ReaderHangs(t *testing.T) {
	if testing.Short() {
		t.Skip("long: a file hangs twice until it is said")
	}
	t.Parallel()
	h := newHungFile(t, "1.25 2.50 3.75 2/345 6789\n")
	go h.serve()
	s := h.start(t, "/proc/loadavg", setup{w: 160, h: 40, args: []string{"--config", writeFile(t, "config.yaml", "refreshInterval: 1s\n")}})
	s.await(footer, "Load: 1.25")
	h.hang()
	s.await("sampler not answering, waits for /proc/loadavg", "CPU (", "Memory (", " old)", "Load: 1.25")
	s.keys("i")
	s.await("the sampler waits for /proc/loadavg", "stale")
	s.keys("i")
	h.recover("4.25 2.50 3.75 2/345 6789\n")
	s.until("fresh figures", func(text string) bool {
		return strings.Contains(text, "Load: 4.25") && !strings.Contains(text, " old)") && !strings.Contains(text, "sampler not")
	})
	h.hang()
	s.await("sampler not answering")
	s.signal(unix.SIGTERM)
	// A thread that reads such a file cannot be killed, and the process stays until it comes back; the terminal is free.
	await.Until(t, "the terminal is as it was", func() bool { return s.termios() == s.mode })
	h.recover("")
	if code, _ := s.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
	s.restored()
}

// TestF54HungConfig: a configuration that does not answer leaves the last good one in force, and says so; asking again
// and again costs nothing; when it answers it is read.
func TestF54HungConfig(t *testing.T) {
	t.Parallel()
	config := writeFile(t, "config.yaml", "x")
	h := newHungFile(t, "theme: mono\nglyphs: ascii\n")
	go h.serve()
	s := h.start(t, config, setup{w: 160, h: 40, args: []string{"--config", config}})
	s.await(footer, "-- Memory")
	h.hang()
	s.signal(unix.SIGHUP)
	s.sources("config: not answering")
	s.keys("i")
	reads := h.asked()
	threads := s.threads()
	for range 50 {
		s.signal(unix.SIGHUP)
		s.keys("3")
		s.await("Physical interfaces")
		s.keys("2")
		s.await("-- Memory")
	}
	if now := s.threads(); now > threads+2 {
		t.Errorf("%d threads became %d", threads, now)
	}
	if more := h.asked() - reads; more > 1 { // how full it is may have been asked, once
		t.Errorf("the file was asked %d times while it hung", more)
	}
	h.recover("theme: light\nglyphs: unicode\n")
	s.until("the configuration that answers again", func(text string) bool {
		return strings.Contains(text, "── Memory") && !strings.Contains(text, "config:")
	})
	s.ends()
}

// threads is how many the program has; each hung read holds one.
func (s *session) threads() int {
	s.t.Helper()
	entries, err := os.ReadDir(s.proc("task"))
	if err != nil {
		s.t.Fatal(err)
	}
	return len(entries)
}

// TestF55HungKubeconfig: not answering is not a look that has not ended yet.
func TestF55HungKubeconfig(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "kubeconfig", "x")
	h := newHungFile(t, "")
	s := h.start(t, path, setup{w: 160, h: tall, args: []string{"--config", writeFile(t, "config.yaml", "kubeconfigPath: "+path+"\n")}})
	s.await(footer)
	s.sources("cluster not seen: " + path + " not answering")
	s.ends()
}

// TestF55HungJournal: a journal whose header can be read and nothing else holds up its reader alone. The clock goes on,
// keys are answered, and a signal frees the terminal.
func TestF55HungJournal(t *testing.T) {
	t.Parallel()
	text, dir := writeJournal(t), "/run/log/journal/0123456789abcdef0123456789abcdef"
	path := dir + "/system.journal"
	h := newHungFile(t, text)
	h.good = 4096
	go h.serve()
	mayMountHung(t)
	s := start(t, setup{w: 200, h: tall, unshared: true,
		script: fmt.Sprintf("mount -t tmpfs none /run && mkdir -p /run/systemd/journal %s && : >%s && : >/run/systemd/journal/socket\n", dir, path) + mountHung(path),
		before: func(s *session) { s.cmd.ExtraFiles = []*os.File{h.file(t)} }})
	await.Until(t, "the journal is read", func() bool { return h.asked() > 0 })
	s.await(footer)
	s.sources("not answering for")
	for range 2 {
		was := clockOf(s.text())
		s.until("the clock goes on", func(text string) bool { now := clockOf(text); return now != "" && now != was })
	}
	s.keys("3")
	s.await("Physical interfaces")
	s.signal(unix.SIGTERM)
	await.Until(t, "the terminal is as it was", func() bool { return s.termios() == s.mode })
	h.recover(text)
	if code, _ := s.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
	s.restored()
}

// clockOf is the time of day that a screen shows, "" for none.
func clockOf(text string) string { return clockForm.FindString(text) }

var clockForm = regexp.MustCompile(`\d\d:\d\d:\d\d`)

// writeJournal returns the text of a journal file of some entries.
func writeJournal(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "system.journal")
	w, err := jwrite.Create(path, jwrite.Options{})
	for n := 0; err == nil && n < 100; n++ {
		err = w.Append(jwrite.Entry{Realtime: uint64(n), Monotonic: uint64(n), Fields: []string{fmt.Sprint("MESSAGE=", n)}})
	}
	if err == nil {
		err = w.Close(jwrite.Online)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(path)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestF53OnceHasAnEnd: what runs without a terminal comes to an end as well, and says what did not answer.
func TestF53OnceHasAnEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		want string
		hung string // empty: /proc/stat
	}{
		"once":                {[]string{"--once", "--size", "120x40"}, "sampler not answering, waits for /proc/stat", ""},
		"json":                {[]string{"--once", "--json"}, `"sampler not answering, waits for /proc/stat"`, ""},
		"check":               {[]string{"--check"}, "problem: sampler not answering, waits for /proc/stat", ""},
		"check of a terminal": {[]string{"--check"}, "terminal             failed  not answering", "/dev/tty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mayMountHung(t)
			cmd := exec.Command("sh", append([]string{"-c", mountHung(cmp.Or(c.hung, "/proc/stat")), "sh", program(t, "")}, c.args...)...)
			cmd.Env = environment(t)
			cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS}
			cmd.ExtraFiles = []*os.File{newHungFile(t, "").file(t)}
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			select {
			case err := <-ended:
				if err != nil || !strings.Contains(out.String(), c.want) {
					t.Errorf("%v\n%s", err, out.String())
				}
			case <-time.After(await.Limit):
				_ = cmd.Process.Kill()
				t.Fatal("goes on")
			}
		})
	}
}

// TestF53FirstThreadIsFree: a thread that waits for a file which never answers takes no signal, and the kernel gives those
// of a process to its first thread: it reads nothing, however much there is to do, and SIGTERM is heard.
func TestF53FirstThreadIsFree(t *testing.T) {
	t.Parallel()
	h := newHungFile(t, "")
	h.hang()
	go h.serve()
	config := writeFile(t, "config.yaml", "x")
	s := h.start(t, config, setup{w: 160, h: 40, args: []string{"--config", config}})
	s.await(footer, "config: not answering")
	before := s.firstThread()
	for range 20 {
		s.keys("3")
		s.await("Physical interfaces")
		s.keys("2r")
		s.await("Memory")
	}
	if now := s.firstThread(); now != before {
		t.Errorf("the first thread worked: %s became %s", before, now)
	}
	s.signal(unix.SIGTERM)
	await.Until(t, "the terminal is as it was", func() bool { return s.termios() == s.mode })
	h.recover("")
	if code, _ := s.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
	s.restored()
}

// firstThread is how often the program's first thread has gone to wait for something.
func (s *session) firstThread() string {
	s.t.Helper()
	status, err := os.ReadFile(s.proc(fmt.Sprintf("task/%d/status", s.cmd.Process.Pid)))
	if err != nil {
		s.t.Fatal(err)
	}
	_, n, _ := strings.Cut(string(status), "\nvoluntary_ctxt_switches:")
	n, _, _ = strings.Cut(n, "\n")
	return strings.TrimSpace(n)
}
