package act

import (
	"encoding/base32"
	"errors"
	"strings"
	"testing"
	"time"
)

// TestCodeVectors holds codes to the vectors of RFC 6238, appendix B, of which six digits are the last six of eight.
func TestCodeVectors(t *testing.T) {
	secret := []byte("12345678901234567890")
	for seconds, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := Code(secret, seconds/30); got != want[2:] {
			t.Errorf("at %d: %s, want %s", seconds, got, want[2:])
		}
	}
}

// newCodes returns Codes, their secret, and where they keep their state.
func newCodes(t *testing.T, state CodeState) (*Codes, []byte, *CodeState) {
	t.Helper()
	secret, kept := []byte("12345678901234567890"), new(CodeState)
	c, err := NewCodes(base32.StdEncoding.EncodeToString(secret), state, func(s CodeState) error { *kept = s; return nil })
	if err != nil {
		t.Fatal(err)
	}
	return c, secret, kept
}

// TestCodeOnce: a code is taken once, those of the steps beside now too, and none of a step before the last one taken.
func TestCodeOnce(t *testing.T) {
	c, secret, kept := newCodes(t, CodeState{})
	now := time.Unix(1_800_000_015, 0)
	step := now.Unix() / 30
	for _, try := range []struct {
		step int64
		ok   bool
	}{{step - 2, false}, {step + 2, false}, {step, true}, {step, false}, {step - 1, false}, {step + 1, true}, {step + 1, false}} {
		if err := c.Check(Code(secret, try.step), now); (err == nil) != try.ok {
			t.Errorf("step %+d: %v, want taken %v", try.step-step, err, try.ok)
		}
	}
	if kept.Step != step+1 || kept.Wrong != 1 {
		t.Errorf("kept %+v", *kept)
	}
	again, _, _ := newCodes(t, *kept)
	if again.Check(Code(secret, step+1), now) == nil {
		t.Error("another helper takes a code again")
	}
}

// TestCodeLock: after five wrong codes nothing is looked at for a minute, then longer each time, also by a helper that is
// started anew; the right code ends it.
func TestCodeLock(t *testing.T) {
	c, secret, kept := newCodes(t, CodeState{})
	now := time.Unix(1_800_000_000, 0)
	for range wrongAtOnce {
		if c.Check("000000", now) == nil {
			t.Fatal("taken")
		}
	}
	for i, want := range []time.Duration{1, 2, 4, 8, 15, 15} {
		want *= time.Minute
		if got := kept.Until.Sub(now); got != want {
			t.Errorf("lock %d lasts %v, want %v", i, got, want)
		}
		c, _, kept = newCodes(t, *kept)
		almost := now.Add(want - time.Second)
		if err := c.Check(Code(secret, almost.Unix()/30), almost); err == nil || !strings.Contains(err.Error(), "none is looked at") {
			t.Errorf("while locked: %v", err)
		}
		now = now.Add(want)
		if c.Check("000000", now) == nil {
			t.Fatal("taken")
		}
	}
	now = now.Add(-24 * time.Hour) // the clock is set back: it waits no longer than it would have
	if err := c.Check("000000", now); err == nil || !strings.Contains(err.Error(), "15m0s") {
		t.Errorf("with the clock set back: %v", err)
	}
	now = now.Add(15 * time.Minute)
	if err := c.Check(Code(secret, now.Unix()/30), now); err != nil {
		t.Errorf("the right one after the lock: %v", err)
	}
	if kept.Wrong != 0 {
		t.Errorf("kept %+v", *kept)
	}
}

// TestNoSecretNoAction: without a secret, or a place to keep what was tried, no code is right.
func TestNoSecretNoAction(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	var none *Codes
	for name, c := range map[string]*Codes{"nil": none, "zero": {}} {
		if c.Check(Code(nil, now.Unix()/30), now) == nil {
			t.Errorf("%s takes a code", name)
		}
	}
	for _, secret := range []string{"", "   \n", "not base32!", "JBSWY3DP"} {
		if _, err := NewCodes(secret, CodeState{}, func(CodeState) error { return nil }); err == nil {
			t.Errorf("secret %q is taken", secret)
		} else if secret != "" && strings.Contains(err.Error(), strings.TrimSpace(secret)) && strings.TrimSpace(secret) != "" {
			t.Errorf("the error quotes the secret: %v", err)
		}
	}
	c, secret, _ := newCodes(t, CodeState{})
	c.keep = func(CodeState) error { return errors.New("read-only file system") }
	if err := c.Check(Code(secret, now.Unix()/30), now); err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("without a place to keep it: %v", err)
	}
}

// TestReadRequest: what is not a request of the protocol is refused without quoting it.
func TestReadRequest(t *testing.T) {
	for _, line := range []string{
		``, `{}`, `null`, `[]`, `{"hello":{},"cancel":{}}`, `{"plan":{"verb":"unit.restart","object":"a b"}}`, `{"plan":{"verb":"rm","object":"/"}}`,
		`{"plan":{"verb":"unit.restart","object":""}}`, `{"plan":{"verb":"unit.restart","object":"a.service","undo":true}}`,
		`{"plan":{"verb":"node.cordon","object":"hv1","undo":1}}`, `{"plan":{"verb":"unit.restart","object":"a.service","uid":0}}`,
		`{"hello":{}} {"cancel":{}}`, `{"commit":{"plan":"p","typed":"x","code":"123456","more":1}}`, "{\"hello\":{}\xff}",
		`{"commit":{"plan":"p","typed":"x","code":"12345678901234567"}}`, `{"plan":{"verb":"unit.restart","object":"` + strings.Repeat("a", MaxObject+1) + `"}}`,
		strings.Repeat(" ", MaxLine) + `{"hello":{}}`,
	} {
		if r, err := ReadRequest([]byte(line)); err == nil {
			t.Errorf("%.60q is read as %+v", line, r)
		} else if strings.Contains(err.Error(), "123456") {
			t.Errorf("%.60q: the error quotes it: %v", line, err)
		}
	}
	for _, line := range []string{
		`{"hello":{}}`, `{"plan":{"verb":"unit.restart","object":"k3s.service"}}`, `{"plan":{"verb":"node.cordon","object":"hv1","undo":true}}`,
		`{"commit":{"plan":"p","typed":"k3s.service","code":"123456"}}`, `{"cancel":{}}`,
	} {
		if _, err := ReadRequest([]byte(line)); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// TestAppendFits: a reply is one line of at most MaxLine bytes, whatever it has in it, and says how much it leaves out.
func TestAppendFits(t *testing.T) {
	long := strings.Repeat("\x01", MaxText) // six bytes each in JSON
	for n := range 100 {
		p := &Planned{Plan: "p", Ask: Ask{Verb: NodeDrain, Object: "hv1"}, Type: "hv1"}
		for range n {
			p.Will, p.Blocks = append(p.Will, long), append(p.Blocks, long)
		}
		line := Append(nil, Reply{Planned: p})
		r, err := ReadReply(line)
		if err != nil || r.Planned == nil || len(line) > MaxLine {
			t.Fatalf("%d lines: %d bytes, %v", n, len(line), err)
		}
		if got := len(r.Planned.Will) + len(r.Planned.Blocks) + r.Planned.More; got != 2*n {
			t.Errorf("%d lines: %d told", 2*n, got)
		}
	}
}

func FuzzReadRequest(f *testing.F) {
	f.Add([]byte(`{"plan":{"verb":"unit.restart","object":"k3s.service"}}`))
	f.Add([]byte(`{"commit":{"plan":"p","typed":"k3s.service","code":"123456"}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := ReadRequest(line)
		if err != nil {
			return
		}
		if again, err := ReadRequest(Append(nil, r)); err != nil {
			t.Errorf("%q is read, and not what is written of it: %v, %+v", line, err, again)
		}
	})
}

func FuzzReadReply(f *testing.F) {
	f.Add([]byte(`{"planned":{"plan":"p","ask":{"verb":"node.drain","object":"hv1"},"will":["a"],"type":"hv1"}}`))
	f.Add([]byte(`{"failed":{"text":"x"}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := ReadReply(line)
		if err != nil {
			return
		}
		if _, err := ReadReply(Append(nil, r)); err != nil {
			t.Errorf("%q is read, and not what is written of it: %v", line, err)
		}
	})
}
