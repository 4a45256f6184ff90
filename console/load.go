package console

import (
	"context"
	"fmt"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/internal/clean"
)

// loaded is what reading the configuration has brought.
type loaded struct {
	config config.Config // the default one after a failure
	path   string        // of the file that was read, empty if none
	banner string        // why it cannot be used
}

// load reads the configuration. When that fails the console starts on the defaults nevertheless, and the banner says
// what is wrong: a bad file never keeps the screen dark.
func load(o Options) (l loaded) {
	defer func() {
		if v := recover(); v != nil { // nobody guards the goroutine that this runs on
			l = loaded{config: config.Default(), path: o.Config, banner: fmt.Sprintf("crashed: %v", v)}
		}
	}()
	c, err := config.Load(o.Config)
	l = loaded{config: c, path: configPath(o.Config)}
	if err != nil {
		l.banner = err.Error()
	}
	return l
}

// configWait is how long the start waits for the configuration, configTimeout how long a reload may take before it is
// said that it does not answer.
const (
	configWait    = 500 * time.Millisecond
	configTimeout = 2 * time.Second
)

// firstLoad reads the configuration for at most configWait. late is nil when it has answered.
func firstLoad(o Options) (first loaded, late <-chan loaded) {
	late = guard.Begin(func() loaded { return load(o) })
	ctx, cancel := context.WithTimeout(context.Background(), configWait)
	defer cancel()
	first, ok := guard.Within(ctx, late, loaded{})
	if !ok {
		return loaded{config: config.Default(), path: o.Config, banner: silent(o)}, late
	}
	return first, nil
}

// silent is the banner of a configuration that does not answer.
func silent(o Options) string {
	path := o.Config
	if path == "" {
		path = config.DefaultPath
	}
	return "not answering (" + clean.String(path) + ")"
}

// reloads is the loop's part in reading the configuration again.
type reloads struct {
	aside
	load   func() loaded // may be called from any goroutine, and may never return
	silent string        // the banner while it does not
	again  bool          // it was asked for once more while it was under way
	told   bool          // that it does not answer
}

// reload has the configuration read. What is asked for while that is under way is done once, after it.
func (l *session) reload(ctx context.Context) {
	l.askFont()
	if !l.ask(&l.config.aside, "config", func() func() {
		c := l.config.load()
		return func() { l.reloaded(ctx, c) }
	}) {
		l.config.again = true
	}
}

// reloaded puts a configuration in force and draws.
func (l *session) reloaded(ctx context.Context, c loaded) {
	l.apply(ctx, c)
	if !l.config.told {
		l.systemd.tell(daemon.SdNotifyReady)
	}
	l.config.told = false
	if l.config.again {
		l.config.again = false
		l.reload(ctx)
	}
	l.draw(time.Now())
}

// follow shows the log of a pod, namespace/name, or of a unit in a tab of its own. A session that may not reconfigure does
// without.
func (l *session) follow(ctx context.Context, of string) {
	if l.config.load == nil {
		return
	}
	kept := *l.frame.Settings
	tabs, at := l.collector.Follow(ctx, of)
	kept.Tabs, kept.Followed, kept.FollowedAt = tabNames(tabs), of, at
	l.frame.Settings = &kept
}

// watchConfig says that the configuration does not answer, once that is so, and that the reload is over: systemd would
// wait for its end.
func (l *session) watchConfig() {
	if l.config.told || l.config.since == 0 || boottime.Now()-l.config.since < configTimeout {
		return
	}
	l.config.told = true
	l.banner(l.config.silent)
	l.systemd.tell(daemon.SdNotifyReady)
}

// banner keeps the settings in force, with another banner.
func (l *session) banner(text string) {
	kept := *l.frame.Settings
	kept.Banner = settings(*l.collector.Config(), text, "").Banner
	l.frame.Settings = &kept
}

// apply puts a configuration in force: a bad one keeps what is, with a banner; what changed is started anew.
func (l *session) apply(ctx context.Context, c loaded) {
	if c.banner != "" {
		l.banner(c.banner)
		return
	}
	l.adopt(c)
	l.collector.Reconfigure(ctx, c.config)
}

// followConfig puts the configuration in force that another goroutine has given the collector.
func (l *session) followConfig() {
	c := l.collector.Config()
	if l.viewer == "" || c == l.adopted {
		return
	}
	l.adopted = c
	l.adopt(loaded{config: *c, path: l.frame.Settings.ConfigPath})
}

// adopt shows what there is by another configuration.
func (l *session) adopt(c loaded) {
	old := l.frame.Settings
	fresh := l.settings(loaded{config: c.config, path: c.path})
	fresh.Version, fresh.Notes = old.Version, old.Notes
	l.recolour(c.config.Display)
	fresh.Terminal, fresh.Slow = old.Terminal, old.Slow
	if l.terminal != nil {
		if l.viewer == "" { // those of viewers are of any size
			l.tty.SetSize(c.config.Size.Width, c.config.Size.Height)
		}
		fresh.Terminal = terminalText(l.canvas, l.caps, l.tty.Baud())
	}
	l.frame.Settings = fresh
}
