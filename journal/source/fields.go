package source

import (
	"bytes"
	"time"

	"hypervisor-tui/journal"
)

const (
	messageMax = 4 * journal.MaxMessage // bytes of a message that are kept; its full length is counted
	fieldMax   = 512                    // of any other field
)

// The fields that an entry is made of. The first two are no fields of the journal,
// but what journalctl -o export prints of an entry in any case.
const (
	cursorField = iota
	realtimeField
	messageField
	priorityField
	sourceTimeField
	transportField
	systemUnitField
	userUnitField
	aboutUnitField
	identifierField
	commField
	pidField
	syslogPIDField
	fieldCount
)

var fieldNames = [fieldCount]string{"__CURSOR", "__REALTIME_TIMESTAMP", "MESSAGE", "PRIORITY",
	"_SOURCE_REALTIME_TIMESTAMP", "_TRANSPORT", "_SYSTEMD_UNIT", "_SYSTEMD_USER_UNIT", "UNIT", "SYSLOG_IDENTIFIER",
	"_COMM", "_PID", "SYSLOG_PID"}

// field is the value of a field, maybe cut.
type field struct {
	value []byte // its capacity is fixed
	full  int    // length before it was cut
	set   bool
}

// fields are an entry of the journal, whoever has read it.
type fields [fieldCount]field

// fieldSize is how many bytes of a field are kept.
func fieldSize(i int) int {
	if i == messageField {
		return messageMax
	}
	return fieldMax
}

// fill makes an entry of the fields.
func (f *fields) fill(e *journal.Entry) {
	message := &f[messageField]
	*e = journal.Entry{
		Time:     f.time(),
		Unit:     f.unit(),
		Severity: journal.Info,
		Message:  message.value,
		Full:     message.full,
		Helper:   string(f[systemUnitField].value) == helperUnit && len(f[userUnitField].value) == 0,
	}
	if p, ok := decimal(f[priorityField].value); ok && p <= uint64(journal.Debug) {
		e.Severity = journal.Severity(p)
	}
	pid, ok := decimal(f[pidField].value)
	if !ok {
		pid, _ = decimal(f[syslogPIDField].value)
	}
	if pid <= pidMax {
		e.PID = int(pid)
	}
}

// helperUnit is what runs hypervisor-tui --act. Its name is in a field that journald sets, which nobody can write himself; a
// process of a user's own systemd has one more.
const helperUnit = "hypervisor-tui-act.service"

const pidMax = 1 << 22 // PID_MAX_LIMIT

func (f *fields) time() time.Time {
	micros, ok := decimal(f[sourceTimeField].value)
	if !ok {
		micros, _ = decimal(f[realtimeField].value)
	}
	return time.UnixMicro(int64(micros))
}

var (
	kernelUnit = []byte("kernel")
	service    = []byte(".service")
)

// unit names who wrote the entry. What systemd itself says about a unit belongs to that unit, as in journalctl -u;
// only PID 1 is believed there. systemd's other messages go by its identifier, not by init.scope.
func (f *fields) unit() []byte {
	if string(f[transportField].value) == "kernel" {
		return kernelUnit
	}
	if about := f[aboutUnitField].value; len(about) > 0 && string(f[pidField].value) == "1" {
		return bytes.TrimSuffix(about, service)
	}
	for _, i := range [...]int{userUnitField, systemUnitField, identifierField, commField} {
		if name := f[i].value; len(name) > 0 && string(name) != "init.scope" {
			return bytes.TrimSuffix(name, service)
		}
	}
	return nil
}

// decimal reads a whole field that is a number, such as microseconds.
func decimal(b []byte) (n uint64, ok bool) {
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}
