package sample

import (
	"bytes"
	"math"
	"slices"

	"hypervisor-tui/sample/procfile"
)

const (
	mdstat     = "/proc/mdstat"
	mostArrays = 512

	mdActive    = "active"
	mdInactive  = "inactive"
	mdBroken    = "broken"
	mdContainer = "container"
	mdReadOnly  = "read-only"
	mdUnknown   = "unknown"
)

// readArrays lists the md arrays in the kernel's order, which takes a lock of each array for it. A line that it cannot
// make out is a remark, and hides no other array.
func readArrays(root string) ([]Array, error) {
	file := procfile.NewLong(root, mdstat)
	defer file.Close()
	text, err := file.Read()
	if err != nil {
		return nil, err
	}
	return parseMDStat(text)
}

// parseMDStat parses the text of /proc/mdstat. The error is a remark.
//
// Kernel: drivers/md/md.c, md_seq_show and status_resync; the status functions of raid1.c, raid5.c, raid10.c ...
func parseMDStat(text []byte) ([]Array, error) {
	var arrays []Array
	var strange error
	for len(text) > 0 {
		var line []byte
		line, text = procfile.CutLine(text)
		if notArray(line) {
			continue
		}
		var about []byte // the lines that belong to it
		for len(text) > 0 && (procfile.Blank(text[0]) || text[0] == '\n') {
			var next []byte
			next, text = procfile.CutLine(text)
			about = append(append(about, next...), '\n')
		}
		a, ok := parseArray(line, about)
		if !ok && strange == nil {
			name, _ := procfile.CutWord(line)
			strange = procfile.Warning(procfile.Clean(append([]byte("what "+mdstat+" says of this is not understood: "), name[:min(len(name), 32)]...)))
		}
		if a.State == "" {
			continue
		}
		if len(arrays) == mostArrays {
			return arrays, procfile.ErrLeftOut
		}
		arrays = append(arrays, a)
	}
	return arrays, strange
}

// notArray reports whether a line begins no array: the personalities, the devices that are in none, an empty one.
func notArray(line []byte) bool {
	return len(line) == 0 || procfile.Blank(line[0]) ||
		slices.ContainsFunc([]string{"Personalities", "unused devices", "read_ahead", "Event"}, func(start string) bool {
			return bytes.HasPrefix(line, []byte(start))
		})
}

// parseArray parses the first line of an array, as in
//
//	md1 : active (read-only) raid1 sdc1[2](S) sdb1[1](F) sda1[0]
//
// and those about it. It is false when it does not understand one of them; without a state there is no array in it.
func parseArray(line, about []byte) (a Array, ok bool) {
	name, rest := procfile.CutWord(line)
	colon, rest := procfile.CutWord(rest)
	state, rest := procfile.CutWord(rest)
	switch string(state) {
	case mdActive, mdInactive, mdBroken:
	default:
		return a, false
	}
	if string(colon) != ":" {
		return a, false
	}
	a = Array{Name: procfile.Clean(name), Level: mdUnknown, State: string(state), Synced: math.NaN()}
	members := 0 // neither spare nor journal
	for {
		var word []byte
		word, rest = procfile.CutWord(rest)
		if len(word) == 0 {
			break
		}
		switch _, flags, isDevice := bytes.Cut(word, []byte("[")); {
		case isDevice:
			members += a.device(flags)
		case string(word) == "(read-only)":
			a.State = mdReadOnly
		case string(word) == "("+mdBroken+")":
			a.State = mdBroken
		case word[0] != '(': // (auto-read-only) is until somebody writes
			a.Level = procfile.Clean(word)
		}
	}
	return a, a.judge(members, about)
}

// device takes what is behind the bracket of a device, as in 5](W)(F), and returns 1 when it is a member: the array's
// own, failed or not, and neither spare nor journal, nor there to replace another.
func (a *Array) device(flags []byte) (member int) {
	has := func(flag string) bool { return bytes.Contains(flags, []byte(flag)) }
	switch {
	case has("(F)"):
		a.Failed++
	case has("(S)"):
		a.Spare++
		return 0
	}
	if has("(J)") || has("(R)") {
		return 0
	}
	return 1
}

// judge finds out from the lines about an array how many disks it should have and has, and what it does. It is false
// when they do not say.
func (a *Array) judge(members int, about []byte) bool {
	counted, external := false, false
	for line := range procfile.Lines(about) {
		_, rest := procfile.CutWord(line)
		if unit, _ := procfile.CutWord(rest); string(unit) == "blocks" {
			counted, external = a.count(rest), isContainer(rest)
		} else {
			a.progress(line)
		}
	}
	switch {
	case a.State == mdInactive:
		a.Disks = members + a.Spare
		if external {
			a.State, a.Working, a.Spare = mdContainer, a.Disks-a.Failed, 0
		}
		return true
	case !counted && redundant(a.Level):
		a.State = mdUnknown
		return false
	case !counted:
		a.Disks, a.Working = members, members-a.Failed
	}
	a.Degraded = a.Working < a.Disks
	if a.Disks-a.Working > spared(a.Level, a.Disks) {
		a.State = mdBroken // some data is on none of the disks that are left
	}
	return true
}

// Ill returns what is wrong with the array, as it follows on its name, empty when that is nothing or not known.
func (a *Array) Ill() string {
	switch {
	case a.State == mdBroken:
		return "is broken"
	case a.State == mdInactive:
		return "is inactive"
	case a.Degraded:
		return "is degraded"
	case a.Failed > 0:
		return "has a failed disk"
	}
	return ""
}

// count takes the [6/5] of a line: the disks that it should have, and those that it has.
func (a *Array) count(line []byte) bool {
	for {
		var word []byte
		if word, line = procfile.CutWord(line); len(word) == 0 {
			return false
		}
		should, has, ok := bytes.Cut(bytes.Trim(word, "[]"), []byte("/"))
		if !ok || word[0] != '[' {
			continue
		}
		disks, err := parseCount(should)
		working, also := parseCount(has)
		if err == nil && also == nil {
			a.Disks, a.Working = disks, working
			return true
		}
	}
}

// isContainer reports whether the metadata that a line names is external and the container's own, as imsm and ddf are:
// what lies in the container names that instead, as in external:/md127/0, or -md127/0 while it is frozen.
func isContainer(line []byte) bool {
	_, kind, ok := bytes.Cut(line, []byte(" external:"))
	return ok && len(kind) > 0 && kind[0] != '/' && kind[0] != '-'
}

// redundant reports whether an array of that level can lose a disk and go on: then the kernel counts those that it has.
func redundant(level string) bool { return spared(level, 2) > 0 }

// spared is how many of its disks an array of that level can lose at most.
func spared(level string, disks int) int {
	switch level {
	case "raid1", "raid10", "multipath":
		return disks - 1 // of a raid10 some sets of fewer are too many
	case "raid4", "raid5":
		return 1
	case "raid6":
		return 2
	}
	return 0
}

// progress takes what the array is doing, as in recovery = 12.6% or resync=DELAYED: then, and while another node of a
// cluster does it, nobody says how far it is.
func (a *Array) progress(line []byte) {
	for {
		var word []byte
		if word, line = procfile.CutWord(line); len(word) == 0 {
			return
		}
		verb, _, _ := bytes.Cut(word, []byte("="))
		doing := mdDoes(string(verb))
		if doing == "" {
			continue
		}
		a.State = doing
		if done, ok := bytes.CutPrefix(bytes.TrimLeft(line, " "), []byte("=")); ok {
			done, _, _ = bytes.Cut(bytes.TrimLeft(done, " "), []byte("%"))
			if percent, err := procfile.Decimal(done); err == nil && percent <= 100 {
				a.Synced = percent
			}
		}
		return
	}
}

// mdDoes is the state of an array that does what the kernel calls so, empty when it is no such word.
func mdDoes(verb string) string {
	switch verb {
	case "recovery", "recover":
		return "recovering"
	case "resync", "repair":
		return "resyncing"
	case "check":
		return "checking"
	case "reshape":
		return "reshaping"
	}
	return ""
}
