package act

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
)

// What one-time codes are made of: six digits each 30 seconds, by HMAC-SHA-1, as all programs for telephones make them.
const (
	codeStep   = 30 * time.Second
	codeDigits = 6
	codeDrift  = 1  // steps that the clocks may be apart
	minSecret  = 16 // bytes, of 160 bits that RFC 4226 asks for at least 128
)

// CodeState is what must outlive the helper, so that who guesses gains nothing by its restart.
type CodeState struct {
	Step  int64     `json:"step"`  // of the last code that was taken: no other of it or of before is
	Wrong int       `json:"wrong"` // codes since the last right one
	Until time.Time `json:"until"` // before then none is looked at
}

// Codes checks one-time codes. Its zero value has no secret and takes none.
type Codes struct {
	secret []byte
	state  CodeState
	keep   func(CodeState) error
}

// NewCodes returns Codes by a secret in base32, as authenticators show it. keep stores the state before a code counts; state is what
// it stored last.
func NewCodes(secret string, state CodeState, keep func(CodeState) error) (*Codes, error) {
	text := strings.ToUpper(strings.Join(strings.Fields(secret), ""))
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(text, "="))
	switch {
	case err != nil:
		return nil, errors.New("the secret of the one-time codes is not base32") // the error would quote it
	case len(key) < minSecret:
		return nil, fmt.Errorf("the secret of the one-time codes has %d bytes: at least %d, such as `head -c 20 /dev/urandom | base32` makes", len(key), minSecret)
	}
	return &Codes{secret: key, state: state, keep: keep}, nil
}

// wrongAtOnce is how many wrong codes are taken before one must wait.
const wrongAtOnce = 5

// lock is how long nobody may try after so many wrong codes: a minute after five, then 2, 4, 8 and at most 15 after each more.
func lock(wrong int) time.Duration {
	if wrong < wrongAtOnce {
		return 0
	}
	return min(time.Minute<<min(wrong-wrongAtOnce, 10), 15*time.Minute)
}

// Check returns nil for a code that is right at now and was not used before; else why not, in words that tell nothing of the code.
func (c *Codes) Check(code string, now time.Time) error {
	if c == nil || len(c.secret) == 0 || c.keep == nil {
		return errors.New("there is no secret that codes could be checked by")
	}
	s := c.state
	if wait := s.Until.Sub(now); wait > 0 {
		wait = min(wait, lock(s.Wrong)) // the clock was set back
		s.Until = now.Add(wait)
		c.state = s
		return fmt.Errorf("after %d wrong codes none is looked at for %v", s.Wrong, wait.Round(time.Second))
	}
	at := now.Unix() / int64(codeStep/time.Second)
	found := int64(-1)
	for step := at - codeDrift; step <= at+codeDrift; step++ { // all of them, whichever is right
		if subtle.ConstantTimeCompare([]byte(Code(c.secret, step)), []byte(code)) == 1 && step > s.Step {
			found = step
		}
	}
	if found < 0 {
		s.Wrong++
		s.Until = now.Add(lock(s.Wrong))
	} else {
		s = CodeState{Step: found}
	}
	if err := c.keep(s); err != nil {
		return fmt.Errorf("nothing is done, since what was tried cannot be kept: %w", err)
	}
	c.state = s
	switch {
	case found >= 0:
		return nil
	case lock(s.Wrong) > 0:
		return fmt.Errorf("wrong code: none is looked at for %v", lock(s.Wrong))
	}
	return errors.New("wrong code, or one that was used before")
}

// Code is the one-time code of a step, the number of 30 seconds since 1970.
//
// RFC 6238, RFC 4226 section 5.3
func Code(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	n := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", codeDigits, n%1_000_000)
}
