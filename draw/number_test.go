package draw

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

var (
	nan = math.NaN()
	inf = math.Inf(1)
)

func TestSizes(t *testing.T) {
	const kib, mib, gib, eib = 1 << 10, 1 << 20, 1 << 30, 1 << 60
	for _, c := range []struct {
		v    float64
		want string
	}{
		{0, "0 B"}, {math.Copysign(0, -1), "0 B"}, {0.4, "0 B"}, {1, "1 B"}, {999, "999 B"}, {1023, "1023 B"}, {1023.4, "1023 B"},
		{1023.6, "1.0 KiB"}, {kib, "1.0 KiB"}, {99.94 * kib, "99.9 KiB"}, {99.96 * kib, "100 KiB"}, {1023.4 * kib, "1023 KiB"},
		{1023.6 * kib, "1.0 MiB"}, {32.1 * gib, "32.1 GiB"}, {1.5 * 1024 * gib, "1.5 TiB"}, {16 * eib, "16.0 EiB"}, {1023.4 * eib, "1023 EiB"},
		{nan, "--"}, {inf, "--"}, {-inf, "--"}, {-1, "--"}, {-1e30, "--"}, {1e30, "--"},
	} {
		if got := string(AppendSize(nil, c.v)); got != c.want {
			t.Errorf("size of %v is %q, want %q", c.v, got, c.want)
		}
		rate := c.want
		if rate != "--" {
			rate += "/s"
		}
		if got := string(AppendRate(nil, c.v)); got != rate {
			t.Errorf("rate of %v is %q, want %q", c.v, got, rate)
		}
	}
}

// TestNumbersKeepTheirColumns holds what the layouts reserve, for any number.
func TestNumbersKeepTheirColumns(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 100_000 {
		v := math.Float64frombits(random.Uint64())
		if i%2 == 0 {
			v = math.Exp2(random.Float64()*66 - 1)
		}
		for _, c := range []struct {
			name  string
			text  []byte
			width int
		}{
			{"size", AppendSize(nil, v), 8}, {"rate", AppendRate(nil, v), 10}, {"percent", AppendPercent(nil, v), 6},
			{"size of any uint64", AppendSize(nil, float64(random.Uint64())), 8},
			{"age", AppendAge(nil, time.Duration(random.Uint64())), 11},
			{"uptime", AppendUptime(nil, time.Duration(random.Uint64())), 15},
		} {
			if Columns(string(c.text)) > c.width {
				t.Fatalf("%s of %v is %q: more than %d columns", c.name, v, c.text, c.width)
			}
		}
	}
}

func TestPercents(t *testing.T) {
	for _, c := range []struct {
		v    float64
		want string
	}{
		{0, "0.0%"}, {math.Copysign(0, -1), "0.0%"}, {0.04, "0.0%"}, {0.05, "0.1%"}, {45.2, "45.2%"}, {99.94, "99.9%"}, {99.95, "100%"},
		{100, "100%"}, {400.4, "400%"}, {nan, "--"}, {inf, "--"}, {-inf, "--"}, {-1, "--"}, {1e30, "--"},
	} {
		if got := string(AppendPercent(nil, c.v)); got != c.want {
			t.Errorf("%v is %q, want %q", c.v, got, c.want)
		}
	}
}

func TestFloatsAndPairs(t *testing.T) {
	for _, c := range []struct {
		got  []byte
		want string
	}{
		{AppendFloat(nil, 2.345, 2), "2.35"}, {AppendFloat(nil, 0, 0), "0"}, {AppendFloat(nil, -1.5, 1), "-1.5"}, {AppendFloat(nil, nan, 2), "--"},
		{AppendFloat(nil, inf, 2), "--"}, {AppendInt(nil, math.MinInt64), "-9223372036854775808"},
		{AppendSizeOf(nil, 32<<30, 64<<30), "32.0/64.0 GiB"}, {AppendSizeOf(nil, 0, 64<<30), "0.0/64.0 GiB"}, {AppendSizeOf(nil, 100, 999), "100/999 B"},
		{AppendSizeOf(nil, 900<<20, 1<<30), "0.9/1.0 GiB"}, {AppendSizeOf(nil, nan, 1<<30), "--"}, {AppendSizeOf(nil, 1, nan), "--"},
	} {
		if string(c.got) != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestAges(t *testing.T) {
	for _, c := range []struct {
		d           time.Duration
		age, uptime string
	}{
		{0, "0s", "0s"}, {-time.Hour, "0s", "0s"}, {math.MinInt64, "0s", "0s"}, {999 * time.Millisecond, "0s", "0s"}, {59 * time.Second, "59s", "59s"},
		{time.Minute, "1m", "1m 0s"}, {59*time.Minute + 59*time.Second, "59m", "59m 59s"}, {time.Hour, "1h 0m", "1h 0m"},
		{3*time.Hour + 5*time.Minute, "3h 5m", "3h 5m"}, {24*time.Hour - time.Second, "23h 59m", "23h 59m"}, {24 * time.Hour, "1d 0h", "1d 0h 0m"},
		{367*time.Hour + 32*time.Minute, "15d 7h", "15d 7h 32m"}, {math.MaxInt64, "106751d 23h", "106751d 23h 47m"},
	} {
		if got := string(AppendAge(nil, c.d)); got != c.age {
			t.Errorf("age of %v is %q, want %q", c.d, got, c.age)
		}
		if got := string(AppendUptime(nil, c.d)); got != c.uptime {
			t.Errorf("uptime of %v is %q, want %q", c.d, got, c.uptime)
		}
	}
}

func TestAppendBitRate(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0 bit/s", 100: "800 bit/s", 124.9: "999 bit/s", 124.95: "1.0 kbit/s", 125: "1.0 kbit/s", 125e6: "1.0 Gbit/s", 1.17e9: "9.4 Gbit/s", 124e8: "99.2 Gbit/s", 125e8: "100 Gbit/s",
		-1: "--", math.NaN(): "--", math.Inf(1): "--",
	} {
		if got := string(AppendBitRate(nil, v)); got != want || len(got) > 11 {
			t.Errorf("%v: got %q, want %q", v, got, want)
		}
	}
}
