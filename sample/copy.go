package sample

import "math"

// CopyHost makes dst equal to src without sharing its slices, whose memory dst keeps: it allocates only when one has
// grown.
func CopyHost(dst, src *Host) {
	cores, huge, disks, filesystems := dst.Cores[:0], dst.Huge[:0], dst.Disks[:0], dst.Filesystems[:0]
	sensors, fans, power := dst.Sensors[:0], dst.Fans[:0], dst.Power[:0]
	arrays, pools, edac := dst.Arrays[:0], dst.Pools[:0], dst.EDAC[:0]
	*dst = *src
	dst.Cores = append(cores, src.Cores...)
	dst.Huge = append(huge, src.Huge...)
	dst.Disks = append(disks, src.Disks...)
	dst.Filesystems = append(filesystems, src.Filesystems...)
	dst.Sensors = append(sensors, src.Sensors...)
	dst.Fans = append(fans, src.Fans...)
	dst.Power = append(power, src.Power...)
	dst.Arrays = append(arrays, src.Arrays...)
	dst.Pools = append(pools, src.Pools...)
	dst.EDAC = append(edac, src.EDAC...)
}

// CopyNet makes dst equal to src, as CopyHost does. What dst has of the same reading it keeps: with thousands of interfaces
// that is nearly always nearly all.
func CopyNet(dst, src *Net) {
	interfaces, counted, histories := dst.Interfaces, dst.counted, dst.Histories[:0]
	same := dst.reading == src.reading
	*dst = *src
	dst.Interfaces, dst.counted, dst.Histories = interfaces, counted, append(histories, src.Histories...)
	if same {
		for _, at := range src.hardware {
			counted[at] = src.counted[at]
		}
		return
	}
	clear(counted[min(len(counted), len(src.counted)):]) // links that went are kept by nobody
	dst.counted = append(counted[:0], src.counted...)
	dst.show()
}

// show makes Interfaces point to what is counted.
func (n *Net) show() {
	n.Interfaces = n.Interfaces[:0]
	for i := range n.counted {
		n.Interfaces = append(n.Interfaces, &n.counted[i])
	}
}

// blank makes unknown what has no source to say so.
func (h *Host) blank() {
	nan := math.NaN()
	h.CPU = unknownCPU(allCPUs)
	h.Pressure = unknownPSI()
	h.Blocked, h.Offline, h.OOMKills, h.MHz = -1, -1, -1, nan
	h.DiskRead, h.DiskWrite = nan, nan
}

func (n *Net) blank() {
	n.Rx, n.Tx = math.NaN(), math.NaN()
	n.Sockets = SocketCounts{TCP: -1, UDP: -1, Established: -1, Conntrack: -1, ConntrackMax: -1}
}
