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
