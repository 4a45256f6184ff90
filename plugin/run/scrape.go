package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"

	"hypervisor-tui/plugin"
)

// maxBody bounds what an exporter may answer. node_exporter of a large host has 1 MiB.
const maxBody = 4 << 20

// scrape asks for the metrics of a plugin until ctx is done. It returns how that ended, and the answer. Of an answer of more than
// plugin.MaxOutput only the samples of the metrics of the configuration are taken; it is a failure where there are none.
func scrape(ctx context.Context, s *plugin.Spec) (plugin.End, []byte) {
	body, err := get(ctx, s.URL)
	large := len(body) > plugin.MaxOutput
	if large {
		body = chosen(body, s.Metrics)
	}
	switch {
	case ctx.Err() != nil:
		return failed(fmt.Errorf("%s did not answer within %v", s.URL, s.Timeout))
	case err != nil:
		return failed(err)
	case large && len(s.Metrics) == 0: // nothing is kept of it, which would read as an exporter without metrics
		return failed(fmt.Errorf("%s answers more than %d KiB, and no metrics of it are chosen", s.URL, plugin.MaxOutput>>10))
	case len(body) > plugin.MaxOutput:
		return failed(fmt.Errorf("%s answers more than %d KiB about the metrics that are shown", s.URL, plugin.MaxOutput>>10))
	}
	return plugin.End{}, body
}

// get asks a URL of this host, and nobody else, whatever the environment and the answer say.
//
// Format: prometheus.io/docs/instrumenting/content_negotiation
func get(ctx context.Context, address string) ([]byte, error) {
	dialer := net.Dialer{Control: onlyHere}
	client := http.Client{
		Transport:     &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header = http.Header{
		"Accept":          {"text/plain;version=0.0.4"},
		"Accept-Encoding": {"identity"}, // what is compressed has no bound
		"User-Agent":      {"hypervisor-tui"},
	}
	response, err := client.Do(request)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		var number syscall.Errno
		if errors.As(err, &number) { // its address is in front already
			err = number
		}
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		why := ""
		if said, _ := io.ReadAll(io.LimitReader(response.Body, maxReason)); len(said) > 0 && !isPage(said) {
			why = ": " + strings.Join(strings.Fields(string(said)), " ")
		}
		return nil, fmt.Errorf("%s answers with status %d, not 200%s", address, response.StatusCode, why)
	}
	if coding := response.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return nil, fmt.Errorf("%s answers in the coding %q, which it was not asked for", address, coding)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("%s stopped in the middle of its answer: %w", address, err)
	}
	if len(body) > maxBody {
		return nil, fmt.Errorf("%s answers more than %d MiB", address, maxBody>>20)
	}
	if isPage(body) {
		return nil, fmt.Errorf("%s answers with a web page, not with metrics", address)
	}
	whole := response.ContentLength >= 0 || len(response.TransferEncoding) > 0 // else nobody knows whether the connection broke
	if whole && len(body) > 0 && !bytes.HasSuffix(body, []byte("\n")) {
		body = append(body, '\n') // many forget it
	}
	return body, nil
}

// isPage reports whether an answer is HTML or XML, which no metrics and no words are.
func isPage(answer []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(answer), []byte("<")) }

// onlyHere lets no connection go to another host, whatever a name has led to.
func onlyHere(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !to.Addr().Unmap().IsLoopback() {
		return fmt.Errorf("%s is no address of this host alone", address)
	}
	return nil
}

// chosen returns the samples of the metrics that are chosen, of a text in Prometheus's format. A last line without an end is one of
// them, so that whoever reads them knows that there was more.
func chosen(text []byte, metrics []plugin.Select) (lines []byte) {
	for line := range bytes.Lines(text) {
		name := bytes.TrimLeft(line, " \t")
		if end := bytes.IndexAny(name, "{ \t\n"); end >= 0 {
			name = name[:end]
		}
		if !bytes.HasSuffix(line, []byte("\n")) || slices.ContainsFunc(metrics, func(m plugin.Select) bool { return m.Metric == string(name) }) {
			lines = append(lines, line...)
		}
	}
	return lines
}
