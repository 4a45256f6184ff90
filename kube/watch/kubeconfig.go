package watch

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"

	"gopkg.in/yaml.v3"
	"k8s.io/client-go/transport"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/clean/secret"
	"hypervisor-tui/kube"
)

// maxConfig is the size of a kubeconfig or certificate that is still read, in bytes.
const maxConfig = 1 << 20

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

// read reads a regular file of at most maxConfig bytes. It calls at with the name before: the read may never end.
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
	switch n, err := b.ReadFrom(io.LimitReader(f, maxConfig+1)); {
	case err != nil:
		return nil, plainFile(err)
	case n > maxConfig:
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

// kubefile is what is used of a kubeconfig, in YAML or JSON. Format: client-go, tools/clientcmd/api/v1, types.go.
type kubefile struct {
	CurrentContext string  `yaml:"current-context"`
	Clusters       []entry `yaml:"clusters"`
	Users          []entry `yaml:"users"`
	Contexts       []entry `yaml:"contexts"`
}

// entry is one of a list; it has what that is a list of.
type entry struct {
	Name    string      `yaml:"name"`
	Cluster kubeCluster `yaml:"cluster"`
	User    kubeUser    `yaml:"user"`
	Context struct {
		Cluster string `yaml:"cluster"`
		User    string `yaml:"user"`
	} `yaml:"context"`
}

// named returns the first entry of that name, or nil.
func named(list []entry, name string) *entry {
	if i := slices.IndexFunc(list, func(e entry) bool { return e.Name == name }); i >= 0 {
		return &list[i]
	}
	return nil
}

// kubeCluster is the server. Data comes before the path of a file.
type kubeCluster struct {
	Server     string `yaml:"server"`
	ServerName string `yaml:"tls-server-name"`
	Insecure   bool   `yaml:"insecure-skip-tls-verify"`
	CA         string `yaml:"certificate-authority"`
	CAData     base   `yaml:"certificate-authority-data"`
	ProxyURL   string `yaml:"proxy-url"`
}

// kubeUser is who asks. Data comes before the path of a file, a token before the file of one.
type kubeUser struct {
	Cert         string              `yaml:"client-certificate"`
	CertData     base                `yaml:"client-certificate-data"`
	Key          string              `yaml:"client-key"`
	KeyData      base                `yaml:"client-key-data"`
	Token        string              `yaml:"token"`
	TokenFile    string              `yaml:"tokenFile"` // goes before Token
	As           string              `yaml:"as"`
	AsUID        string              `yaml:"as-uid"`
	AsGroups     []string            `yaml:"as-groups"`
	AsExtra      map[string][]string `yaml:"as-user-extra"`
	Username     string              `yaml:"username"`
	Password     string              `yaml:"password"`
	AuthProvider *yaml.Node          `yaml:"auth-provider"`
	Exec         *yaml.Node          `yaml:"exec"`
}

// base is bytes that are written as base64.
type base []byte

// UnmarshalYAML decodes the text of a scalar.
func (b *base) UnmarshalYAML(n *yaml.Node) error {
	var text string
	if err := n.Decode(&text); err != nil {
		return err
	}
	data, err := base64.StdEncoding.DecodeString(text)
	*b = data
	return err
}

// chosen returns the cluster and the user of the current context. Plugins are refused: this program runs nothing that it
// finds in a file.
func (k *kubefile) chosen() (*kubeCluster, *kubeUser, error) {
	if len(k.Contexts) == 0 && len(k.Clusters) == 0 {
		return nil, nil, errors.New("has no cluster in it: empty or half-written")
	}
	context := named(k.Contexts, k.CurrentContext)
	if context == nil {
		return nil, nil, errors.New("has no current context: half-written?")
	}
	cluster, user := named(k.Clusters, context.Context.Cluster), named(k.Users, context.Context.User)
	switch {
	case cluster == nil || cluster.Cluster.Server == "":
		return nil, nil, errors.New("has no server for its context: half-written?")
	case user == nil:
		return nil, nil, errors.New("has no user for its context: half-written?")
	case user.User.Exec != nil:
		return nil, nil, errors.New("wants a program run for its credentials (exec), which this console does not do")
	case user.User.AuthProvider != nil:
		return nil, nil, errors.New("wants an auth-provider plugin, which this console does not have")
	}
	return &cluster.Cluster, &user.User, nil
}

// readFiles puts what the files hold that are pointed to in the place of their paths, so that client-go starts no
// goroutine to watch them and no request waits for a disk, and returns the paths. dir is where paths that are not absolute
// begin.
func readFiles(dir string, cluster *kubeCluster, user *kubeUser, at func(string)) (files []string, err error) {
	var token base
	for _, f := range []struct {
		path *string
		data *base
		what string
	}{
		{&cluster.CA, &cluster.CAData, "certificate authority"},
		{&user.Cert, &user.CertData, "client certificate"},
		{&user.Key, &user.KeyData, "client key"},
		{&user.TokenFile, &token, "token"},
	} {
		if *f.path == "" || len(*f.data) > 0 {
			continue
		}
		path := within(dir, *f.path)
		if *f.data, err = read(path, at); err != nil {
			return nil, fmt.Errorf("points to a %s that cannot be read: %s: %w", f.what, clean.String(path), err)
		}
		files, *f.path = append(files, path), ""
	}
	if token := string(bytes.TrimSpace(token)); token != "" {
		user.Token = token
	}
	return files, nil
}

func within(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// way is how client-go is to reach the cluster as the user. Credentials go over TLS only.
func way(cluster *kubeCluster, user *kubeUser) (server string, c *transport.Config, err error) {
	u, err := url.Parse(cluster.Server)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", nil, errors.New("has a server that is no address such as https://127.0.0.1:6443")
	}
	c = &transport.Config{UserAgent: "hypervisor-tui"}
	if cluster.ProxyURL != "" {
		proxy, err := url.Parse(cluster.ProxyURL)
		if err != nil || proxy.Host == "" {
			return "", nil, errors.New("has a proxy that is no address such as http://10.0.0.1:3128")
		}
		c.Proxy = http.ProxyURL(proxy)
	}
	c.Impersonate = transport.ImpersonationConfig{UserName: user.As, UID: user.AsUID, Groups: user.AsGroups, Extra: user.AsExtra}
	if u.Scheme == "https" {
		c.Username, c.Password, c.BearerToken = user.Username, user.Password, user.Token
		c.TLS = transport.TLSConfig{
			Insecure: cluster.Insecure, ServerName: cluster.ServerName, CAData: cluster.CAData,
			CertData: user.CertData, KeyData: user.KeyData,
		}
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String(), c, nil
}

// learning is a transport that sees the credentials as they are sent, since a token may come from a file that changes, and
// makes them secrets of this program: they must not come back onto a screen, whoever says them.
type learning struct {
	next  http.RoundTripper
	known atomic.Pointer[string] // the header Authorization that was sent last
}

func (l *learning) RoundTrip(r *http.Request) (*http.Response, error) {
	header := r.Header.Get("Authorization")
	if known := l.known.Load(); header != "" && (known == nil || *known != header) {
		secret.Own(credentialsOf(header)...)
		l.known.Store(&header)
	}
	return l.next.RoundTrip(r)
}

// credentialsOf returns what is secret in a header Authorization.
//
// RFC 6750, section 2.1, and RFC 7617, section 2.
func credentialsOf(header string) []string {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return []string{token}
	}
	pair, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		return []string{token}
	}
	_, password, _ := strings.Cut(string(pair), ":")
	return []string{token, password}
}
