package sample

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/internal/box"
	"hypervisor-tui/internal/wakeup"
	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/qemu"
	"hypervisor-tui/sample/top"
)

const (
	usualInterval = 2 * time.Second
	firstInterval = 500 * time.Millisecond // rates need a second sample: it does not wait for a whole interval
	leastInterval = 250 * time.Millisecond // a key held down does not make rates out of nothing
)

// Options say how the host is read. The zero value reads this one each 2 seconds.
type Options struct {
	Root       string               // directory below which /proc, /sys and /etc lie; empty is /
	Interval   time.Duration        // between two samples of Run
	DenyMounts []string             // globs (path.Match) of mount points that are not shown
	Now        func() time.Duration // nil is boottime.Now; called by several goroutines

	statfs func(path string, into *unix.Statfs_t) error // nil is unix.Statfs
}

// Worker is something that the sampler needs to run beside it, on a goroutine of its own. Run returns when ctx ends.
type Worker struct {
	Name string
	Run  func(ctx context.Context) error
}

// Sampler reads the host. Sample and Run belong to one goroutine at a time; the workers, SetLinks and readers that come and go to
// any other.
type Sampler struct {
	interval    time.Duration
	now         func() time.Duration
	steps       []source
	host        Host
	net         Net
	pushed      time.Duration // when the history got its last point
	hosts       *box.Shared[Host]
	nets        *box.Shared[Net]
	vms         *box.Shared[qemu.VMs]
	counted     *box.Shared[Counters]     // has a value while counting
	readers     atomic.Pointer[[]*Reader] // replaced, never changed
	links       atomic.Pointer[LinkReport]
	linked      sync.Once
	linksReady  chan struct{} // closed by linked
	relinked    chan struct{} // has a value when links have changed since Run looked
	filesystems filesystemsReader
	sensors     sensorsReader
	identity    identityReader
	qemu        *qemu.Reader
	top         *top.Watcher
	surveys     []anySlowReader // of Frequency, Arrays, Pools, EDAC and VMStat, in this order
	counting    bool            // a reader wants the counters
	counters    Counters        // while counting
	files       filesReader
	began       procfile.Stopwatch // of the sample under way,
	reading     atomic.Uint32      // and the source that it is at
}

// New returns a Sampler that has not read anything yet and has opened no file.
func New(o Options) *Sampler {
	s := &Sampler{
		interval:   o.Interval,
		now:        o.Now,
		hosts:      box.NewShared(CopyHost),
		nets:       box.NewShared(CopyNet),
		vms:        box.NewShared(qemu.Copy),
		counted:    box.NewShared(CopyCounters),
		linksReady: make(chan struct{}),
		relinked:   make(chan struct{}, 1),
	}
	if s.interval <= 0 {
		s.interval = usualInterval
	}
	if s.now == nil {
		s.now = boottime.Now
	}
	if o.Root == "/" {
		o.Root = "" // the names below it start with a slash
	}
	if o.statfs == nil {
		o.statfs = unix.Statfs
	}
	s.host.History.Interval = s.interval
	s.host.blank()
	s.net.blank()
	s.readers.Store(new([]*Reader))
	s.slow(&o)
	s.steps = s.sources(o.Root)
	return s
}

// slow makes the readers that have workers.
func (s *Sampler) slow(o *Options) {
	root := o.Root
	s.filesystems = filesystemsReader{
		root:  root,
		deny:  o.DenyMounts,
		table: procfile.New(root, mountinfo),
		pool: newProberPool(s.now, func(m mount) prober[usage] {
			return &statfsProber{path: root + m.point, statfs: o.statfs}
		}),
	}
	s.sensors = sensorsReader{
		root: root,
		pool: newProberPool(s.now, func(q sensor) prober[reading] {
			return newSensorProber(root, q)
		}),
	}
	s.identity = identityReader{
		root: root, now: s.now, look: readIdentity, hostname: procfile.New(root, "/proc/sys/kernel/hostname"), first: make(chan struct{}),
	}
	s.files = filesReader{procfile.New(root, "/proc/sys/fs/file-nr")}
	s.qemu = qemu.New(root, s.now)
	s.top = top.New(root, s.now, s.qemu.Guests)
	s.surveys = []anySlowReader{
		newSlowReader(s.now, func() (float64, error) { return readMHz(root) },
			func(h *Host, mhz float64) { h.MHz = mhz }),
		newSlowReader(s.now, func() ([]Array, error) { return readArrays(root) },
			func(h *Host, arrays []Array) { h.Arrays = append(h.Arrays[:0], arrays...) }),
		newSlowReader(s.now, func() ([]Pool, error) { return readPools(root) },
			func(h *Host, pools []Pool) { h.Pools = append(h.Pools[:0], pools...) }),
		newSlowReader(s.now, func() ([]MemoryController, error) { return readEDAC(root) },
			func(h *Host, controllers []MemoryController) { h.EDAC = append(h.EDAC[:0], controllers...) }),
		newVMStatReader(root, s.now),
	}
}

// sources lists all sources but Links in the order in which they are read.
func (s *Sampler) sources(root string) []source {
	return []source{
		{source: Uptime, reader: &uptimeReader{procfile.New(root, "/proc/uptime")}},
		{source: Loadavg, reader: &loadavgReader{procfile.New(root, "/proc/loadavg")}},
		{source: Stat, reader: &statReader{file: procfile.NewLong(root, "/proc/stat"), present: procfile.New(root, cpus+"present")}},
		{source: Meminfo, reader: &meminfoReader{file: procfile.New(root, "/proc/meminfo"), arc: procfile.New(root, arcstats)}},
		{source: Pressure, reader: &pressureReader{
			cpu:    procfile.New(root, "/proc/pressure/cpu"),
			memory: procfile.New(root, "/proc/pressure/memory"),
			io:     procfile.New(root, "/proc/pressure/io"),
			irq:    procfile.New(root, "/proc/pressure/irq"),
		}},
		{source: Diskstats, reader: &diskstatsReader{root: root, file: procfile.NewLong(root, "/proc/diskstats")}},
		{source: Filesystems, reader: &s.filesystems},
		{source: Sensors, reader: &s.sensors},
		{source: Identity, reader: &s.identity},
		{source: NetDev, reader: &netdevReader{root: root, interval: s.interval, file: procfile.New(root, "/proc/net/dev"), links: &s.links}},
		{source: Sockets, reader: &socketsReader{
			sockstat:     procfile.New(root, "/proc/net/sockstat"),
			sockstat6:    procfile.New(root, "/proc/net/sockstat6"),
			snmp:         procfile.New(root, "/proc/net/snmp"),
			conntrack:    procfile.New(root, "/proc/sys/net/netfilter/nf_conntrack_count"),
			conntrackMax: procfile.New(root, "/proc/sys/net/netfilter/nf_conntrack_max"),
		}},
		{source: Huge, reader: &hugepagesReader{root: root}},
		{source: Frequency, reader: s.surveys[0]},
		{source: Arrays, reader: s.surveys[1]},
		{source: Pools, reader: s.surveys[2]},
		{source: EDAC, reader: s.surveys[3]},
		{source: VMStat, reader: s.surveys[4]},
		{source: QEMU, reader: qemuStep{s.qemu}},
	}
}

// SetLinks hands over what the links are from the next sample on; Run takes one within a second of a change. Nobody changes
// the report and its table afterwards. Any goroutine may call it.
func (s *Sampler) SetLinks(r *LinkReport) {
	if old := s.links.Swap(r); old == nil || old.Table != r.Table {
		select {
		case s.relinked <- struct{}{}:
		default:
		}
	}
	if !r.Awaiting {
		s.linked.Do(func() { close(s.linksReady) })
	}
}

// WaitLinks returns when SetLinks has been given a report of links that knows of the VMs behind them, or when ctx ends.
func (s *Sampler) WaitLinks(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-s.linksReady:
	}
}

// Workers are to be started by the caller, guarded, and started again should one end with an error. Without them
// filesystems, sensors and what is surveyed stay in state Init.
func (s *Sampler) Workers() []Worker {
	return []Worker{
		{"filesystems", s.filesystems.watch},
		{"sensors", s.sensors.watch},
		{"identity", s.identity.watch},
		{"surveys", s.survey},
		{"qemu", s.qemu.Watch},
		{"processes", func(ctx context.Context) error { return s.top.Run(ctx, s.publishProcesses) }},
	}
}

// survey lets the surveys look until ctx ends.
func (s *Sampler) survey(ctx context.Context) error {
	for _, survey := range s.surveys {
		defer survey.end()
		survey.begin(ctx)
	}
	<-ctx.Done()
	return nil
}

// WaitSlow returns when the workers, which must be running, have found all mounts and sensors and each of them and of
// the surveys has answered once, or when ctx ends. The next Sample has the answers. Where processes are viewed it waits for
// their CPU shares.
func (s *Sampler) WaitSlow(ctx context.Context) {
	s.filesystems.pool.wait(ctx)
	s.sensors.pool.wait(ctx)
	for _, survey := range s.surveys {
		survey.wait(ctx)
	}
	s.qemu.Wait(ctx)
	s.top.Wait(ctx)
}

// Close gives back the descriptors of the files that are kept open. A Sample after it opens them again.
func (s *Sampler) Close() {
	for i := range s.steps {
		s.steps[i].reader.close()
	}
	s.files.close()
}

// Run samples at the interval, at the next whole second after links have changed, and at once when now receives, until
// ctx ends, and then closes. The second sample comes early.
func (s *Sampler) Run(ctx context.Context, now <-chan struct{}) error {
	defer s.Close()
	wait := min(firstInterval, s.interval)
	due := time.NewTimer(wait)
	defer due.Stop()
	for first := true; ; first = false {
		s.Sample()
		if !first {
			wait = untilSample(time.Now(), s.interval)
			due.Reset(wait)
		}
		if !s.next(ctx, due, time.Now().Add(wait), now) {
			return nil
		}
	}
}

// untilSample is how long to wait for the next sample: to a whole interval, as a Ticker, but not so short that rates
// would be made out of nothing.
func untilSample(now time.Time, interval time.Duration) time.Duration {
	wait := wakeup.Until(now, interval)
	if wait < leastInterval {
		wait += interval
	}
	return wait
}

// next waits until the next sample is due, at the given time unless links change before; it is false when ctx has ended.
func (s *Sampler) next(ctx context.Context, due *time.Timer, at time.Time, now <-chan struct{}) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-due.C:
			return true
		case <-s.relinked:
			if wait := untilSample(time.Now(), time.Second); wait < time.Until(at) {
				at = time.Now().Add(wait)
				due.Reset(wait)
			}
		case <-now:
			if s.now()-s.host.At >= leastInterval {
				return true
			}
		}
	}
}

// Busy says since when a Sample has been under way, and which source it is at; 0 between two samples. A file that never
// answers, as one of procfs may, keeps it there. Any goroutine may call it.
func (s *Sampler) Busy() (since time.Duration, at Source) {
	return s.began.Since(), Source(s.reading.Load())
}

// Sample reads everything that does not wait, takes what the workers have found, and publishes both.
func (s *Sampler) Sample() {
	at := s.now()
	s.began.Start(at)
	defer s.began.Stop()
	s.host.At, s.net.At = at, at
	s.host.Samples++
	s.count(slices.ContainsFunc(*s.readers.Load(), (*Reader).counts))
	for i := range s.steps {
		s.reading.Store(uint32(s.steps[i].source))
		at = s.run(&s.steps[i], at)
	}
	if s.counting {
		s.counters.At = s.host.At
		s.files.count(&s.counters)
	}
	if report := s.links.Load(); report != nil {
		s.host.Health[Links] = report.Health
	}
	s.remember()
	s.qemu.VMs.Health = s.host.Health[QEMU]
	s.publish()
}

// Guests are the VMs that the last look has found; the list is immutable. why says why it means nothing, if it does not.
// Any goroutine may call it.
func (s *Sampler) Guests() (list []qemu.Guest, why string) { return s.qemu.Guests() }

// qemuStep is the reader of the VMs, which have a Box of their own.
type qemuStep struct{ vms *qemu.Reader }

func (q qemuStep) read(now time.Duration, _ *Host, _ *Net) error { return q.vms.Read(now) }
func (q qemuStep) close()                                        { q.vms.Close() }
