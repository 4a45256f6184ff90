// Package peer is what the other nodes say of themselves: the --serve of each answers with a Summary. It is pure; peer/poll
// asks them, peer/visit shows the console of one.
package peer

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"hypervisor-tui/internal/health"
)

// State is what is known of the peers. It does not change.
type State struct {
	Peers  []Peer        // by name
	Viewed bool          // they are asked, since somebody looks at them
	Health health.Health // of asking at all: failed when the certificate of this host cannot be read
	List   string        // the file with the list of those that are known; empty: there is no place for it
	Kept   time.Time     // when that was written; zero: never
	Until  time.Time     // when the certificate of this host expires; zero: it has not been read
	Detail string        // how it goes: how many answer, what is wrong with the list, that the certificate expires
}

// Find is the peer of a name, nil when there is none.
func (s *State) Find(name string) *Peer {
	i, found := slices.BinarySearchFunc(s.Peers, name, func(p Peer, name string) int { return strings.Compare(p.Name, name) })
	if !found {
		return nil
	}
	return &s.Peers[i]
}

// Peer is one node, and what it said last.
type Peer struct {
	Name    string         // in the cluster, or in the configuration
	Address netip.AddrPort // where its --serve is asked
	Named   bool           // the configuration names it
	Health  health.Health  // of its answers: Init until it was asked, Err says in words why the last one failed
	Asked   time.Duration  // CLOCK_BOOTTIME at which it answered last, or failed to; 0: it was not asked since the start
	Reached bool           // the last one failed, yet somebody is there: it refused the connection, or answered otherwise than a peer does
	Summary *Summary       // the last one; nil: none. After a start it is of the list on the disk
	Heard   time.Time      // when that came, by this host's clock
	Offset  time.Duration  // how far its clock was ahead of this host's then, to a second or half of the time that the answer took; 0: not more than can be told
	Said    Said           // what the API said of it last
}

// Said is what the API said of a node while it answered.
type Said struct {
	Ready string    // status of its condition Ready: True, False, Unknown; empty: nothing
	At    time.Time // when the API said so
}

// Summary is what a node says of itself, in a line. What it does not know is nil or empty.
type Summary struct {
	Node       string    `json:"node"`                 // name of the host
	Time       time.Time `json:"time"`                 // its clock
	Version    string    `json:"version,omitempty"`    // of hypervisor-tui there
	BootID     string    `json:"boot_id,omitempty"`    // of the kernel
	Uptime     float64   `json:"uptime_s,omitempty"`   // seconds
	Generation int       `json:"generation,omitempty"` // of NixOS; 0: not known
	Severity   string    `json:"severity,omitempty"`   // of the worst problem: crit, err, warning, notice; empty: there is none
	Problems   int       `json:"problems"`
	Worst      string    `json:"worst,omitempty"`    // the worst problem, in words
	Since      time.Time `json:"since,omitzero"`     // since when it has been one
	CPU        *float64  `json:"cpu_pct,omitempty"`  // percent of all CPUs
	MemoryUsed *uint64   `json:"mem_used,omitempty"` // bytes
	Memory     *uint64   `json:"mem_total,omitempty"`
	Fullest    *float64  `json:"fs_pct,omitempty"` // percent of the fullest filesystem
	VMs        *int      `json:"vms,omitempty"`    // that run
	Ready      string    `json:"ready,omitempty"`  // what the API server says of it to itself: True, False, Unknown
	API        string    `json:"api,omitempty"`    // how it reaches the API server: ok, or why not
}

// Recent is for how long an answer, or that there was none, says how a peer is now. No peer that is asked is asked less often,
// whatever the interval and however long it has been silent.
const Recent = 3 * time.Minute

// MaxSummary is how many bytes a summary has at most.
const MaxSummary = 4 << 10
