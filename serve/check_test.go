package serve

import (
	"context"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/serve/socket"
)

// TestCheckSaysWhatServingWouldFind: without leaving anything.
func TestCheckSaysWhatServingWouldFind(t *testing.T) {
	t.Parallel()
	a, dir, sockets := newAuthority(t), t.TempDir(), shortDir(t)
	good := a.pair(t, dir, "server")
	cert, key := a.issue(t, "server", -2*time.Hour, -time.Hour)
	expired := config.ServeTLS{CertFile: write(t, dir, "old", cert), KeyFile: write(t, dir, "oldkey", key)}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := write(t, sockets, "file", nil)
	attach := func(socket string) config.Serve {
		return config.Serve{Socket: socket, Attach: config.ServeAttach{Enable: true}}
	}
	other := shortDir(t) + "/s"
	terminals, err := socket.Listen("unixpacket", other)
	if err != nil {
		t.Fatal(err)
	}
	defer terminals.Close()
	for _, c := range []struct {
		config config.Serve
		listen string
		want   string // each finding's state and the beginning of its text
	}{
		{config.Serve{}, "", ""},
		{config.Serve{TLS: good}, "", "ok encrypted; the certificate is valid until"},
		{config.Serve{TLS: expired}, "", "failed the certificate " + dir + "/old expired on"},
		{config.Serve{TLS: config.ServeTLS{CertFile: dir + "/none", KeyFile: dir + "/none"}}, "", "failed serve.tls: open " + dir + "/none: no such file"},
		{config.Serve{}, "127.0.0.1:0", "ok nobody listens on 127.0.0.1:0 yet"},
		{config.Serve{}, "0.0.0.0:0", "failed 0.0.0.0:0: other hosts reach this address"},
		{config.Serve{}, taken.Addr().String(), "taken somebody listens on " + taken.Addr().String()},
		{config.Serve{}, sockets + "/s", "ok nobody listens on " + sockets + "/s yet"},
		{config.Serve{}, file, "failed " + file + ": listen on " + file + ": something else is there"},
		{config.Serve{}, other, "taken somebody listens on " + other},
		{attach(""), "", ""}, // systemd has it
		{attach(sockets + "/s"), "", "ok nobody listens on " + sockets + "/s yet"},
		{attach(file), "", "failed " + file + ": listen on " + file + ": something else is there"},
		{attach(other), "", "taken somebody listens on " + other},
		{config.Serve{}, sockets + "/none/s", "failed " + sockets + "/none/s: "},
	} {
		o := Options{Config: c.config}
		if c.listen != "" {
			o.Listen = []string{c.listen}
		}
		var got []string
		for _, f := range Check(context.Background(), o) {
			got = append(got, f.State+" "+f.Text)
		}
		if !strings.HasPrefix(strings.Join(got, "\n"), c.want) || (c.want == "") != (got == nil) {
			t.Errorf("%+v: %q, want %q", o, got, c.want)
		}
	}
	if left, err := os.ReadDir(sockets); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
