package console

import (
	"encoding/binary"
	"strconv"

	"golang.org/x/sys/unix"

	"hypervisor-tui/alert"
	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
)

// The MESSAGE_ID of the journal entry of an alert that has begun, and of one that is over. They never change.
const (
	alertBegan = "5b1e2f0c8d9f4b53a1f6c2a7d04e9b31"
	alertOver  = "c7a4d6e05f3a4c7e9d285b6f10e3a892"
)

// announcer writes one journal entry for each alert that begins and for each that is over, so that whoever follows the journal
// can pass it on. Without a journald, or while that takes nothing, they are lost: it never waits.
type announcer struct {
	socket string // of journald
	entry  []byte
}

// journald takes entries there: systemd's documentation, "Native Journal Protocol".
const journald = "/run/systemd/journal/socket"

// announce writes the entry of c, which f has brought.
func (a *announcer) announce(c *alert.Change, f *frame.Snapshot) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	a.entry = appendAnnouncement(a.entry[:0], c, f)
	_ = unix.Sendto(fd, a.entry, unix.MSG_NOSIGNAL, &unix.SockaddrUnix{Name: a.socket}) // the alert is on the screens nevertheless
}

// appendAnnouncement appends the entry of c in the journal's native protocol.
func appendAnnouncement(dst []byte, c *alert.Change, f *frame.Snapshot) []byte {
	text := func(key, value string) {
		dst = append(append(dst, key...), '\n')
		dst = binary.LittleEndian.AppendUint64(dst, uint64(len(value)))
		dst = append(append(dst, value...), '\n')
	}
	what, id, severity := string(c.AppendWhat(nil)), alertBegan, c.Severity
	if c.Over {
		what, id, severity = "over: "+what, alertOver, journal.Notice
	}
	text("MESSAGE", "alert: "+what)
	text("MESSAGE_ID", id)
	text("PRIORITY", strconv.Itoa(int(severity)))
	text("SYSLOG_IDENTIFIER", "hypervisor-tui")
	text("ALERT_KIND", c.Kind.String())
	text("ALERT_SUBJECT", c.Subject)
	if c.Of != "" {
		text("ALERT_OF", c.Of)
	}
	if c.Since != 0 {
		text("ALERT_SINCE_USEC", strconv.FormatInt(f.Now.Add(c.Since-f.Boot).UnixMicro(), 10))
	}
	if c.Hit.VMs > 0 {
		text("ALERT_VMS", strconv.Itoa(c.Hit.VMs))
	}
	return dst
}
