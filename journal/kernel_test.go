package journal

import (
	"fmt"
	"testing"
	"time"
)

func TestKernelKind(t *testing.T) {
	const none = kernelKinds
	for _, c := range []struct {
		line string
		want KernelKind
	}{
		{"Out of memory: Killed process 4711 (qemu-kvm) total-vm:4194304kB, anon-rss:3145728kB, file-rss:0kB", OutOfMemory},
		{"Memory cgroup out of memory: Killed process 4711 (java) total-vm:1kB", OutOfMemory},
		{"Out of memory (oom_kill_allocating_task): Killed process 4711 (java) total-vm:1kB", OutOfMemory}, // with that sysctl
		{"Out of memory and no killable processes...", none},
		{"qemu-kvm invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0", none}, // the kill follows
		{"oom_reaper: reaped process 4711 (java), now anon-rss:0kB", none},
		{"I/O error, dev sda, sector 2048 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 2", DiskFailed},
		{"blk_update_request: I/O error, dev nvme0n1, sector 1 op 0x1:(WRITE) flags 0x0", DiskFailed},
		{"I/O error, dev fd0, sector 0", none},                                                     // a drive that many virtual machines have and nobody uses
		{"I/O error, dev sr0, sector 0 op 0x0:(READ) flags 0x80700 phys_seg 1 prio class 2", none}, // a CD, often a remote one
		{"critical medium error, dev sr0, sector 64 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 2", none},
		{"critical medium error, dev sdb, sector 1 op 0x0:(READ)", DiskFailed},
		{"critical target error, dev sdb, sector 1 op 0x1:(WRITE) flags 0x0", DiskFailed},
		{"critical target error, dev sdb, sector 8 op 0x3:(DISCARD) flags 0x800 phys_seg 1 prio class 2", none}, // it cannot discard
		{"critical target error, dev sdb, sector 8 op 0x9:(WRITE_ZEROES) flags 0x800 phys_seg 0 prio class 2", none},
		{"nvme nvme0: controller is down; will reset: CSTS=0xffffffff, PCI_STATUS=0x10", DiskFailed},
		{"nvme nvme0: Disabling device after reset failure: -19", DiskFailed}, // as it has been since Linux 6.3
		{"EXT4-fs error (device sda1): ext4_lookup:1853: inode #2: comm ls: deleted inode referenced: 12", FilesystemFailed},
		{"EXT4-fs (sda1): Remounting filesystem read-only", FilesystemFailed},
		{"EXT4-fs (sda1): mounted filesystem with ordered data mode. Quota mode: none.", none},
		{"XFS (dm-0): Metadata corruption detected at xfs_agi_verify+0x54/0x150 [xfs], xfs_agi block 0x2", FilesystemFailed},
		{"XFS (dm-0): Corruption of in-memory data (0x8) detected at xfs_trans_cancel", FilesystemFailed},
		{"XFS (dm-0): Mounting V5 Filesystem", none},
		{"BTRFS error (device sda2): bdev /dev/sda2 errs: wr 0, rd 0, flush 0, corrupt 1, gen 0", FilesystemFailed},
		{"BTRFS critical (device sda2): corrupt leaf: root=5 block=1", FilesystemFailed},
		{"BTRFS info (device sda2): disk space caching is enabled", none},
		{"mce: [Hardware Error]: CPU 0: Machine Check Exception: 5 Bank 6: b200000000800402", HardwareFailed},
		{"EDAC MC0: 1 UE memory read error on CPU_SrcID#0_MC#0_Chan#0_DIMM#0", HardwareFailed},
		{"I/O error, dev sdb, sector 8 op 0x9:(WRITE_ZEROES) flags 0x800 phys_seg 0 prio class 2", DiskFailed},
		{"EDAC sbridge MC0: 0 UE and 1 CE", none},
		{"EDAC MC0: 1 CE memory read error on CPU_SrcID#0_MC#0_Chan#0_DIMM#0", none}, // corrected
		{"watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [kworker/3:1:123]", Stalled},
		{"INFO: task qemu-kvm:4711 blocked for more than 120 seconds.", Stalled},
		{"INFO: task qemu-kvm:4711 blocked in I/O wait for more than 120 seconds.", Stalled},           // since Linux 7.1
		{"INFO: task qemu-kvm:4711 is blocked on a mutex likely owned by task jbd2/sda1-8:374.", none}, // goes with it
		{"watchdog: CPU28: Watchdog detected hard LOCKUP on cpu 28", Stalled},
		{"watchdog: Watchdog detected hard LOCKUP on cpu 3", Stalled}, // of older kernels
		{"rcu: INFO: rcu_preempt self-detected stall on CPU", Stalled},
		{"rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", Stalled},
		{"rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 7-.... } 6103 jiffies s: 417 root: 0x80/.", Stalled},
		{"BUG: workqueue lockup - pool cpus=4 node=0 flags=0x0 nice=0 stuck for 30s!", Stalled},
		{"general protection fault, probably for non-canonical address 0xdead000000000108: 0000 [#1] PREEMPT SMP NOPTI", KernelBug},
		{"traps: nginx[123] general protection fault ip:7f0 sp:7ff error:0 in libc.so.6", none}, // a program's own
		{"BUG: kernel NULL pointer dereference, address: 0000000000000008", KernelBug},
		{"Oops: 0000 [#1] SMP", KernelBug},
		{"usb 1-1: new high-speed USB device number 2 using xhci_hcd", none},
	} {
		kind, ok := kernelKind([]byte(c.line), Err)
		if !ok {
			kind = none
		}
		if kind != c.want {
			t.Errorf("%q is of kind %d, want %d", c.line, kind, c.want)
		}
	}
	if kind, ok := kernelKind([]byte("anything"), Crit); !ok || kind != KernelOther {
		t.Errorf("a message at crit is of kind %d, %v", kind, ok)
	}
}

func TestKernelEvents(t *testing.T) {
	l := New(10, []Tab{{Name: "All"}})
	kernel := l.Sink("kernel")
	put := func(unit, message string, at time.Time) {
		t.Helper()
		if !kernel.Try(Entry{Unit: []byte(unit), Time: at, Severity: Err, Message: []byte(message)}) {
			t.Fatal("no room")
		}
	}
	start := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	put("kernel", "Out of memory: Killed process 1 (old)\nMem-Info:", start.Add(-time.Hour))
	for i := range 20 {
		put("kernel", fmt.Sprintf("I/O error, dev sda, sector %d", i), start.Add(time.Duration(20-i)*time.Second)) // newest first
	}
	put("kernel", "I/O error, dev sda, sector 0", start.Add(20*time.Second)) // read again
	put("sshd", "Out of memory: Killed process 2 (said by another)", start)
	put("kernel", "BUG: token=abcdef0123456789abcdef", start)
	events := l.KernelEvents()
	if len(events) != 1+kernelEvents+1 {
		t.Fatalf("%d events: %v", len(events), events)
	}
	if e := events[0]; e.Kind != OutOfMemory || e.Text != "Out of memory: Killed process 1 (old)" || !e.Time.Equal(start.Add(-time.Hour)) {
		t.Errorf("the first is %+v", e)
	}
	if e := events[1]; e.Kind != KernelBug || e.Text == "BUG: token=abcdef0123456789abcdef" {
		t.Errorf("the second is %+v, want its token masked", e)
	}
	if e := events[len(events)-1]; e.Text != "I/O error, dev sda, sector 0" {
		t.Errorf("the last is %+v, want the newest", e)
	}
	if n := testing.AllocsPerRun(100, func() {
		l.KernelEvents()
		kernel.prepare(&Entry{Unit: []byte("kernel"), Time: start, Severity: Info, Message: []byte("usb 1-1: new device")})
	}); n != 0 {
		t.Errorf("%v allocations for what nobody has to know of", n)
	}
}
