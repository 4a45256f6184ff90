package serve

import (
	"context"
	"net/http"

	"hypervisor-tui/report/metrics"
)

// Exposition renders the figures.
type Exposition interface {
	// Exposition returns the newest figures at once, or an error when ctx ends before. The caller calls release when it
	// has sent the text, which is nobody's to change until then.
	Exposition(ctx context.Context, f metrics.Format) (text []byte, release func(), err error)
}

// NewMetrics is the handler of /metrics.
func NewMetrics(e Exposition) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, release, err := e.Exposition(r.Context(), metrics.Text)
		if err != nil {
			http.Error(w, "no figures yet", http.StatusServiceUnavailable)
			return
		}
		defer release()
		w.Header().Set("Content-Type", metrics.Text.ContentType())
		_, _ = w.Write(text)
	})
}
