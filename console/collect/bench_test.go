package collect

import (
	"testing"

	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
)

// BenchmarkSubscription is what a viewer costs that comes, looks once and goes, and what a look does. The host is the one that it runs on.
func BenchmarkSubscription(b *testing.B) {
	fixed := frametest.Fixed()
	frametest.Healthy(fixed)
	c := New(config.Default(), new(guard.Guard))
	c.kube.Store(fixed.Kube)
	c.units.Store(fixed.Units)
	c.system.Store(fixed.System)
	first, f := subscribe(b, c), frame.Snapshot{Settings: fixed.Settings}
	first.Sample()
	first.Fill(&f)
	b.Run("comes and goes", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			f := frame.Snapshot{Settings: fixed.Settings}
			s := subscribe(b, c)
			s.Fill(&f)
			s.Close()
		}
	})
	b.Run("looks", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			f.Tick++
			first.Fill(&f)
		}
	})
}
