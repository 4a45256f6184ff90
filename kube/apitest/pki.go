package apitest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The users of a cluster: one that may do everything, one that may do what a test lets it.
const (
	Admin  = "admin"
	Viewer = "viewer"
)

// pki is the certificates of a cluster. As with k3s one authority signs the server's and another the clients'.
type pki struct {
	serverCA *pair
	server   *pair
	clientCA *pair
	clients  map[string]*pair
}

// pair is a certificate and its key, both as PEM too.
type pair struct {
	cert      *x509.Certificate
	key       crypto.Signer
	certPEM   []byte
	keyPEM    []byte
	authority *pair // nil: itself
}

func newPKI(t testing.TB, dir string) *pki {
	t.Helper()
	p := &pki{serverCA: newPair(t, "server-ca", "", nil)}
	p.server = newPair(t, "kube-apiserver", "", p.serverCA)
	write(t, dir, "server.crt", p.server.certPEM)
	write(t, dir, "server.key", p.server.keyPEM)
	p.newClients(t, dir)
	return p
}

// newClients makes the clients' authority and certificates anew.
func (p *pki) newClients(t testing.TB, dir string) {
	t.Helper()
	p.clientCA = newPair(t, "client-ca", "", nil)
	write(t, dir, "client-ca.crt", p.clientCA.certPEM)
	p.clients = map[string]*pair{
		Admin:  newPair(t, "system:admin", "system:masters", p.clientCA),
		Viewer: newPair(t, Viewer, "", p.clientCA),
	}
}

// newPair makes a certificate: an authority of its own, or one that authority signs.
func newPair(t testing.TB, name, group string, authority *pair) *pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(365 * 24 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	if group != "" {
		cert.Subject.Organization = []string{group}
	}
	p := &pair{key: key, authority: authority}
	parent, signer := cert, crypto.Signer(key)
	if authority == nil {
		cert.IsCA, cert.BasicConstraintsValid = true, true
	} else {
		parent, signer = authority.cert, authority.key
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	if p.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	p.certPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	p.keyPEM = pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: raw})
	return p
}

func write(t testing.TB, dir, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// tls is how a user speaks to the server.
func (p *pki) tls(user string) *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(p.serverCA.cert)
	c := p.clients[user]
	return &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{{Certificate: [][]byte{c.cert.Raw}, PrivateKey: c.key}}}
}

func (p *pki) kubeconfig(url, user string) string {
	text := base64.StdEncoding.EncodeToString
	return fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: default
clusters:
- name: default
  cluster: {server: %q, certificate-authority-data: %s}
contexts:
- name: default
  context: {cluster: default, user: default}
users:
- name: default
  user: {client-certificate-data: %s, client-key-data: %s}
`, url, text(p.serverCA.certPEM), text(p.clients[user].certPEM), text(p.clients[user].keyPEM))
}
