package serve

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"
	"gopkg.in/yaml.v3"

	"hypervisor-tui/console/config"
	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/credential"
)

const maxCost = 14 // of bcrypt: 1 s of a processor

// secrets are what the files of the configuration say: how it is encrypted, and who may come. They do not change.
type secrets struct {
	tls      *tls.Config // nil: nothing is encrypted
	clients  bool        // certificates of clients are asked for
	allow    []string    // whose of them count, in lower case; empty: all
	token    []byte      // SHA-256 of the bearer token; nil: none
	users    map[string][]byte
	until    time.Time // when the certificate expires
	warnings []string  // what is wrong and does not keep anybody from serving
}

// authenticates reports whether there is any way to say who one is.
func (s *secrets) authenticates() bool { return s.clients || s.token != nil || len(s.users) > 0 }

// readSecrets reads what c names. It may wait for a disk.
func readSecrets(c config.Serve) (*secrets, error) {
	s := &secrets{allow: c.TLS.AllowNames}
	if c.Auth.WebConfigFile != "" {
		if err := s.webConfig(c.Auth.WebConfigFile, &c.TLS); err != nil {
			return nil, fmt.Errorf("serve.auth.webConfigFile: %w", err)
		}
	}
	if c.TLS.CertFile != "" {
		if err := s.certificates(c.TLS); err != nil {
			return nil, fmt.Errorf("serve.tls: %w", err)
		}
	}
	if c.Auth.TokenFile != "" {
		if err := s.readToken(c.Auth.TokenFile); err != nil {
			return nil, fmt.Errorf("serve.auth.tokenFile: %w", err)
		}
	}
	if c.Peers.Enable && !s.clients {
		return nil, errors.New("serve.peers.enable is true, and no certificate of a client would be known: set serve.tls.clientCAFile")
	}
	return s, nil
}

// certificates reads this server's certificate and key, and those that clients' are signed by.
func (s *secrets) certificates(c config.ServeTLS) error {
	cert, _, err := credential.Read(c.CertFile)
	if err != nil {
		return err
	}
	key, _, err := credential.Read(c.KeyFile)
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return fmt.Errorf("%s with %s: %w", c.CertFile, c.KeyFile, err)
	}
	s.until = pair.Leaf.NotAfter
	switch now := time.Now(); {
	case now.After(pair.Leaf.NotAfter):
		s.warnings = append(s.warnings, fmt.Sprintf("the certificate %s expired on %s: clients will refuse it", c.CertFile, day(pair.Leaf.NotAfter)))
	case now.Before(pair.Leaf.NotBefore):
		s.warnings = append(s.warnings, fmt.Sprintf("the certificate %s is not valid before %s: clients will refuse it, or this host's clock is wrong", c.CertFile, day(pair.Leaf.NotBefore)))
	}
	s.tls = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"}}
	if c.ClientCAFile == "" {
		return nil
	}
	above, _, err := credential.Read(c.ClientCAFile)
	if err != nil {
		return err
	}
	s.tls.ClientCAs, s.tls.ClientAuth, s.clients = x509.NewCertPool(), tls.VerifyClientCertIfGiven, true
	if !s.tls.ClientCAs.AppendCertsFromPEM(above) {
		return fmt.Errorf("%s has no certificate in PEM", c.ClientCAFile)
	}
	return nil
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// readToken reads a bearer token.
func (s *secrets) readToken(name string) error {
	token, err := credential.Token(name)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(token)
	s.token = sum[:]
	return nil
}

// webConfig reads users from a file of exporter-toolkit's, and into t where certificates are. What that has and this has
// not is refused: leaving it out would serve more, or to more, than the file says.
//
// prometheus/exporter-toolkit: docs/web-configuration.md
func (s *secrets) webConfig(name string, t *config.ServeTLS) error {
	var file struct {
		TLS *struct {
			CertFile   string         `yaml:"cert_file"`
			KeyFile    string         `yaml:"key_file"`
			ClientAuth string         `yaml:"client_auth_type"`
			ClientCA   string         `yaml:"client_ca_file"`
			AllowNames []string       `yaml:"client_allowed_sans"`
			MinVersion string         `yaml:"min_version"`
			Other      map[string]any `yaml:",inline"`
		} `yaml:"tls_server_config"`
		Users map[string]string `yaml:"basic_auth_users"`
		Other map[string]any    `yaml:",inline"`
	}
	text, _, err := credential.Read(name)
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return fmt.Errorf("%s is not what exporter-toolkit reads", name) // the error may quote a hash
	}
	for key := range file.Other {
		return fmt.Errorf("%s: %s is not done here: take it out", name, clean.String(key))
	}
	s.users = map[string][]byte{}
	for user, hash := range file.Users {
		switch cost, err := bcrypt.Cost([]byte(hash)); {
		case err != nil || user == "" || strings.Contains(user, ":"):
			return fmt.Errorf("%s: user %s must have a name without colon and a bcrypt hash, as htpasswd -nB makes it", name, clean.String(user))
		case cost > maxCost:
			return fmt.Errorf("%s: the hash of user %s has cost %d, which keeps a processor busy for seconds: at most %d", name, clean.String(user), cost, maxCost)
		}
		s.users[user] = []byte(hash)
	}
	c := file.TLS
	if c == nil {
		return nil
	}
	for key := range c.Other {
		return fmt.Errorf("%s: tls_server_config.%s is not done here: take it out", name, clean.String(key))
	}
	beside := func(path string) string {
		if path == "" || filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(filepath.Dir(name), path)
	}
	switch {
	case t.CertFile != "":
		return fmt.Errorf("%s has tls_server_config beside serve.tls: leave one", name)
	case c.CertFile == "" || c.KeyFile == "":
		return fmt.Errorf("%s: tls_server_config needs cert_file and key_file", name)
	case c.MinVersion != "" && c.MinVersion != "TLS13":
		return fmt.Errorf("%s: min_version must be TLS13: nothing older is done here", name)
	case (c.ClientAuth == "RequireAndVerifyClientCert") != (c.ClientCA != ""):
		return fmt.Errorf("%s: client_ca_file and client_auth_type RequireAndVerifyClientCert go together, and no other type is done here", name)
	case c.ClientAuth != "" && c.ClientAuth != "RequireAndVerifyClientCert" && c.ClientAuth != "NoClientCert":
		return fmt.Errorf("%s: client_auth_type can be NoClientCert or RequireAndVerifyClientCert here", name)
	case c.ClientCA != "" && len(s.users) > 0:
		return errors.New(name + ": client_ca_file and basic_auth_users would both be asked for, and here either is enough: leave one")
	case len(c.AllowNames) > 0 && c.ClientCA == "":
		return fmt.Errorf("%s: client_allowed_sans needs client_ca_file", name)
	}
	*t = config.ServeTLS{CertFile: beside(c.CertFile), KeyFile: beside(c.KeyFile), ClientCAFile: beside(c.ClientCA)}
	for _, n := range c.AllowNames {
		s.allow = append(s.allow, strings.ToLower(n))
	}
	return nil
}
