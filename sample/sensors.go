package sample

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
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
	root   string
	roster *proberPool[sensor, reading]
}

func (r *sensorsReader) read(now time.Duration, h *Host, _ *Net) error {
	probes, remark, err := r.roster.list(now)
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
	defer r.roster.end()
	defer r.roster.work.Stop()
	for ctx.Err() == nil {
		r.roster.work.Start(r.roster.now())
		sensors, err := findSensors(r.root)
		r.roster.work.Stop()
		if err != nil {
			r.roster.fail(err)
		} else {
			r.roster.set(ctx, sensors)
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

// sensorQuestion reads a sensor. That can take long, since some chips sit behind a slow bus.
type sensorQuestion struct {
	sensor
	root       string
	file       procfile.File
	fault      procfile.File
	enable     procfile.File
	limit      float64
	knowsLimit bool
}

func newSensorQuestion(root string, s sensor) *sensorQuestion {
	return &sensorQuestion{
		sensor: s, root: root, file: procfile.New(root, s.input), fault: procfile.New(root, s.stem+"_fault"), enable: procfile.New(root, s.stem+"_enable"),
	}
}

func (q *sensorQuestion) ask(r *reading) error {
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
func (q *sensorQuestion) sound() error {
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

func (q *sensorQuestion) close() {
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
