package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// apiAt is an API of a server that answers with f.
func apiAt(t *testing.T, f http.HandlerFunc) *API {
	t.Helper()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{"current-context":"c","contexts":[{"name":"c","context":{"cluster":"c","user":"u"}}],
"clusters":[{"name":"c","cluster":{"server":%q}}],"users":[{"name":"u","user":{}}]}`, server.URL)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return NewAPI(path)
}

// TestAPIAsks: a request is sent as it is asked for, and its answer is decoded.
func TestAPIAsks(t *testing.T) {
	var got []string
	a := apiAt(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, r.Method, r.URL.String(), r.Header.Get("Content-Type"), r.Header.Get("User-Agent"), r.Header.Get("Accept"), string(body))
		io.WriteString(w, `{"name":"hv1"}`)
	})
	var v struct{ Name string }
	if err := a.Do(t.Context(), Call{Method: "PATCH", Path: "/a?b=c", Type: "application/merge-patch+json", Body: []byte("{}"), Agent: "me (uid 7)"}, &v); err != nil {
		t.Fatal(err)
	}
	if err := a.Do(t.Context(), Call{Method: "PUT", Path: "/d"}, nil); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"PATCH", "/a?b=c", "application/merge-patch+json", "me (uid 7)", "application/json", "{}",
		"PUT", "/d", "", "hypervisor-tui", "application/json", "",
	}
	if !slices.Equal(got, want) || v.Name != "hv1" {
		t.Errorf("%q, want %q, and %+v", got, want, v)
	}
}

// TestAPIRefusals: what the API server says is in the error, clean; what is no answer of one is an error in words.
func TestAPIRefusals(t *testing.T) {
	var code int
	var kind, body string
	a := apiAt(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Location", "https://example.invalid/")
		w.WriteHeader(code)
		io.WriteString(w, body)
	})
	for _, s := range []struct {
		code       int
		kind, body string
		refusal    int
		want       string
	}{
		{429, "application/json", `{"message":"no\u001b[2J room","details":{"causes":[{"message":"budget db"}]}}`, 429, "no"},
		{409, "application/json", `{`, 409, "HTTP 409"},
		{403, "application/json", `{"message":"may not"}`, 403, "may not"},
		{302, "text/html", "<a>", 302, "HTTP 302"},
		{401, "application/json", `{"message":"Unauthorized"}`, 0, "unauthorized: the kubeconfig's credentials are not accepted"},
		{200, "text/html", "<html>", 0, "is no API server (text/html)"},
		{200, "application/json", strings.Repeat(" ", maxAnswer+1), 0, "no end"},
	} {
		code, kind, body = s.code, s.kind, s.body
		var v struct{}
		err := a.Do(t.Context(), Call{Method: "GET", Path: "/"}, &v)
		var no *Refusal
		if errors.As(err, &no) != (s.refusal > 0) || no != nil && no.Code != s.refusal || err == nil || !strings.Contains(err.Error(), s.want) || strings.ContainsRune(err.Error(), 0x1b) {
			t.Errorf("%d %s %.20q: %v, want %s", s.code, s.kind, s.body, err, s.want)
		}
		if s.code == 429 && !slices.Equal(no.Causes, []string{"budget db"}) {
			t.Errorf("causes %q", no.Causes)
		}
	}
	if err := NewAPI("/nowhere/kubeconfig").Do(t.Context(), Call{Method: "GET", Path: "/"}, nil); err == nil || !strings.Contains(err.Error(), "/nowhere/kubeconfig: no such file") {
		t.Errorf("without a kubeconfig: %v", err)
	}
}

// TestAPICredentialsAnew: after credentials that are not accepted the kubeconfig is read again.
func TestAPICredentialsAnew(t *testing.T) {
	var asked atomic.Int32
	old := apiAt(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) })
	anew := apiAt(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	if err := old.Do(t.Context(), Call{Method: "GET", Path: "/"}, nil); err == nil {
		t.Fatal("accepted")
	}
	text, err := os.ReadFile(anew.path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(old.path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := old.Do(t.Context(), Call{Method: "GET", Path: "/"}, nil); err != nil || asked.Load() != 1 {
		t.Errorf("%v, asked %d times", err, asked.Load())
	}
}

// TestAPISilent: a server that does not answer is told in words, and who has gone is told nothing.
func TestAPISilent(t *testing.T) {
	end := make(chan struct{})
	a := apiAt(t, func(http.ResponseWriter, *http.Request) { <-end })
	defer close(end)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := a.Do(ctx, Call{Method: "GET", Path: "/"}, nil); err == nil || err.Error() != "the API server: no answer in time" {
		t.Errorf("silent: %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if err := a.Do(ctx, Call{Method: "GET", Path: "/"}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
