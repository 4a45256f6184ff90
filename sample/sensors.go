package sample

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/internal/wakeup"
	"hypervisor-tui/sample/procfile"
)

const (
	sensorsEvery = 5 * time.Second // some sensors take their bus for a while
	hwmonEvery   = time.Minute     // chips come and go with their drivers
)

// sensor is one figure of hwmon or of a thermal zone, as it was found.
type sensor struct {
	kind  sensorKind
	name  string // as it is shown: chip and label
	stem  string // what its files' names start with: /sys/class/hwmon/hwmon0/temp1
	input string // the file that has the figure

	hasFault, hasEnable bool // there are files that say whether it is faulty, and whether it is switched on
}

var (
	errFaulty     = errors.New("the sensor is faulty")
	errOff        = errors.New("the sensor is switched off")
	errImpossible = errors.New("what the sensor says cannot be")
)

// reading is what a sensor says and its own limit, NaN when it names none, in degrees, turns a minute or watts.
type reading struct{ value, limit float64 }

// sensorsReader gathers what the probes of the sensors have answered.
type sensorsReader struct {
	root string
	pool *proberPool[sensor, reading]
}

func (r *sensorsReader) read(now time.Duration, h *Host, _ *Net) error {
	probes, remark, err := r.pool.list(now)
	if err != nil {
		return err
	}
	h.Sensors, h.Fans, h.Power = h.Sensors[:0], h.Fans[:0], h.Power[:0]
	for _, p := range probes {
		s := reading{math.NaN(), math.NaN()}
		if a := p.latest(now, sensorsEvery); p.health.State == health.OK {
			s = a.value
		}
		switch p.key.kind {
		case fan:
			h.Fans = append(h.Fans, Fan{Name: p.key.name, RPM: s.value, Low: s.limit})
		case power, averagePower:
			h.Power = append(h.Power, Power{Name: p.key.name, Watts: s.value, High: s.limit})
		default:
			h.Sensors = append(h.Sensors, Sensor{Name: p.key.name, Celsius: s.value, High: s.limit})
		}
	}
	return remark
}

func (r *sensorsReader) close() {} // the files are the probes'

// watch looks for sensors until ctx ends.
func (r *sensorsReader) watch(ctx context.Context) error {
	defer r.pool.end()
	defer r.pool.work.Stop()
	for ctx.Err() == nil {
		r.pool.work.Start(r.pool.now())
		sensors, err := findSensors(r.root)
		r.pool.work.Stop()
		if err != nil {
			r.pool.fail(err)
		} else {
			r.pool.set(ctx, sensors)
		}
		wakeup.Pause(ctx, wakeup.Until(time.Now(), hwmonEvery))
	}
	return nil
}

// findSensors lists the sensors of all chips and, where none of them is a temperature, the thermal zones.
func findSensors(root string) ([]sensor, error) {
	found, err := findChips(root)
	if err != nil && !procfile.Missing(err) {
		return nil, err
	}
	if !slices.ContainsFunc(found, func(s sensor) bool { return s.kind == temperature }) {
		found = append(found, findZones(root)...)
	}
	if len(found) == 0 {
		return nil, errNoSensors
	}
	return found, nil
}

// sensorProber reads a sensor. That can take long, since some chips sit behind a slow bus.
type sensorProber struct {
	sensor
	root       string
	file       procfile.File
	fault      procfile.File
	enable     procfile.File
	limit      float64
	knowsLimit bool
}

func newSensorProber(root string, s sensor) *sensorProber {
	return &sensorProber{
		sensor: s, root: root, file: procfile.New(root, s.input), fault: procfile.New(root, s.stem+"_fault"), enable: procfile.New(root, s.stem+"_enable"),
	}
}

func (q *sensorProber) ask(r *reading) error {
	if !q.knowsLimit {
		q.limit, q.knowsLimit = q.kind.limit(q.root, q.stem), true
	}
	if err := q.sound(); err != nil {
		return err
	}
	figure, err := figureOf(&q.file)
	if err != nil {
		return err
	}
	if !q.kind.possible(figure) {
		return q.file.Fail(errImpossible)
	}
	*r = reading{value: figure / sensorFiles[q.kind].unit, limit: q.limit}
	return nil
}

// sound is an error when the sensor's other files say that its figure means nothing, or do not say.
//
// Kernel: Documentation/hwmon/sysfs-interface.rst, tempN_fault, tempN_enable
func (q *sensorProber) sound() error {
	if q.hasEnable {
		switch on, err := figureOf(&q.enable); {
		case err != nil:
			return err
		case on == 0:
			return q.enable.Fail(errOff)
		}
	}
	if q.hasFault {
		switch fault, err := figureOf(&q.fault); {
		case err != nil:
			return err
		case fault != 0:
			return q.fault.Fail(errFaulty)
		}
	}
	return nil
}

func (q *sensorProber) close() {
	q.file.Close()
	q.fault.Close()
	q.enable.Close()
}

// figureOf is the one figure in a file.
func figureOf(k *procfile.File) (float64, error) {
	text, err := k.Read()
	if err != nil {
		return 0, err
	}
	figure, err := parseSigned(text)
	if err != nil {
		return 0, k.Fail(err)
	}
	return figure, nil
}

// parseSigned is a figure of hwmon: a whole number that may be negative.
func parseSigned(text []byte) (float64, error) {
	word, _ := procfile.CutWord(bytes.TrimSpace(text))
	figure, negative := bytes.CutPrefix(word, []byte("-"))
	v, err := procfile.Number(figure)
	if err != nil {
		return 0, err
	}
	if negative {
		return -float64(v), nil
	}
	return float64(v), nil
}

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
