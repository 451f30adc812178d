// This file reads single fields: nulls, numbers, flags, times. The parsers are written by hand
// because the reference file has 750 million fields.

package feedlog

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// isNull reports whether a field is one of the spellings of null.
func isNull(s string) bool {
	switch s {
	case "", "NA", "NULL", `\N`:
		return true
	}
	return false
}

// validText reports whether a field is text: UTF-8, without the zero bytes of a file that was torn while it was written.
func validText(s string) bool {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := load64(s, i)
		if (w|(w-0x0101010101010101))&0x8080808080808080 != 0 {
			return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
		}
	}
	for ; i < len(s); i++ {
		if s[i]-1 >= 0x7f {
			return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
		}
	}
	return true
}

// parseInt reads a decimal integer within [low, high]; a fraction of zeros ("19.0") is allowed, since
// tools that know no null integers write integers so.
func parseInt(s string, low, high int64) (int64, bool) {
	i, neg := 0, false
	if len(s) > 0 && s[0] == '-' {
		i, neg = 1, true
	}
	digits := i
	var n int64
	for ; i < len(s); i++ {
		d := s[i] - '0'
		if d > 9 {
			break
		}
		n = n*10 + int64(d)
	}
	// Up to 18 digits cannot overflow.
	if i == digits || i-digits > 18 {
		return 0, false
	}
	if i < len(s) && (s[i] != '.' || strings.Trim(s[i+1:], "0") != "") {
		return 0, false
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
	if len(s) == 1 && s[0]|1 == '1' {
		return s[0] == '1', true
	}
	return parseFlagWord(s)
}

func parseFlagWord(s string) (value, ok bool) {
	switch {
	case len(s) > len("false"):
		return false, false
	case strings.EqualFold(s, "true"), strings.EqualFold(s, "yes"), strings.EqualFold(s, "t"), strings.EqualFold(s, "y"), s == "1.0":
		return true, true
	case strings.EqualFold(s, "false"), strings.EqualFold(s, "no"), strings.EqualFold(s, "f"), strings.EqualFold(s, "n"), s == "0.0":
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
		return parseSeconds(s)
	case TimeRFC3339:
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
			return within(t)
		}
		return 0, false
	}
	zone := l.Zone
	if zone == nil {
		zone = China
	}
	for _, format := range []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(format, s, zone); err == nil {
			return within(t)
		}
	}
	return 0, false
}

// within is the time in milliseconds, if it is one that a log can have.
func within(t time.Time) (int64, bool) {
	ms := t.UnixMilli()
	return ms, ms >= -farMillis && ms <= farMillis
}

// parseSeconds reads seconds with or without a fraction as milliseconds, digit by digit: 1574980776.123 has no exact float64.
func parseSeconds(s string) (int64, bool) {
	whole, fraction, _ := strings.Cut(s, ".")
	if strings.Trim(fraction, "0123456789") != "" {
		return 0, false
	}
	n, ok := parseInt(whole, -farMillis/1000, farMillis/1000)
	if !ok {
		return 0, false
	}
	ms := int64(0)
	for i := range 3 {
		ms *= 10
		if i < len(fraction) {
			ms += int64(fraction[i] - '0')
		}
	}
	if s[0] == '-' {
		ms = -ms
	}
	return n*1000 + ms, true
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
