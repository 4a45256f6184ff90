//go:build !nokube

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hypervisor-tui/console/guard"
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/internal/viewers"
	"hypervisor-tui/kube"
	"hypervisor-tui/kube/apitest"
	"hypervisor-tui/kube/watch"
	"hypervisor-tui/report"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/pages"
)

// viewer is what a console that runs knows of a cluster, in this process: its frames without a terminal.
type viewer struct {
	t          *testing.T
	state      atomic.Pointer[kube.State]
	tracker    frame.Tracker
	kubeconfig string         // path
	whole      *viewers.Names // the nodes that are looked at whole
}

// newViewer follows the cluster of a kubeconfig until the test ends.
func newViewer(t *testing.T, kubeconfig string) *viewer {
	t.Helper()
	v := &viewer{t: t, kubeconfig: filepath.Join(t.TempDir(), "kubeconfig"), whole: viewers.NewNames()}
	v.use(kubeconfig)
	ctx, cancel := context.WithCancel(context.Background())
	g := new(guard.Guard)
	nodes := viewers.New()
	nodes.Come()
	w := watch.New(watch.Options{Nodes: nodes, Whole: v.whole, Find: kube.Options{Path: v.kubeconfig}, Now: boottime.Now, Keep: g.Supervise, Hostname: os.Hostname})
	over := g.Supervise(ctx, "cluster", func(ctx context.Context) error { return w.Run(ctx, v.state.Store) })
	t.Cleanup(func() { cancel(); <-over })
	return v
}

// use puts a kubeconfig in the place of the one that is, whole at once.
func (v *viewer) use(kubeconfig string) {
	v.t.Helper()
	next := v.kubeconfig + ".new"
	if err := os.WriteFile(next, []byte(kubeconfig), 0o600); err != nil {
		v.t.Fatal(err)
	}
	if err := os.Rename(next, v.kubeconfig); err != nil {
		v.t.Fatal(err)
	}
}

// frame is what would be drawn now.
func (v *viewer) frame() *frame.Frame {
	f := &frame.Frame{Snapshot: frame.Snapshot{Settings: new(frame.Settings), Now: time.Now().UTC(), Boot: boottime.Now(), Kube: v.state.Load()}}
	v.tracker.Derive(&f.Snapshot)
	return f
}

// snapshot is the JSON of now.
func (v *viewer) snapshot() (s clusterJSON) {
	v.t.Helper()
	var out bytes.Buffer
	if err := report.Write(&out, v.frame()); err != nil {
		v.t.Fatal(err)
	}
	if err := json.Unmarshal(out.Bytes(), &s); err != nil {
		v.t.Fatal(err)
	}
	return s
}

// screen is a picture of now, after keys, on a screen so high that no list is cut.
func (v *viewer) screen(first string, keys ...draw.Key) string {
	c, f := screens.New(pages.New(pages.Options{}), first, nil), v.frame()
	canvas := draw.NewCanvas(draw.Appearance{Theme: draw.MonoTheme(), Glyphs: draw.UnicodeGlyphs()})
	for _, k := range keys {
		c.Handle(k, f)
	}
	c.Update(110, 100, f)
	c.Draw(canvas.Begin(110, 100), f)
	return string(canvas.AppendText(nil))
}

// agree waits until what is shown is what the API's own lists say; the account may do everything.
func (v *viewer) agree(c *apitest.Cluster, what string) {
	v.t.Helper()
	v.awaitFigures(what, func() clusterJSON { return expected(v.t, c) })
}

// may is agree for an account that may read.
func (v *viewer) may(c *apitest.Cluster, what string) {
	v.t.Helper()
	v.awaitFigures(what, func() clusterJSON {
		want := expected(v.t, c)
		want.Kubernetes["admin"] = false
		return want
	})
}

// awaitFigures waits until what is shown is wanted. That is asked for anew now and then: the API server itself may write
// an event.
func (v *viewer) awaitFigures(what string, wanted func() clusterJSON) {
	v.t.Helper()
	want, looks := wanted(), 0
	for limit := time.Now().Add(await.Limit); ; time.Sleep(20 * time.Millisecond) {
		why := disagreements(v.snapshot(), want)
		if len(why) == 0 {
			return
		}
		if time.Now().After(limit) {
			v.t.Fatalf("%s is not shown: %s", what, strings.Join(why, "\n"))
		}
		if looks++; looks%100 == 0 {
			want = wanted()
		}
	}
}
