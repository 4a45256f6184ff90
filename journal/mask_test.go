package journal

import (
	"bytes"
	"strings"
	"testing"
)

var maskings = []struct{ in, want string }{
	{`Authorization: Bearer eyJhbGciOi.J9-_~+/=`, `Authorization: Bearer ***`},
	{`authorization: bearer abc123, next`, `authorization: bearer ***, next`},
	{`-H "AUTHORIZATION: BEARER abc" url`, `-H "AUTHORIZATION: BEARER ***" url`},
	{`invalid bearer token, token lookup failed`, `invalid bearer token, token lookup failed`},
	{`Bearer `, `Bearer `},
	{`Bearer Bearer abc`, `Bearer Bearer ***`},
	{`GET /join?token=K10abc::server:def&x=1 200`, `GET /join?token=***&x=1 200`},
	{`--token=abc --node-ip=10.0.0.1`, `--token=*** --node-ip=10.0.0.1`},
	{`access_token=x`, `access_token=***`},
	{`TOKEN=x Password=y PASSWD=z`, `TOKEN=*** Password=*** PASSWD=***`},
	{`password="two words" user="me"`, `password="***" user="me"`},
	{`password='two words' user='me'`, `password='***' user='me'`},
	{`password="a\"b" user="me"`, `password="***" user="me"`},
	{`password="never ends`, `password="***`},
	{`password= user=me`, `password= user=me`},
	{`password="" user=me`, `password="" user=me`},
	{`{"token":"abc","user":"me"}`, `{"token":"***","user":"me"}`},
	{`{"id_token" : "abc"}`, `{"id_token" : "***"}`},
	{`{"password": 1234, "user": 5678}`, `{"password": ***, "user": 5678}`},
	{`{"token":null}`, `{"token":null}`},
	{`msg="body {\"token\":\"abc\",\"n\":1}" level=info`, `msg="body {\"token\":\"***\",\"n\":1}" level=info`},
	{`msg="{\"token\":\"a\\\"b\",\"n\":1}"`, `msg="{\"token\":\"***\",\"n\":1}"`},
	{`msg="token=abc\" n=1"`, `msg="token=***\" n=1"`},
	{`{'passwd': 'x'}`, `{'passwd': '***'}`},
	{`token=Bearer abc`, `token=*** ***`},
	{`Bearer token=abc`, `Bearer ***`},
	{"token=a\ntoken=b", "token=***\ntoken=***"},
	{`Failed password for root from 10.0.0.1`, `Failed password for root from 10.0.0.1`},
	{`token: expired`, `token: expired`},
	{`tokens=5`, `tokens=5`},
	{``, ``},
}

func masked(b []byte) []byte {
	w := secretsIn(b)
	return w.appendMasked(nil)
}

func TestMask(t *testing.T) {
	for _, c := range maskings {
		if got := masked([]byte(c.in)); string(got) != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
		}
		w := secretsIn([]byte(c.in))
		if got := w.any(); got != (c.in != c.want) {
			t.Errorf("%s: any is %v", c.in, got)
		}
	}
}

func TestMaskAllocatesNothing(t *testing.T) {
	text := []byte(strings.Repeat(`Bearer xyz token=abc "token":"x" `, 20))
	dst := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() {
		w := secretsIn(text)
		dst = w.appendMasked(dst[:0])
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzMask(f *testing.F) {
	for _, c := range maskings {
		f.Add([]byte(c.in))
	}
	secret := []byte("0s3cr3t0")
	f.Fuzz(func(t *testing.T, b []byte) {
		once := masked(b)
		if twice := masked(once); !bytes.Equal(once, twice) {
			t.Fatalf("%q becomes %q, and then %q", b, once, twice)
		}
		if bytes.Contains(b, secret) {
			return
		}
		// Whatever stands before it, a secret that names itself does not get through.
		for _, form := range []string{" token=%", ` "token":"%"`, ` \"password\":\"%\"`, " Bearer %"} {
			planted := append(bytes.Clone(b), strings.Replace(form, "%", string(secret), 1)...)
			if got := masked(planted); bytes.Contains(got, secret) {
				t.Fatalf("%q becomes %q", planted, got)
			}
		}
	})
}

// BenchmarkMask has the usual line without a secret, and the worst one.
func BenchmarkMask(b *testing.B) {
	dst := make([]byte, 0, cleanMax)
	for _, c := range []struct{ name, text string }{
		{"none", said[2].text + strings.Repeat(` key="value"`, 10)},
		{"many", strings.Repeat("token=abc ", rawMax/10)},
	} {
		text := []byte(c.text)
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if w := secretsIn(text); w.any() {
					dst = w.appendMasked(dst[:0])
				}
			}
		})
	}
}
