package report

import "hypervisor-tui/sample"

type fan struct {
	Name string   `json:"name"`
	RPM  *float64 `json:"rpm"`
	Low  *float64 `json:"low_rpm"`
}

type power struct {
	Name  string   `json:"name"`
	Watts *float64 `json:"watts"`
	High  *float64 `json:"high_watts"`
}

type array struct {
	Name     string   `json:"name"`
	Level    string   `json:"level"`
	State    string   `json:"state"`
	Disks    int      `json:"disks"`
	Working  int      `json:"working"`
	Degraded bool     `json:"degraded"`
	Synced   *float64 `json:"synced_percent"`
	Failed   int      `json:"failed"`
	Spare    int      `json:"spare"`
}

type pool struct {
	Name  string `json:"name"`
	State string `json:"state"`
}

type memoryController struct {
	Name        string `json:"name"`
	Corrected   uint64 `json:"corrected"`
	Uncorrected uint64 `json:"uncorrected"`
}

type clock struct {
	Synchronised *bool `json:"synchronised"`
}

type lastBoot struct {
	Clean *bool   `json:"clean"`
	Why   *string `json:"why"`
}

func newFans(fans []sample.Fan) []fan {
	list := make([]fan, 0, len(fans))
	for _, f := range fans {
		list = append(list, fan{f.Name, number(f.RPM), number(f.Low)})
	}
	return list
}

func newPower(meters []sample.Power) []power {
	list := make([]power, 0, len(meters))
	for _, m := range meters {
		list = append(list, power{m.Name, number(m.Watts), number(m.High)})
	}
	return list
}

func newArrays(arrays []sample.Array) []array {
	list := make([]array, 0, len(arrays))
	for _, a := range arrays {
		list = append(list, array{a.Name, a.Level, a.State, a.Disks, a.Working, a.Degraded, number(a.Synced), a.Failed, a.Spare})
	}
	return list
}

func newPools(pools []sample.Pool) []pool {
	list := make([]pool, 0, len(pools))
	for _, p := range pools {
		list = append(list, pool{p.Name, p.State})
	}
	return list
}

func newMemoryErrors(controllers []sample.MemoryController) []memoryController {
	list := make([]memoryController, 0, len(controllers))
	for _, c := range controllers {
		list = append(list, memoryController{c.Name, c.Corrected, c.Uncorrected})
	}
	return list
}

func newClock(s *sample.System) clock {
	if s == nil {
		return clock{}
	}
	return clock{known(s.Clock.Synchronised, s.Clock.Health.Has())}
}

func newLastBoot(s *sample.System) lastBoot {
	if s == nil || !s.LastBoot.Health.Has() {
		return lastBoot{}
	}
	return lastBoot{known(s.LastBoot.Clean, s.LastBoot.Known), text(s.LastBoot.Why)}
}
