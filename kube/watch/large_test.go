package watch

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"hypervisor-tui/kube"
)

// A cluster as large as it is planned for.
const (
	manyPods  = 30_000
	manyNodes = 1_000
	manyVMs   = 500
)

// largePod is 7 KB as the API server has it, with labels that no other has.
func largePod(i int) []byte {
	containers := [][]byte{}
	for _, name := range []string{"web", "sidecar"} {
		containers = append(containers, all(container(2, "100m", "128Mi"), sub(2, text(1, name), text(2, strings.Repeat("f", 3075)))))
	}
	return all(
		metadata("team-"+fmt.Sprint(i%8), fmt.Sprintf("app-%05d-7c9d8f6b5-x%04d", i, i), fmt.Sprint(i+1),
			sub(11, text(1, "app"), text(2, fmt.Sprintf("app-%d", i%50))), sub(11, text(1, "pod-template-hash"), text(2, fmt.Sprintf("7c9d%07x", i))),
			sub(11, text(1, "app.kubernetes.io/managed-by"), text(2, "Helm")), sub(11, text(1, "app.kubernetes.io/instance"), text(2, fmt.Sprintf("app-%d", i))),
			sub(12, text(1, "checksum"), text(2, strings.Repeat("0", 500))), sub(13, text(1, "ReplicaSet"), number(6, 1))),
		sub(2, all(containers...), text(10, fmt.Sprintf("hv-%04d", i%manyNodes))), sub(3, text(1, "Running")))
}

// large answers as the API server of such a cluster would, and reports whether it did.
func large(w http.ResponseWriter, r *http.Request) bool {
	if sortOf(r) != "pods list" && sortOf(r) != "nodes list" && sortOf(r) != "virtualmachines list" {
		return false
	}
	switch sortOf(r) {
	case "pods list":
		protobufAnswer(w)
		for i := range manyPods {
			_, _ = w.Write(frame("ADDED", largePod(i))) // the test fails when it does not arrive
		}
		_, _ = w.Write(bookmark(fmt.Sprint(manyPods + 1)))
	case "nodes list":
		protobufAnswer(w)
		for i := range manyNodes {
			ready := sub(4, text(1, "Ready"), text(2, "True"), text(5, "KubeletReady"))
			_, _ = w.Write(frame("ADDED", all(metadata("", fmt.Sprintf("hv-%04d", i), "7"), sub(3, ready))))
		}
		_, _ = w.Write(bookmark("9"))
	default:
		w.Header().Set("Content-Type", "application/json")
		for i := range manyVMs {
			_, _ = fmt.Fprint(w, jsonVM(fmt.Sprintf("vm-%04d", i), "Running"))
		}
		_, _ = fmt.Fprint(w, jsonBookmark)
	}
	stay(w, r)
	return true
}

// TestF11LargeClusterIsSmall counts what stays of a large cluster on the heap, and that its start is not slowed down: what
// comes over the wire is 210 MB.
func TestF11LargeClusterIsSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("long: a cluster of thousands of pods")
	}
	if n := len(largePod(0)); n < 6900 || n > 7100 {
		t.Fatalf("a pod has %d bytes", n)
	}
	f := newFake(t, valid(t))
	f.set(large)
	w := follow(t, nil)
	before := kept()
	kubeconfig(t, w.path, f.URL, f.cert)
	s := w.until("large", func(s *kube.State) bool {
		return s.Settled() && s.Pods.Running == manyPods && s.Nodes.Ready == manyNodes && s.Virt.Tally.Running == manyVMs
	})
	if s.Behind != 0 {
		t.Error("the list is read more slowly than it comes")
	}
	if n := kept() - before; n > 10<<20 {
		t.Errorf("%d bytes are kept", n)
	} else {
		t.Logf("%d bytes are kept, of %d pods, %d nodes and %d VMs", n, s.Pods.Total, s.Nodes.Total, s.Virt.Tally.Total)
	}
}

// kept is what is on the heap and in use.
func kept() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
