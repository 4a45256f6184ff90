package sample

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/sample/sampletest"
)

// hwmonTree is a tree with two chips of one kind and one of another.
func hwmonTree(t testing.TB) string {
	root := sampletest.CopyOf(t, "bare")
	for file, text := range map[string]string{
		"hwmon0/name": "coretemp\n", "hwmon0/temp1_label": "Package id 0\n", "hwmon0/temp1_input": "45500\n",
		"hwmon0/temp1_max": "80000\n", "hwmon0/temp1_crit": "100000\n",
		"hwmon0/temp2_input": "-1500\n", "hwmon0/temp10_input": "41000\n", "hwmon0/temp10_max": "65261850\n",
		"hwmon0/temp10_crit": "90000\n", "hwmon0/fan1_input": "1200\n",
		"hwmon2/name": "nvme\n", "hwmon2/temp1_input": "35000\n", "hwmon10/name": "nvme\n", "hwmon10/temp1_input": "36000\n",
	} {
		sampletest.Put(t, root, hwmon+file, text)
	}
	for chip, device := range map[string]string{"hwmon2": "nvme0", "hwmon10": "nvme1"} {
		if err := os.Symlink("../../nvme/"+device, filepath.Join(root, hwmon, chip, "device")); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// sensorsNow is what the sensors say after each of those that answer has answered.
func sensorsNow(s *Sampler) string {
	s.Sample()
	var lines []string
	for _, q := range s.Reader(0).Hosts.Latest().Sensors {
		lines = append(lines, fmt.Sprint(q.Name, " ", q.Celsius, "/", q.High))
	}
	return strings.Join(lines, "; ")
}

func TestSensors(t *testing.T) {
	s := New(Options{Root: hwmonTree(t)})
	begin(t, s)
	s.WaitSlow(context.Background())
	want := "coretemp Package id 0 45.5/80; coretemp temp2 -1.5/NaN; coretemp temp10 41/90; nvme nvme0 temp1 35/NaN; nvme nvme1 temp1 36/NaN"
	if got := sensorsNow(s); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if h := s.Reader(0).Hosts.Latest().Health[Sensors]; h.State.String() != "ok" {
		t.Errorf("%v", h)
	}
}

func TestF20NoSensors(t *testing.T) {
	root := sampletest.CopyOf(t, "bare")
	for range 2 { // without the directory, and with a chip that measures none of what is shown
		s := New(Options{Root: root})
		begin(t, s)
		s.WaitSlow(context.Background())
		s.Sample()
		if h := s.Reader(0).Hosts.Latest().Health[Sensors]; h.State.String() != "absent" {
			t.Errorf("%v", h)
		}
		sampletest.Put(t, root, hwmon+"hwmon0/in0_input", "1\n")
	}
}

func TestF20SensorThatIsAFIFO(t *testing.T) {
	root := hwmonTree(t)
	fifo := filepath.Join(root, hwmon, "hwmon0/temp2_input")
	if err := os.Remove(fifo); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Skip("no FIFO here: ", err)
	}
	sampletest.Put(t, root, hwmon+"hwmon2/temp1_input", "hot\n")
	s := New(Options{Root: root})
	begin(t, s)
	s.WaitSlow(context.Background())
	got := sensorsNow(s)
	for _, want := range []string{"coretemp temp2 NaN/NaN", "nvme nvme0 temp1 NaN/NaN", "Package id 0 45.5/80", "nvme nvme1 temp1 36/NaN"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s\nhas no %s", got, want)
		}
	}
}

// scripted is a sensor that answers as the test says.
type scripted struct {
	name  string
	reply chan error // nil channel: at once
}

func (q *scripted) close() {}

func (q *scripted) ask(r *reading) error {
	if q.reply != nil {
		if err := <-q.reply; err != nil {
			return err
		}
	}
	*r = reading{40, math.NaN()}
	return nil
}

func TestF20SlowSensorDelaysNoOther(t *testing.T) {
	c := sampletest.NewClock()
	s := New(Options{Root: sampletest.CopyOf(t, "bare"), Now: c.Now})
	slow := make(chan error)
	s.sensors.pool = newProberPool(c.Now, func(q sensor) prober[reading] {
		if q.name == "slow" {
			return &scripted{q.name, slow}
		}
		return &scripted{name: q.name}
	})
	r := s.sensors.pool
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	r.set(ctx, []sensor{{name: "a"}, {name: "slow"}, {name: "b"}})
	probes := r.listing.Load().probes
	idle := func(want ...int) func() bool {
		return func() bool {
			return !slices.ContainsFunc(want, func(i int) bool { return probes[i].asked.Load() != 0 })
		}
	}
	await.Until(t, "the fast ones", idle(0, 2))
	if got := sensorsNow(s); got != "a 40/NaN; slow NaN/NaN; b 40/NaN" {
		t.Error(got)
	}
	slow <- nil
	await.Until(t, "the slow one", idle(1))
	if got := sensorsNow(s); got != "a 40/NaN; slow 40/NaN; b 40/NaN" {
		t.Error("when it has answered: ", got)
	}
	for _, answer := range []error{unix.EIO, nil} {
		c.Pass(2 * sensorsEvery)
		s.Sample()
		await.Until(t, "the fast ones again", idle(0, 2))
		c.Pass(2 * timeout)
		if got := sensorsNow(s); got != "a 40/NaN; slow NaN/NaN; b 40/NaN" {
			t.Error("while it does not answer: ", got)
		}
		slow <- answer
		await.Until(t, "the slow one again", idle(1))
		want := map[bool]string{true: "a 40/NaN; slow 40/NaN; b 40/NaN", false: "a 40/NaN; slow NaN/NaN; b 40/NaN"}
		if got := sensorsNow(s); got != want[answer == nil] {
			t.Errorf("after %v: %s", answer, got)
		}
		await.Until(t, "all", idle(0, 2))
	}
	stop()
	close(slow)
	await.Until(t, "the end", func() bool { return r.alive.Load() == 0 })
}

func TestParseSigned(t *testing.T) {
	for text, want := range map[string]float64{"45500\n": 45500, "-1500": -1500, "0\n": 0} {
		if got, err := parseSigned([]byte(text)); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "-", "--1", "1.5", "hot"} {
		if got, err := parseSigned([]byte(text)); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestFansAndPower(t *testing.T) {
	h := surveyed(t, machine(t, "hypervisor"))
	nan := math.NaN()
	fans := []Fan{{"nct6798 fan1", 0, nan}, {"nct6798 CPU fan", 8400, 1500}}
	power := []Power{{"power_meter power1", 412, 800}, {"pmbus pin", 231.5, 1100}}
	temperatures := []Sensor{{"nvme Composite", 43.85, 81.85}, {"nvme Sensor 1", 43.85, nan}, {"k10temp Tctl", 61.25, nan},
		{"k10temp Tccd1", 58.75, nan}, {"pmbus temp1", 38, nan}}
	for _, c := range []struct{ got, want any }{{h.Fans, fans}, {h.Power, power}, {h.Sensors, temperatures}} {
		if got, want := fmt.Sprint(c.got), fmt.Sprint(c.want); got != want { // as text, in which NaN is NaN
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}

func TestThermalZonesWhereHwmonHasNoTemperature(t *testing.T) {
	root := sampletest.CopyOf(t, "cgroup1")
	for range 2 { // without hwmon, and with one that has but a fan
		h := surveyed(t, root)
		if got, want := fmt.Sprint(h.Sensors), "[{x86_pkg_temp thermal_zone0 47 NaN} {acpitz thermal_zone1 8.3 103}]"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		sampletest.Put(t, root, hwmon+"hwmon0/fan1_input", "900\n")
	}
	sampletest.Put(t, root, zones+"thermal_zone1/trip_point_1_type", "hot\n")
	sampletest.Put(t, root, zones+"thermal_zone1/trip_point_1_temp", "95000\n")
	if h := surveyed(t, root); h.Sensors[1].High != 95 || len(h.Fans) != 1 {
		t.Errorf("%v, %v", h.Sensors, h.Fans)
	}
	sampletest.Put(t, root, hwmon+"hwmon0/temp1_input", "50000\n")
	if h := surveyed(t, root); len(h.Sensors) != 1 || h.Sensors[0].Celsius != 50 {
		t.Errorf("with hwmon: %v", h.Sensors)
	}
}

func TestB6SensorsThatDoNotExist(t *testing.T) {
	root := sampletest.CopyOf(t, "bare")
	var want []string
	for i, c := range []struct {
		kind, input  string
		fault, other string // files beside it: fault, and enable
		want         string
	}{
		{"temp", "45500", "", "", "45.5"}, {"temp", "45500", "0", "1", "45.5"}, {"temp", "45500", "1", "", "NaN"},
		{"temp", "45500", "", "0", "NaN"}, {"temp", "3892314000", "", "", "NaN"}, {"temp", "-61000", "", "", "NaN"},
		{"temp", "255000", "", "", "NaN"}, {"temp", "255500", "", "", "NaN"}, {"temp", "-128000", "", "", "NaN"},
		{"temp", "127000", "", "", "NaN"}, {"temp", "127875", "", "", "NaN"}, {"temp", "127937", "", "", "NaN"},
		{"temp", "-273150", "", "", "NaN"}, {"temp", "4294967295", "", "", "NaN"}, {"temp", "-40000", "", "", "-40"},
		{"temp", "-12500", "", "", "-12.5"}, {"temp", "126000", "", "", "126"}, {"temp", "128000", "", "", "128"}, {"temp", "0", "", "", "0"},
		{"fan", "1200", "", "", "1200"}, {"fan", "1200", "1", "", "NaN"}, {"fan", "0", "", "", "0"}, {"fan", "65535", "", "", "NaN"},
		{"fan", "1350000", "", "", "NaN"}, {"fan", "-1", "", "", "NaN"}, {"fan", "1200", "", "0", "NaN"},
		{"power", "231500000", "", "", "231.5"}, {"power", "4294967295", "", "", "NaN"}, {"power", "231500000", "1", "", "NaN"}, {"power", "-5000000", "", "", "NaN"},
	} {
		stem := fmt.Sprint(hwmon, "hwmon", i, "/", c.kind, 1)
		sampletest.Put(t, root, stem+"_input", c.input+"\n")
		if c.fault != "" {
			sampletest.Put(t, root, stem+"_fault", c.fault+"\n")
		}
		if c.other != "" {
			sampletest.Put(t, root, stem+"_enable", c.other+"\n")
		}
		want = append(want, fmt.Sprint("hwmon", i, " ", c.kind, "1 ", c.want))
	}
	h := surveyed(t, root)
	var got []string
	for _, s := range h.Sensors {
		got = append(got, fmt.Sprint(s.Name, " ", s.Celsius))
	}
	for _, s := range h.Fans {
		got = append(got, fmt.Sprint(s.Name, " ", s.RPM))
	}
	for _, s := range h.Power {
		got = append(got, fmt.Sprint(s.Name, " ", s.Watts))
	}
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			t.Errorf("%q, want %q", got[min(i, len(got)-1)], want[i])
		}
	}
	if h := h.Health[Sensors]; h.State.String() != "ok" || h.Err != "" {
		t.Errorf("%v %q", h.State, h.Err)
	}
}

// A fault that comes and goes is asked for each time; where the file cannot be read nobody knows whether there is one.
func TestB6FaultComesAndGoes(t *testing.T) {
	root := hwmonTree(t)
	fault := hwmon + "hwmon0/temp1_fault"
	sampletest.Put(t, root, fault, "0\n")
	found, err := findSensors(root)
	if err != nil || !found[0].hasFault {
		t.Fatalf("%+v, %v", found, err)
	}
	q := newSensorProber(root, found[0])
	defer q.close()
	for _, c := range []struct {
		text string
		ok   bool
	}{{"0\n", true}, {"1\n", false}, {"0\n", true}, {"2\n", false}, {"\n", false}, {"0\n", true}} {
		sampletest.Put(t, root, fault, c.text)
		var r reading
		if err := q.ask(&r); (err == nil) != c.ok || c.ok && r.value != 45.5 {
			t.Errorf("fault %q: %v, %v", c.text, r, err)
		}
	}
}

func TestB6ThermalZoneThatCannotBe(t *testing.T) {
	root := sampletest.CopyOf(t, "cgroup1")
	sampletest.Put(t, root, zones+"thermal_zone0/temp", "-274000\n")
	if h := surveyed(t, root); !math.IsNaN(h.Sensors[0].Celsius) || h.Sensors[1].Celsius != 8.3 {
		t.Errorf("%v", h.Sensors)
	}
}
