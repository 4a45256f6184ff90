package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html"
	"net/http"
	"strings"
)

//go:embed page.html
var pageHTML string

// document is the page as it is sent.
type document struct {
	plain, zipped []byte
	style         string // what stands in its style element
	policy        string // its Content-Security-Policy
}

// newDocument returns the embedded page. A browser runs and applies of it what the policy has a hash of, and nothing else.
//
// W3C: Content Security Policy Level 3
func newDocument() document {
	d := document{plain: []byte(pageHTML), style: inside("style")}
	d.policy = "default-src 'none'; script-src " + hash(inside("script")) + "; style-src " + hash(d.style) +
		"; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is one, and a buffer takes everything
	_, _ = z.Write(d.plain)
	_ = z.Close()
	d.zipped = b.Bytes()
	return d
}

// inside is what stands in the page's element of a name.
func inside(name string) string {
	_, rest, _ := strings.Cut(pageHTML, "<"+name+">")
	text, _, _ := strings.Cut(rest, "</"+name+">")
	return text
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func (d *document) serve(w http.ResponseWriter, r *http.Request) {
	header, body := w.Header(), d.plain
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Vary", "Accept, Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		body = d.zipped
	}
	_, _ = w.Write(body) // an error: nobody reads any more
}

// picture is the page for a browser without JavaScript, which asks for it again and again. links are HTML, text is not.
func (d *document) picture(links, text string) string {
	return `<!doctype html><html lang=en><meta charset=utf-8><meta http-equiv=refresh content=5>` +
		`<meta name=viewport content="width=device-width,initial-scale=1"><title>Hypervisor console</title><style>` + d.style + `</style>` +
		`<p>` + links + `</p><pre>` + html.EscapeString(text) + `</pre>`
}
