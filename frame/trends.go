package frame

import (
	"math"
	"slices"
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/sample"
)

// Trends are made of what was known each TrendsEvery in the last TrendsSpan.
const (
	TrendsEvery = growthEvery
	TrendsSpan  = (growthPoints - 1) * growthEvery // six hours
)

const (
	growthEvery  = 5 * time.Minute // between two points of a filesystem
	growthPoints = 73
	growthLeast  = 7              // half an hour: fewer say nothing
	growthWarn   = 24 * time.Hour // until it is full
	growthErr    = 4 * time.Hour
	maxGrowing   = 64 // filesystems that are followed, and as many cables and fans

	errorsEvery = time.Minute // over which packets are counted
	errorsShare = 1           // percent of them that are broken: a cable that is well has none
	errorsLeast = 10          // broken ones: fewer may be chance
)

// trends remembers what no single snapshot tells: how filesystems grow, how many packets were broken a minute ago, which fans have
// turned, and whether the clock was synchronised.
type trends struct {
	growing []growing
	cables  []cable
	turned  []string // names of fans
	synced  bool
}

// growing is a filesystem. The points are bytes used, oldest first, growthEvery apart.
type growing struct {
	mount  string
	points [growthPoints]float64
	n      int
	at     time.Duration // of the newest
}

// cable is an interface of the hardware, its counters at a time, and the share of broken packets in the minute before that.
type cable struct {
	name            string
	at              time.Duration
	packets, errors uint64
	share           float64 // percent
}

func (t *trends) clone() trends {
	return trends{slices.Clone(t.growing), slices.Clone(t.cables), slices.Clone(t.turned), t.synced}
}

// inherit takes in what l has seen before.
func (t *trends) inherit(l *trends) {
	for i := range l.growing {
		g := &l.growing[i]
		at := slices.IndexFunc(t.growing, func(own growing) bool { return own.mount == g.mount })
		switch {
		case at >= 0 && t.growing[at].n <= 1:
			t.growing[at] = *g
		case at < 0 && len(t.growing) < maxGrowing:
			t.growing = append(t.growing, *g)
		}
	}
	for _, name := range l.turned {
		if !slices.Contains(t.turned, name) && len(t.turned) < maxGrowing {
			t.turned = append(t.turned, name)
		}
	}
	t.synced = t.synced || l.synced
}

// find appends the problems that follow from what was before.
func (t *trends) find(dst []Problem, f *Snapshot) []Problem {
	if f.Host != nil {
		dst = t.findGrowth(dst, f)
		dst = t.findFans(dst, f)
		if f.Net != nil && f.Host.Health[sample.NetDev].State == health.OK {
			dst = t.findErrors(dst, f)
		}
	}
	if f.System != nil && f.System.Clock.Health.State == health.OK {
		t.synced = t.synced || f.System.Clock.Synchronised
		if t.synced && !f.System.Clock.Synchronised {
			dst = append(dst, Problem{Severity: journal.Warning, Kind: ClockAdrift, Where: Dashboard,
				Reason: "The kernel's clock followed a time source and does not any more: times in logs and certificates go wrong with it."})
		}
	}
	return dst
}

// findGrowth tells of filesystems that will be full soon, at the rate of the last hours.
func (t *trends) findGrowth(dst []Problem, f *Snapshot) []Problem {
	for i := range f.Host.Filesystems {
		fs := &f.Host.Filesystems[i]
		if fs.Health.State != health.OK || fs.ReadOnly || fs.Total == 0 {
			continue
		}
		at := slices.IndexFunc(t.growing, func(g growing) bool { return g.mount == fs.Mount })
		if at < 0 {
			if len(t.growing) == maxGrowing { // one that is gone makes room: its points would not count any more
				t.growing = slices.DeleteFunc(t.growing, func(g growing) bool { return f.Boot-g.at > 2*growthEvery })
			}
			if at = len(t.growing); at == maxGrowing {
				continue
			}
			t.growing = append(t.growing, growing{mount: fs.Mount})
		}
		g := &t.growing[at]
		g.add(f.Boot, float64(fs.Used))
		left, known := g.full(float64(fs.Available))
		if !known || left > growthWarn {
			continue
		}
		p := Problem{Severity: journal.Warning, Kind: FillsSoon, Subject: fs.Mount, N: max(int(math.Ceil(left.Hours())), 1), Where: Dashboard,
			Reason: "At the rate at which it has grown so far, steadily, it is full then."}
		if left <= growthErr {
			p.Severity = journal.Err
		}
		dst = append(dst, p)
	}
	return dst
}

// add takes a point, when it is time for one. After a gap it begins anew.
func (g *growing) add(now time.Duration, used float64) {
	switch passed := now - g.at; {
	case g.n > 0 && passed < growthEvery:
		return
	case g.n > 0 && passed > 2*growthEvery:
		g.n = 0
	case g.n == growthPoints:
		copy(g.points[:], g.points[1:])
		g.n--
	}
	g.points[g.n] = used
	g.n++
	g.at = now
}

// full returns how long it takes until available bytes are used, at the rate of the points. It is not known of too few, and of
// growth that was not steady: a file that was written once fills nothing.
func (g *growing) full(available float64) (left time.Duration, known bool) {
	if g.n < growthLeast {
		return 0, false
	}
	last := g.n - 1
	rate := func(from, to int) float64 { return (g.points[to] - g.points[from]) / float64(to-from) }
	all := rate(0, last)
	if all <= 0 {
		return 0, false
	}
	for third := range 3 {
		if rate(third*last/3, (third+1)*last/3) < all/2 {
			return 0, false
		}
	}
	points := available / all
	if points > float64(growthWarn/growthEvery)+1 {
		return 0, false
	}
	return time.Duration(points * float64(growthEvery)), true
}

// findErrors tells of cables on which more than a little is broken.
func (t *trends) findErrors(dst []Problem, f *Snapshot) []Problem {
	for _, l := range f.Net.Interfaces {
		if !l.Physical || !l.Counted {
			continue
		}
		packets, errors := l.RxPackets+l.TxPackets, l.RxErrors+l.TxErrors
		at := slices.IndexFunc(t.cables, func(c cable) bool { return c.name == l.Name })
		if at < 0 {
			if len(t.cables) == maxGrowing { // one that is gone makes room
				t.cables = slices.DeleteFunc(t.cables, func(c cable) bool { return f.Boot-c.at > 2*errorsEvery })
			}
			if len(t.cables) == maxGrowing {
				continue
			}
			t.cables = append(t.cables, cable{l.Name, f.Boot, packets, errors, 0})
			continue
		}
		c := &t.cables[at]
		if f.Boot-c.at >= errorsEvery {
			share := 0.0
			if broken := errors - c.errors; errors >= c.errors && packets >= c.packets && broken >= errorsLeast {
				share = 100 * float64(broken) / float64(packets-c.packets+broken)
			}
			*c = cable{l.Name, f.Boot, packets, errors, share}
		}
		if c.share > errorsShare {
			dst = append(dst, Problem{Severity: journal.Warning, Kind: LinkErrors, Subject: l.Name, Percent: c.share, Where: Network,
				Reason: "So many of the packets of the last minute were broken or could not be sent: look at the cable, its plugs and the port at its other end."})
		}
	}
	return dst
}

// findFans tells of fans that have turned and do not any more, or too slowly by their own limit. One without a limit may stop on
// purpose, as those of graphics cards do: that is a warning.
func (t *trends) findFans(dst []Problem, f *Snapshot) []Problem {
	if f.Host.Health[sample.Sensors].State != health.OK {
		return dst
	}
	for i := range f.Host.Fans {
		fan := &f.Host.Fans[i]
		turned := slices.Contains(t.turned, fan.Name)
		switch slow := fan.RPM == 0 || fan.Low > 0 && fan.RPM < fan.Low; {
		case math.IsNaN(fan.RPM):
		case !slow && !turned && len(t.turned) < maxGrowing:
			t.turned = append(t.turned, fan.Name)
		case slow && turned: // a connector without a fan has never had one turn
			p := Problem{Severity: journal.Err, Kind: FanStopped, Subject: fan.Name, N: int(fan.RPM), Where: Dashboard,
				Reason: "It is below the limit that the sensor itself names."}
			if !(fan.Low > 0) {
				p.Severity, p.Reason = journal.Warning, "It has turned before. It names no limit: some fans stand still on purpose while it is cool."
			}
			dst = append(dst, p)
		}
	}
	return dst
}

// findHeat tells of what is as hot as its own limit. A limit that nothing could have is none.
func findHeat(dst []Problem, f *Snapshot) []Problem {
	const least, most = 40, 125
	if f.Host.Health[sample.Sensors].State != health.OK {
		return dst
	}
	for i := range f.Host.Sensors {
		if s := &f.Host.Sensors[i]; s.High >= least && s.High <= most && s.Celsius >= s.High && s.Celsius <= most {
			dst = append(dst, Problem{Severity: journal.Err, Kind: TooHot, Subject: s.Name, N: int(math.Round(s.Celsius)), Where: Dashboard,
				Reason: "It is at or above the limit that the sensor itself names."})
		}
	}
	return dst
}
