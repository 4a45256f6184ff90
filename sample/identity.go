package sample

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/wakeup"
	"hypervisor-tui/sample/procfile"
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
		id.err = procfile.Warning(err.Error())
	}
}

// firstIdentity is how long the first sample waits for the identity: it is there in a millisecond unless a disk hangs.
const firstIdentity = 100 * time.Millisecond

// identityReader reads the hostname at each sample. The rest is read on a goroutine of its own, once by the first sample
// and then from time to time, since os-release lies on a disk that can hang.
type identityReader struct {
	root     string
	now      func() time.Duration
	look     func(root string) *identity // readIdentity, but in tests
	hostname procfile.File
	rest     atomic.Pointer[identity]
	asked    procfile.Stopwatch
	first    chan struct{} // closed with the first identity
	waited   bool          // the sampler's
}

func (r *identityReader) read(now time.Duration, h *Host, _ *Net) error {
	if !r.waited {
		r.waited = true
		r.await()
	}
	text, err := r.hostname.Read()
	if err == nil {
		h.Machine.Hostname = procfile.Intern(h.Machine.Hostname, text)
	}
	rest := r.rest.Load()
	if rest != nil {
		hostname := h.Machine.Hostname
		h.Machine = rest.machine
		h.Machine.Hostname = hostname
	}
	switch {
	case err != nil:
		return err
	case r.asked.Hangs(now):
		return procfile.ErrNotAnswering
	case rest == nil:
		return procfile.ErrNotYet
	}
	return rest.err
}

func (r *identityReader) close() { r.hostname.Close() }

// await asks for the first identity and waits for it, but not for long.
func (r *identityReader) await() {
	r.ask()
	timer := time.NewTimer(firstIdentity)
	defer timer.Stop()
	select {
	case <-r.first:
	case <-timer.C:
	}
}

// watch has the identity read again from time to time until ctx ends.
func (r *identityReader) watch(ctx context.Context) error {
	tick := wakeup.NewTicker(identityEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			tick.Next()
			r.ask()
		}
	}
}

// ask has the identity read, unless that is under way.
func (r *identityReader) ask() {
	if !r.asked.Start(r.now()) {
		return
	}
	go func() {
		r.rest.Store(r.guarded())
		select {
		case <-r.first:
		default:
			close(r.first)
		}
		r.asked.Stop()
	}()
}

// guarded looks, and makes an error of a panic.
func (r *identityReader) guarded() (id *identity) {
	defer func() {
		if crash := recover(); crash != nil {
			id = &identity{err: newCrash(crash)}
		}
	}()
	return r.look(r.root)
}

// readIdentity reads what names the machine. What a host has no file for is an empty string and no error; a serial
// number that only root may read is worth a remark.
func readIdentity(root string) *identity {
	const dmi = "/sys/class/dmi/id/"
	const serial = dmi + "product_serial"
	var id identity
	read := func(name string) string {
		s, err := procfile.ReadText(root, name)
		if err == nil || procfile.Missing(err) {
			return s
		}
		if name == serial && errors.Is(err, unix.EACCES) {
			err = procfile.Warning(name + " needs root")
		}
		id.remark(err)
		return s
	}
	id.machine.Kernel = read("/proc/sys/kernel/osrelease")
	id.machine.Build = read("/proc/sys/kernel/version")
	id.machine.Arch = read("/proc/sys/kernel/arch")
	id.machine.Domain = read("/proc/sys/kernel/domainname")
	id.machine.BootID = read("/proc/sys/kernel/random/boot_id")
	id.machine.Model = strings.TrimSpace(read(dmi+"sys_vendor") + " " + read(dmi+"product_name"))
	id.machine.Serial = read(serial)
	for _, name := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		file := procfile.New(root, name)
		text, err := file.Read()
		file.Close()
		if err == nil {
			id.machine.OS = parseOSRelease(text)
			break
		}
		if !procfile.Missing(err) {
			id.remark(err)
		}
	}
	return &id
}

// parseOSRelease returns PRETTY_NAME, cleaned; empty without one. Values are quoted as in a shell.
//
// Format: os-release(5)
func parseOSRelease(text []byte) string {
	value, _ := procfile.Value(text, "PRETTY_NAME=")
	return procfile.Clean([]byte(unquote(strings.TrimSpace(string(value)))))
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
