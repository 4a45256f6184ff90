package kube

import (
	"reflect"
	"testing"
	"time"
	"unsafe"
)

// TestKeptPodIsWhole: each field of a pod, alone and with all others, comes back as it was.
func TestKeptPodIsWhole(t *testing.T) {
	values := map[reflect.Type]reflect.Value{}
	for _, v := range []any{"x", Labels("12345678"), int64(5), 7, int32(3), true, False, UID{1, 2}, time.Unix(1_800_000_000, 0)} {
		values[reflect.TypeOf(v)] = reflect.ValueOf(v)
	}
	var full Pod
	for i := range reflect.TypeFor[Pod]().NumField() {
		field := reflect.TypeFor[Pod]().Field(i)
		value, ok := values[field.Type]
		if !ok {
			t.Fatalf("no value of the type of %s", field.Name)
		}
		var one Pod
		reflect.ValueOf(&one).Elem().Field(i).Set(value)
		reflect.ValueOf(&full).Elem().Field(i).Set(value)
		for _, want := range []Pod{one, full} {
			k, _ := want.Keep()
			if got := k.pod(); got != want {
				t.Errorf("%s: %+v", field.Name, got)
			}
			if k.works() != want.Works() || k.ended() != want.Ended() {
				t.Errorf("%s: it works or has ended, or not", field.Name)
			}
		}
	}
	for _, phase := range []string{"Running", "Succeeded", "Failed", "Pending"} {
		for _, want := range []Pod{{Phase: phase}, {Phase: phase, Why: "Error"}, {Phase: phase, Ready: False}, {Phase: phase, Restarts: 3}} {
			if k, _ := want.Keep(); k.works() != want.Works() || k.ended() != want.Ended() {
				t.Errorf("%+v: it works or has ended, or not", want)
			}
		}
	}
}

// TestKeptPodIsSmall: tens of thousands are kept.
func TestKeptPodIsSmall(t *testing.T) {
	if n := unsafe.Sizeof(row[KeptPod]{}); n > 128 {
		t.Errorf("%d bytes", n)
	}
	if _, more := (&Pod{Phase: "Running", Ready: True, Containers: 2, ReadyContainers: 2}).Keep(); more != 0 {
		t.Errorf("%d bytes more for one that works", more)
	}
}
