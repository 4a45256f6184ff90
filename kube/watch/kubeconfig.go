package watch

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"hypervisor-tui/draw/clean"
	"hypervisor-tui/kube"
)

// mostConfig is the size of a kubeconfig or certificate that is still read, in bytes.
const mostConfig = 1 << 20

// credentials is what a kubeconfig says of the way to the API server.
type credentials struct {
	path   string
	rest   *rest.Config
	client kube.Certificate // zero: none is shown
	files  []string         // certificates and keys that it points to
	sum    [sha256.Size]byte
}

// same says whether neither the kubeconfig nor a file that it points to has changed.
func (c *credentials) same(path string) bool {
	if c == nil || c.path != path {
		return false
	}
	sum, err := digest(append([]string{path}, c.files...))
	return err == nil && sum == c.sum
}

// load reads a kubeconfig. Its errors say in words what is wrong with it and quote nothing of it but names of files:
// what the libraries say may hold a piece of what they could not read.
func load(path string) (*credentials, error) {
	raw, err := read(path)
	if err != nil {
		return nil, err
	}
	config, err := clientcmd.Load(raw)
	if err != nil {
		return nil, errors.New("is no kubeconfig, or half-written")
	}
	user, cluster, err := chosen(config)
	if err != nil {
		return nil, err
	}
	for _, c := range config.Clusters {
		c.LocationOfOrigin = path
	}
	for _, u := range config.AuthInfos {
		u.LocationOfOrigin = path
	}
	if err := clientcmd.ResolveLocalPaths(config); err != nil {
		return nil, errors.New("points to a file by a path that is not one")
	}
	c := &credentials{path: path}
	for _, file := range []string{cluster.CertificateAuthority, user.ClientCertificate, user.ClientKey} {
		if file != "" {
			c.files = append(c.files, file)
		}
	}
	if err := c.inline(cluster, user); err != nil {
		return nil, err
	}
	c.rest, err = clientcmd.NewNonInteractiveClientConfig(*config, config.CurrentContext, &clientcmd.ConfigOverrides{}, nil).ClientConfig()
	if err != nil {
		return nil, errors.New("cannot be used: its cluster or its user is not as they should be")
	}
	c.rest.UserAgent = "hypervisor-tui"
	c.sum, err = digest(append([]string{path}, c.files...))
	return c, err
}

// chosen returns user and cluster of the current context. Plugins are refused: this program runs nothing that it finds
// in a file.
func chosen(c *api.Config) (*api.AuthInfo, *api.Cluster, error) {
	if len(c.Contexts) == 0 && len(c.Clusters) == 0 {
		return nil, nil, errors.New("has no cluster in it: empty or half-written")
	}
	context := c.Contexts[c.CurrentContext]
	if context == nil {
		return nil, nil, errors.New("has no current context: half-written?")
	}
	cluster, user := c.Clusters[context.Cluster], c.AuthInfos[context.AuthInfo]
	switch {
	case cluster == nil || cluster.Server == "":
		return nil, nil, errors.New("has no server for its context: half-written?")
	case user == nil:
		return nil, nil, errors.New("has no user for its context: half-written?")
	case user.Exec != nil:
		return nil, nil, errors.New("wants a program run for its credentials (exec), which this console does not do")
	case user.AuthProvider != nil:
		return nil, nil, errors.New("wants an auth-provider plugin, which this console does not have")
	}
	return user, cluster, nil
}

// inline puts the contents of certificate and key files in their place, so that client-go starts no goroutine to watch
// them, and checks the client's certificate.
func (c *credentials) inline(cluster *api.Cluster, user *api.AuthInfo) error {
	for _, f := range []struct {
		path *string
		data *[]byte
		what string
	}{
		{&cluster.CertificateAuthority, &cluster.CertificateAuthorityData, "certificate authority"},
		{&user.ClientCertificate, &user.ClientCertificateData, "client certificate"},
		{&user.ClientKey, &user.ClientKeyData, "client key"},
	} {
		if *f.path == "" || len(*f.data) > 0 {
			continue
		}
		data, err := read(*f.path)
		if err != nil {
			return fmt.Errorf("points to a %s that cannot be read: %s: %w", f.what, clean.String(*f.path), err)
		}
		*f.path, *f.data = "", data
	}
	if len(cluster.CertificateAuthorityData) > 0 && !x509.NewCertPool().AppendCertsFromPEM(cluster.CertificateAuthorityData) {
		return errors.New("has a certificate authority that is no certificate")
	}
	if len(user.ClientCertificateData) == 0 {
		return nil
	}
	pair, err := tls.X509KeyPair(user.ClientCertificateData, user.ClientKeyData)
	if err != nil {
		return errors.New("has a client certificate and a key that are not a pair")
	}
	c.client = kube.Certificate{NotBefore: pair.Leaf.NotBefore, NotAfter: pair.Leaf.NotAfter}
	return nil
}

// digest is the same as long as no file changes.
func digest(paths []string) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	for _, path := range paths {
		text, err := read(path)
		if err != nil {
			return sum, err
		}
		part := sha256.Sum256(text)
		h.Write(part[:])
	}
	h.Sum(sum[:0])
	return sum, nil
}

// read reads a regular file of at most mostConfig bytes.
func read(path string) ([]byte, error) {
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
