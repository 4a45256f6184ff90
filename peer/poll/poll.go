// Package poll asks the --serve of each other node what it says of itself, while somebody looks, and keeps the list of those
// that are known on the disk, so that there is one when the API server is dead.
package poll

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/internal/clean/secret"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/internal/viewers"
	"hypervisor-tui/internal/wakeup"
	"hypervisor-tui/kube"
	"hypervisor-tui/peer"
	"hypervisor-tui/peer/mtls"
)

const (
	most        = 16               // nodes that are asked at the same time
	step        = time.Second      // between two looks at what is due, and between two States
	slowest     = 2 * time.Minute  // between two questions to a node that does not answer
	rereads     = 15 * time.Second // between two times that the certificates are read
	slowFile    = 5 * time.Second  // after which a file is said not to answer
	glimpses    = 10 * time.Minute // between two looks at the cluster while nobody looks
	glimpse     = 10 * time.Second // how long one takes at most
	soon        = time.Minute      // until the next one after one that saw nothing
	gone        = 10 * time.Minute // how long the cluster has not had a node until it leaves the list
	keeps       = time.Minute      // between two times that the list is written
	expiresSoon = 14 * 24 * time.Hour
)

// Options says whom a Poller asks, and when.
type Options struct {
	Config  config.Peers
	Now     func() time.Duration // CLOCK_BOOTTIME
	Cluster func() *kube.State   // what is known of it at this moment; nil: nothing
	Viewers *viewers.Count       // who look at the peers
	Nodes   *viewers.Count       // who look at the cluster's nodes one by one: the Poller does for a moment now and then
	Run     Run
}

// Run runs f, and makes an error of a panic.
type Run func(ctx context.Context, name string, f func(context.Context) error) error

// Poller makes States. All its fields belong to the goroutine that runs it.
type Poller struct {
	o     Options
	creds *mtls.Credentials
	ask   func(ctx context.Context, name string, at netip.AddrPort) (said, error) // in tests another one
	path  string                                                                  // of the list; empty: there is no place for it

	nodes  []*node // by name
	byName map[string]*node
	over   bool // there are more than peer.MaxPeers

	viewed  bool
	asking  context.Context // ends what is asked when nobody looks any more
	hangUp  context.CancelFunc
	round   int // counts how often somebody came: an answer to a question of before is not taken
	open    int // questions that are on their way
	answers chan answer

	state      health.Health // of asking at all
	until      time.Time     // when this host's certificate expires; zero: it was not read yet
	readAt     time.Duration // when it is read next,
	reading    time.Duration // and since when it is being read; 0: it is not
	certified  chan certified
	seen       *kube.State   // that was taken in
	glimpseAt  time.Duration // when the cluster is looked at next while nobody looks
	glimpseEnd time.Duration // of the look that is under way; 0: none is

	file      keeper
	changed   bool // since the last State,
	published time.Duration
}

// node is a peer, and how it is asked.
type node struct {
	peer.Peer
	due     time.Duration // when it is asked next
	fails   int           // how often in a row it did not answer
	waiting bool          // for its answer
	again   bool          // it is asked once more, since this program was stopped while it waited
	missing time.Duration // since when the cluster has not had it; 0: it has, or was not asked
	present bool          // while the cluster is taken in
}

// said is an answer.
type said struct {
	summary *peer.Summary
	heard   time.Time     // when it came
	offset  time.Duration // of its clock, as peer.Peer has it
}

// answer is what came of a question.
type answer struct {
	said
	node  *node
	at    netip.AddrPort
	round int
	took  time.Duration
	err   error
}

// certified is what came of reading the certificates.
type certified struct {
	until time.Time
	err   error
}

// New returns a Poller. It does nothing yet.
func New(o Options) *Poller {
	p := &Poller{
		o: o, creds: mtls.New(o.Config), path: o.Config.File(), byName: map[string]*node{}, hangUp: func() {},
		answers: make(chan answer, most), certified: make(chan certified, 1),
	}
	p.ask = p.exchange
	return p
}

// Run asks until ctx ends. It calls store on its own goroutine, at most once a second and while something changes, with a State
// that is immutable from then on. Without viewers it has one timer, no connection and no other goroutine.
func (p *Poller) Run(ctx context.Context, store func(*peer.State)) error {
	defer p.end()
	for i := range p.o.Config.Nodes {
		n := &p.o.Config.Nodes[i]
		p.add(n.Name, n.Address).Named = true
	}
	p.file = keeper{path: p.path, run: p.o.Run, loaded: make(chan loaded, 1), written: make(chan error, 1), due: p.o.Now() + keeps}
	p.file.load(ctx)
	p.glimpseAt, p.changed = p.o.Now()+glimpse, true
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		case <-p.o.Viewers.Came():
		case a := <-p.answers:
			p.open--
			p.take(&a)
		case c := <-p.certified:
			p.certify(c)
		case l := <-p.file.loaded:
			p.remember(l)
		case err := <-p.file.written:
			p.file.wrote(err)
			p.changed = true
		}
		now := p.o.Now()
		p.view(ctx, now)
		p.look(now)
		p.certificates(ctx, now)
		p.next(now)
		if p.changed && (now-p.published >= step*9/10 || p.published == 0) { // the timer may come a little early
			p.changed, p.published = false, now
			store(p.publish())
		}
		p.file.keep(ctx, now, p.peers)
		timer.Reset(p.pause(now))
	}
}

// end hangs up, and waits for the questions that are on their way.
func (p *Poller) end() {
	p.hangUp()
	for ; p.open > 0; p.open-- {
		<-p.answers
	}
	if p.glimpseEnd != 0 {
		p.o.Nodes.Leave()
		p.glimpseEnd = 0
	}
}

// pause is how long there is nothing to do.
func (p *Poller) pause(now time.Duration) time.Duration {
	if p.viewed || p.glimpseEnd != 0 || p.changed {
		return wakeup.Until(time.Now(), step)
	}
	wait := p.glimpseAt - now
	if p.file.ready() {
		wait = min(wait, p.file.due-now)
	}
	return max(wait, step)
}

// add makes n known at an address, as somebody who is asked at once.
func (p *Poller) add(name string, at netip.AddrPort) *node {
	n := &node{Peer: peer.Peer{Name: name, Address: at}}
	i, _ := slices.BinarySearchFunc(p.nodes, name, func(n *node, name string) int { return strings.Compare(n.Name, name) })
	p.nodes = slices.Insert(p.nodes, i, n)
	p.byName[name] = n
	p.touch()
	return n
}

// touch says that a State and the list have something new.
func (p *Poller) touch() { p.changed, p.file.dirty = true, true }

// view begins to ask when somebody has come, and hangs up when nobody looks any more.
func (p *Poller) view(ctx context.Context, now time.Duration) {
	viewed := p.o.Viewers.Any()
	if viewed == p.viewed {
		return
	}
	p.viewed, p.changed = viewed, true
	p.round++
	p.hangUp()
	p.hangUp = func() {}
	if !viewed {
		p.glimpseAt = now + glimpses
		return
	}
	p.asking, p.hangUp = context.WithCancel(ctx)
	p.readAt = now
	for _, n := range p.nodes {
		n.waiting = false
		n.due = min(n.due, n.Asked+p.o.Config.Interval) // who looks anew wants to know anew
	}
}

// certificates has them read, on a goroutine of its own: they may lie on a disk that does not answer any more.
func (p *Poller) certificates(ctx context.Context, now time.Duration) {
	switch {
	case p.reading != 0:
		if now-p.reading > slowFile && p.state.Err != notAnswering {
			p.state.Bad(now, notAnswering)
			p.changed = true
		}
	case p.viewed && now >= p.readAt:
		p.reading, p.readAt = now, now+rereads
		go func() {
			var c certified
			if err := p.o.Run(ctx, "peer certificates", func(context.Context) error {
				c.until, c.err = p.creds.Read()
				return nil
			}); err != nil {
				c.err = err
			}
			p.certified <- c
		}()
	}
}

const notAnswering = "the certificates of peers: their files do not answer"

// certify takes in what came of reading the certificates.
func (p *Poller) certify(c certified) {
	now := p.o.Now()
	p.reading, p.changed = 0, true
	if c.err != nil {
		p.state.Bad(now, secret.String(c.err.Error()))
		return
	}
	p.until = c.until
	p.state.Good(now)
}

// next asks those that are due.
func (p *Poller) next(now time.Duration) {
	for p.viewed && !p.until.IsZero() && p.open < most {
		var first *node
		for _, n := range p.nodes {
			if n.due <= now && !n.waiting && (first == nil || n.before(first)) {
				first = n
			}
		}
		if first == nil {
			return
		}
		first.waiting = true
		p.open++
		go p.question(p.asking, answer{node: first, at: first.Address, round: p.round}, first.Name)
	}
}

// before reports whether n is asked before other: who answers before who does not, and who has once before who never has, so
// that silent ones keep nobody waiting.
func (n *node) before(other *node) bool {
	if n.fails != other.fails {
		return n.fails < other.fails
	}
	if a, b := n.Summary != nil, other.Summary != nil; a != b {
		return a
	}
	return n.due < other.due
}

// question asks a, and puts what came of it among the answers.
func (p *Poller) question(ctx context.Context, a answer, name string) {
	began := time.Now()
	if err := p.o.Run(ctx, "peer", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, mtls.Timeout)
		defer cancel()
		a.said, a.err = p.ask(ctx, name, a.at)
		return nil
	}); err != nil {
		a.err = err
	}
	a.took = time.Since(began)
	p.answers <- a
}

// take takes in what came of a question.
func (p *Poller) take(a *answer) {
	n := a.node
	if a.round != p.round {
		return
	}
	n.waiting = false
	if p.byName[n.Name] != n || a.at != n.Address {
		return
	}
	now := p.o.Now()
	if a.err == nil {
		if other := p.byName[a.summary.Node]; other != nil && other != n {
			a.err = errors.New("it says that it is " + other.Name)
		}
	}
	if a.err != nil && a.took > mtls.Timeout+step && !n.again { // this program has not run, and the answer may have waited
		n.again = true
		return
	}
	interval := p.o.Config.Interval
	if why := mtls.Ours(a.err); why != "" {
		p.state.Bad(now, "nobody can be asked: "+why)
		n.due, p.changed = now+interval, true
		return
	}
	n.again, n.Asked = false, now
	p.touch()
	if a.err == nil {
		n.Summary, n.Heard, n.Offset, n.Reached, n.fails = a.summary, a.heard, a.offset, false, 0
		n.Health.Good(now)
		n.Health.Cost = a.took
	} else {
		var words string
		words, n.Reached = mtls.Why(a.err)
		n.Health.Bad(now, words)
		n.fails++
		interval = max(interval, min(interval<<min(n.fails, 5), slowest))
	}
	n.due = now + interval*9/10 + rand.N(interval/5)
}

// publish makes a State of what is known.
func (p *Poller) publish() *peer.State {
	return &peer.State{Peers: p.peers(), Viewed: p.viewed, Health: p.state, List: p.path, Kept: p.file.kept, Until: p.until, Detail: p.detail()}
}

func (p *Poller) peers() []peer.Peer {
	all := make([]peer.Peer, len(p.nodes))
	for i, n := range p.nodes {
		all[i] = n.Peer
	}
	return all
}

// detail says how it goes, in a line.
func (p *Poller) detail() string {
	answer, asked := 0, 0
	for _, n := range p.nodes {
		if n.Health.State == health.OK {
			answer++
		}
		if n.Asked != 0 {
			asked++
		}
	}
	var b strings.Builder
	if p.viewed {
		fmt.Fprintf(&b, "%d of %d answer", answer, len(p.nodes))
		if rest := len(p.nodes) - asked; rest > 0 {
			fmt.Fprintf(&b, ", %d not asked yet", rest)
		}
	} else {
		fmt.Fprintf(&b, "%d known, asked while somebody looks at them", len(p.nodes))
	}
	if p.over {
		fmt.Fprintf(&b, "; those beyond %d are left out", peer.MaxPeers)
	}
	if left := time.Until(p.until); !p.until.IsZero() && left < expiresSoon {
		word := "expires"
		if left < 0 {
			word = "expired"
		}
		fmt.Fprintf(&b, "; the certificate %s on %s", word, p.until.UTC().Format("2006-01-02 15:04 UTC"))
	}
	switch {
	case p.path == "":
		b.WriteString("; no place for their list: set peers.path or $STATE_DIRECTORY")
	case p.file.why != "":
		b.WriteString("; the list " + p.path + ": " + p.file.why)
	default:
		b.WriteString("; list " + p.path)
	}
	return b.String()
}
