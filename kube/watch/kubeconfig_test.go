package watch

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/transport"
)

// TestKubeconfigLikeClientcmd compares what is read of a kubeconfig with what client-go's own reader makes of it.
func TestKubeconfigLikeClientcmd(t *testing.T) {
	dir := t.TempDir()
	pair := valid(t)
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, private := pemOf(pair), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	for name, text := range map[string]string{"ca.crt": cert, "cert": cert, "key": private, "token": "from a file"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	coded := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	k3s := "certificate-authority-data: " + coded(cert) + ", server: 'https://127.0.0.1:6443'"
	for name, text := range map[string]string{
		"k3s":         config("{"+k3s+"}", "{client-certificate-data: "+coded(cert)+", client-key-data: "+coded(private)+"}"),
		"files":       config("{certificate-authority: ca.crt, server: 'https://[::1]:6443/base/'}", "{client-certificate: ./cert, client-key: "+dir+"/key}"),
		"token":       config("{"+k3s+", tls-server-name: other}", "{token: hunter2}"),
		"token file":  config("{"+k3s+"}", "{tokenFile: token}"),
		"both tokens": config("{"+k3s+"}", "{token: old, tokenFile: ./token}"),
		"basic":       config("{server: 'https://api', insecure-skip-tls-verify: true}", "{username: me, password: '1234'}"),
		"as":          config("{"+k3s+"}", "{token: x, as: you, as-uid: '7', as-groups: [a, b], as-user-extra: {why: [c]}}"),
		"proxy":       config("{"+k3s+", proxy-url: 'http://10.0.0.1:3128'}", "{token: x}"),
		"plain":       config("{server: 'http://127.0.0.1:8080/?q#f'}", "{token: hunter2}"),
		"unknown":     config("{"+k3s+", disable-compression: true, extensions: [{name: e, extension: {a: 1}}]}", "{token: x}"),
		"JSON": `{"kind":"Config","apiVersion":"v1","current-context":"x","contexts":[{"name":"x","context":{"cluster":"c","user":"u"}}],` +
			`"clusters":[{"name":"c","cluster":{"server":"https://h:1"}}],"users":[{"name":"u","user":{"token":"t"}}]}`,
	} {
		path := filepath.Join(dir, "config")
		replace(t, path, text)
		theirs, err := clientcmd.BuildConfigFromFlags("", path)
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, text)
		}
		theirs.UserAgent = "hypervisor-tui"
		want, err := theirs.TransportConfig()
		if err != nil {
			t.Fatal(err)
		}
		got, err := load(path, nobody)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.server != theirs.Host && name != "plain" { // theirs leaves what nobody can use, a query
			t.Errorf("%s: server %s, want %s", name, got.server, theirs.Host)
		}
		if a, b := said(t, got.transport), said(t, want); !reflect.DeepEqual(a, b) {
			t.Errorf("%s: %+v, want %+v", name, a, b)
		}
	}
}

// config is a kubeconfig of one cluster and one user.
func config(cluster, user string) string {
	return "apiVersion: v1\nkind: Config\ncurrent-context: x\n" +
		"contexts: [{name: x, context: {cluster: c, user: u}}, {name: other, context: {cluster: d, user: u}}]\n" +
		"clusters:\n- name: d\n  cluster: {server: 'https://wrong'}\n- name: c\n  cluster: " + cluster + "\nusers: [{name: u, user: " + user + "}]\n"
}

// said is what a server would be told and shown: the headers, the client's certificate, the trusted roots and the proxy.
func said(t *testing.T, c *transport.Config) (all []any) {
	t.Helper()
	secure, err := transport.TLSConfigFor(c)
	if err != nil {
		t.Fatal(err)
	}
	if secure != nil {
		all = append(all, secure.ServerName, secure.InsecureSkipVerify)
		if secure.RootCAs != nil {
			all = append(all, secure.RootCAs.Equal(x509.NewCertPool()), c.TLS.CAData)
		}
		if secure.GetClientCertificate != nil {
			pair, err := secure.GetClientCertificate(nil)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, pair.Certificate)
		}
	}
	var told http.Header
	way, err := transport.HTTPWrappersForConfig(c, trip(func(q *http.Request) { told = q.Header }))
	if err != nil {
		t.Fatal(err)
	}
	q, err := http.NewRequest(http.MethodGet, "https://h/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := way.RoundTrip(q); err != nil {
		t.Fatal(err)
	}
	all = append(all, told)
	if c.Proxy != nil {
		proxy, err := c.Proxy(q)
		all = append(all, proxy, err)
	}
	return all
}

type trip func(q *http.Request)

func (f trip) RoundTrip(q *http.Request) (*http.Response, error) {
	f(q)
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}
