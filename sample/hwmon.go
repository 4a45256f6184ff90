package sample

import (
	"math"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"hypervisor-tui/sample/procfile"
)

const (
	hwmon = "/sys/class/hwmon/"
	zones = "/sys/class/thermal/"
)

// sensorKind is what a sensor measures.
type sensorKind uint8

const (
	temperature  sensorKind = iota
	fan                     // how fast it turns
	power                   // of now
	averagePower            // of an interval, from meters that have no power of now
)

// sensorFiles says how the files of each kind are named and what their figures mean.
//
// Kernel: Documentation/hwmon/sysfs-interface.rst
var sensorFiles = [...]struct {
	prefix, suffix string   // of the file that has the figure: temp1_input
	unit           float64  // figures in one degree, turn a minute or watt
	limits         []string // suffixes of the files that may have its limit, the first that makes sense counts
	most           float64  // a limit above is a chip's way to say that it has none
	from, to       float64  // what the figure of a machine at work can be: beyond it nothing is connected, or the chip is confused
}{
	temperature:  {"temp", "_input", 1000, []string{"_max", "_crit"}, 200, -40, 150},
	fan:          {"fan", "_input", 1, []string{"_min"}, 1e5, 0, 60000},
	power:        {"power", "_input", 1e6, []string{"_cap", "_max", "_crit"}, 1e5, 0, 1e5},
	averagePower: {"power", "_average", 1e6, []string{"_cap", "_max", "_crit"}, 1e5, 0, 1e5},
}

// possible reports whether a figure, in the sensor's own unit, can be what it measures. A thermal diode that is not
// connected reads as the most that a signed byte holds, with or without a fraction, and what a chip cannot read as 32
// bits set.
func (k sensorKind) possible(figure float64) bool {
	v := figure / sensorFiles[k].unit
	if k == temperature && v >= 127 && v < 128 || figure == math.MaxUint32 {
		return false
	}
	return v >= sensorFiles[k].from && v <= sensorFiles[k].to
}

// findChips lists the sensors of all chips of hwmon in the order of their numbers.
func findChips(root string) ([]sensor, error) {
	chips, err := list(root + hwmon)
	if err != nil {
		return nil, err
	}
	called := make([]string, len(chips))
	for i, chip := range chips {
		called[i], _ = procfile.ReadText(root, hwmon+chip+"/name") // a chip may have none
	}
	var found []sensor
	for i, chip := range chips {
		name := called[i]
		if name == "" {
			name = chip
		} else if slices.Index(called, name) != i || slices.Contains(called[i+1:], name) {
			if device, err := os.Readlink(root + hwmon + chip + "/device"); err == nil {
				name += " " + procfile.Clean([]byte(path.Base(device))) // which of several disks it is
			}
		}
		files, err := list(root + hwmon + chip)
		if err != nil {
			continue // the chip has just gone
		}
		for kind := range sensorFiles {
			found = append(found, sensorKind(kind).find(root, hwmon+chip+"/", name, files)...)
		}
	}
	return found, nil
}

// find picks the sensors of this kind out of a chip's files.
func (k sensorKind) find(root, dir, chip string, files []string) []sensor {
	var found []sensor
	for _, file := range files {
		stem, ok := strings.CutSuffix(file, sensorFiles[k].suffix)
		if !ok || !strings.HasPrefix(stem, sensorFiles[k].prefix) || !digits(stem[len(sensorFiles[k].prefix):]) {
			continue
		}
		if k == averagePower && slices.Contains(files, stem+sensorFiles[power].suffix) {
			continue // it has the power of now as well
		}
		label, err := procfile.ReadText(root, dir+stem+"_label")
		if err != nil || label == "" {
			label = stem
		}
		found = append(found, sensor{
			kind: k, name: chip + " " + label, stem: dir + stem, input: dir + file,
			hasFault: slices.Contains(files, stem+"_fault"), hasEnable: slices.Contains(files, stem+"_enable"),
		})
	}
	return found
}

// limit is a sensor's own limit, NaN when it names none.
func (k sensorKind) limit(root, stem string) float64 {
	if strings.HasPrefix(stem, zones) {
		return tripPoint(root, stem)
	}
	for _, suffix := range sensorFiles[k].limits {
		if limit := k.figure(root, stem+suffix); limit > 0 && limit < sensorFiles[k].most {
			return limit
		}
	}
	return math.NaN()
}

// findZones lists the thermal zones.
//
// Kernel: Documentation/driver-api/thermal/sysfs-api.rst
func findZones(root string) []sensor {
	names, err := list(root + zones)
	if err != nil {
		return nil
	}
	var found []sensor
	for _, zone := range names {
		if !strings.HasPrefix(zone, "thermal_zone") {
			continue // a cooling device
		}
		name, err := procfile.ReadText(root, zones+zone+"/type")
		if err != nil {
			continue // the zone has just gone
		}
		found = append(found, sensor{kind: temperature, name: name + " " + zone, stem: zones + zone + "/", input: zones + zone + "/temp"})
	}
	return found
}

// tripPoint is the temperature at which a zone is hot, or else critical, NaN when it does not say.
func tripPoint(root, dir string) float64 {
	for _, kind := range []string{"hot", "critical"} {
		for point := 0; ; point++ {
			stem := dir + "trip_point_" + strconv.Itoa(point)
			is, err := procfile.ReadText(root, stem+"_type")
			if err != nil {
				break
			}
			if limit := temperature.figure(root, stem+"_temp"); is == kind && limit > 0 {
				return limit
			}
		}
	}
	return math.NaN()
}

// figure is what a small file says that is read once, NaN when it says nothing.
func (k sensorKind) figure(root, name string) float64 {
	text, err := procfile.ReadText(root, name)
	if err != nil {
		return math.NaN()
	}
	v, err := parseSigned([]byte(text))
	if err != nil {
		return math.NaN()
	}
	return v / sensorFiles[k].unit
}

// list is the names in a directory, those that differ in a number by that number.
func list(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	slices.SortStableFunc(names, func(a, b string) int { return len(a) - len(b) }) // they came in order of the alphabet
	return names, nil
}
