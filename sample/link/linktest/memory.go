package linktest

import "runtime"

// LiveBytes is what is in use on the heap, in bytes.
func LiveBytes() int {
	var m runtime.MemStats
	for range 2 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
