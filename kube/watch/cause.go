package watch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/kube"
)

// errSilent is why a request is cut off.
var errSilent = errors.New("no answer in time")

// cause finds the broken rung behind an error of a request. now is the wall clock; client is the certificate that was
// shown.
func cause(err error, now time.Time, client kube.Certificate) kube.Cause {
	if rung, why := dialing(err); why != "" {
		return kube.Cause{Check: rung, Why: why}
	}
	if why := verifying(err, now, client); why != "" {
		return kube.Cause{Check: kube.TLS, Why: why}
	}
	var status *statusError
	var alien foreign
	switch {
	case errors.As(err, &alien):
		return kube.Cause{Check: kube.Foreign, Why: alien.Error()}
	case !errors.As(err, &status):
		return kube.Cause{Check: kube.Silent, Why: plain(err)}
	}
	switch checks := failedChecks(status.body); {
	case status.code == 401:
		return kube.Cause{Check: kube.Unauthorized, Why: unauthorized(now, client)}
	case status.code == 403:
		return kube.Cause{Check: kube.Forbidden, Why: "forbidden"}
	case len(checks) > 0:
		return kube.Cause{Check: kube.NotReady, Why: "not ready: " + strings.Join(checks, ", "), Checks: checks}
	}
	return kube.Cause{Check: kube.NotReady, Why: status.Error()}
}

// dialing puts into words why there is no connection, nothing when there is one.
func dialing(err error) (kube.Check, string) {
	var op *net.OpError
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return kube.Dial, "no such host"
	case errors.Is(err, errSilent):
		return kube.Silent, errSilent.Error()
	case !errors.As(err, &op) || op.Op != "dial":
		return 0, ""
	case errors.Is(err, syscall.ECONNREFUSED):
		return kube.Dial, "refused"
	case op.Timeout():
		return kube.Dial, "timeout"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return kube.Dial, "no route"
	}
	return kube.Dial, plain(op.Err)
}

// verifying puts into words why one side did not accept the other's certificate, nothing when that is not what happened.
func verifying(err error, now time.Time, client kube.Certificate) string {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.As(err, &unknown):
		return "certificate of an unknown authority"
	case errors.As(err, &name):
		return "certificate is for another name"
	case errors.As(err, &record):
		return "does not speak TLS"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && now.Before(invalid.Cert.NotBefore):
		return "certificate not yet valid: is this host's clock right?"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "certificate expired on " + invalid.Cert.NotAfter.UTC().Format(time.DateOnly)
	case errors.As(err, &invalid):
		return "certificate is not valid"
	case errors.As(err, &alert):
		if why := outdated(now, client); why != "" {
			return why
		}
		return "it refuses this program's certificate"
	}
	return ""
}

func unauthorized(now time.Time, client kube.Certificate) string {
	if why := outdated(now, client); why != "" {
		return "unauthorized: " + why
	}
	return "unauthorized: the kubeconfig's credentials are not accepted"
}

// outdated says that the certificate of this program is not valid now, nothing when it is or is not known.
func outdated(now time.Time, c kube.Certificate) string {
	switch {
	case c.NotAfter.IsZero():
		return ""
	case now.Before(c.NotBefore):
		return "client certificate not yet valid: is this host's clock right?"
	case now.After(c.NotAfter):
		return "client certificate expired on " + c.NotAfter.UTC().Format(time.DateOnly)
	}
	return ""
}

// plain is an error in few words, without the address that each request has in common.
func plain(err error) string {
	var u *url.Error
	var op *net.OpError
	var part unsynced
	if errors.As(err, &part) {
		err = part.error
	}
	for errors.As(err, &u) {
		err = u.Err
	}
	var no syscall.Errno
	switch {
	case errors.As(err, &no):
		return no.Error()
	case errors.As(err, &op) && op.Timeout(), errors.Is(err, context.DeadlineExceeded), os.IsTimeout(err):
		return errSilent.Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "it hung up"
	}
	text := err.Error()
	return cut(clean.String(text[:min(len(text), maxHeader)]), 200)
}

// failedChecks finds the names of the checks that fail in the answer of /readyz: lines such as
// "[-]etcd failed: reason withheld".
func failedChecks(body []byte) []string {
	var failed []string
	for line := range strings.Lines(string(body)) {
		if rest, ok := strings.CutPrefix(line, "[-]"); ok && len(failed) < kube.MaxNames {
			name, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
			failed = append(failed, cut(clean.String(name[:min(len(name), maxMessage)]), 64))
		}
	}
	return failed
}

// logf writes a line to standard error, which is the log's unit self while the console runs.
func logf(level, format string, args ...any) {
	fmt.Fprintf(os.Stderr, "level=%s msg=%q\n", level, fmt.Sprintf(format, args...))
}
