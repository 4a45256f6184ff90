package jwrite

import (
	"bytes"
	"encoding/binary"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

// Packing is how DATA objects are compressed. The values are the flags of an object.
type Packing byte

// The ways to compress.
const (
	Plain Packing = 0
	XZ    Packing = 1
	LZ4   Packing = 2
	ZSTD  Packing = 4
)

// flag is the incompatible flag that a file has for it.
func (p Packing) flag() uint32 {
	switch p {
	case XZ:
		return 1 << 0
	case LZ4:
		return 1 << 1
	case ZSTD:
		return 1 << 3
	}
	return 0
}

// pack compresses as systemd does. It returns nil when that gains nothing.
func (p Packing) pack(data []byte) ([]byte, error) {
	var out []byte
	var err error
	switch p {
	case XZ:
		out, err = packXZ(data)
	case LZ4:
		out = binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
		block := make([]byte, lz4.CompressBlockBound(len(data)))
		var n int
		n, err = lz4.CompressBlock(data, block, nil)
		if out = append(out, block[:n]...); n == 0 {
			out = nil
		}
	case ZSTD:
		var w *zstd.Encoder
		if w, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<21),
			zstd.WithEncoderCRC(false)); err == nil {
			out = w.EncodeAll(data, nil)
			err = w.Close()
		}
	}
	if err != nil || len(out) >= len(data) {
		return nil, err
	}
	return out, nil
}

func packXZ(data []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := xz.WriterConfig{DictCap: 1 << 20, NoCheckSum: true}.NewWriter(&b)
	if err != nil {
		return nil, err
	}
	if _, err = w.Write(data); err != nil {
		return nil, err
	}
	err = w.Close()
	return b.Bytes(), err
}
