package config

// Judging is what is called wrong, and what is not listed one by one.
type Judging struct {
	Interfaces Deny // by interface name
	Thresholds Thresholds
}

// Thresholds say when a share of something becomes a problem.
type Thresholds struct {
	CPU, Memory, Filesystem Threshold
}

// Threshold is in percent; Warn is below Critical, and Margin below Warn. The CPU has no Margin: it is no problem, but a colour.
type Threshold struct {
	Warn, Critical, Margin int
}

func (j *Judging) keys() []key {
	return []key{
		{"interfaces.deny", "[veth*, cali*, lxc*]", globs(&j.Interfaces.Deny),
			"Interfaces, by name, that are folded into a count; a VM's has a row where there is room."},
		{"thresholds.cpu.warn", "90", whole(&j.Thresholds.CPU.Warn, 1, 100), "Percent busy from which the CPU is a warning."},
		{"thresholds.cpu.critical", "98", whole(&j.Thresholds.CPU.Critical, 1, 100), "Percent busy from which it is critical."},
		{"thresholds.memory.warn", "90", whole(&j.Thresholds.Memory.Warn, 1, 100), "Percent used from which memory is a warning."},
		{"thresholds.memory.critical", "97", whole(&j.Thresholds.Memory.Critical, 1, 100), "Percent used from which it is critical."},
		{"thresholds.memory.margin", "5", whole(&j.Thresholds.Memory.Margin, 0, 50),
			"Percent below a limit that memory must fall to until it is beyond it no more."},
		{"thresholds.filesystem.warn", "85", whole(&j.Thresholds.Filesystem.Warn, 1, 100),
			"Percent used, of bytes or of inodes, from which a filesystem is a warning."},
		{"thresholds.filesystem.critical", "95", whole(&j.Thresholds.Filesystem.Critical, 1, 100),
			"Percent used from which it is critical."},
		{"thresholds.filesystem.margin", "2", whole(&j.Thresholds.Filesystem.Margin, 0, 50),
			"Percent below a limit that it must fall to until it is beyond it no more."},
	}
}
