// This file reads single fields: nulls, numbers, flags, times. The parsers are written by hand
// because the reference file has 750 million fields.

package feedlog

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// isNull reports whether a field is one of the spellings of null.
func isNull(s string) bool {
	switch s {
	case "", "NA", "NULL", `\N`:
		return true
	}
	return false
}

// parseInt reads a decimal integer within [low, high]; a fraction of zeros ("19.0") is allowed, since
// tools that know no null integers write integers so.
func parseInt(s string, low, high int64) (int64, bool) {
	if i := strings.IndexByte(s, '.'); i > 0 {
		if strings.Trim(s[i+1:], "0") != "" {
			return 0, false
		}
		s = s[:i]
	}
	i, neg := 0, false
	if len(s) > 0 && s[0] == '-' {
		i, neg = 1, true
	}
	if i == len(s) || len(s)-i > 18 {
		return 0, false
	}
	var n int64
	for ; i < len(s); i++ {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + int64(d)
	}
	if neg {
		n = -n
	}
	return n, n >= low && n <= high
}

// parseFloat reads a finite decimal number.
func parseFloat(s string) (float32, bool) {
	// The usual spelling, digits with at most one point, needs no more than integer arithmetic.
	if len(s) > 0 && len(s) <= 12 {
		var n, scale int64 = 0, 0
		i := 0
		for ; i < len(s); i++ {
			c := s[i]
			if c == '.' && scale == 0 && i > 0 && i < len(s)-1 {
				scale = 1
				continue
			}
			if c-'0' > 9 {
				break
			}
			n = n*10 + int64(c-'0')
			scale *= 10
		}
		if i == len(s) {
			if scale > 1 {
				return float32(float64(n) / float64(scale)), true
			}
			return float32(n), true
		}
	}
	// ParseFloat also knows spellings that no log means: hexadecimal, underscores, Inf, NaN.
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c-'0' > 9 && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(s, 32)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return 0, false
	}
	return float32(f), true
}

// parseFlag reads 0 or 1, or a word for them.
func parseFlag(s string) (value, ok bool) {
	if len(s) == 1 {
		switch s[0] {
		case '0':
			return false, true
		case '1':
			return true, true
		}
	}
	switch strings.ToLower(s) {
	case "true", "yes", "t", "y", "1.0":
		return true, true
	case "false", "no", "f", "n", "0.0":
		return false, true
	}
	return false, false
}

// farMillis bounds times to the years a log can be of: 1 January 2200.
const farMillis = 7258118400000

// parseTime reads a time as milliseconds since 1970 UTC. Negative times are read: they are found by
// the data checks, not here.
func (l *Layout) parseTime(s string) (int64, bool) {
	switch l.Time {
	case "", EpochMillis:
		return parseInt(s, -farMillis, farMillis)
	case EpochMicros:
		n, ok := parseInt(s, -farMillis*1000, farMillis*1000)
		return floorDiv(n, 1000), ok
	case EpochSeconds:
		if n, ok := parseInt(s, -farMillis/1000, farMillis/1000); ok {
			return n * 1000, true
		}
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(f) || math.Abs(f) > farMillis/1000 {
			return 0, false
		}
		return int64(math.Floor(f * 1000)), true
	case TimeRFC3339:
		t, err := time.Parse(time.RFC3339Nano, s)
		return t.UnixMilli(), err == nil
	}
	zone := l.Zone
	if zone == nil {
		zone = China
	}
	for _, format := range []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(format, s, zone); err == nil {
			return t.UnixMilli(), true
		}
	}
	return 0, false
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
