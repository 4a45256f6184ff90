package config

import (
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Actions is what can be done from the console, by the helper --act: the console asks it, and has no right itself. Everything is
// off by default. It changes with the next start.
type Actions struct {
	Enable     bool
	Units      []string // of systemd, each with its suffix, that may be started, stopped and restarted
	Cluster    bool     // cordon, uncordon and drain nodes
	VMs        bool     // start, stop, move VMs
	Reboot     bool     // this host
	Blink      bool     // the lights of ports
	Unlock     string   // BySession or ByCode
	CodeFile   string   // absolute, of the helper: the secret of the codes; empty: the credential totp
	Kubeconfig string   // absolute, of the helper; empty: the credential kubeconfig
	UndoAfter  time.Duration
	Idle       time.Duration // after so long without a key an operator's session ends
	Socket     string        // absolute
}

// How somebody shows that he may: he has logged in as an operator, or types a one-time code.
const (
	BySession = "session"
	ByCode    = "totp"
)

func (a *Actions) keys() []key {
	return []key{
		{"actions.enable", "false", truth(&a.Enable),
			"Whether the key x offers what can be done to what is chosen. A helper does it, hypervisor-tui --act, which must be set up (docs/actions.md)."},
		{"actions.units", "[]", actionUnits(&a.Units),
			"The units that may be started, stopped and restarted, such as [k3s.service]. A name without a suffix is a service."},
		{"actions.cluster", "false", truth(&a.Cluster), "Whether nodes may be cordoned, uncordoned and drained."},
		{"actions.vms", "false", truth(&a.VMs), "Whether VMs may be started, stopped, restarted, paused and migrated."},
		{"actions.reboot", "false", truth(&a.Reboot), "Whether this host may be rebooted."},
		{"actions.blink", "false", truth(&a.Blink), "Whether the light of a network port may blink."},
		{"actions.unlock", BySession, oneOf(&a.Unlock, BySession, ByCode),
			"Who may: session means who has logged in, by F12, as a user that may connect to the helper; totp means who types a one-time code with each action, which the helper checks."},
		{"actions.codeFile", "null", orNull(absolutePath(&a.CodeFile)),
			"File with the secret of the one-time codes in base32, for the helper alone. null means its credential totp of systemd."},
		{"actions.kubeconfigPath", "null", orNull(absolutePath(&a.Kubeconfig)),
			"kubeconfig of the helper, with the rights that docs/actions.md lists. null means its credential kubeconfig of systemd."},
		{"actions.undoAfter", "30m", duration(&a.UndoAfter, time.Minute, 24*time.Hour),
			"After how long systemd uncordons a node that was cordoned or drained for a time. The timer hypervisor-tui-undo@.timer must say the same."},
		{"actions.idle", "10m", duration(&a.Idle, time.Minute, time.Hour),
			"After how long without a key the console of somebody who has logged in ends, where unlock is session."},
		{"actions.socket", "/run/hypervisor-tui-act/socket", absolutePath(&a.Socket), "Where the helper answers."},
	}
}

// actionUnits is a list of names of units, which may be empty.
func actionUnits(list *[]string) value {
	v := texts(list, "a list of at most 64 unit names without blanks or globs, such as [k3s.service]", func(s string) bool {
		return !strings.ContainsAny(s, "*?[ /") && !strings.HasPrefix(s, ".")
	})
	read := v.read
	v.read = func(r *reader, n *yaml.Node) *yaml.Node {
		wrong := read(r, n)
		for i, s := range *list {
			if !strings.Contains(s, ".") {
				(*list)[i] = s + ".service"
			}
		}
		return wrong
	}
	return v
}

// acting finds what contradicts itself.
func (r *reader) acting(a *Actions) {
	if a.Enable && len(a.Units) == 0 && !a.Cluster && !a.VMs && !a.Reboot && !a.Blink {
		r.problem(r.lines["actions.enable"], "actions.enable is true, and nothing may be done: set actions.units, cluster, vms, reboot or blink")
	}
}
