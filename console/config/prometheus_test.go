package config

import (
	"strings"
	"testing"
)

// TestPrometheusURL: what is no address of a server, or holds a secret, is refused.
func TestPrometheusURL(t *testing.T) {
	for _, url := range []string{"http://127.0.0.1:9090", "https://prometheus/", "http://[fd00::1]:9090/prefix", "null"} {
		if lines := configProblems(t, "prometheus:\n  url: "+url); lines != nil {
			t.Errorf("%s: %q", url, lines)
		}
	}
	for _, url := range []string{"prometheus:9090", "ftp://prometheus", "http://", "http://user:word@prometheus", "http://prometheus/?a=b", "http://prometheus/?", "http://prometheus#f",
		"http:prometheus", "//prometheus", "http://[::1", "http://x/" + strings.Repeat("x", 300), "\"http://x/\u202e\"", "[]", "1"} {
		if lines := configProblems(t, "prometheus:\n  url: "+url); len(lines) != 1 || !strings.HasPrefix(lines[0], "config.yaml:2: ") {
			t.Errorf("%s: %q", url, lines)
		}
	}
}

// TestPrometheusToken goes to no other host in the clear, and no file is read for nothing.
func TestPrometheusToken(t *testing.T) {
	for text, want := range map[string]string{
		"url: https://p\n  tokenFile: /t\n  caFile: /c": "",
		"url: http://127.0.0.1:9090\n  tokenFile: /t":   "",
		"url: http://[::1]:9090\n  tokenFile: /t":       "",
		"url: http://10.0.0.1\n  tokenFile: /t":         "config.yaml:3: prometheus.tokenFile would be sent to another host in the clear",
		"url: http://prometheus\n  tokenFile: /t":       "config.yaml:3: prometheus.tokenFile would be sent to another host in the clear",
		"url: http://127.0.0.1\n  caFile: /c":           "config.yaml:3: prometheus.caFile is of no use: prometheus.url begins with http:",
		"tokenFile: /t":                                 "config.yaml:2: prometheus.tokenFile is of no use without prometheus.url",
	} {
		lines := configProblems(t, "prometheus:\n  "+text)
		if got := strings.Join(lines, "; "); (want == "") != (got == "") || !strings.HasPrefix(got, want) {
			t.Errorf("%q: %q", text, lines)
		}
	}
}
