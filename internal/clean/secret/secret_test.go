package secret

import (
	"bytes"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"hypervisor-tui/internal/clean"
)

// planted is what stands for a secret in the files of testdata.
const planted = "S3CR3T"

func linesOf(t testing.TB, name, separator string) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), separator)
}

func jsonString(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

func through(text string) string {
	in := clean.AppendLines(nil, []byte(text))
	if out, found := Append(nil, in); found {
		return string(out)
	}
	return string(in)
}

// TestC3NoSecretGetsThrough holds forms of secrets in logs, command lines and objects: none of each line's is shown.
func TestC3NoSecretGetsThrough(t *testing.T) {
	texts := append(linesOf(t, "secrets.txt", "\n"), linesOf(t, "blocks.txt", "\n%\n")...)
	for _, text := range texts {
		if !strings.Contains(text, planted) {
			t.Fatalf("%q has no secret", text)
		}
		if got := String(text); strings.Contains(got, planted) && !strings.Contains(text, "\n") {
			t.Errorf("%s\n  is, as an error, %s", text, got)
		}
		for _, form := range []string{text, "E1128 00:00:00.000000    1204 a.go:1] " + text, "time=x level=error msg=" + strconv.Quote(text), `{"a":1,"msg":` + jsonString(text) + `}`, text + " and more: text a=b"} {
			if strings.Contains(text, "\n") && form != text {
				continue
			}
			if got := through(form); strings.Contains(got, planted) {
				t.Errorf("%s\n  is shown as %s", form, got)
			}
		}
	}
}

// TestC3OrdinaryLinesStay holds what must not be taken for a secret.
func TestC3OrdinaryLinesStay(t *testing.T) {
	for _, text := range linesOf(t, "ordinary.txt", "\n") {
		if got, found := Append(nil, clean.AppendLines(nil, []byte(text))); found {
			t.Errorf("%s\n  became %s", text, got)
		}
	}
}

var maskings = []struct{ in, want string }{
	{`Authorization: Bearer eyJhbGciOi.J9-_~+/=`, `Authorization: Bearer ***`},
	{`authorization: bearer abc123, next`, `authorization: bearer ***, next`},
	{`-H "AUTHORIZATION: BEARER abc" url`, `-H "AUTHORIZATION: BEARER ***" url`},
	{`Bearer `, `Bearer `},
	{`Bearer Bearer abc`, `Bearer Bearer ***`},
	{`GET /join?token=K10abc::server:def&x=1 200`, `GET /join?token=***&x=1 200`},
	{`--token=abc --node-ip=10.0.0.1`, `--token=*** --node-ip=10.0.0.1`},
	{`access_token=x1`, `access_token=***`},
	{`TOKEN=a Password=b PASSWD=c`, `TOKEN=*** Password=*** PASSWD=***`},
	{`password="two words" user="me"`, `password="***" user="me"`},
	{`password="a\"b" user="me"`, `password="***" user="me"`},
	{`password="never ends`, `password="***`},
	{`{"token":"abc","user":"me"}`, `{"token":"***","user":"me"}`},
	{`{"password": 1234, "user": 5678}`, `{"password": ***, "user": 5678}`},
	{`msg="body {\"token\":\"abc\",\"n\":1}" level=info`, `msg="body {\"token\":\"***\",\"n\":1}" level=info`},
	{`msg="{\"token\":\"a\\\"b\",\"n\":1}"`, `msg="{\"token\":\"***\",\"n\":1}"`},
	{`msg="token=abc\" n=1"`, `msg="token=***\" n=1"`},
	{`msg="run --token=abc" level=info`, `msg="run --token=***" level=info`},
	{`token=Bearer abc`, `token=***`},
	{"token=a\ntoken=b", "token=***\ntoken=***"},
	{`dial postgres://admin:x@db:5432/x failed`, `dial postgres://admin:***@db:5432/x failed`},
	{`Config{User:"root", Password:"y"}`, `Config{User:"root", Password:"***"}`},
	{"-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\nnext", "-----BEGIN PRIVATE KEY-----***-----END PRIVATE KEY-----\nnext"},
	{`k3s agent --token K10a::b --server https://x`, `k3s agent --token *** --server https://x`},
	{`token: abcdefghijkl`, `token: ***`},
	{`token: abcdefghijk`, `token: abcdefghijk`},
	{"password: |\n  abc1\nuser: x", "password: |\n  ***\nuser: x"},
	{"found\n/Var/lib/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1", "found\n/Var/lib/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1"},
	{`password is hunter2`, `password is ***`},
	{`password is 1234`, `password is ***`},
	{`password: Tr&bador`, `password: ***`},
	{`PIN 1234`, `PIN ***`},
	{`PIN: 123456, again`, `PIN: ***, again`},
	{`{"pin":"0000"}`, `{"pin":"***"}`},
	{`Confirm passkey 123456 (yes/no)`, `Confirm passkey *** (yes/no)`},
	{`requirepass foobared`, `requirepass ***`},
	{`mysql -psecret db`, `mysql -p*** db`},
	{``, ``},
}

func TestAppend(t *testing.T) {
	for _, c := range maskings {
		if got := through(c.in); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

func TestString(t *testing.T) {
	if got := String("tok\u200ben=\x1b[31mabc\x1b[0m done"); got != "tok\ufffden=\ufffd*** done" {
		t.Errorf("got %q", got)
	}
}

// TestC3KeyInLinesOfTheirOwn holds a private key that a program logs line by line, while others log as well, read in
// either direction.
func TestC3KeyInLinesOfTheirOwn(t *testing.T) {
	key := []string{"-----BEGIN RSA PRIVATE KEY-----", planted, "a" + planted, planted + "==", "-----END RSA PRIVATE KEY-----"}
	backwards := []string{key[4], key[3], key[2], key[1], key[0]}
	begunTwice := []string{key[0], key[1], key[0], key[1], key[4]}
	for _, lines := range [][]string{key, backwards, begunTwice} {
		var l Lines
		for _, line := range lines {
			got, found := l.Append(nil, []byte("a"), []byte(line))
			if strings.Contains(string(got), planted) || strings.Contains(line, planted) != found {
				t.Errorf("%s is shown as %q, %v", line, got, found)
			}
			if got, found := l.Append(nil, []byte("b"), []byte("Started")); found {
				t.Errorf("another source's line became %q", got)
			}
		}
		for _, line := range []string{"Done", "more"} {
			if got, found := l.Append(nil, []byte("a"), []byte(line)); found {
				t.Errorf("%s after the key became %q", line, got)
			}
		}
		if l.open != 0 {
			t.Errorf("%d keys are open", l.open)
		}
	}
}

// TestC3KeyWithoutAnEnd: of what is no key its source's lines are seen again.
func TestC3KeyWithoutAnEnd(t *testing.T) {
	var l Lines
	l.Append(nil, []byte("a"), []byte("-----BEGIN RSA PRIVATE KEY-----"))
	for i := range linesMax + 1 {
		if got, found := l.Append(nil, []byte("a"), []byte("Started")); found != (i < linesMax) {
			t.Fatalf("line %d is shown as %q, %v", i, got, found)
		}
	}
}

// TestF57OwnTokenIsNowhere holds this program's own credentials, which may look like anything.
func TestF57OwnTokenIsNowhere(t *testing.T) {
	saved, list := owned.Load(), ownList
	defer func() { owned.Store(saved); ownList = list }()
	Own("plain words", "plain words/and more", "abc")
	for in, want := range map[string]string{
		"you sent plain words/and more.":     "you sent ***.",
		"as plain+words%2Fand+more":          "as ***",
		"as plain%20words%2Fand%20more":      "as ***",
		"as cGxhaW4gd29yZHMvYW5kIG1vcmU= !":  "as *** !",
		"cut: plain words/an":                "cut: ***",
		"twice plain words/and moreplain wo": "twice ******",
		"abc is too short, plain is another": "abc is too short, plain is another",
	} {
		if got := through(in); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
	for i := range 3 * ownMax {
		Own(strings.Repeat(string(rune('a'+i)), 9))
	}
	if n := len(owned.Load().forms); n > 4*ownMax {
		t.Errorf("%d forms are kept", n)
	}
}

func TestNamed(t *testing.T) {
	for name, want := range map[string]bool{"PASSWORD": true, "DB_PASSWORD": true, "API_TOKEN": true, "AWS_SECRET_ACCESS_KEY": true, "COOKIE": true,
		"MESSAGE": false, "_CMDLINE": false, "TOKENS": false, "": false, "_PID": false, "SESSION_ID": false} {
		if got := Named([]byte(name)); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAllocations(t *testing.T) {
	var texts [][]byte
	for _, name := range []string{"secrets.txt", "ordinary.txt"} {
		for _, text := range linesOf(t, name, "\n") {
			texts = append(texts, clean.AppendLines(nil, []byte(text)))
		}
	}
	if n := testing.AllocsPerRun(20, func() { String("read /proc/mdstat: permission denied") }); n != 0 {
		t.Errorf("String: %v allocations", n)
	}
	dst := make([]byte, 0, 4096)
	for _, text := range texts {
		if n := testing.AllocsPerRun(20, func() { Append(dst, text) }); n != 0 {
			t.Errorf("%s: %v allocations", text, n)
		}
	}
}

func FuzzAppend(f *testing.F) {
	for _, name := range []string{"secrets.txt", "ordinary.txt"} {
		for _, text := range linesOf(f, name, "\n") {
			f.Add([]byte(text))
		}
	}
	for _, text := range linesOf(f, "blocks.txt", "\n%\n") {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		text := clean.AppendLines(nil, raw)
		before := bytes.Clone(text)
		got, found := Append([]byte("> "), text)
		if !bytes.Equal(text, before) || !bytes.HasPrefix(got, []byte("> ")) || found != (len(got) > 2) {
			t.Fatalf("%q gives %q, %v", before, got, found)
		}
		if !utf8.Valid(got) || len(got) > 2+4*len(text)+len(stars) {
			t.Fatalf("%q gives %q", before, got)
		}
		if bytes.Contains(text, []byte(planted)) {
			return
		}
		// Whatever stands before it, a secret that names itself does not get through.
		for _, form := range []string{"\ntoken=%", "\n\"token\":\"%\"", "\nBearer %", "\npassword: %", "\nx://u:%@h", "\n--token %"} {
			whole := append(bytes.Clone(text), strings.Replace(form, "%", planted, 1)...)
			if got, _ := Append(nil, whole); bytes.Contains(got, []byte(planted)) {
				t.Fatalf("%q becomes %q", whole, got)
			}
		}
	})
}

// TestLinear feeds what makes a search with a restart quadratic. It ends at once or never.
func TestLinear(t *testing.T) {
	const size = 1 << 18
	for _, s := range []string{"token:", "token: a ", `"token":`, "password ", "://", "a:b@", "-p ", "<password", "data:{", "name:x", "|token|",
		"-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "password for ", "chpasswd ", "kind:Secret data: ", `token: "`, `\"`, "[", "token=[", "A", "Bearer Bearer ", "password: |\n", "token:\n", "$1$", "x@", "token=/a/b ", "private_key=/a/b", "K10", "cookie: a", "a=b;password=", "password=a\"b ",
		"s", "vault login -a ", "AUTH a ", "password is ", `password "`, `auth" "`, "requirepass ", `pass\\`} {
		Append(nil, bytes.Repeat([]byte(s), size/len(s)))
	}
}

// BenchmarkAppend has the usual lines without a secret, and the worst one.
func BenchmarkAppend(b *testing.B) {
	klog := `I1122 20:00:00.123456    1204 kubelet.go:2447] "SyncLoop (PLEG): event for pod" pod="kube-system/coredns-1" event={"ID":"8f14e45f-ceea","Type":"ContainerStarted","Data":"4c0fdaa8b634"}`
	dst := make([]byte, 0, 1<<17)
	for _, c := range []struct{ name, text string }{
		{"klog", klog},
		{"plain", strings.Repeat("Started a thing. ", 12)},
		{"many", strings.Repeat("token=abc ", 1638)},
	} {
		text := []byte(c.text)
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				Append(dst, text)
			}
		})
	}
}
