package watch

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"gopkg.in/yaml.v3"
	"k8s.io/client-go/transport"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/kube"
)

// mostConfig is the size of a kubeconfig or certificate that is still read, in bytes.
const mostConfig = 1 << 20

// credentials is what a kubeconfig says of the way to the API server.
type credentials struct {
	path      string
	server    string // a URL
	transport *transport.Config
	client    kube.Certificate // zero: none is shown
	files     []string         // certificates, keys and the token that it points to
	sum       [sha256.Size]byte
}

// same reports whether neither the kubeconfig nor a file that it points to has changed.
func (c *credentials) same(path string, at func(string)) bool {
	if c == nil || c.path != path {
		return false
	}
	sum, err := digest(append([]string{path}, c.files...), at)
	return err == nil && sum == c.sum
}

// load reads a kubeconfig. Its errors say in words what is wrong with it and quote nothing of it but names of files:
// what the libraries say may hold a piece of what they could not read.
func load(path string, at func(string)) (*credentials, error) {
	raw, err := read(path, at)
	if err != nil {
		return nil, err
	}
	var k kubefile
	if err := yaml.Unmarshal(raw, &k); err != nil {
		return nil, errors.New("is no kubeconfig, or half-written")
	}
	cluster, user, err := k.chosen()
	if err != nil {
		return nil, err
	}
	c := &credentials{path: path}
	if c.files, err = readFiles(filepath.Dir(path), cluster, user, at); err != nil {
		return nil, err
	}
	if c.client, err = checked(cluster.CAData, user.CertData, user.KeyData); err != nil {
		return nil, err
	}
	if c.server, c.transport, err = way(cluster, user); err != nil {
		return nil, err
	}
	c.sum, err = digest(append([]string{path}, c.files...), at)
	return c, err
}

// checked looks at the certificates, in PEM, and returns the client's, which there may be none of.
func checked(authority, cert, key []byte) (client kube.Certificate, err error) {
	if len(authority) > 0 && !x509.NewCertPool().AppendCertsFromPEM(authority) {
		return client, errors.New("has a certificate authority that is no certificate")
	}
	if len(cert) == 0 {
		return client, nil
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return client, errors.New("has a client certificate and a key that are not a pair")
	}
	return kube.Certificate{NotBefore: pair.Leaf.NotBefore, NotAfter: pair.Leaf.NotAfter}, nil
}

// digest is the same as long as no file changes.
func digest(paths []string, at func(string)) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	for _, path := range paths {
		text, err := read(path, at)
		if err != nil {
			return sum, err
		}
		part := sha256.Sum256(text)
		h.Write(part[:])
	}
	h.Sum(sum[:0])
	return sum, nil
}

// read reads a regular file of at most mostConfig bytes. at is told its name before: the read may never end.
func read(path string, at func(string)) ([]byte, error) {
	at(clean.String(path))
	// O_NONBLOCK: a FIFO would wait for a writer.
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, plainFile(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.New("is not a regular file")
	}
	var b bytes.Buffer
	switch n, err := b.ReadFrom(io.LimitReader(f, mostConfig+1)); {
	case err != nil:
		return nil, plainFile(err)
	case n > mostConfig:
		return nil, errors.New("is too large to be one")
	}
	return b.Bytes(), nil
}

// plainFile leaves the path out of an error of a file: whoever shows it has said it already.
func plainFile(err error) error {
	var no syscall.Errno
	if errors.As(err, &no) {
		return no
	}
	return errors.New("cannot be read")
}
