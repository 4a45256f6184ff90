package mtls

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/clean/secret"
)

// Timeout is how long a node has to answer, from the first packet to the last byte.
const Timeout = 2 * time.Second

var errNothingRead = errors.New("this host's own certificate cannot be read")

// nameError says that a certificate is another node's.
type nameError struct {
	shown *x509.Certificate
	want  string
}

func (e *nameError) Error() string {
	names := append([]string(nil), e.shown.DNSNames...)
	for _, ip := range e.shown.IPAddresses {
		names = append(names, ip.String())
	}
	const most = 3
	switch rest := len(names) - most; {
	case len(names) == 0:
		return fmt.Sprintf("its certificate is for no name and no address, not for %s", e.want)
	case rest > 0:
		names = append(names[:most], fmt.Sprintf("%d more", rest))
	}
	return fmt.Sprintf("its certificate is for %s, not for %s", strings.Join(names, ", "), e.want)
}

// stalledError says that somebody took the connection and then was silent.
type stalledError struct{ error }

func (e *stalledError) Unwrap() error { return e.error }

// Stalled makes of err, of an exchange over a connection that Dial returned, one that says so when it is that the time was over.
func Stalled(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		return &stalledError{err}
	}
	return err
}

// alerts are what the other side says of our certificate, as crypto/tls puts it, by RFC 8446, 6.
var alerts = map[string]string{
	"tls: protocol version not supported": "it speaks no TLS 1.3",
	"tls: no application protocol":        "it speaks no HTTP/1.1",
	"tls: certificate required":           "it did not get our certificate",
	"tls: expired certificate":            "it does not take our certificate: expired",
	"tls: unknown certificate authority":  "it does not take our certificate: signed by an authority that it does not know",
	"tls: bad certificate":                "it does not take our certificate",
	"tls: unknown certificate":            "it does not take our certificate",
	"tls: revoked certificate":            "it does not take our certificate: revoked",
	"tls: access denied":                  "it does not take our certificate",
}

// Why says in words why an exchange with a node failed, one clean line, and reports whether somebody is there at all, who
// refuses the connection or answers otherwise than a peer does.
func Why(err error) (words string, reached bool) {
	var (
		stalled   *stalledError
		name      *nameError
		authority x509.UnknownAuthorityError
		invalid   x509.CertificateInvalidError
		plain     tls.RecordHeaderError
		remote    *net.OpError
		network   net.Error
	)
	switch {
	case errors.Is(err, errNothingRead):
		return err.Error(), false
	case errors.As(err, &stalled):
		return fmt.Sprintf("no answer in %.0f s, though the connection is taken", Timeout.Seconds()), false
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens there (connection refused)", true
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "no way there (" + secret.String(errnoOf(err)) + ")", false
	case errors.As(err, &name):
		return clean.String(name.Error()), true
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return expired(invalid.Cert), true
	case errors.As(err, &authority):
		return "its certificate is signed by an authority that is not in peers.caFile", true
	case errors.As(err, &plain):
		return "it does not speak TLS", true
	case errors.As(err, &remote) && remote.Op == "remote error":
		if words := alerts[remote.Err.Error()]; words != "" {
			return words, true
		}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "it closes the connection without an answer", true
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return fmt.Sprintf("no answer in %.0f s", Timeout.Seconds()), false
	case strings.Contains(err.Error(), "server selected unsupported protocol version"):
		return "it speaks no TLS 1.3", true
	}
	return secret.String(err.Error()), !errors.As(err, new(*net.OpError))
}

// Ours says what this host lacks, where err came of that and tells nothing of the node; empty: it did not.
func Ours(err error) string {
	for _, errno := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ENOBUFS} {
		if errors.Is(err, errno) {
			return errno.Error()
		}
	}
	return ""
}

// expired says from or until when a certificate is good.
func expired(c *x509.Certificate) string {
	const day = "2006-01-02 15:04 UTC"
	if time.Now().Before(c.NotBefore) {
		return "its certificate is not valid before " + c.NotBefore.UTC().Format(day) + ", or this host's clock is wrong"
	}
	return "its certificate expired on " + c.NotAfter.UTC().Format(day)
}

func errnoOf(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	return err.Error()
}
