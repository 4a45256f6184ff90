package node

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"hypervisor-tui/act"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/kube/watch"
)

// drain begins to drain hv1 and returns how far it says that it is, and its end.
func drain(ctx context.Context, c *cluster) (said func() act.Progress, end <-chan error) {
	var mu sync.Mutex
	var last act.Progress
	over := make(chan error, 1)
	go func() {
		_, err := c.nodesOf().Do(ctx, ask(act.NodeDrain), act.Facts{}, func(p act.Progress) {
			mu.Lock()
			defer mu.Unlock()
			last = p
		})
		over <- err
	}()
	return func() act.Progress {
		mu.Lock()
		defer mu.Unlock()
		return last
	}, over
}

func ends(t *testing.T, end <-chan error, want ...string) {
	t.Helper()
	var err error
	await.Until(t, "the drain ends", func() bool {
		select {
		case err = <-end:
			return true
		default:
			return false
		}
	})
	if len(want) == 0 && err != nil || len(want) > 0 && err == nil {
		t.Fatalf("it ends with %v, want %q", err, want)
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("it ends with %v, want %q in it", err, w)
		}
	}
}

// TestDrain: the node is cordoned first, what may go goes, what KubeVirt moves is waited for, and a disruption budget is asked again
// until it has room.
func TestDrain(t *testing.T) {
	c := newCluster(t)
	c.vm("vm-a", fmt.Sprintf(evacuation, "vm-a"))
	c.pod("web-1", nil)
	c.pod("db-0", nil)
	c.refuse("db-0", http.StatusTooManyRequests, "Cannot evict pod", "The disruption budget db has no room")
	c.pod("ds-1", func(_, meta thing) { meta["ownerReferences"] = []thing{{"kind": "DaemonSet", "controller": true}} })
	said, end := drain(t.Context(), c)
	await.Until(t, "one of three has left", func() bool {
		p := said()
		return p.Done == 1 && p.Of == 3 && p.Text == "moving ns/vm-a. waiting ns/db-0 (The disruption budget db has no room)."
	})
	c.goes("virt-launcher-vm-a")
	await.Until(t, "two of three have left", func() bool { return said().Done == 2 })
	c.allow("db-0")
	ends(t, end)
	c.mu.Lock()
	defer c.mu.Unlock()
	var first watch.Call
	for _, q := range c.calls {
		if q.Method != http.MethodGet {
			first = q
			break
		}
	}
	if first.Method != http.MethodPatch || c.nodes["hv1"]["spec"].(thing)["unschedulable"] != true {
		t.Errorf("the first change is %s %s, and the node is %v", first.Method, first.Path, c.nodes["hv1"]["spec"])
	}
	if c.evicted["ds-1"] != 0 || c.evicted["web-1"] != 1 || c.evicted["db-0"] < 2 {
		t.Errorf("evicted %v", c.evicted)
	}
}

// TestDrainLeavesWhatCannotMove: a VM that cannot move ends a drain when all else has left, and its disk is not waited for.
func TestDrainLeavesWhatCannotMove(t *testing.T) {
	c := newCluster(t)
	c.vm("vm-fixed", fmt.Sprintf(noMove, "vm-fixed"))
	c.pod("hp-1", nil)
	c.refuse("hp-1", http.StatusTooManyRequests, hotplug)
	c.pod("web-1", nil)
	_, end := drain(t.Context(), c)
	ends(t, end, "ns/vm-fixed (not live-migratable)", "hv1 stays cordoned", "1 of 3 have left")
}

// TestDrainCancelled: what has left stays away, the node stays cordoned, and what KubeVirt goes on moving is named.
func TestDrainCancelled(t *testing.T) {
	c := newCluster(t)
	c.vm("vm-a", fmt.Sprintf(evacuation, "vm-a"))
	c.pod("web-1", nil)
	ctx, cancel := context.WithCancel(t.Context())
	said, end := drain(ctx, c)
	await.Until(t, "one of two has left", func() bool { return said().Done == 1 })
	cancel()
	ends(t, end, "hv1 stays cordoned until it is uncordoned", "1 of 2 have left", "KubeVirt goes on moving ns/vm-a")
	if c.nodes["hv1"]["spec"].(thing)["unschedulable"] != true {
		t.Error("it is uncordoned")
	}
}

// TestDrainEndsNoOtherGuest: a VM that was to move is not evicted while KubeVirt's webhook is away, which would end its guest; one whose
// guest ends by the plan is.
func TestDrainEndsNoOtherGuest(t *testing.T) {
	c := newCluster(t)
	c.vm("vm-a", fmt.Sprintf(evacuation, "vm-a"))
	c.vm("vm-none", "")
	d := c.nodesOf()
	f, err := d.Look(t.Context(), ask(act.NodeDrain))
	if err != nil {
		t.Fatal(err)
	}
	c.allow("virt-launcher-vm-a")
	said := make(chan act.Progress)
	end := make(chan error, 1)
	go func() {
		_, err := d.Do(t.Context(), ask(act.NodeDrain), f, func(p act.Progress) { said <- p })
		end <- err
		close(said)
	}()
	<-said // the other one has been evicted, and has left at the next look
	for range 3 {
		if p := <-said; p.Done != 1 || p.Of != 2 || p.Text != "waiting ns/vm-a (its guest would end, which was not planned)." {
			t.Errorf("%+v", p)
		}
	}
	c.refuse("virt-launcher-vm-a", http.StatusTooManyRequests, fmt.Sprintf(evacuation, "vm-a"))
	for p := range said {
		if p.Text == "moving ns/vm-a." {
			break
		}
	}
	c.mu.Lock()
	if c.evicted["virt-launcher-vm-none"] != 1 || c.evicted["virt-launcher-vm-a"] != 1 {
		t.Errorf("evicted %v", c.evicted)
	}
	c.mu.Unlock()
	c.goes("virt-launcher-vm-a")
	await.Until(t, "the drain ends", func() bool {
		select {
		case err = <-end:
			return true
		case <-said:
		default:
		}
		return false
	})
	if err != nil {
		t.Error(err)
	}
}

// TestDrainUncordoned: a node that somebody uncordons in the middle is not drained on: what goes would come back.
func TestDrainUncordoned(t *testing.T) {
	c := newCluster(t)
	c.vm("vm-a", fmt.Sprintf(evacuation, "vm-a"))
	said, end := drain(t.Context(), c)
	await.Until(t, "it is under way", func() bool { return said().Of == 1 })
	c.mu.Lock()
	c.nodes["hv1"]["spec"] = thing{}
	c.mu.Unlock()
	ends(t, end, "somebody has uncordoned it, 0 of 1 have left")
}

// TestDrainOutlivesTheAPIServer: an API server that is away for a while is asked again, one that stays away or goes on to forbid it ends the drain.
func TestDrainOutlivesTheAPIServer(t *testing.T) {
	c := newCluster(t)
	c.vm("vm-a", fmt.Sprintf(evacuation, "vm-a"))
	d := c.nodesOf()
	d.pace.silence = await.Limit
	var mu sync.Mutex
	text := ""
	end := make(chan error, 1)
	go func() {
		_, err := d.Do(t.Context(), ask(act.NodeDrain), act.Facts{}, func(p act.Progress) {
			mu.Lock()
			defer mu.Unlock()
			text = p.Text
		})
		end <- err
	}()
	says := func(part string) {
		t.Helper()
		await.Until(t, "it says "+part, func() bool {
			mu.Lock()
			defer mu.Unlock()
			return strings.Contains(text, part)
		})
	}
	says("moving ns/vm-a")
	c.fail(errors.New("the API server: refused"))
	says("the API server: refused: trying again")
	c.fail(nil)
	says("moving ns/vm-a")
	c.goes("virt-launcher-vm-a")
	ends(t, end)

	for want, err := range map[string]error{
		"the API server: refused, for": errors.New("the API server: refused"), "may not list": &watch.Refusal{Code: http.StatusForbidden, Message: "may not list pods"},
	} {
		c := newCluster(t)
		c.vm("vm-a", fmt.Sprintf(evacuation, "vm-a"))
		said, end := drain(t.Context(), c)
		await.Until(t, "it is under way", func() bool { return said().Of == 1 })
		c.fail(err)
		ends(t, end, want, "hv1 stays cordoned", "0 of 1 have left", "KubeVirt goes on moving ns/vm-a")
	}
}

// TestDrainAtMostEight: eight pods are asked about at a time, and no more.
func TestDrainAtMostEight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		for i := range 20 {
			c.pod(fmt.Sprintf("web-%d", i), nil)
		}
		asking := make(chan struct{})
		c.before = func(q watch.Call) {
			if strings.Contains(q.Path, "/eviction") {
				asking <- struct{}{}
			}
		}
		end := make(chan error, 1)
		go func() {
			_, err := c.nodesOf().Look(t.Context(), ask(act.NodeDrain))
			end <- err
		}()
		for _, want := range []int{8, 8, 4} {
			synctest.Wait() // all that can ask do
			n := 0
			for range want + 1 {
				select {
				case <-asking:
					n++
				default:
				}
			}
			if n != want {
				t.Errorf("%d are asked about at a time, want %d", n, want)
			}
		}
		if err := <-end; err != nil {
			t.Error(err)
		}
	})
}
