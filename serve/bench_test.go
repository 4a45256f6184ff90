package serve

import (
	"context"
	"io"
	"net/http"
	"testing"

	"hypervisor-tui/console/config"
)

// BenchmarkScrape is what one scrape of 240 kB costs, client included, over a connection that stays.
func BenchmarkScrape(b *testing.B) {
	text := make([]byte, 240_000)
	for i := range text {
		text[i] = "node_network_receive_bytes_total{device=\"eth0\"} 12345\n"[i%54]
	}
	a := newAuthority(b)
	for name, tls := range map[string]config.ServeTLS{"plain": {}, "tls": a.pair(b, b.TempDir(), "server")} {
		b.Run(name, func(b *testing.B) {
			r := start(b, Options{Config: config.Serve{TLS: tls}, Metrics: NewMetrics(sharedFigures(text))})
			c, url := r.trusting(b, a, ""), "http://127.0.0.1/metrics"
			c.Transport.(*http.Transport).DisableKeepAlives = false
			defer c.CloseIdleConnections()
			if tls.CertFile != "" {
				url = "https://127.0.0.1/metrics"
			}
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				answer, err := c.Get(url)
				if err != nil {
					b.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, answer.Body); err != nil || n != int64(len(text)) {
					b.Fatal(n, err)
				}
				answer.Body.Close()
			}
		})
	}
}

// BenchmarkSummary is what one question of another node's console costs, client included, over a connection that stays.
func BenchmarkSummary(b *testing.B) {
	c, a := withPeers(b)
	r := start(b, Options{Config: c, Peers: NewSummary(func(context.Context) ([]byte, error) { return make([]byte, 330), nil })})
	client := r.trusting(b, a, "hv2")
	client.Transport.(*http.Transport).DisableKeepAlives = false
	defer client.CloseIdleConnections()
	b.ReportAllocs()
	for b.Loop() {
		answer, err := client.Get("https://127.0.0.1/v1/summary")
		if err != nil {
			b.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, answer.Body); err != nil || n != 330 {
			b.Fatal(answer.Status, n, err)
		}
		answer.Body.Close()
	}
}
