package draw

import (
	"math"
	"strconv"
	"time"
)

// unknownNumber is drawn for NaN: a value that is not known is never 0.
const unknownNumber = "--"

// AppendInt appends v.
func AppendInt(dst []byte, v int64) []byte { return strconv.AppendInt(dst, v, 10) }

// AppendFloat appends v with prec decimals, or --.
func AppendFloat(dst []byte, v float64, prec int) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(dst, unknownNumber...)
	}
	return strconv.AppendFloat(dst, v, 'f', prec, 64)
}

// AppendPercent appends a share of 0-100 as 45.2%, 100%, in at most 6 columns. What is no share is --.
func AppendPercent(dst []byte, v float64) []byte {
	if !(v >= 0 && v < 99_999.5) { // so written, it is true of NaN
		return append(dst, unknownNumber...)
	}
	prec := 1
	if v >= 99.95 {
		prec = 0
	}
	return append(strconv.AppendFloat(dst, math.Abs(v), 'f', prec, 64), '%') // Abs: there is a -0
}

// sizeUnits are the binary units (IEC 80000-13).
const sizeUnits = "KMGTPE"

// isSize reports whether v can be a number of bytes: not NaN, not negative, and no more than the largest unit shows.
func isSize(v float64) bool { return v >= 0 && v < 1<<70 }

// AppendSize appends a number of bytes in binary units with three digits or so, in at most 8 columns: 0 B, 999 B,
// 1.0 KiB, 32.1 GiB. What is no number of bytes is --.
func AppendSize(dst []byte, v float64) []byte {
	if !isSize(v) {
		return append(dst, unknownNumber...)
	}
	unit, scale := sizeUnit(v)
	dst = appendScaled(dst, v/scale, unit)
	return appendUnit(dst, unit)
}

// AppendSizeOf appends used of total, both in total's unit: 32.1/64.0 GiB.
func AppendSizeOf(dst []byte, used, total float64) []byte {
	if !isSize(used) || !isSize(total) {
		return append(dst, unknownNumber...)
	}
	unit, scale := sizeUnit(total)
	dst = append(appendScaled(dst, used/scale, unit), '/')
	return appendUnit(appendScaled(dst, total/scale, unit), unit)
}

// sizeUnit is the index of the unit that v is shown in (-1: bytes) and its size.
func sizeUnit(v float64) (unit int, scale float64) {
	unit, scale = -1, 1
	for v/scale >= 1023.5 && unit < len(sizeUnits)-1 {
		scale *= 1024
		unit++
	}
	return unit, scale
}

func appendScaled(dst []byte, v float64, unit int) []byte {
	prec := 1
	if unit < 0 || v >= 99.95 {
		prec = 0
	}
	return strconv.AppendFloat(dst, math.Abs(v), 'f', prec, 64) // Abs: there is a -0
}

func appendUnit(dst []byte, unit int) []byte {
	if unit < 0 {
		return append(dst, " B"...)
	}
	return append(dst, ' ', sizeUnits[unit], 'i', 'B')
}

// AppendRate appends bytes a second in at most 10 columns: 1.2 MiB/s. What is no rate is --.
func AppendRate(dst []byte, v float64) []byte {
	if !isSize(v) {
		return append(dst, unknownNumber...)
	}
	return append(AppendSize(dst, v), "/s"...)
}

// AppendBitRate appends bytes a second as bits a second in at most 11 columns: 9.4 Gbit/s. Networks count by thousands.
// What is no rate is --.
func AppendBitRate(dst []byte, v float64) []byte {
	if !isSize(v) {
		return append(dst, unknownNumber...)
	}
	v *= 8
	unit := -1
	for v >= 999.5 && unit < len(bitUnits)-1 {
		v, unit = v/1000, unit+1
	}
	dst = append(appendScaled(dst, v, unit), ' ')
	if unit >= 0 {
		dst = append(dst, bitUnits[unit])
	}
	return append(dst, "bit/s"...)
}

// bitUnits are the decimal units of rates.
const bitUnits = "kMGTPE"

// AppendAge appends a time span in its two largest units: 42s, 14m, 3h 5m, 15d 7h.
func AppendAge(dst []byte, d time.Duration) []byte {
	s := int64(max(d, 0) / time.Second)
	switch {
	case s < 60:
		return append(strconv.AppendInt(dst, s, 10), 's')
	case s < 3600:
		return append(strconv.AppendInt(dst, s/60, 10), 'm')
	case s < 86400:
		dst = append(strconv.AppendInt(dst, s/3600, 10), 'h', ' ')
		return append(strconv.AppendInt(dst, s/60%60, 10), 'm')
	}
	dst = append(strconv.AppendInt(dst, s/86400, 10), 'd', ' ')
	return append(strconv.AppendInt(dst, s/3600%24, 10), 'h')
}

// AppendUptime appends a time span as 15d 7h 32m, 7h 32m, 32m 5s or 5s.
func AppendUptime(dst []byte, d time.Duration) []byte {
	s := int64(max(d, 0) / time.Second)
	if s >= 86400 {
		dst = append(strconv.AppendInt(dst, s/86400, 10), 'd', ' ')
	}
	if s >= 3600 {
		dst = append(strconv.AppendInt(dst, s/3600%24, 10), 'h', ' ')
		return append(strconv.AppendInt(dst, s/60%60, 10), 'm')
	}
	if s >= 60 {
		dst = append(strconv.AppendInt(dst, s/60, 10), 'm', ' ')
	}
	return append(strconv.AppendInt(dst, s%60, 10), 's')
}
