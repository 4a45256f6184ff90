package sample

import (
	"time"

	"hypervisor-tui/internal/health"
)

// Units is what systemd says of its units. sample/unit fills it; once published it is immutable. Lists are by name.
// They are to be used only while Health has a value.
//
// Interface: org.freedesktop.systemd1(5)
type Units struct {
	State      string // SystemState: initializing, starting, running, degraded, maintenance or stopping
	Failed     []Unit // as systemctl --failed lists them
	Restarting []Unit // services that wait for a restart by systemd itself, or had one in the last 5 minutes; not failed
	Watched    []Unit // those of k3s, RKE2, kubelet and containerd that this host has, in this order
	Left       int    // failed and restarting units beyond what the lists hold
	Health     health.Health
}

// Unit is one unit of systemd.
type Unit struct {
	Name   string // k3s.service
	Active string // active, reloading, inactive, failed, activating, deactivating
	Sub    string // depends on the type of unit: running, exited, dead, auto-restart ...
	// Since is when Active or Sub changed last, by the wall clock as it was when systemd was asked, so that a clock set
	// after the boot does not leave it in the past. Zero: unknown.
	Since    time.Time
	Restarts int // by systemd itself (NRestarts) since somebody started it; -1: unknown, or not asked
	// Why a service that failed or restarts did so: "exit code 1", "killed by SIGKILL", "timeout". Empty: not said, or not asked.
	Why string
}

// Running reports whether the unit is active in systemd's sense: up, or up and reloading.
func (u *Unit) Running() bool { return u.Active == "active" || u.Active == "reloading" }

// System is what small files and calls of the machine say of the system that runs on it. sample/nixos fills it; once
// published it is immutable.
type System struct {
	NixOS    NixOS
	Clock    Clock
	LastBoot LastBoot
}

// NixOS is which generation runs, which was booted and which boots next. Numbers are those of the links
// /nix/var/nix/profiles/system-N-link, 0 when there is no link of that system (any more). To be used only while Health
// has a value; a host that is not NixOS is Absent.
type NixOS struct {
	Version          string // /run/current-system/nixos-version
	Generation       int    // the system profile: what boots next
	Current          int    // /run/current-system: what was switched to
	BootedGeneration int    // /run/booted-system
	Booted           string // store path of /run/booted-system, empty when unknown
	RebootNeeded     bool   // initrd, kernel or kernel modules of the profile are not the booted ones
	RebootKnown      bool   // whether RebootNeeded says anything
	Health           health.Health
}

// Clock is whether the kernel's clock follows a time source. All of it is to be used only while Health has a value.
//
// Kernel: adjtimex(2)
type Clock struct {
	Synchronised bool
	// What the kernel says itself, of a clock that it was told to steer. Flagged is its own word that nothing keeps the
	// clock: chronyd without rtcsync, as NixOS sets it up, leaves it up while it keeps the clock well.
	Flagged          bool
	Offset, MaxError float64 // seconds: left to correct, and by which the clock may be wrong at most; NaN: unknown, as in a recording
	Health           health.Health
}

// LastBoot is how the boot before this one ended. Absent when the host keeps no trace of that.
type LastBoot struct {
	Clean  bool   // it was shut down; to be used only while Known
	Known  bool   // whether Clean says anything
	Why    string // what says so, or what else is known: one clean line
	Health health.Health
}
