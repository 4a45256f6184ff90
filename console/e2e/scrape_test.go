//go:build !nokube

package e2e

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/sample/link/linktest"
)

// unwell is an exporter while something hangs or is gone: every scrape is answered, with figures that go on, and says so in those
// lines.
func (s *served) unwell(lines ...string) {
	s.t.Helper()
	clock := regexp.MustCompile(`(?m)^node_time_seconds (.*)$`)
	scrape := func() (text, now string) {
		status, text := s.get("/metrics")
		if status != http.StatusOK {
			return "", ""
		}
		m := clock.FindStringSubmatch(text)
		if m == nil {
			s.t.Fatalf("no time in\n%s", text)
		}
		return text, m[1]
	}
	last := ""
	defer func() {
		if s.t.Failed() {
			s.t.Log(last)
		}
	}()
	for _, line := range lines {
		is := regexp.MustCompile("(?m)^" + line + "$")
		await.Until(s.t, line, func() bool { last, _ = scrape(); return is.MatchString(last) })
	}
	for range 3 {
		_, was := scrape()
		await.Until(s.t, "the figures go on", func() bool { _, now := scrape(); return now != "" && now != was })
	}
}

// serveHung starts an exporter in a mount namespace of its own, after a script, with h in the place of path.
func serveHung(t *testing.T, h *hungFile, script, path, config string) *served {
	t.Helper()
	mayMountHung(t)
	dir, err := os.MkdirTemp("", "serve")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "http")
	cmd := exec.Command("sh", "-c", script+mountHung(path), "sh", program(t, ""), "--serve", "--listen", socket, "--config", writeFile(t, "config.yaml", config))
	cmd.ExtraFiles = []*os.File{h.file(t)}
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS}
	s := serveBy(t, cmd, dir, socket)
	t.Cleanup(func() { h.recover("") }) // a thread that waits for such a file cannot be killed
	return s
}

// TestF14ScrapeWithHungMount: a mount that never answers is said to have an error, and what others left on it is not waited for.
func TestF14ScrapeWithHungMount(t *testing.T) {
	if testing.Short() {
		t.Skip("long: the mount hangs until that is said")
	}
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "x.prom")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := serveHung(t, newHungFile(t, ""), "", path, fmt.Sprintf(exporting, dir))
	s.unwell(`node_filesystem_device_error\{device="hung",fstype="fuse",mountpoint="`+path+`",device_error="[^"]+"\} 1`,
		`node_textfile_scrape_error 1`, `hypervisor_source_up\{source="textfiles"\} 0`)
	if _, text := s.get("/metrics"); strings.Contains(text, `node_filesystem_size_bytes{device="hung"`) {
		t.Error("it has a size")
	}
}

// TestF55ScrapeWithHungJournal: a journal that never answers is said not to.
func TestF55ScrapeWithHungJournal(t *testing.T) {
	if testing.Short() {
		t.Skip("long: the journal hangs until that is said")
	}
	t.Parallel()
	text, dir := writeJournal(t), "/run/log/journal/0123456789abcdef0123456789abcdef"
	h := newHungFile(t, text)
	h.good = 4096
	go h.serve()
	s := serveHung(t, h, fmt.Sprintf("mount -t tmpfs none /run && mkdir -p /run/systemd/journal %s && : >%[1]s/system.journal && : >/run/systemd/journal/socket\n", dir),
		dir+"/system.journal", fmt.Sprintf(exporting, "null"))
	await.Until(t, "the journal is read", func() bool { return h.asked() > 0 })
	s.unwell(`hypervisor_source_up\{source="journal"\} 0`)
}

// TestScrapeWithoutAPI: an API server that takes the connection and says nothing is one that is not up, and the VMs of this
// host are there, also one whose QEMU is stopped.
func TestScrapeWithoutAPI(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close() // the kernel takes connections; nobody answers
	kubeconfig := writeFile(t, "kubeconfig", fmt.Sprintf("apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: 'https://%s'}}]\n"+
		"users: [{name: u, user: {token: t}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]\ncurrent-context: x\n", silent.Addr()))
	name := fmt.Sprint("stopped-", os.Getpid()) // this host may run the same test twice at a time
	guest := linktest.Play(t, name, 0)
	if err := unix.Kill(guest.PID(), unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer unix.Kill(guest.PID(), unix.SIGCONT)
	s := serve(t, fmt.Sprintf(exporting, "null"), "KUBECONFIG="+kubeconfig)
	vm := `\{namespace="default",name="` + name + `"\} `
	s.unwell(`hypervisor_cluster_api_up 0`, `hypervisor_source_up\{source="kubernetes"\} 0`, `hypervisor_source_up\{source="VMs"\} 1`,
		`hypervisor_vm_processes`+vm+`1`, `hypervisor_vm_cpu_seconds_total`+vm+`\S+`, `hypervisor_vm_memory_resident_bytes`+vm+`[1-9]\d*`)
}

// TestCheckTextfiles: whoever writes such files can ask what is wrong with them.
func TestCheckTextfiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	check := func(want string) {
		t.Helper()
		r := run(t, environment(t), "--check", "--config", writeFile(t, "config.yaml", fmt.Sprintf(exporting, dir)))
		if r.code != 0 || !strings.Contains(r.out, "\ntextfiles            "+want+"\n") {
			t.Errorf("exit code %d, no %q in\n%s", r.code, want, r.out)
		}
	}
	for _, c := range []struct{ text, want string }{
		{"x 1\nx{a=\"b\"} 2\n", "ok      " + dir + ": 2 series in 1 files"},
		{"x 1\nnode_load1 2\n", "failed  " + dir + ": x.prom:2: hypervisor-tui has a metric node_load1 itself"},
	} {
		if err := os.WriteFile(filepath.Join(dir, "x.prom"), []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		check(c.want)
	}
	dir += "/nothing"
	check("failed  open " + dir + ": no such file or directory")
}
