//go:build !nokube

package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/journal"
	"golang.org/x/sys/unix"

	"hypervisor-tui/act"
	"hypervisor-tui/act/helper"
	actunit "hypervisor-tui/act/unit"
	"hypervisor-tui/console/config"
	"hypervisor-tui/serve/socket"
)

// actIdle is how long the helper waits for somebody: then it ends, and systemd starts the next one when somebody comes.
const actIdle = 90 * time.Second

// Act is the helper: it does what the console is asked for, as far as the section actions of the configuration, polkit and the
// cluster let it, until nobody has been there for a while.
func Act(o Options) error {
	c, err := config.Load(o.Config) // on defaults nothing could be done
	if err != nil {
		return err
	}
	a := c.Actions
	if !a.Enable {
		return errors.New("nothing may be done: actions.enable is false")
	}
	state := os.Getenv("STATE_DIRECTORY")
	if !filepath.IsAbs(state) {
		return errors.New("$STATE_DIRECTORY does not name a folder: what was begun, and which codes were used, must outlive this program")
	}
	options := helper.Options{WantCodes: a.Unlock == config.ByCode, UndoAfter: a.UndoAfter, Audit: audit, Idle: actIdle}
	if options.Host, err = helper.Hostname(); err != nil {
		return err
	}
	if options.WantCodes { // no secret, no action
		if options.Codes, err = codes(a, state); err != nil {
			return err
		}
	}
	if options.Notebook, err = helper.OpenNotebook(state); err != nil {
		logLine("act: what was begun is not known: %v", err)
	}
	if err := allow(&options, a); err != nil {
		return err
	}
	l, err := actSocket(a)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	watchSignals(cancel, unix.SIGHUP)
	return helper.New(options).Serve(ctx, l)
}

// allow sets what may be done, and what does it.
func allow(o *helper.Options, a config.Actions) error {
	o.Doers = map[act.Kind]act.Doer{}
	on := func(kind act.Kind, d act.Doer) {
		o.Doers[kind] = d
		for _, r := range act.Rules {
			if r.Kind == kind {
				o.Verbs = append(o.Verbs, r.Verb)
			}
		}
	}
	if len(a.Units) > 0 {
		o.Units = a.Units
		on(act.Unit, actunit.Units{})
	}
	if a.Blink {
		on(act.Link, actunit.Links{})
	}
	return allowCluster(o, a, on)
}

// actSocket is the socket that systemd has handed over, or else one at actions.socket.
func actSocket(a config.Actions) (*net.UnixListener, error) {
	handedOver, err := activation.Listeners()
	if err != nil {
		return nil, err
	}
	if len(handedOver) == 0 {
		l, err := socket.Listen("unix", a.Socket)
		if err != nil {
			return nil, err
		}
		handedOver = []net.Listener{l}
	}
	l, ok := handedOver[0].(*net.UnixListener)
	if !ok || len(handedOver) > 1 || l.Addr().Network() != "unix" {
		return nil, errors.New("systemd is to hand over one socket of ListenStream=, a path")
	}
	return l, nil
}

// codes reads the secret of the one-time codes, and which were used.
func codes(a config.Actions, state string) (*act.Codes, error) {
	path := a.CodeFile
	if path == "" {
		credentials := os.Getenv("CREDENTIALS_DIRECTORY")
		if credentials == "" {
			return nil, errors.New("actions.unlock is totp, and there is no secret: set actions.codeFile, or have systemd load the credential totp")
		}
		path = filepath.Join(credentials, "totp")
	}
	secret, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the secret of the one-time codes: %w", err)
	}
	file := filepath.Join(state, "codes.json")
	var used act.CodeState
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &used)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("which codes were used is not known, so none is taken: %s: %w", file, err)
	}
	return act.NewCodes(string(secret), used, func(s act.CodeState) error {
		text, err := json.Marshal(s)
		if err != nil {
			return err
		}
		if err := os.WriteFile(file+".new", text, 0o600); err != nil {
			return err
		}
		return os.Rename(file+".new", file)
	})
}

// audit tells the journal what was asked for and what became of it.
//
// systemd: systemd.journal-fields(7); the fields of this program's own are ACT_*
func audit(e helper.Entry) {
	login := "none"
	if e.Client.LoginUID != helper.NoLogin {
		login = strconv.FormatUint(uint64(e.Client.LoginUID), 10)
	}
	uid, pid := strconv.FormatUint(uint64(e.Client.UID), 10), strconv.FormatUint(uint64(e.Client.PID), 10)
	text := fmt.Sprintf("act: %s %s: %s: %s (uid %s, login %s)", e.Ask.Verb, e.Ask.Object, e.What, e.Why, uid, login)
	if e.Ask.Verb == "" {
		text = fmt.Sprintf("act: %s: %s (uid %s, login %s)", e.What, e.Why, uid, login)
	}
	priority := journal.PriNotice
	if e.What == helper.Denied || e.What == helper.Failed {
		priority = journal.PriWarning
	}
	err := journal.Send(text, priority, map[string]string{
		"ACT_VERB": string(e.Ask.Verb), "ACT_OBJECT": e.Ask.Object, "ACT_RESULT": e.What, "ACT_WHY": e.Why, "ACT_UID": uid, "ACT_LOGINUID": login,
		"ACT_PID": pid, "ACT_FACTS": strings.Join(e.Facts, "\n"),
	})
	if err != nil {
		logLine("%s", text)
	}
}
