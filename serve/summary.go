package serve

import (
	"context"
	"net/http"
)

// NewSummary is the handler of what this node says of itself. summary returns that at once as a line of JSON, or an error when
// nothing is known yet or ctx ends before.
func NewSummary(summary func(ctx context.Context) ([]byte, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := summary(r.Context())
		if err != nil {
			unavailable(w, err.Error())
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(text) // who has gone does not want it
	})
}
