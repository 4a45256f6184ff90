package frame

import (
	"math"
	"strconv"
	"strings"
)

// Kind says what sort of thing is wrong.
type Kind uint8

// The kinds of problem. Among problems of one severity and as near the earlier kind comes first: what the cluster stands on,
// what cuts off VMs, what loses data, what runs short, what has failed.
const (
	APIDown      Kind = iota // of the cluster, and the first broken rung below it
	APINotReady              // it answers, and says what of itself is not ready
	ServiceDown              // of those that carry the cluster
	SamplerHangs             // no figure of the host is fresh
	NodeFault
	NoCarrier
	LinkDown // switched off, and something hangs on it
	AddressTaken
	GatewaySilent
	BondDegraded
	LinkErrors   // of a cable: many packets are broken
	MemoryErrors // that the hardware could not correct
	RemountedReadOnly
	PoolIll
	ArrayDegraded
	MountBroken // whoever has it answers with an error
	MountHangs
	OOMKill
	KernelFault
	MemoryShort
	FilesystemFull
	InodesShort
	FillsSoon // a filesystem, at the rate of the last hours
	ConntrackFull
	MemoryStalled
	IOStalled
	CPUStalled
	TooHot
	FanStopped
	UnitFailed
	UnitRestarting
	CheckFailed // a plugin says so, or it is silent
	KubeVirtIll
	PodFailing  // on this node, or of the cluster's own on none
	GuestPaused // by an I/O error
	VMFailing
	OrphanedVMs // nothing of KubeVirt looks after them on this node
	APIRefuses  // it is there, and this program may not see anything, or has nothing to show
	CertificateExpires
	KindUnseen // of objects: it cannot be listed, or is not followed any more
	APIFloods
	MigrationFailed
	DrainStopped  // in the middle, and nobody goes on with it
	KindForbidden // of objects: this program may not list it
	KindTooLarge
	ClaimUnbound
	NodeDisagrees // the API and the node itself do not agree on whether it is there
	PeerClock     // of another node: it is not this host's
	ClockAdrift   // it was synchronised and is not any more
	SourceFailed
	ConfigBad
	KindCount
)

// kinds are what each kind is called in --json, and its words: %s is Subject, %o Of, %d Detail, %e Ended, %n N, %+ an s
// unless N is 1, %m More, and %p Percent with its sign. What stands in brackets is left out when a text in it is empty or a number in it is 0.
var kinds = [KindCount]struct{ name, words string }{
	APIDown:            {"api-down", "API down: [%s ]%d"},
	APINotReady:        {"api-not-ready", "API %d"},
	ServiceDown:        {"service-down", "%s failed[: %d]"},
	SamplerHangs:       {"sampler-hangs", "sampler not answering[, waits for %d]"},
	NodeFault:          {"node-fault", "node %s %d"},
	NoCarrier:          {"no-carrier", "%s[ and %m more] no carrier"},
	LinkDown:           {"link-down", "%s[ and %m more] switched off"},
	AddressTaken:       {"duplicate-address", "duplicate address %s"},
	GatewaySilent:      {"gateway-unreachable", "gateway %s on %d unreachable"},
	BondDegraded:       {"bond-degraded", "%s member down"},
	LinkErrors:         {"link-errors", "%s: %p of packets broken"},
	MemoryErrors:       {"memory-errors", "%s counts memory errors that could not be corrected"},
	RemountedReadOnly:  {"remounted-read-only", "%s has become read-only"},
	PoolIll:            {"pool-ill", "%s is %d"},
	ArrayDegraded:      {"array-degraded", "%s %d"},
	MountBroken:        {"mount-broken", "%s broken: %d"},
	MountHangs:         {"mount-not-answering", "%s not answering"},
	OOMKill:            {"oom-kill", "out of memory: killed %s[ (and %m more)]"},
	KernelFault:        {"kernel-fault", "kernel: %d[ (and %m more)]"},
	MemoryShort:        {"memory-short", "memory %p used"},
	FilesystemFull:     {"filesystem-full", "%s %p full"},
	InodesShort:        {"inodes-short", "%s inodes %p used"},
	FillsSoon:          {"fills-soon", "%s full in %n hour%+"},
	ConntrackFull:      {"conntrack-full", "conntrack %p full"},
	MemoryStalled:      {"memory-stalled", "memory stalled %p"},
	IOStalled:          {"io-stalled", "I/O stalled %p"},
	CPUStalled:         {"cpu-stalled", "CPU stalled %p"},
	TooHot:             {"too-hot", "%s too hot: %n C"},
	FanStopped:         {"fan-stopped", "%s does not turn[ fast enough: %n a minute]"},
	UnitFailed:         {"unit-failed", "%s failed[: %d]"},
	UnitRestarting:     {"unit-restarting", "%s keeps restarting[: %d]"},
	CheckFailed:        {"check-failed", "check %s[ %e][: %d]"},
	KubeVirtIll:        {"kubevirt-ill", "KubeVirt %s[: %d]"},
	PodFailing:         {"pod-failing", "pod %o/%s %d[ after %e][, %n restart%+][ (and %m more)]"},
	GuestPaused:        {"guest-paused", "VM %o/%s paused by an I/O error"},
	VMFailing:          {"vm-failing", "VM %o/%s %d[ (and %m more in error)]"},
	OrphanedVMs:        {"orphaned-vms", "%n VM%+ here without a virt-handler"},
	APIRefuses:         {"cluster-not-seen", "cluster not seen: %d"},
	CertificateExpires: {"certificate-expires", "%s certificate[ expires in %n day%+][ %d]"},
	KindUnseen:         {"kind-not-seen", "%s %o: %d"},
	APIFloods:          {"api-floods", "API sends more than is taken in: its figures lag"},
	MigrationFailed:    {"migration-failed", "migration of %o/%s failed[: %d][ (and %m more failed)]"},
	DrainStopped:       {"drain-stopped", "drain of %s stopped[ %d]"},
	KindForbidden:      {"kind-forbidden", "may not list %s[ (and %m more)]"},
	KindTooLarge:       {"kind-too-large", "%s: more than %n, not counted"},
	ClaimUnbound:       {"claim-unbound", "PVC %o/%s %d[ (and %m more without a volume)]"},
	NodeDisagrees:      {"node-disagrees", "node %s: %d[ (and %m more)]"},
	PeerClock:          {"peer-clock", "clock of %s %n %d[ (and %m more)]"},
	ClockAdrift:        {"clock-adrift", "clock no longer synchronised"},
	SourceFailed:       {"source-failed", "%s: %d"},
	ConfigBad:          {"config-bad", "config: %d"},
}

// String is what the kind is called in --json.
func (k Kind) String() string {
	if k >= KindCount {
		return "unknown"
	}
	return kinds[k].name
}

// AppendShort appends the problem in words, without its age and whom it hits.
func (p *Problem) AppendShort(dst []byte) []byte {
	words := kinds[p.Kind].words
	for words != "" {
		at := strings.IndexByte(words, '[')
		if at < 0 {
			at = len(words)
		}
		dst, _ = p.appendFilled(dst, words[:at])
		if words = words[at:]; words == "" {
			break
		}
		optional, rest, _ := strings.Cut(words[1:], "]")
		if with, whole := p.appendFilled(dst, optional); whole {
			dst = with
		}
		words = rest
	}
	return dst
}

// appendFilled appends words with what they name, and reports whether all of that is there.
func (p *Problem) appendFilled(dst []byte, words string) (_ []byte, whole bool) {
	whole = true
	for i := 0; i < len(words); i++ {
		if words[i] != '%' {
			dst = append(dst, words[i])
			continue
		}
		if i++; words[i] == '+' {
			if p.N != 1 {
				dst = append(dst, 's')
			}
			continue
		}
		before := len(dst)
		switch words[i] {
		case 's':
			dst = append(dst, p.Subject...)
		case 'o':
			dst = append(dst, p.Of...)
		case 'd':
			dst = append(dst, p.Detail...)
			if before < len(dst) && len(p.Reason) > len(p.Detail) && strings.HasPrefix(p.Reason, p.Detail) {
				dst = append(dst, "…"...) // the reason goes on with it
			}
		case 'e':
			dst = append(dst, p.Ended...)
		case 'n':
			dst = appendCount(dst, p.N)
		case 'm':
			dst = appendCount(dst, p.More)
		case 'p':
			dst = append(strconv.AppendFloat(dst, math.Round(p.Percent), 'f', 0, 64), '%')
		}
		whole = whole && len(dst) > before
	}
	return dst, whole
}

// appendCount appends n, nothing for 0.
func appendCount(dst []byte, n int) []byte {
	if n == 0 {
		return dst
	}
	return strconv.AppendInt(dst, int64(n), 10)
}
