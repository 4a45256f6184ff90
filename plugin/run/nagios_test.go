package run

import (
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/plugin"
)

// nagiosPlugins is where Debian's packages of Nagios plugins have them.
const nagiosPlugins = "/usr/lib/nagios/plugins"

// TestNagiosPlugins runs real checks: their state is the one that they must have here, and text and figures are what stands in
// their own output, which is read another way.
func TestNagiosPlugins(t *testing.T) {
	if _, err := os.Stat(filepath.Join(nagiosPlugins, "check_disk")); err != nil {
		t.Skip("Debian's monitoring-plugins-basic is not here:", err)
	}
	for _, needs := range []string{"/etc/mtab", "/bin/ps"} { // of check_disk and check_procs; a sandbox has neither
		if _, err := os.Stat(needs); err != nil {
			t.Skip("not the system that the checks expect:", err)
		}
	}
	marked(t)
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, nobody, _ := net.SplitHostPort(closed.Addr().String())
	closed.Close()
	age := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(age, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		command string
		status  plugin.Status
		figures int
	}{
		{"check_disk -w 0% -c 0% -p /", plugin.OK, 1},
		{"check_disk -w 100% -c 0% -p /", plugin.Warning, 1},
		{"check_load -w 1000000,1000000,1000000 -c 1000000,1000000,1000000", plugin.OK, 3},
		{"check_procs -w 1000000 -c 2000000", plugin.OK, 1},
		{"check_procs -w 1000000 -c 0:0", plugin.Critical, 1},
		{"check_users -w 1000000 -c 2000000", plugin.OK, 1},
		{"check_tcp -H 127.0.0.1 -p " + port, plugin.OK, 1},
		{"check_tcp -H 127.0.0.1 -p " + nobody, plugin.Critical, 0},
		{"check_http -I 127.0.0.1 -p " + port, plugin.Warning, 2},
		{"check_http -I 127.0.0.1 -p " + port + " -v", plugin.Warning, 2},
		{"check_http -I 127.0.0.1 -p " + port + " -e 404", plugin.OK, 2},
		{"check_ssh -p " + nobody + " 127.0.0.1", plugin.Critical, 0},
		{"check_file_age -w 1000000 -c 2000000 " + age, plugin.OK, 2},
		{"check_cluster -s -d 0,0,1,2 -w 0 -c 1", plugin.Critical, 0},
		{"check_dummy 0 fine", plugin.OK, 0},
		{"check_dummy 1", plugin.Warning, 0},
		{"check_dummy 2 a|b", plugin.Critical, 0},
		{"check_dummy 3", plugin.Unknown, 0},
		{"check_nonsense", plugin.Unknown, 0},
	} {
		argv := strings.Fields(c.command)
		argv[0] = filepath.Join(nagiosPlugins, argv[0])
		s := plugin.Spec{Name: "n", Command: argv, Timeout: await.Limit}
		file, _, err := Run(t.Context(), &s)
		if err != nil {
			t.Fatal(err)
		}
		_, output, err := plugin.ParseHeader(file)
		if err != nil {
			t.Fatal(err)
		}
		r := s.Result(file)
		text, figures := reread(string(output))
		if r.Status != c.status || r.Text != text || len(r.Figures) != c.figures || len(figures) != c.figures || r.Left != 0 {
			t.Errorf("%s: %v %q %+v, want %v %q %q: %q", c.command, r.Status, r.Text, r.Figures, c.status, text, figures, output)
			continue
		}
		for i, f := range r.Figures {
			if got := fmt.Sprintf("%s %.6f%s", f.Label, f.Value, f.Unit); got != figures[i] {
				t.Errorf("%s: %s, want %s: %q", c.command, got, figures[i], output)
			}
		}
	}
}

var (
	perfdata  = regexp.MustCompile(`\|.*=[-0-9].*`)
	perfdatum = regexp.MustCompile(`([^\s=|]+)=(-?[0-9.]+)([a-zA-Z%]*)`)
)

// reread returns the first line of what a check prints, and its figures, as far as those of Debian have any: no quotes, no blanks.
func reread(output string) (text string, figures []string) {
	for _, m := range perfdatum.FindAllStringSubmatch(strings.Join(perfdata.FindAllString(output, -1), " "), -1) {
		value, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			value = math.NaN()
		}
		figures = append(figures, fmt.Sprintf("%s %.6f%s", m[1], value, m[3]))
	}
	text, _, _ = strings.Cut(perfdata.ReplaceAllString(output, ""), "\n")
	return strings.TrimSpace(text), figures
}
