package serve

import (
	"bytes"
	"compress/gzip"
	"context"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"hypervisor-tui/report/metrics"
)

// maxScrapes is how many are made at a time. How many are being sent is limited by the connections: all that are of one
// sample and format send the same bytes.
const maxScrapes = 4

// turnTime is how long a scrape waits for its turn. Making one takes far less: whoever waits longer is better told.
const turnTime = time.Second

// Exposition renders the figures.
type Exposition interface {
	// Exposition returns the newest figures at once, or an error when ctx ends before. The caller calls release when it
	// has sent the text, which does not change until then; any number of callers may have the same.
	Exposition(ctx context.Context, f metrics.Format) (text []byte, release func(), err error)
}

// NewMetrics is the handler of /metrics. It answers at once, or with 503 when so many answers are made that none is its turn. Parameters
// such as collect[] are taken and change nothing: the whole costs less than choosing.
func NewMetrics(e Exposition) http.Handler {
	scrapes := make(chan struct{}, maxScrapes)
	compressors := sync.Pool{New: func() any {
		z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is one that there is
		return z
	}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
			return
		}
		turn, stop := context.WithTimeout(r.Context(), turnTime)
		defer stop()
		select {
		case scrapes <- struct{}{}:
		case <-turn.Done():
			unavailable(w, "too many scrapes at a time")
			return
		}
		format := negotiate(r.Header.Values("Accept"))
		text, release, err := e.Exposition(r.Context(), format)
		if err != nil {
			<-scrapes
			unavailable(w, "there are no figures yet")
			return
		}
		defer release()
		h := w.Header()
		if p, _ := r.Context().Value(peerKey{}).(peer); !p.local && accepts(r.Header.Values("Accept-Encoding"), "gzip") {
			var small bytes.Buffer
			z := compressors.Get().(*gzip.Writer)
			z.Reset(&small)
			_, _ = z.Write(text) // a buffer takes all
			_ = z.Close()
			compressors.Put(z)
			text = small.Bytes()
			h.Set("Content-Encoding", "gzip")
		}
		<-scrapes
		h.Set("Content-Type", format.ContentType())
		h.Set("Vary", "Accept, Accept-Encoding")
		h.Set("Content-Length", strconv.Itoa(len(text)))
		_, _ = w.Write(text) // who has gone does not want it
	})
}

func unavailable(w http.ResponseWriter, why string) {
	w.Header().Set("Retry-After", "1")
	http.Error(w, why, http.StatusServiceUnavailable)
}

// negotiate chooses what the Accept headers of a request like best. OpenMetrics must be asked for by its name; Prometheus
// asks for several versions of it.
//
// RFC 9110, section 12.5.1
func negotiate(accept []string) metrics.Format {
	var open, text float64
	each(accept, func(kind string, parameters map[string]string, q float64) {
		version := parameters["version"]
		switch {
		case kind == "application/openmetrics-text" && (version == "" || version == "1.0.0"):
			open = max(open, q)
		case kind == "text/plain" && (version == "" || version == "0.0.4"):
			text = max(text, q)
		}
	})
	if open > 0 && open >= text {
		return metrics.OpenMetrics
	}
	return metrics.Text
}

// accepts reports whether one of the headers names coding, and does not refuse it.
func accepts(headers []string, coding string) (yes bool) {
	each(headers, func(name string, _ map[string]string, q float64) { yes = yes || name == coding && q > 0 })
	return yes
}

// each calls visit for each element of headers such as Accept, with its quality from 0 to 1. What cannot be read is left out.
func each(headers []string, visit func(name string, parameters map[string]string, q float64)) {
	for _, element := range strings.Split(strings.Join(headers, ","), ",") {
		name, parameters, err := mime.ParseMediaType(element)
		if err != nil {
			continue
		}
		q := 1.0
		if text, given := parameters["q"]; given {
			if q, err = strconv.ParseFloat(text, 64); err != nil || !(q >= 0 && q <= 1) {
				continue
			}
		}
		visit(name, parameters, q)
	}
}
