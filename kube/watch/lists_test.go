package watch

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
)

// isList reports whether a request is for objects.
func isList(r *http.Request) bool {
	return strings.Contains(r.URL.Path, "/v1") && !strings.HasSuffix(r.URL.Path, "reviews")
}

// answerAll is an API server that is ready and answers each request for objects with one status and text.
func answerAll(code int, contentType, text string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !isList(r) {
			return false
		}
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(code)
		fmt.Fprint(w, text)
		return true
	}
}

// TestB2ReadyAndNothingToList: an API server that says ok and lists nothing is not ok, now and after it was.
func TestB2ReadyAndNothingToList(t *testing.T) {
	for name, c := range map[string]struct {
		hook func(http.ResponseWriter, *http.Request) bool
		rung kube.Check
		want string
	}{
		"500":  {answerAll(500, "application/json", `{"message":"etcd is gone"}`), kube.NotReady, kube.NothingListed + "HTTP 500: etcd is gone"},
		"504":  {answerAll(504, "text/plain", ""), kube.NotReady, kube.NothingListed + "HTTP 504 gateway timeout"},
		"401":  {answerAll(401, "application/json", `{"message":"Unauthorized"}`), kube.NotReady, kube.NothingListed + "HTTP 401: Unauthorized"},
		"403":  {answerAll(403, "application/json", `{}`), kube.Forbidden, "forbidden: the kubeconfig's user may not list anything"},
		"HTML": {answerAll(200, "text/html", "<html>"), kube.NotReady, kube.NothingListed + "answers, but is no API server (text/html)"},
		"JSON": {answerAll(200, "application/json", `{"hello":"world"}`), kube.NotReady, kube.NothingListed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, valid(t))
			f.set(c.hook)
			w := follow(t, func(p *pace) { p.grace /= 50 })
			kubeconfig(t, w.path, f.URL, f.cert)
			judged := func(s *kube.State) bool {
				if s.Health.State == health.OK && s.Health.At > s.Health.Since+time.Hour {
					t.Error("it was ok")
				}
				return s.Cause.Check == c.rung
			}
			s := w.until("failed", judged)
			if s.Health.State != health.Failed || !strings.HasPrefix(s.Cause.Why, c.want) {
				t.Errorf("%v %+v", s.Health, s.Cause)
			}
			for i := range s.Kinds {
				if k := &s.Kinds[i]; k.State != health.Failed || k.Err == "" {
					t.Errorf("%s: %+v", kube.Kind(i), k)
				}
			}
			f.set(nil)
			w.until("well", well)
			f.set(c.hook)
			f.CloseClientConnections()
			if s := w.until("bad again", func(s *kube.State) bool { return s.Health.State != health.OK && s.Cause.Check == c.rung }); s.Health.State != health.Stale && c.rung != kube.Forbidden {
				t.Errorf("%v %+v", s.Health, s.Cause)
			}
		})
	}
}

// TestB2NothingIsOKBeforeTheFirstList: that it is ready is not worth a tick.
func TestB2NothingIsOKBeforeTheFirstList(t *testing.T) {
	t.Parallel()
	open := make(chan struct{})
	f := newFake(t, valid(t))
	f.set(func(w http.ResponseWriter, r *http.Request) bool {
		if isList(r) {
			select {
			case <-open:
			case <-r.Context().Done():
			}
		}
		return false
	})
	w := follow(t, nil)
	kubeconfig(t, w.path, f.URL, f.cert)
	for n := f.count("readyz list"); f.count("readyz list") < n+10; {
		w.until("asked", func(s *kube.State) bool {
			if s.Health.State == health.OK {
				t.Fatalf("ok: %+v", s.Kinds)
			}
			return true
		})
	}
	close(open)
	w.until("well", well)
}

// TestB2AWebServerIsNoAPIServer, whatever it answers /readyz with.
func TestB2AWebServerIsNoAPIServer(t *testing.T) {
	t.Parallel()
	for _, code := range []int{200, 302, 403, 404} {
		f := newFake(t, valid(t))
		f.set(func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(code)
			fmt.Fprint(w, "<!DOCTYPE html><title>Log in</title>ok")
			return true
		})
		w := follow(t, nil)
		kubeconfig(t, w.path, f.URL, f.cert)
		s := w.until("told", func(s *kube.State) bool { return s.Cause.Check == kube.Foreign })
		if s.Health.State != health.Failed || !strings.HasPrefix(s.Health.Err, "answers, but is no API server") {
			t.Errorf("%d: %v", code, s.Health)
		}
	}
}

// TestB2MetricsAreAskedForAgain: what cannot be watched is listed again after it failed once.
func TestB2MetricsAreAskedForAgain(t *testing.T) {
	t.Parallel()
	var asked, watched atomic.Int64
	var seen atomic.Bool // that it failed
	f := newFake(t, valid(t))
	f.set(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "metrics.k8s.io") {
			return false
		}
		if r.URL.Query().Get("watch") != "" {
			watched.Add(1)
		}
		if asked.Add(1) > 1 && !seen.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
		return false
	})
	w := follow(t, nil)
	kubeconfig(t, w.path, f.URL, f.cert)
	w.until("stale", func(s *kube.State) bool { return s.Kinds[kube.KindNodeMetrics].State == health.Stale })
	seen.Store(true)
	w.until("ok again", func(s *kube.State) bool { return s.Kinds[kube.KindNodeMetrics].State == health.OK })
	again := asked.Load()
	w.until("asked again", func(s *kube.State) bool { return asked.Load() > again })
	if n := watched.Load(); n != 0 {
		t.Errorf("%d watches of what cannot be watched", n)
	}
}

// TestDDeletedIsGone: an event that says so takes the object away, in either form, and only that one.
func TestDDeletedIsGone(t *testing.T) {
	t.Parallel()
	deleted := make(chan struct{})
	f := newFake(t, valid(t))
	f.set(func(w http.ResponseWriter, r *http.Request) bool {
		switch sortOf(r) {
		case "pods list":
			protobufAnswer(w)
			for _, name := range []string{"a", "b", "c"} {
				_, _ = w.Write(frame("ADDED", podObject(name, "Running")))
			}
			_, _ = w.Write(bookmark("9"))
			w.(http.Flusher).Flush()
			<-deleted
			_, _ = w.Write(frame("DELETED", podObject("b", "Running")))
		case "virtualmachines list":
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, jsonVM("a", "Running"), jsonVM("b", "Stopped"), jsonBookmark)
			w.(http.Flusher).Flush()
			<-deleted
			fmt.Fprint(w, strings.Replace(jsonVM("a", "Running"), "ADDED", "DELETED", 1))
		default:
			return false
		}
		stay(w, r)
		return true
	})
	w := follow(t, nil)
	kubeconfig(t, w.path, f.URL, f.cert)
	w.until("all there", func(s *kube.State) bool { return s.Pods.Total == 3 && s.Virt.Tally.Total == 2 })
	close(deleted)
	s := w.until("gone", func(s *kube.State) bool { return s.Pods.Total == 2 && s.Virt.Tally.Total == 1 })
	if s.Virt.VMs[0].Name != "b" || s.Kinds[kube.KindPod].Count != 2 {
		t.Errorf("%+v", s.Virt.VMs)
	}
}

// TestF56SlowListIsGivenUp: one that brings an object now and then, each in time, comes to an end.
func TestF56SlowListIsGivenUp(t *testing.T) {
	t.Parallel()
	f := newFake(t, valid(t))
	f.set(func(w http.ResponseWriter, r *http.Request) bool {
		if sortOf(r) != "pods list" {
			return false
		}
		protobufAnswer(w)
		for i := 0; ; i++ {
			if _, err := w.Write(frame("ADDED", podObject(fmt.Sprint(i), "Running"))); err != nil {
				return true
			}
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
				return true
			case <-time.After(10 * time.Millisecond):
			}
		}
	})
	w := follow(t, func(p *pace) { p.whole = 300 * time.Millisecond })
	kubeconfig(t, w.path, f.URL, f.cert)
	s := w.until("given up", func(s *kube.State) bool { return s.Kinds[kube.KindPod].Err == errEndless.Error() })
	if n := f.count("pods list"); n != 1 || s.Health.State != health.OK {
		t.Errorf("%d lists, %v", n, s.Health)
	}
}

// TestDDripOfAnEvent: an event may be long in coming, and not in being whole once its first byte is here.
func TestDDripOfAnEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var late atomic.Bool
		timer := time.AfterFunc(time.Hour, func() { late.Store(true) })
		defer timer.Stop()
		endless := newAllowance(1<<40, 1)
		p := &paced{body: strings.NewReader("the rest never comes"), ctx: t.Context(), deadline: timer, timeout: time.Second, wire: endless, work: endless, token: make(chan struct{}, 1), left: maxObject}
		p.between(time.Hour)
		time.Sleep(59 * time.Minute)
		if late.Load() {
			t.Fatal("nothing may come for an hour")
		}
		if _, err := p.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if !late.Load() {
			t.Error("half an event is waited for")
		}
	})
}
