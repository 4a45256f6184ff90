package sample

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/sample/wakeup"
)

const identityEvery = time.Minute // nixos-rebuild changes os-release under a running system

// identity is all of Machine but the hostname. err is a remark: the first thing of it that could not be read. Once made
// it is immutable.
type identity struct {
	machine Machine
	err     error
}

func (id *identity) remark(err error) {
	if id.err == nil {
		id.err = remark(err.Error())
	}
}

// identityReader reads the hostname at each sample. The rest it reads once, at the first sample; afterwards watch does
// so on a goroutine of its own, since os-release lies on a disk that can hang.
type identityReader struct {
	root     string
	hostname kept
	rest     atomic.Pointer[identity]
}

func (r *identityReader) read(_ time.Duration, h *Host, _ *Net) error {
	rest := r.rest.Load()
	if rest == nil {
		rest = readIdentity(r.root)
		r.rest.Store(rest)
	}
	hostname := h.Machine.Hostname
	h.Machine = rest.machine
	h.Machine.Hostname = hostname
	text, err := r.hostname.read()
	if err != nil {
		return err
	}
	h.Machine.Hostname = intern(hostname, text)
	return rest.err
}

func (r *identityReader) close() { r.hostname.close() }

// watch reads the identity again from time to time until ctx ends.
func (r *identityReader) watch(ctx context.Context) error {
	tick := wakeup.NewTicker(identityEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			tick.Next()
			r.rest.Store(readIdentity(r.root))
		}
	}
}

// readIdentity reads what names the machine. What a host has no file for is an empty string and no error; a serial
// number that only root may read is worth a remark.
func readIdentity(root string) *identity {
	const dmi = "/sys/class/dmi/id/"
	const serial = dmi + "product_serial"
	var id identity
	read := func(name string) string {
		s, err := readText(root, name)
		if err == nil || missing(err) {
			return s
		}
		if name == serial && errors.Is(err, unix.EACCES) {
			err = remark(name + " needs root")
		}
		id.remark(err)
		return s
	}
	id.machine.Kernel = read("/proc/sys/kernel/osrelease")
	id.machine.BootID = read("/proc/sys/kernel/random/boot_id")
	id.machine.Model = strings.TrimSpace(read(dmi+"sys_vendor") + " " + read(dmi+"product_name"))
	id.machine.Serial = read(serial)
	for _, name := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		file := keep(root, name)
		text, err := file.read()
		file.close()
		if err == nil {
			id.machine.OS = parseOSRelease(text)
			break
		}
		if !missing(err) {
			id.remark(err)
		}
	}
	return &id
}

// parseOSRelease returns PRETTY_NAME, cleaned; empty when there is none. Values are quoted as in a shell.
//
// Format: os-release(5)
func parseOSRelease(text []byte) string {
	for len(text) > 0 {
		var line []byte
		line, text = cutLine(text)
		if value, ok := strings.CutPrefix(string(line), "PRETTY_NAME="); ok {
			return outside([]byte(unquote(strings.TrimSpace(value))))
		}
	}
	return ""
}

// unquote takes off shell quotes, and in double quotes the backslashes too.
func unquote(s string) string {
	if len(s) < 2 || s[0] != s[len(s)-1] {
		return s
	}
	switch s[0] {
	case '\'':
		return s[1 : len(s)-1]
	case '"':
		return strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\$`, `$`, "\\`", "`").Replace(s[1 : len(s)-1])
	}
	return s
}
