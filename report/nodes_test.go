package report

import (
	"testing"

	"hypervisor-tui/frame/frametest"
)

// TestNodesOfBothSides: what the API says of a node, and what it says itself; null for what neither does.
func TestNodesOfBothSides(t *testing.T) {
	f := frametest.Fixed()
	frametest.Peers(8)(f)
	reads(t, f, map[string]any{
		"nodes.0.name": "hypervisor-05", "nodes.0.ready": false, "nodes.0.disagreement": "API says NotReady, node answers", "nodes.0.cpu_used": nil,
		"nodes.0.peer.state": "answers", "nodes.0.peer.api": "dial 192.168.1.10:6443: no route to host", "nodes.0.peer.cpu_percent": 68.0, "nodes.0.peer.clock_offset_seconds": 0.0,
		"nodes.1.name": "hypervisor-08", "nodes.1.ready": true, "nodes.1.disagreement": "API says Ready, node does not answer", "nodes.1.peer.address": "192.168.1.107:9101",
		"nodes.1.peer.state": "silent", "nodes.1.peer.error": "no answer in 2 s", "nodes.1.peer.heard": "2026-11-22T02:50:11Z", "nodes.1.peer.clock_offset_seconds": nil,
		"nodes.2.peer.severity": "crit", "nodes.2.peer.problems": 3.0, "nodes.2.peer.worst": "/var/lib/longhorn 97% full",
		"nodes.3.peer.clock_offset_seconds": 603.0,
		"nodes.4.peer.state":                "error", "nodes.4.peer.error": "its certificate is for hypervisor-99, not for hypervisor-07", "nodes.4.peer.heard": nil, "nodes.4.peer.problems": nil,
		"nodes.6.this_host": true, "nodes.6.peer.state": nil, "nodes.6.peer.address": nil,
	})
	frametest.Remembered(f)
	reads(t, f, map[string]any{
		"nodes.0.name": "hypervisor-08", "nodes.0.ready": nil, "nodes.0.cordoned": nil, "nodes.0.pods": nil, "nodes.0.vms": nil, "nodes.0.minor_versions_behind": nil,
		"nodes.0.disagreement": nil, "nodes.0.peer.ready_by_api": "True", "nodes.0.peer.told_by_api": "2026-11-22T02:36:11Z", "nodes.6.name": "hypervisor-05", "nodes.7": nil,
	})
}
