package sample

import (
	"os"

	"hypervisor-tui/sample/procfile"
)

const kstats = "/proc/spl/kstat/zfs/"

// readPools lists the imported pools of ZFS by name, each with its state, which the module writes without a lock: it
// answers even when zpool(8) hangs. Modules before 0.8 have no such file.
//
// Source: openzfs/zfs module/zfs/spa_stats.c, spa_state_init
func readPools(root string) ([]Pool, error) {
	entries, err := os.ReadDir(root + kstats)
	if err != nil {
		return nil, &procfile.ReadError{Name: kstats, Cause: procfile.Cause(err)}
	}
	var pools []Pool
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		state, err := procfile.ReadText(root, kstats+e.Name()+"/state")
		if err != nil {
			continue // it was exported just now
		}
		pools = append(pools, Pool{Name: procfile.Clean([]byte(e.Name())), State: state})
	}
	return pools, nil
}
