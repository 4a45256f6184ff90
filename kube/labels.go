package kube

import (
	"encoding/binary"
	"hash/maphash"
)

// Labels is a set of labels, "key=value" each: 8 bytes of hash for each, which is all that it takes to compare them.
// Nobody can read them back, and nobody from outside can make two alike: the hashes are this process' own.
type Labels string

var labelSeed = maphash.MakeSeed()

const labelSize = 8

// AppendLabel appends a label, "key=value", to the bytes of a set.
func AppendLabel(set, label []byte) []byte {
	return binary.NativeEndian.AppendUint64(set, maphash.Bytes(labelSeed, label))
}

// LabelsOf returns the set of some labels.
func LabelsOf(labels ...string) Labels {
	var set []byte
	for _, label := range labels {
		set = AppendLabel(set, []byte(label))
	}
	return Labels(set)
}

// Has reports whether all labels of other are in l.
func (l Labels) Has(other Labels) bool {
	for ; other != ""; other = other[labelSize:] {
		found := false
		for rest := l; rest != "" && !found; rest = rest[labelSize:] {
			found = rest[:labelSize] == other[:labelSize]
		}
		if !found {
			return false
		}
	}
	return true
}
