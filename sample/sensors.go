package sample

import (
	"bytes"
	"context"
	"math"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"hypervisor-tui/sample/box"
)

const (
	sensorsEvery = 5 * time.Second // some sensors take their bus for a while
	hwmonEvery   = time.Minute     // chips come and go with their drivers
	hwmon        = "/sys/class/hwmon/"
	hottest      = 200 // degrees: a limit above is a chip's way to say that it has none
)

// sensor is one temperature of hwmon.
type sensor struct {
	name string // as it is shown: chip and label
	file string // what its files' names start with: /sys/class/hwmon/hwmon0/temp1
}

// temperature is what a sensor says, in degrees.
type temperature struct{ celsius, high float64 }

// sensorsReader gathers what the probes of the sensors have answered.
type sensorsReader struct {
	root   string
	roster *roster[sensor, temperature]
}

func (r *sensorsReader) read(now time.Duration, h *Host, _ *Net) error {
	l := r.roster.listing.Load()
	if l == nil {
		return errNotYet
	}
	if l.probes == nil && l.err != nil {
		return l.err // the sensors stay what they were
	}
	h.Sensors = h.Sensors[:0]
	for _, p := range l.probes {
		s := Sensor{Name: p.key.name, Celsius: math.NaN(), High: math.NaN()}
		if a := p.latest(now, sensorsEvery); p.health.State == box.OK {
			s.Celsius, s.High = a.value.celsius, a.value.high
		}
		h.Sensors = append(h.Sensors, s)
	}
	if l.err == nil && l.left > 0 {
		return errLeftOut
	}
	return l.err
}

func (r *sensorsReader) close() {} // the files are the probes'

// watch looks for sensors until ctx ends.
func (r *sensorsReader) watch(ctx context.Context) error {
	defer r.roster.end()
	for ctx.Err() == nil {
		sensors, err := findSensors(r.root)
		if err != nil {
			r.roster.fail(err)
		} else {
			r.roster.set(ctx, sensors)
		}
		pause(ctx, hwmonEvery)
	}
	return nil
}

// findSensors lists the temperatures of all chips in the order of their numbers.
//
// Kernel: Documentation/hwmon/sysfs-interface.rst
func findSensors(root string) ([]sensor, error) {
	chips, err := list(root + hwmon)
	if err != nil {
		return nil, err
	}
	called := make([]string, len(chips))
	for i, chip := range chips {
		called[i], _ = readText(root, hwmon+chip+"/name") // a chip may have none
	}
	var found []sensor
	for i, chip := range chips {
		name := called[i]
		if name == "" {
			name = chip
		} else if slices.Index(called, name) != i || slices.Contains(called[i+1:], name) {
			if device, err := os.Readlink(root + hwmon + chip + "/device"); err == nil {
				name += " " + outside([]byte(path.Base(device))) // which of several disks it is
			}
		}
		files, err := list(root + hwmon + chip)
		if err != nil {
			continue // the chip has just gone
		}
		for _, file := range files {
			temp, ok := strings.CutSuffix(file, "_input")
			if !ok || !strings.HasPrefix(temp, "temp") {
				continue
			}
			label, err := readText(root, hwmon+chip+"/"+temp+"_label")
			if err != nil || label == "" {
				label = temp
			}
			found = append(found, sensor{name: name + " " + label, file: hwmon + chip + "/" + temp})
		}
	}
	if len(found) == 0 {
		return nil, errNoSensors
	}
	return found, nil
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

// sensorQuestion reads a sensor. That can take long, since some chips sit behind a slow bus.
type sensorQuestion struct {
	root, file string
	input      kept
	high       float64
	knowsHigh  bool
}

func (q *sensorQuestion) ask(t *temperature) error {
	if !q.knowsHigh {
		q.high, q.knowsHigh = readLimit(q.root, q.file), true
	}
	text, err := q.input.read()
	if err != nil {
		return err
	}
	celsius, err := parseMilli(text)
	if err != nil {
		return q.input.fail(err)
	}
	*t = temperature{celsius: celsius, high: q.high}
	return nil
}

func (q *sensorQuestion) close() { q.input.close() }

// readLimit is the high limit of a sensor, or else its critical one, NaN when it has neither.
func readLimit(root, file string) float64 {
	for _, ending := range []string{"_max", "_crit"} {
		text, err := readText(root, file+ending)
		if err != nil {
			continue
		}
		if limit, err := parseMilli([]byte(text)); err == nil && limit > 0 && limit < hottest {
			return limit
		}
	}
	return math.NaN()
}

// parseMilli is a figure of hwmon: thousandths of a degree, signed.
func parseMilli(text []byte) (float64, error) {
	word, _ := cutWord(bytes.TrimSpace(text))
	figure, negative := bytes.CutPrefix(word, []byte("-"))
	v, err := number(figure)
	if err != nil {
		return 0, err
	}
	if negative {
		return -float64(v) / 1000, nil
	}
	return float64(v) / 1000, nil
}
