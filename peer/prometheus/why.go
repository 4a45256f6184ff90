package prometheus

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"hypervisor-tui/console/config"
	"hypervisor-tui/internal/clean/secret"
)

// maxWords is how many bytes of what Prometheus says are shown.
const maxWords = 300

// wordsError is an error that needs no other words.
type wordsError string

func (e wordsError) Error() string { return string(e) }

func words(format string, args ...any) error { return wordsError(fmt.Sprintf(format, args...)) }

var errOther = words("it answers otherwise than Prometheus does: is prometheus.url right?")

// why says in words why no answer came, in one clean line.
func why(err error, c config.Prometheus) string {
	var (
		said      wordsError
		lookup    *net.DNSError
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		late      net.Error
		number    syscall.Errno
		around    *url.Error
	)
	switch {
	case errors.As(err, &said):
		return line(string(said))
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &late) && late.Timeout():
		return fmt.Sprintf("no answer in %.0f s", timeout.Seconds())
	case errors.As(err, &lookup):
		return line("its name cannot be looked up: " + lookup.Err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens there (connection refused)"
	case errors.As(err, &authority) && c.CAFile != "":
		return "its certificate is signed by an authority that is not in prometheus.caFile"
	case errors.As(err, &authority):
		return "its certificate is signed by an authority that this host does not trust: see prometheus.caFile"
	case errors.As(err, &name):
		return line("its certificate is not for " + name.Host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate has expired or is not valid yet, or this host's clock is wrong"
	case errors.Is(err, http.ErrSchemeMismatch):
		return "it does not speak TLS: prometheus.url begins with https"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return "it closes the connection without an answer"
	case errors.As(err, &number): // EHOSTUNREACH, or EPERM of a unit with IPAddressDeny=
		return "no way there (" + number.Error() + ")"
	case errors.As(err, &around): // its text has the whole question
		err = around.Err
	}
	return line(err.Error())
}

// line makes a clean one of text, of not much more than maxWords bytes.
func line(text string) string {
	text = secret.String(text[:min(len(text), 8*maxWords)])
	if len(text) <= maxWords {
		return text
	}
	return strings.ToValidUTF8(text[:maxWords], "") + "..."
}
