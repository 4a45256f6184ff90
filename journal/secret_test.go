package journal

import (
	"strings"
	"testing"
	"time"

	"hypervisor-tui/internal/health"
)

// planted stands for a secret.
const planted = "S3CR3T"

// TestC3NoSecretOnAnyWayOut: the secrets of an entry are neither on the page, as it is shown or as it was written, nor in
// the whole entry, nor found.
func TestC3NoSecretOnAnyWayOut(t *testing.T) {
	for _, text := range []string{
		"k3s agent --server https://10.0.0.1:6443 --token K10S3CR3T::server:S3CR3T",
		"dial postgres://admin:S3CR3T@db:5432/x failed",
		`{"level":"info","msg":"tok\u0065n=S3CR3T","password":["S3CR3T"]}`,
		`time="2026-11-22T20:00:00Z" level=info msg="run" args="[\"--token\",\"S3CR3T\"]"`,
		"pass\u200bword=\x1b[1mS3\x1b[0mCR3T",
		"-----BEGIN PRIVATE KEY-----\nS3CR3T\n-----END PRIVATE KEY-----",
	} {
		for _, raw := range []bool{false, true} {
			l := viewed(100, nil)
			s := l.Sink("test")
			s.Try(Entry{Message: []byte(text)})
			s.Flush()
			p := ask(l, Query{Rows: 1, Filter: Filter{Least: Debug, Raw: raw}})
			if shown := string(p.Message(&p.Rows[0])); strings.Contains(shown, planted) {
				t.Errorf("raw %v: %s", raw, shown)
			}
			if p = ask(l, Query{Number: 2, Rows: 1, Filter: Filter{Least: Debug, Raw: raw, Text: planted}}); len(p.Rows) > 0 {
				t.Errorf("raw %v: %s is found by its secret", raw, text)
			}
		}
		var a Archive = oneField{"_CMDLINE", text}
		r := reader{}
		w := r.whole(&request{Context: t.Context(), sources: []archived{{1, &a}}})
		if shown := string(w.Fields[0].Text); strings.Contains(shown, planted) {
			t.Errorf("whole entry: %s", shown)
		}
	}
}

// TestC3KeyInEntriesOfItsOwn: a private key that comes line by line, with another unit's lines between.
func TestC3KeyInEntriesOfItsOwn(t *testing.T) {
	l := viewed(100, nil)
	s := l.Sink("test")
	for i, line := range []string{"-----BEGIN RSA PRIVATE KEY-----", planted, planted + "==", "-----END RSA PRIVATE KEY-----", "Done"} {
		at := time.UnixMicro(int64(1795380000000000 + i))
		s.Try(Entry{Time: at, Unit: []byte("a"), Message: []byte(line)})
		s.Try(Entry{Time: at, Unit: []byte("b"), Message: []byte("Started")})
	}
	s.Flush()
	p := ask(l, Query{Rows: 20, Filter: Filter{Least: Debug, Each: true}})
	if text := string(p.Text); strings.Contains(text, planted) || !strings.Contains(text, "Done") || strings.Count(text, "Started") != 5 {
		t.Errorf("%d rows: %s", len(p.Rows), text)
	}
}

// TestA7SourcesSayNoSecret: a source's words come from errors of files, programs and the system.
func TestA7SourcesSayNoSecret(t *testing.T) {
	s := viewed(100, nil).Sink("test")
	s.Report(health.Health{State: health.Failed, Err: "journalctl --token S3CR3T: exit status 1\x1b[2J"}, "https://u:S3CR3T@h/x")
	if got := s.State(); strings.Contains(got.Health.Err+got.Detail, planted) || strings.Contains(got.Health.Err, "\x1b") {
		t.Errorf("%+v", got)
	}
}
