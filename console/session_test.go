package console

import (
	"context"
	"testing"

	"hypervisor-tui/console/collect"
	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/draw/tty"
	"hypervisor-tui/draw/tty/ttytest"
	"hypervisor-tui/internal/await"
)

// TestSessionsSideBySide: two sessions show what one Collector knows, each on a terminal of its own and with its own page;
// one ends without the other.
func TestSessionsSideBySide(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("LC_ALL", "C.UTF-8")
	c := config.Default()
	c.Quit = true
	g := new(guard.Guard)
	collector := collect.New(c, g)
	var subscriptions []*collect.Subscription
	for range 2 {
		s, err := collector.Subscribe()
		if err != nil {
			t.Fatal(err)
		}
		subscriptions = append(subscriptions, s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	collector.StartSampler(ctx)
	var ended []chan error
	var viewers []*ttytest.Viewer
	var keyboards []interface{ Write([]byte) (int, error) }
	for i, s := range subscriptions {
		master, slave := ttytest.OpenPty(t, 80, 24)
		terminal, err := tty.Open(slave.Name(), 0)
		if err != nil {
			t.Fatal(err)
		}
		end := make(chan error, 1)
		go func() {
			end <- Session(ctx, terminal, s, SessionOptions{Collector: collector, Guard: g, Screen: []string{"dashboard", "network"}[i], first: loaded{config: c}})
		}()
		ended, viewers, keyboards = append(ended, end), append(viewers, ttytest.View(master, 80, 24)), append(keyboards, master)
	}
	await.Until(t, "the dashboard", viewers[0].Shows("── Memory"))
	await.Until(t, "the network", viewers[1].Shows("nterfaces"))
	keyboards[1].Write([]byte("?"))
	await.Until(t, "the help of one", viewers[1].Shows("Everywhere"))
	if viewers[0].Shows("Everywhere")() {
		t.Error("the help of one is on the other")
	}
	keyboards[1].Write([]byte("q"))
	if err := <-ended[1]; err != nil {
		t.Error(err)
	}
	keyboards[0].Write([]byte("i"))
	await.Until(t, "the sources of the other", viewers[0].Shows("Sources"))
	cancel()
	if err := <-ended[0]; err != nil {
		t.Error(err)
	}
}
