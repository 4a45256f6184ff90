package watch

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/kube"
)

func TestMain(m *testing.M) {
	await.Together()
	os.Exit(m.Run())
}

// The wire, written by hand: what the API server would send.

func text(num protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(nil, num, protowire.BytesType), s)
}

func number(num protowire.Number, n uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, num, protowire.VarintType), n)
}

func sub(num protowire.Number, parts ...[]byte) []byte { return text(num, string(all(parts...))) }

func all(parts ...[]byte) (b []byte) {
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func enveloped(object []byte) []byte {
	return append([]byte(magic), all(sub(1, text(1, "v1"), text(2, "Any")), sub(2, object), text(3, ""), text(4, ""))...)
}

func frame(typ string, object []byte) []byte {
	b := all(text(1, typ), sub(2, sub(1, enveloped(object))))
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)
}

func metadata(namespace, name, version string, more ...[]byte) []byte {
	return sub(1, append([][]byte{text(1, name), text(3, namespace), text(6, version)}, more...)...)
}

func bookmark(version string) []byte {
	return frame("BOOKMARK", metadata("", "", version, sub(12, text(1, initialEventsEnd), text(2, "true"))))
}

func podObject(name, phase string) []byte {
	return all(metadata("team", name, "7"), sub(3, text(1, phase)))
}

const jsonBookmark = `{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9","annotations":{"k8s.io/initial-events-end":"true"}}}}` + "\n"

func jsonVM(name, status string) string {
	return fmt.Sprintf(`{"type":"ADDED","object":{"metadata":{"namespace":"vms","name":%q,"resourceVersion":"8"},"status":{"printableStatus":%q}}}`+"\n", name, status)
}

// certificate makes a self-signed one for 127.0.0.1.
func certificate(t *testing.T, from, to time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "fake"}, NotBefore: from, NotAfter: to,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// fake is an API server: all is well and every kind has nothing but two pods, unless a test says otherwise.
type fake struct {
	*httptest.Server
	cert tls.Certificate
	mu   sync.Mutex
	hook func(w http.ResponseWriter, r *http.Request) bool // answers, or says that it did not
	seen map[string]int                                    // requests by kind and sort, as in "pods list"
}

func newFake(t *testing.T, cert tls.Certificate) *fake {
	t.Helper()
	f := &fake{cert: cert, seen: map[string]int{}}
	f.Server = httptest.NewUnstartedServer(http.HandlerFunc(f.serve))
	f.start()
	t.Cleanup(func() { f.CloseClientConnections(); f.Close() })
	return f
}

// newFakeAt is a fake at an address that another has left.
func newFakeAt(t *testing.T, cert tls.Certificate, address string) *fake {
	t.Helper()
	f := &fake{cert: cert, seen: map[string]int{}}
	f.Server = httptest.NewUnstartedServer(http.HandlerFunc(f.serve))
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	f.Listener.Close()
	f.Listener = l
	f.start()
	t.Cleanup(func() { f.CloseClientConnections(); f.Close() })
	return f
}

func pemOf(c tls.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]}))
}

func (f *fake) start() {
	f.TLS = &tls.Config{Certificates: []tls.Certificate{f.cert}}
	f.EnableHTTP2 = true
	f.Config.ErrorLog = log.New(io.Discard, "", 0)
	f.StartTLS()
}

func (f *fake) set(hook func(http.ResponseWriter, *http.Request) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook = hook
}

func (f *fake) count(what string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen[what]
}

// sort names a request: "pods list" for everything there is, "pods watch" for what comes after a version.
func sortOf(r *http.Request) string {
	q := r.URL.Query()
	if q.Get("sendInitialEvents") == "true" || q.Get("watch") == "" {
		return filepath.Base(r.URL.Path) + " list"
	}
	return filepath.Base(r.URL.Path) + " watch"
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.seen[sortOf(r)]++
	hook := f.hook
	f.mu.Unlock()
	if hook != nil && hook(w, r) {
		return
	}
	switch r.URL.Path {
	case "/readyz":
		fmt.Fprint(w, "ok")
	case "/version":
		fmt.Fprint(w, `{"gitVersion":"v1.37.2+k3s1"}`)
	case "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews":
		fmt.Fprint(w, `{"status":{"allowed":false}}`)
	default:
		f.kind(w, r)
	}
}

// kind answers a watch and leaves it open.
func (f *fake) kind(w http.ResponseWriter, r *http.Request) {
	first := strings.HasSuffix(sortOf(r), "list")
	pods := strings.HasSuffix(r.URL.Path, "/pods")
	if r.URL.Query().Get("watch") == "" {
		pageOf(w, r, pods)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/apis/kubevirt.io/") {
		w.Header().Set("Content-Type", "application/json")
		if first {
			fmt.Fprint(w, jsonBookmark)
		}
	} else {
		protobufAnswer(w)
		if first && pods {
			w.Write(frame("ADDED", podObject("a", "Running")))
			w.Write(frame("ADDED", podObject("b", "Pending")))
		}
		if first {
			w.Write(bookmark("9"))
		}
	}
	stay(w, r)
}

func pageOf(w http.ResponseWriter, r *http.Request, pods bool) {
	if strings.HasPrefix(r.URL.Path, "/apis/kubevirt.io/") || strings.HasPrefix(r.URL.Path, "/apis/metrics.k8s.io/") {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"metadata":{"resourceVersion":"9"},"items":[]}`)
		return
	}
	protobufAnswer(w)
	list := sub(1, text(2, "9"))
	if pods {
		list = all(list, sub(2, podObject("a", "Running")), sub(2, podObject("b", "Pending")))
	}
	w.Write(enveloped(list))
}

func protobufAnswer(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/vnd.kubernetes.protobuf;stream=watch")
}

// stay sends what was written and leaves the answer open.
func stay(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusOK)
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

// kubeconfig writes one for an address.
func kubeconfig(t *testing.T, path, server string, ca tls.Certificate) {
	t.Helper()
	authority := []byte(pemOf(ca))
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: %q, certificate-authority-data: %s}}]
users: [{name: u, user: {token: hunter2}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
`, server, base64.StdEncoding.EncodeToString(authority))
	replace(t, path, text)
}

// replace writes a file in one step.
func replace(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// keepPlain runs a goroutine without a net.
func keepPlain(ctx context.Context, _ string, f func(context.Context) error) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = f(ctx) // ends with ctx
	}()
	return done
}

// follower is a Watcher that runs, 50 times as fast as usual.
type follower struct {
	t      *testing.T
	path   string // of its kubeconfig
	states chan *kube.State
	last   *kube.State
	begin  func() // what there is to do before the first until, or nil
}

func follow(t *testing.T, change func(*pace)) *follower {
	t.Helper()
	f := &follower{t: t, path: filepath.Join(t.TempDir(), "kubeconfig"), states: make(chan *kube.State, 1)}
	began := time.Now()
	w := New(Options{
		Find:     kube.Options{Path: f.path},
		Now:      func() time.Duration { return time.Hour + time.Since(began) },
		Keep:     keepPlain,
		Hostname: func() (string, error) { return "hv-1", nil },
	})
	for _, d := range []*time.Duration{&w.pace.rescans, &w.pace.publish, &w.pace.probes, &w.pace.betweenLists, &w.pace.polls, &w.pace.askAgain, &w.pace.shortest, &w.pace.longest} {
		*d /= 50
	}
	if change != nil {
		change(&w.pace)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = w.Run(ctx, func(s *kube.State) { // ends with ctx
			select {
			case <-f.states: // the newest counts
			default:
			}
			f.states <- s
		})
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return f
}

// until waits for a State of which is says that it is the one.
func (f *follower) until(what string, is func(*kube.State) bool) *kube.State {
	f.t.Helper()
	if f.begin != nil {
		f.begin()
		f.begin = nil
	}
	late := time.After(await.Limit)
	for {
		select {
		case f.last = <-f.states:
			if is(f.last) {
				return f.last
			}
		case <-late:
			f.t.Fatalf("never %s; the last is %v %+v, kinds %+v", what, f.last.Health, f.last.Cause, f.last.Kinds)
		}
	}
}
