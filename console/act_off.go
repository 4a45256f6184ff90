//go:build nokube

package console

import (
	"errors"

	"hypervisor-tui/act"
	"hypervisor-tui/act/helper"
	"hypervisor-tui/console/config"
)

// allowCluster says that this build cannot.
func allowCluster(_ *helper.Options, a config.Actions, _ func(act.Kind, act.Doer)) error {
	if a.Cluster || a.VMs || a.Reboot {
		return errors.New("this build has no cluster: actions.cluster, vms and reboot must be false")
	}
	return nil
}

// Undo says that this build cannot.
func Undo(Options) error { return errors.New("this build has no cluster: nothing can be undone") }
