package prometheus

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/internal/credential"
	"hypervisor-tui/peer"
)

const maxAnswer = 256 << 10 // bytes; the points of two figures are 10 KiB

// question is one about a node.
type question struct {
	from, to       time.Time // of the first and the last point
	instance, node string    // matchers of PromQL: a series is the node's by either
}

// newQuestion asks for the time up to now of a node that may be known by addresses, too.
func newQuestion(node string, addresses []string, now time.Time) question {
	hosts := regexp.QuoteMeta(node)
	for _, a := range addresses {
		host := regexp.QuoteMeta(a)
		if ip, err := netip.ParseAddr(a); err == nil && ip.Is6() {
			host = `\[?` + host + `\]?`
		}
		hosts += "|" + host
	}
	to := now.UTC().Truncate(time.Second)
	return question{
		from: to.Add(-(points - 1) * step), to: to,
		instance: "instance=~" + strconv.Quote("("+hosts+")(:[0-9]+)?"), node: "node=" + strconv.Quote(node),
	}
}

// wanted says which series were looked for.
func (q *question) wanted() string {
	return "node_cpu_seconds_total and node_memory_MemTotal_bytes with " + q.instance + " or " + q.node
}

// either is an expression for the node's series of a metric, with more matchers than those of the node. In form, which is made
// for each of these, $ is the selector.
func (q *question) either(form, metric, more string) string {
	of := func(matcher string) string {
		return strings.ReplaceAll(form, "$", metric+"{"+more+matcher+"}")
	}
	return "(" + of(q.instance) + " or " + of(q.node) + ")"
}

// query is the question in PromQL: the shares of CPU and memory that are in use, told apart by the label figure. A host that
// two jobs scrape counts twice in both parts of a share, which changes nothing.
func (q *question) query() string {
	const rate, plain = "rate($[5m])", "$"
	used := func(figure, free, all string) string {
		return fmt.Sprintf(`label_replace(100 - 100 * sum(%s) / sum(%s), "figure", %q, "", "")`, free, all, figure)
	}
	const cpu = "node_cpu_seconds_total"
	available := q.either(plain, "hypervisor_memory_available_bytes", "") + " or on (instance) " + q.either(plain, "node_memory_MemAvailable_bytes", "")
	return used("cpu", q.either(rate, cpu, `mode=~"idle|iowait",`), q.either(rate, cpu, "")) + " or " +
		used("memory", available, q.either(plain, "node_memory_MemTotal_bytes", ""))
}

// ask asks, until ctx ends. It makes a connection of its own: one in 30 seconds is not worth keeping.
func (q *question) ask(ctx context.Context, c config.Prometheus) (cpu, memory peer.Figure, err error) {
	answer, text, err := q.get(ctx, c)
	if err != nil {
		return cpu, memory, err
	}
	html := strings.Contains(answer.Header.Get("Content-Type"), "html")
	cpu, memory, err = q.decode(text)
	switch code := answer.StatusCode; {
	case code/100 == 3:
		err = words("it redirects to %s: is prometheus.url right?", answer.Header.Get("Location"))
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		err = words("it does not let us in (HTTP %s): see prometheus.tokenFile", answer.Status)
	case code != http.StatusOK && errors.Is(err, errOther), code != http.StatusOK && err == nil:
		err = words("it answers HTTP %s", answer.Status)
	case html && err != nil:
		err = words("it answers with a page for browsers: is prometheus.url right?")
	}
	return cpu, memory, err
}

// get returns the answer and its text.
func (q *question) get(ctx context.Context, c config.Prometheus) (*http.Response, []byte, error) {
	address := strings.TrimSuffix(c.URL, "/") + "/api/v1/query_range?" + url.Values{
		"query": {q.query()}, "start": {seconds(q.from)}, "end": {seconds(q.to)}, "step": {strconv.Itoa(int(step.Seconds()))}, "timeout": {timeout.String()},
	}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, err
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "hypervisor-tui")
	if c.TokenFile != "" {
		token, err := credential.Token(c.TokenFile)
		if err != nil {
			return nil, nil, words("prometheus.tokenFile: %v", err)
		}
		r.Header.Set("Authorization", "Bearer "+string(token))
	}
	roots, err := authorities(c.CAFile)
	if err != nil {
		return nil, nil, words("prometheus.caFile: %v", err)
	}
	client := http.Client{
		Transport: &http.Transport{ // no proxy
			TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 16 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the token is for nobody else
	}
	answer, err := client.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	if coding := answer.Header.Get("Content-Encoding"); coding != "" {
		return nil, nil, words("it answers in a coding that was not asked for: %s", coding)
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err == nil && len(text) > maxAnswer {
		err = words("it answers more than %d KiB", maxAnswer>>10)
	}
	return answer, text, err
}

func seconds(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// authorities returns the certificates in a file, nil for those that this host trusts.
func authorities(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	text, _, err := credential.Read(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s has no certificate in PEM", path)
	}
	return pool, nil
}
