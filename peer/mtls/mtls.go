// Package mtls connects to the --serve of other nodes: TLS 1.3 with certificates on both sides, by addresses alone. No name is
// looked up, no proxy is asked, and only the authority that the configuration names counts.
package mtls

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/internal/credential"
)

// Credentials are the certificate that this host shows, its key, and the authority of the nodes' certificates. Any goroutine may use them.
type Credentials struct {
	paths [3]string // of the authority, the certificate and the key
	mu    sync.Mutex
	read  *material // what was read last and can be used; nil: nothing could yet
}

// material does not change.
type material struct {
	texts [3][]byte
	pair  tls.Certificate
	roots *x509.CertPool
}

// New returns Credentials of the files that c names. They are not read yet.
func New(c config.Peers) *Credentials {
	return &Credentials{paths: [3]string{c.CAFile, c.CertFile, c.KeyFile}}
}

// Read reads the files, and returns until when the certificate is good. Files that have become unreadable, or do not belong
// together while they are being replaced, are an error, and what was read before stays in use. It may wait for a disk.
func (c *Credentials) Read() (until time.Time, err error) {
	next := new(material)
	for i, path := range c.paths {
		if next.texts[i], _, err = credential.Read(path); err != nil {
			return time.Time{}, err
		}
	}
	c.mu.Lock()
	old := c.read
	c.mu.Unlock()
	if old != nil && bytes.Equal(old.texts[0], next.texts[0]) && bytes.Equal(old.texts[1], next.texts[1]) && bytes.Equal(old.texts[2], next.texts[2]) {
		return old.pair.Leaf.NotAfter, nil
	}
	if next.pair, err = tls.X509KeyPair(next.texts[1], next.texts[2]); err != nil {
		return time.Time{}, fmt.Errorf("%s with %s: %w", c.paths[1], c.paths[2], err)
	}
	next.roots = x509.NewCertPool()
	if !next.roots.AppendCertsFromPEM(next.texts[0]) {
		return time.Time{}, fmt.Errorf("%s has no certificate in PEM", c.paths[0])
	}
	c.mu.Lock()
	c.read = next
	c.mu.Unlock()
	return next.pair.Leaf.NotAfter, nil
}

// Dial connects to the node of a name at its address, which has shown that it is it when Dial returns. What the node thinks of
// our certificate comes with what it answers first. The error ends with ctx, and Why has words for it.
func (c *Credentials) Dial(ctx context.Context, name string, at netip.AddrPort) (*tls.Conn, error) {
	c.mu.Lock()
	m := c.read
	c.mu.Unlock()
	if m == nil {
		return nil, errNothingRead
	}
	dialer := net.Dialer{KeepAlive: -1}
	dialer.SetMultipathTCP(false)
	raw, err := dialer.DialContext(ctx, "tcp", at.String())
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, &tls.Config{
		MinVersion:   tls.VersionTLS13,
		NextProtos:   []string{"http/1.1"},
		Certificates: []tls.Certificate{m.pair},
		// verify does all that is left out by this, with one of two names.
		InsecureSkipVerify: true,
		VerifyConnection:   func(s tls.ConnectionState) error { return m.verify(s.PeerCertificates, name, at.Addr()) },
	})
	if err := conn.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, Stalled(err)
	}
	return conn, nil
}

// verify reports why the certificates are not those of the node; nil: they are, for its name or its address.
func (m *material) verify(shown []*x509.Certificate, name string, at netip.Addr) error {
	if len(shown) == 0 {
		return errors.New("no certificate")
	}
	between := x509.NewCertPool()
	for _, c := range shown[1:] {
		between.AddCert(c)
	}
	leaf := shown[0]
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: m.roots, Intermediates: between}); err != nil {
		return err
	}
	if leaf.VerifyHostname(name) != nil && leaf.VerifyHostname(at.WithZone("").String()) != nil {
		return &nameError{leaf, name}
	}
	return nil
}
