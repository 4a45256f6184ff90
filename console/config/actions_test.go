package config

import (
	"strings"
	"testing"
	"time"
)

const everyActionsKey = `
actions:
  enable: true
  units: [k3s, virtlogd.socket]
  cluster: true
  vms: true
  reboot: true
  blink: true
  unlock: totp
  codeFile: /totp
  kubeconfigPath: /kc
  undoAfter: 1h
  idle: 5m
  socket: /run/act
`

func defaultActions() Actions {
	return Actions{Units: []string{}, Unlock: BySession, UndoAfter: 30 * time.Minute, Idle: 10 * time.Minute, Socket: "/run/hypervisor-tui-act/socket"}
}

func everyActions() Actions {
	return Actions{Enable: true, Units: []string{"k3s.service", "virtlogd.socket"}, Cluster: true, VMs: true, Reboot: true, Blink: true, Unlock: ByCode,
		CodeFile: "/totp", Kubeconfig: "/kc", UndoAfter: time.Hour, Idle: 5 * time.Minute, Socket: "/run/act"}
}

// TestActionsThatAreNone: switched on with nothing to do, and units that are no names, are refused in one line.
func TestActionsThatAreNone(t *testing.T) {
	lines := configProblems(t, "actions:\n  enable: true")
	if len(lines) != 1 || !strings.HasPrefix(lines[0], "config.yaml:2: actions.enable is true, and nothing may be done") {
		t.Errorf("%q", lines)
	}
	for _, unit := range []string{"'*'", "a b", "/bin/sh", ".service", "''", "1"} {
		if lines := configProblems(t, "actions: {units: ["+unit+"]}"); len(lines) != 1 || !strings.Contains(lines[0], "actions.units") {
			t.Errorf("%s: %q", unit, lines)
		}
	}
}
