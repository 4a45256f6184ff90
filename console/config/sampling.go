package config

import "time"

// Rescue is the profile for little memory.
const Rescue = "rescue"

// Sampling is what the sampler, its workers and the look for a kubeconfig go by: when it changes they start anew.
type Sampling struct {
	RefreshInterval time.Duration // between two samples
	Profile         string        // full or rescue
	KubeconfigPath  string        // absolute; empty looks in the usual places
	Filesystems     Deny          // by mount point
}

// Deny lists what is not shown one by one, as globs in the sense of path.Match.
type Deny struct {
	Deny []string
}

func (s *Sampling) keys() []key {
	return []key{
		{"refreshInterval", "2s", duration(&s.RefreshInterval, time.Second, time.Minute),
			"Time between two samples of the host. The clock on the screen still moves each second."},
		{"profile", "full", oneOf(&s.Profile, "full", Rescue),
			"rescue keeps memory small, for a rescue system of 128 MiB: fewer log entries, no cluster."},
		{"kubeconfigPath", "null", orNull(absolutePath(&s.KubeconfigPath)),
			"Credentials for the cluster. null looks in the places where k3s and kubeadm put them."},
		{"filesystems.deny", "[]", globs(&s.Filesystems.Deny),
			"Filesystems, by mount point, that are left out. * does not cross a slash."},
	}
}
