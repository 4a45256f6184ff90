package poll

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/internal/certtest"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/internal/viewers"
	"hypervisor-tui/kube"
	"hypervisor-tui/peer"
)

// rig is a Poller whose nodes are answered for by a function, in a bubble of synctest.
type rig struct {
	t       *testing.T
	p       *Poller
	viewers *viewers.Count
	nodes   *viewers.Count
	cluster *kube.State
	began   time.Time
	stop    context.CancelFunc
	ended   chan struct{}

	mu sync.Mutex
	record
}

// record is what a Poller did.
type record struct {
	states []*peer.State
	asked  map[string][]time.Duration // by name, when
	open   int                        // questions on their way,
	most   int                        // and how many there were at the same time
}

// done is what it did until now.
func (r *rig) done() record {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.record
	c.states, c.asked = slices.Clone(c.states), maps.Clone(c.asked)
	return c
}

// newRig makes one by c, with certificates, that is not started.
func newRig(t *testing.T, c config.Peers, reply func(ctx context.Context, name string) (said, error)) *rig {
	t.Helper()
	dir := t.TempDir()
	a := certtest.New(t)
	c.CAFile = a.Write(t, dir)
	c.CertFile, c.KeyFile = a.Node(t, "hv1").Write(t, dir)
	if c.Interval == 0 {
		c.Interval = 15 * time.Second
	}
	if c.Path == "" {
		c.Path = filepath.Join(dir, "state", "peers.json")
	}
	c.Port = 9101
	r := &rig{t: t, viewers: viewers.New(), nodes: viewers.New(), began: time.Now(), record: record{asked: map[string][]time.Duration{}}}
	r.p = New(Options{
		Config: c, Now: func() time.Duration { return time.Since(r.began) + time.Hour }, Cluster: r.known, Viewers: r.viewers, Nodes: r.nodes,
		Run: func(ctx context.Context, _ string, f func(context.Context) error) error { return f(ctx) },
	})
	r.p.ask = func(ctx context.Context, name string, _ netip.AddrPort) (said, error) {
		r.mu.Lock()
		r.asked[name] = append(r.asked[name], time.Since(r.began))
		r.open++
		r.most = max(r.most, r.open)
		r.mu.Unlock()
		defer func() { r.mu.Lock(); r.open--; r.mu.Unlock() }()
		return reply(ctx, name)
	}
	return r
}

func (r *rig) known() *kube.State {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cluster != nil && !r.nodes.Any() {
		without := *r.cluster
		without.Fleet = nil
		return &without
	}
	return r.cluster
}

func (r *rig) start() {
	ctx, cancel := context.WithCancel(context.Background())
	r.stop, r.ended = cancel, make(chan struct{})
	go func() {
		defer close(r.ended)
		r.p.Run(ctx, func(s *peer.State) { r.mu.Lock(); r.states = append(r.states, s); r.mu.Unlock() })
	}()
	r.t.Cleanup(r.end)
}

func (r *rig) end() { r.stop(); <-r.ended }

// newest is the last State once the time has passed.
func (r *rig) newest(after time.Duration) *peer.State {
	r.t.Helper()
	time.Sleep(after)
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.states) == 0 {
		r.t.Fatal("no State")
	}
	return r.states[len(r.states)-1]
}

func (r *rig) look(on bool) {
	if on {
		r.nodes.Come()
		r.viewers.Come()
	} else {
		r.viewers.Leave()
		r.nodes.Leave()
	}
}

// fleet has the API server answer, and have these nodes: hv2 at 10.0.0.2, hv2@ADDRESS elsewhere.
func (r *rig) fleet(state health.State, names ...string) {
	s := new(kube.State)
	s.Health.State, s.Kinds[kube.KindNode].State = state, state
	s.Fleet = new(kube.Fleet)
	for _, name := range names {
		name, ip, _ := strings.Cut(name, "@")
		row := kube.NodeRow{}
		row.Name, row.InternalIP, row.Ready = name, cmp.Or(ip, "10.0.0."+strings.TrimPrefix(name, "hv")), "True"
		s.Fleet.Rows = append(s.Fleet.Rows, row)
	}
	r.mu.Lock()
	r.cluster = s
	r.mu.Unlock()
}

func answers(_ context.Context, name string) (said, error) {
	time.Sleep(10 * time.Millisecond)
	return said{summary: &peer.Summary{Node: name, Time: time.Now()}, heard: time.Now()}, nil
}

func silent(ctx context.Context, _ string) (said, error) {
	<-ctx.Done()
	return said{}, ctx.Err()
}

func named(names ...string) (c config.Peers) {
	for i, name := range names {
		c.Nodes = append(c.Nodes, config.PeerNode{Name: name, Address: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 1, byte(i)}), 9101)})
	}
	return c
}

func find(t *testing.T, s *peer.State, name string) *peer.Peer {
	t.Helper()
	for i := range s.Peers {
		if s.Peers[i].Name == name {
			return &s.Peers[i]
		}
	}
	t.Fatalf("no peer %s among %d", name, len(s.Peers))
	return nil
}

func names(s *peer.State) (all []string) {
	for i := range s.Peers {
		all = append(all, s.Peers[i].Name)
	}
	return all
}

// TestNobodyIsAskedUnseen: without somebody who looks nobody is asked, and when nobody looks any more, none is.
func TestNobodyIsAskedUnseen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("hv2", "hv3"), answers)
		r.start()
		s := r.newest(5 * time.Minute)
		if len(r.done().asked) != 0 || s.Viewed || find(t, s, "hv2").Health.State != health.Init || !find(t, s, "hv2").Named {
			t.Fatalf("asked %v, %+v", r.done().asked, s)
		}
		r.look(true)
		s = r.newest(2 * time.Second)
		p := find(t, s, "hv3")
		if !s.Viewed || s.Health.State != health.OK || p.Health.State != health.OK || p.Summary == nil || p.Asked == 0 || p.Heard.IsZero() || !strings.HasPrefix(s.Detail, "2 of 2 answer; list /") {
			t.Fatalf("%+v, %+v", s, p)
		}
		r.newest(28 * time.Second)
		r.look(false)
		if s = r.newest(2 * time.Second); s.Viewed || find(t, s, "hv3").Summary == nil || r.done().open != 0 {
			t.Errorf("%+v", s)
		}
		asked := len(r.done().asked["hv2"])
		if asked < 2 || asked > 3 {
			t.Errorf("asked %d times in 30 s", asked)
		}
		before := len(r.done().states)
		r.newest(8 * time.Minute)
		if len(r.done().asked["hv2"]) != asked || len(r.done().states) > before+2 { // the list was written
			t.Errorf("asked %d times, %d States after nobody looks", len(r.done().asked["hv2"])-asked, len(r.done().states)-before)
		}
	})
}

// TestClosingEndsQuestions: who is asked when nobody looks any more is hung up on, and is not said to have been silent.
func TestClosingEndsQuestions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("hv2"), silent)
		r.start()
		r.newest(time.Second)
		r.look(true)
		r.newest(500 * time.Millisecond)
		r.look(false)
		if s := r.newest(3 * time.Second); r.done().open != 0 || len(r.done().asked["hv2"]) != 1 || find(t, s, "hv2").Health.State != health.Init {
			t.Errorf("open %d, asked %v, %+v", r.done().open, r.done().asked, find(t, s, "hv2"))
		}
	})
}

// TestWhoLooksAnewIsToldAnew: a node that has not answered for long is asked at once when somebody comes, and not again by who comes
// and goes.
func TestWhoLooksAnewIsToldAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("hv2"), silent)
		r.start()
		r.look(true)
		r.newest(10 * time.Minute)
		asked := len(r.done().asked["hv2"])
		for range 5 { // it was asked less than 15 s ago, or is now
			r.look(false)
			r.newest(20 * time.Second)
			r.look(true)
			r.newest(3 * time.Second)
			if n := len(r.done().asked["hv2"]); n != asked+1 {
				t.Fatalf("asked %d times", n-asked)
			}
			for range 3 {
				r.look(false)
				r.newest(2 * time.Second)
				r.look(true)
				r.newest(time.Second)
			}
			if n := len(r.done().asked["hv2"]); n != asked+1 {
				t.Fatalf("asked %d times by who comes and goes", n-asked)
			}
			asked++
		}
	})
}

// TestListIsWrittenSeldom: once a minute at most, and not at all while nothing is new.
func TestListIsWrittenSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("hv2"), answers)
		r.start()
		written := func() int {
			times := map[time.Time]bool{}
			for _, s := range r.done().states {
				times[s.Kept] = true
			}
			return len(times) - 1 // the first is none
		}
		r.look(true)
		r.newest(30 * time.Second)
		if written() != 0 {
			t.Error("written before a minute is over")
		}
		r.newest(10 * time.Minute)
		r.look(false)
		r.newest(2 * time.Minute)
		n := written()
		if n < 9 || n > 12 {
			t.Errorf("written %d times in 10 minutes", n)
		}
		if r.newest(time.Hour); written() != n {
			t.Errorf("written %d times with nothing new", written()-n)
		}
	})
}

// TestThousandOfWhichManyAreSilent: at most 16 are asked at a time, those that answer stay fresh, and those that do not are asked
// each 2 minutes in the end.
func TestThousandOfWhichManyAreSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c config.Peers
		for i := range 1000 {
			c.Nodes = append(c.Nodes, config.PeerNode{Name: fmt.Sprintf("hv%03d", i), Address: netip.MustParseAddrPort("10.0.0.1:9101")})
		}
		isSilent := func(name string) bool { return name[4] < '3' } // 300 of them
		r := newRig(t, c, func(ctx context.Context, name string) (said, error) {
			if isSilent(name) {
				return silent(ctx, name)
			}
			return answers(ctx, name)
		})
		r.start()
		r.look(true)
		for range 10 {
			r.newest(time.Minute)
			now := time.Since(r.began) + time.Hour
			s := r.newest(0)
			for i := range s.Peers {
				p := &s.Peers[i]
				if late := now - p.Health.At; !isSilent(p.Name) && late > 2*r.p.o.Config.Interval && now > time.Hour+2*time.Minute {
					t.Errorf("%s was heard %v ago", p.Name, late)
				}
			}
		}
		s := r.newest(0)
		if r.done().most != most || !strings.HasPrefix(s.Detail, "700 of 1000 answer;") {
			t.Errorf("%d at a time; %s", r.done().most, s.Detail)
		}
		for name, times := range r.done().asked {
			gap := times[len(times)-1] - times[len(times)-2]
			if n := len(times); isSilent(name) && (gap < 100*time.Second || n > 9) || !isSilent(name) && (n < 30 || n > 46) {
				t.Errorf("%s was asked %d times, the last two %v apart", name, n, gap)
			}
		}
		if words := find(t, s, "hv000").Health.Err; words != "no answer in 2 s" {
			t.Errorf("a silent one: %q", words)
		}
		if n := len(r.done().states); n > 602 {
			t.Errorf("%d States in 10 minutes", n)
		}
	})
}

// TestWhoIsAskedFirst: after a start those that have answered before.
func TestWhoIsAskedFirst(t *testing.T) {
	heard := &node{Peer: peer.Peer{Name: "heard", Summary: new(peer.Summary)}, due: 3}
	never := &node{Peer: peer.Peer{Name: "never"}, due: 1}
	later := &node{Peer: peer.Peer{Name: "later"}, due: 2}
	fails := &node{Peer: peer.Peer{Name: "fails", Summary: new(peer.Summary)}, fails: 1}
	for i, n := range []*node{heard, never, later, fails} {
		for j, other := range []*node{heard, never, later, fails} {
			if n.before(other) != (i < j) {
				t.Errorf("%s before %s: %v", n.Name, other.Name, n.before(other))
			}
		}
	}
}

// TestStoppedConsoleAccusesNobody: a question whose time ran out while this program did not run is asked again.
func TestStoppedConsoleAccusesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopped := true
		r := newRig(t, named("hv2"), func(ctx context.Context, name string) (said, error) {
			if stopped {
				stopped = false
				time.Sleep(time.Minute) // as the timer that should have ended it
				return said{}, context.DeadlineExceeded
			}
			return answers(ctx, name)
		})
		r.start()
		r.look(true)
		s := r.newest(62 * time.Second)
		if p := find(t, s, "hv2"); p.Health.State != health.OK || len(r.done().asked["hv2"]) != 2 {
			t.Errorf("%+v, asked %v", p, r.done().asked)
		}
		for _, s := range r.done().states {
			if p := find(t, s, "hv2"); p.Health.Err != "" {
				t.Errorf("said of it: %s", p.Health.Err)
			}
		}
	})
}

// TestHostThatCannotAskAccusesNobody: without a descriptor left nothing is known of a node, and that is this host's trouble.
func TestHostThatCannotAskAccusesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var full atomic.Bool
		full.Store(true)
		r := newRig(t, named("hv2"), func(ctx context.Context, name string) (said, error) {
			if full.Load() {
				return said{}, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("socket", syscall.EMFILE)}
			}
			return answers(ctx, name)
		})
		r.start()
		r.look(true)
		s := r.newest(3 * time.Second)
		if p := find(t, s, "hv2"); p.Health.State != health.Init || p.Asked != 0 || s.Health.State != health.Stale || s.Health.Err != "nobody can be asked: too many open files" {
			t.Errorf("%+v, %+v", p, s.Health)
		}
		full.Store(false)
		s = r.newest(40 * time.Second)
		if p := find(t, s, "hv2"); p.Health.State != health.OK || s.Health.State != health.OK {
			t.Errorf("%+v, %+v", p, s.Health)
		}
	})
}

// TestWhoSaysToBeAnother: an answer with the name of another node that is known counts for none of both; one of a name that nobody has is the
// host's own.
func TestWhoSaysToBeAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("hv2", "hv3", "hv4"), func(ctx context.Context, name string) (said, error) {
			return answers(ctx, map[string]string{"hv2": "hv3", "hv3": "hv3", "hv4": "host-4.example.org"}[name])
		})
		r.start()
		r.look(true)
		s := r.newest(2 * time.Second)
		if p := find(t, s, "hv2"); p.Health.State != health.Failed || p.Health.Err != "it says that it is hv3" || !p.Reached || p.Summary != nil {
			t.Errorf("%+v", p)
		}
		for _, name := range []string{"hv3", "hv4"} {
			if p := find(t, s, name); p.Health.State != health.OK {
				t.Errorf("%+v", p)
			}
		}
	})
}

// TestClusterMakesTheList: nodes come with the cluster, move with it, and leave when an API server that answers has not had them
// for ten minutes; named ones stay where they are.
func TestClusterMakesTheList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("hv9"), answers)
		r.fleet(health.OK, "hv1", "hv2", "hv9")
		r.start()
		r.look(true)
		s := r.newest(3 * time.Second)
		if got := names(s); !slices.Equal(got, []string{"hv1", "hv2", "hv9"}) {
			t.Fatal(got)
		}
		if p := find(t, s, "hv2"); p.Address.String() != "10.0.0.2:9101" || p.Said.Ready != "True" || p.Said.At.IsZero() || p.Health.State != health.OK {
			t.Errorf("%+v", p)
		}
		if p := find(t, s, "hv9"); p.Address.String() != "10.0.1.0:9101" || !p.Named || p.Said.Ready != "True" {
			t.Errorf("%+v", p)
		}
		r.fleet(health.Stale, "hv1") // what is remembered is no word of the API server
		if got := names(r.newest(time.Hour)); len(got) != 3 {
			t.Errorf("the API server is dead: %v", got)
		}
		r.fleet(health.OK, "hv1@fd00::1")
		s = r.newest(3 * time.Second)
		if p := find(t, s, "hv1"); p.Address.String() != "[fd00::1]:9101" || len(names(s)) != 3 {
			t.Errorf("%+v, %v", p, names(s))
		}
		r.fleet(health.OK, "hv1")
		r.newest(9 * time.Minute)
		r.fleet(health.OK, "hv1")
		if got := names(r.newest(30 * time.Second)); len(got) != 3 {
			t.Errorf("after less than ten minutes: %v", got)
		}
		r.newest(time.Minute)
		r.fleet(health.OK, "hv1")
		if got := names(r.newest(3 * time.Second)); !slices.Equal(got, []string{"hv1", "hv9"}) {
			t.Errorf("after ten minutes: %v", got)
		}
	})
}

// TestGlimpse: without anybody who looks the list is made now and then, and the nodes are looked at no longer than it takes; on the disk it
// is there for the next start, with the API server dead.
func TestGlimpse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := config.Peers{Path: filepath.Join(t.TempDir(), "state", "peers.json")}
		r := newRig(t, c, answers)
		r.fleet(health.OK, "hv1", "hv2")
		r.start()
		if r.newest(13 * time.Second); r.nodes.Any() {
			t.Error("it looks at the nodes longer than it takes")
		}
		s := r.newest(2 * time.Minute)
		if got := names(s); len(got) != 2 || r.nodes.Any() || len(r.done().asked) != 0 || s.Kept.IsZero() {
			t.Fatalf("%v, looked at %v, asked %v, kept %v: %s", got, r.nodes.Any(), r.done().asked, s.Kept, s.Detail)
		}
		r.look(true)
		r.newest(2 * time.Second)
		r.look(false)
		r.newest(2 * time.Minute)
		r.end()

		r = newRig(t, c, func(context.Context, string) (said, error) { return said{}, errors.New("x") })
		r.start()
		s = r.newest(time.Second)
		p := find(t, s, "hv2")
		if p.Summary == nil || p.Summary.Node != "hv2" || p.Heard.IsZero() || p.Said.Ready != "True" || p.Health.State != health.Init || p.Asked != 0 || s.Kept.IsZero() {
			t.Fatalf("%+v, kept %v", p, s.Kept)
		}
		r.look(true)
		if p = find(t, r.newest(2*time.Second), "hv2"); p.Summary == nil || p.Health.State != health.Failed || p.Health.Err != "x" {
			t.Errorf("%+v", p)
		}
		r.look(false)
		if r.newest(time.Hour); r.nodes.Any() {
			t.Error("the nodes are looked at for good")
		}
	})
}

// TestUnreadableCertificate: nobody is asked, and the sources say why; once it can be read all are.
func TestUnreadableCertificate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, named("hv2"), answers)
		creds := r.p.creds
		r.p.creds = New(Options{Config: config.Peers{CAFile: "/nowhere/ca.pem"}}).creds
		r.start()
		r.look(true)
		s := r.newest(5 * time.Second)
		if s.Health.State != health.Failed || !strings.Contains(s.Health.Err, "/nowhere/ca.pem") || len(r.done().asked) != 0 || find(t, s, "hv2").Health.State != health.Init {
			t.Errorf("%+v, asked %v", s, r.done().asked)
		}
		r.look(false)
		r.newest(2 * time.Second)
		r.p.creds = creds
		r.look(true)
		if s = r.newest(20 * time.Second); s.Health.State != health.OK || find(t, s, "hv2").Health.State != health.OK {
			t.Errorf("%+v", s)
		}
	})
}

// TestExpiry: two weeks before this host's certificate expires the sources say so.
func TestExpiry(t *testing.T) {
	p := New(Options{Viewers: viewers.New()})
	for left, want := range map[time.Duration]string{15 * 24 * time.Hour: "", 13 * 24 * time.Hour: "; the certificate expires on ", -time.Hour: "; the certificate expired on "} {
		p.until = time.Now().Add(left)
		if got := p.detail(); want != "" != strings.Contains(got, "certificate") || !strings.Contains(got, want) {
			t.Errorf("%v left: %s", left, got)
		}
	}
}

// TestMergeAllocatesNothing of a cluster that has not changed, and a State of 1,000 nodes is their slice and its own.
func TestMergeAllocatesNothing(t *testing.T) {
	p := New(Options{Config: config.Peers{Port: 9101}, Viewers: viewers.New()})
	fleet := new(kube.Fleet)
	for i := range 1000 {
		row := kube.NodeRow{}
		row.Name, row.InternalIP, row.Ready = fmt.Sprintf("hv%03d", i), fmt.Sprintf("10.0.%d.%d", i/250, i%250), "True"
		fleet.Rows = append(fleet.Rows, row)
	}
	if n := testing.AllocsPerRun(10, func() { p.merge(time.Second, fleet) }); n != 0 || len(p.nodes) != 1000 {
		t.Errorf("merging %d nodes: %v allocations", len(p.nodes), n)
	}
	if n := testing.AllocsPerRun(10, func() { p.publish() }); n > 12 {
		t.Errorf("a State: %v allocations", n)
	}
}
