package mtls

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/certtest"
)

// credentials are those of files in a folder of the test's own, which are read.
func credentials(t *testing.T, a *certtest.Authority, own certtest.Pair) (*Credentials, string) {
	t.Helper()
	dir := t.TempDir()
	cert, key := own.Write(t, dir)
	c := New(config.Peers{CAFile: a.Write(t, dir), CertFile: cert, KeyFile: key})
	if _, err := c.Read(); err != nil {
		t.Fatal(err)
	}
	return c, dir
}

// listen hands each connection over as it comes.
func listen(t *testing.T, serve func(net.Conn)) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); serve(c) }()
		}
	}()
	return netip.MustParseAddrPort(l.Addr().String())
}

// speak is a server that shows a certificate, asks for one of clients, and says one byte to whom it takes.
func speak(t *testing.T, c *tls.Config) netip.AddrPort {
	return listen(t, func(raw net.Conn) {
		conn := tls.Server(raw, c)
		if conn.Handshake() == nil {
			conn.Write([]byte("!"))
		}
		io.Copy(io.Discard, conn)
	})
}

func (c *Credentials) hear(ctx context.Context, name string, at netip.AddrPort) error {
	conn, err := c.Dial(ctx, name, at)
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		conn.SetDeadline(deadline)
	}
	_, err = io.ReadFull(conn, make([]byte, 1))
	return Stalled(err)
}

// TestWhoIsAPeer: only who shows a certificate of the authority for the node's name or its address, and in what words the others are told.
func TestWhoIsAPeer(t *testing.T) {
	ours, other := certtest.New(t), certtest.New(t)
	mine := ours.Node(t, "hv1")
	c, _ := credentials(t, ours, mine)
	server := func(p certtest.Pair, change func(*tls.Config)) netip.AddrPort {
		s := &tls.Config{Certificates: []tls.Certificate{p.TLS(t)}, ClientCAs: ours.Pool(), ClientAuth: tls.RequireAndVerifyClientCert}
		if change != nil {
			change(s)
		}
		return speak(t, s)
	}
	refused := listen(t, func(net.Conn) {})
	closed, err := net.Listen("tcp", refused.Addr().String()+":0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	nobody := netip.MustParseAddrPort(closed.Addr().String())
	for _, test := range []struct {
		what    string
		at      netip.AddrPort
		want    string // empty: it is one
		reached bool
	}{
		{"its name", server(ours.Node(t, "hv2"), nil), "", true},
		{"its address", server(ours.Node(t, "127.0.0.1"), nil), "", true},
		{"another's", server(ours.Node(t, "hv3", "hv3.example.org", "10.0.0.3", "10.0.1.3"), nil), "its certificate is for hv3, hv3.example.org, 10.0.0.3, 1 more, not for hv2", true},
		{"another authority", server(other.Node(t, "hv2"), nil), "its certificate is signed by an authority that is not in peers.caFile", true},
		{"expired", server(ours.Between(t, -2*time.Hour, -time.Hour, "hv2"), nil), "its certificate expired on ", true},
		{"not good yet", server(ours.Between(t, time.Hour, 2*time.Hour, "hv2"), nil), "its certificate is not valid before ", true},
		{"it has another authority for clients", server(ours.Node(t, "hv2"), func(s *tls.Config) { s.ClientCAs = other.Pool() }),
			"it does not take our certificate", true},
		{"TLS 1.2", server(ours.Node(t, "hv2"), func(s *tls.Config) { s.MaxVersion = tls.VersionTLS12 }), "it speaks no TLS 1.3", true},
		{"plain HTTP", listen(t, func(c net.Conn) { io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") }), "it does not speak TLS", true},
		{"closes", refused, "it closes the connection without an answer", true},
		{"nobody", nobody, "nobody listens there (connection refused)", true},
	} {
		t.Run(test.what, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), await.Limit)
			defer cancel()
			err := c.hear(ctx, "hv2", test.at)
			if test.want == "" || err == nil {
				if err != nil || test.want != "" {
					t.Errorf("%v, want %q", err, test.want)
				}
				return
			}
			if words, reached := Why(err); !strings.HasPrefix(words, test.want) || reached != test.reached {
				t.Errorf("%q, reached %v, want %q, %v; error %v", words, reached, test.want, test.reached, err)
			}
		})
	}
}

// TestSilence: who takes the connection and says nothing is told from who does not answer at all.
func TestSilence(t *testing.T) {
	a := certtest.New(t)
	c, _ := credentials(t, a, a.Node(t, "hv1"))
	hangs := listen(t, func(c net.Conn) { io.Copy(io.Discard, c) })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if words, reached := Why(c.hear(ctx, "hv2", hangs)); words != "no answer in 2 s, though the connection is taken" || reached {
		t.Errorf("in the handshake: %q, %v", words, reached)
	}
	over := context.DeadlineExceeded
	if words, reached := Why(&net.OpError{Op: "dial", Err: over}); words != "no answer in 2 s" || reached {
		t.Errorf("nothing comes back: %q, %v", words, reached)
	}
	if words, _ := Why(Stalled(&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded})); words != "no answer in 2 s, though the connection is taken" {
		t.Errorf("no answer: %q", words)
	}
	if words, reached := Why(errors.New("strange\nerror")); words != "strange^Jerror" || !reached {
		t.Errorf("another error: %q, %v", words, reached)
	}
}

// TestRotation: a new certificate is taken once it is whole; until then, and where the file has gone, the old one is used.
func TestRotation(t *testing.T) {
	a := certtest.New(t)
	c, dir := credentials(t, a, a.Node(t, "hv1"))
	shown := make(chan string, 1)
	at := speak(t, &tls.Config{Certificates: []tls.Certificate{a.Node(t, "hv2").TLS(t)}, ClientCAs: a.Pool(), ClientAuth: tls.RequireAndVerifyClientCert,
		VerifyPeerCertificate: func(_ [][]byte, chains [][]*x509.Certificate) error {
			shown <- chains[0][0].Subject.CommonName
			return nil
		}})
	shows := func(want string) {
		t.Helper()
		if err := c.hear(t.Context(), "hv2", at); err != nil {
			t.Fatal(err)
		}
		if got := <-shown; got != want {
			t.Errorf("shows %s, want %s", got, want)
		}
	}
	shows("hv1")
	next := a.Node(t, "hv1-next")
	if err := os.WriteFile(dir+"/cert.pem", next.Cert, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(); err == nil {
		t.Error("a certificate with the key of another is taken")
	}
	shows("hv1")
	next.Write(t, dir)
	until, err := c.Read()
	if err != nil || time.Until(until) < certtest.Year-time.Hour {
		t.Errorf("until %v, %v", until, err)
	}
	shows("hv1-next")
	for _, name := range []string{"ca.pem", "cert.pem", "key.pem"} {
		if err := os.WriteFile(dir+"/"+name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(); err == nil || !strings.Contains(err.Error(), dir) {
			t.Errorf("an empty %s: %v", name, err)
		}
	}
	os.Remove(dir + "/key.pem")
	if _, err := c.Read(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no key: %v", err)
	}
	shows("hv1-next")
	if err := New(config.Peers{CAFile: dir}).hear(t.Context(), "hv2", at); err == nil {
		t.Error("connects without having read anything")
	} else if words, reached := Why(err); words != "this host's own certificate cannot be read" || reached {
		t.Errorf("%q, %v", words, reached)
	}
}
