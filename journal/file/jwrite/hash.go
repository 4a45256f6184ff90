package jwrite

import (
	"encoding/binary"
	"math/bits"
)

// siphash24 is the keyed hash of newer files.
//
// Paper: Aumasson, Bernstein: SipHash: a fast short-input PRF
func siphash24(key [16]byte, data []byte) uint64 {
	le := binary.LittleEndian
	k0, k1 := le.Uint64(key[:]), le.Uint64(key[8:])
	v := [4]uint64{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573}
	round := func() {
		v[0] += v[1]
		v[2] += v[3]
		v[1] = bits.RotateLeft64(v[1], 13) ^ v[0]
		v[3] = bits.RotateLeft64(v[3], 16) ^ v[2]
		v[0] = bits.RotateLeft64(v[0], 32)
		v[2] += v[1]
		v[0] += v[3]
		v[1] = bits.RotateLeft64(v[1], 17) ^ v[2]
		v[3] = bits.RotateLeft64(v[3], 21) ^ v[0]
		v[2] = bits.RotateLeft64(v[2], 32)
	}
	last := uint64(len(data)) << 56
	for ; len(data) >= 8; data = data[8:] {
		word := le.Uint64(data)
		v[3] ^= word
		round()
		round()
		v[0] ^= word
	}
	for i, c := range data {
		last |= uint64(c) << (8 * i)
	}
	v[3] ^= last
	round()
	round()
	v[0] ^= last
	v[2] ^= 0xff
	for range 4 {
		round()
	}
	return v[0] ^ v[1] ^ v[2] ^ v[3]
}

// jenkins is the hash of older files and of the xor_hash of entries: the two halves of Bob Jenkins' hashlittle2.
//
// Source: burtleburtle.net/bob/c/lookup3.c, in the public domain
func jenkins(data []byte) uint64 {
	a := 0xdeadbeef + uint32(len(data))
	b, c := a, a
	if len(data) == 0 {
		return uint64(c)<<32 | uint64(b)
	}
	var block [12]byte
	le := binary.LittleEndian
	add := func() {
		a += le.Uint32(block[0:])
		b += le.Uint32(block[4:])
		c += le.Uint32(block[8:])
	}
	for len(data) > len(block) {
		copy(block[:], data)
		data = data[len(block):]
		add()
		for _, turn := range [...]int{4, 6, 8, 16, 19, 4} { // the names change places each time
			a = (a - c) ^ bits.RotateLeft32(c, turn)
			a, b, c = b, c+b, a
		}
	}
	block = [12]byte{}
	copy(block[:], data)
	add()
	c = (c ^ b) - bits.RotateLeft32(b, 14)
	a = (a ^ c) - bits.RotateLeft32(c, 11)
	b = (b ^ a) - bits.RotateLeft32(a, 25)
	c = (c ^ b) - bits.RotateLeft32(b, 16)
	a = (a ^ c) - bits.RotateLeft32(c, 4)
	b = (b ^ a) - bits.RotateLeft32(a, 14)
	c = (c ^ b) - bits.RotateLeft32(b, 24)
	return uint64(c)<<32 | uint64(b)
}
