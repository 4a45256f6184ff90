package sample

import (
	"strings"

	"hypervisor-tui/sample/procfile"
)

const edac = "/sys/devices/system/edac/mc/"

// readEDAC lists the memory controllers that count errors.
//
// Kernel: Documentation/ABI/testing/sysfs-devices-edac
func readEDAC(root string) ([]MemoryController, error) {
	names, err := list(root + edac)
	if err != nil {
		return nil, &procfile.ReadError{Name: edac, Cause: procfile.Cause(err)}
	}
	var found []MemoryController
	for _, name := range names {
		if figure, ok := strings.CutPrefix(name, "mc"); !ok || !digits(figure) {
			continue
		}
		corrected, err := readCounter(root, edac+name+"/ce_count")
		if procfile.Missing(err) {
			continue // its driver has just gone
		}
		if err != nil {
			return nil, err
		}
		uncorrected, err := readCounter(root, edac+name+"/ue_count")
		if err != nil {
			return nil, err
		}
		found = append(found, MemoryController{Name: name, Corrected: corrected, Uncorrected: uncorrected})
	}
	if found == nil {
		return nil, errNoEDAC
	}
	return found, nil
}

// readCounter is the figure in a small file that is read once.
func readCounter(root, name string) (uint64, error) {
	file := procfile.New(root, name)
	defer file.Close()
	return file.Number()
}
