package certtest_test

import (
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"hypervisor-tui/internal/certtest"
)

// TestCertificates: a node's certificate is for its names and addresses, of its authority, and only while it is good.
func TestCertificates(t *testing.T) {
	t.Parallel()
	ours, other := certtest.New(t), certtest.New(t)
	for _, c := range []struct {
		what, host string
		pair       certtest.Pair
		good       bool
	}{
		{"its name", "hv1", ours.Node(t, "hv1", "127.0.1.1"), true},
		{"its address", "127.0.1.1", ours.Node(t, "hv1", "127.0.1.1"), true},
		{"IPv6", "::1", ours.Node(t, "hv1", "::1"), true},
		{"another's name", "hv2", ours.Node(t, "hv1", "127.0.1.1"), false},
		{"another's address", "127.0.1.2", ours.Node(t, "hv1", "127.0.1.1"), false},
		{"another authority", "hv1", other.Node(t, "hv1"), false},
		{"expired", "hv1", ours.Between(t, -2*time.Hour, -time.Hour, "hv1"), false},
		{"not good yet", "hv1", ours.Between(t, time.Hour, 2*time.Hour, "hv1"), false},
	} {
		block, _ := pem.Decode(c.pair.Cert)
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		for _, use := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
			_, err = cert.Verify(x509.VerifyOptions{DNSName: c.host, Roots: ours.Pool(), KeyUsages: []x509.ExtKeyUsage{use}})
			if (err == nil) != c.good {
				t.Errorf("%s: %v", c.what, err)
			}
		}
	}
}
