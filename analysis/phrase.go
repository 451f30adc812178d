package analysis

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/seguefeed/segue/internal/stat"
)

// How numbers are written in sentences. Tables and charts carry the numbers themselves and a Unit.

// grouped writes n with thousands separators: 1,234,567.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// counted writes n things: "1 user", "2,000 users".
func counted(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + many
}

// figures writes x to about three significant figures, with thousands separators and no exponent.
func figures(x float64) string {
	a := math.Abs(x)
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return "an unknown number"
	case a >= 99.95 || x == math.Trunc(x):
		return grouped(int64(math.Round(x)))
	case a >= 9.995:
		return strconv.FormatFloat(x, 'f', 1, 64)
	case a >= .9995:
		return strconv.FormatFloat(x, 'f', 2, 64)
	}
	digits := min(12, 2-int(math.Floor(math.Log10(a))))
	return strconv.FormatFloat(x, 'f', digits, 64)
}

// percent writes a share of 1: 19.2%, 4.31%, 0.031%, 100%.
func percent(x float64) string {
	a := math.Abs(x)
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return "an unknown share"
	case a == 0 || a == 1:
		return strconv.FormatFloat(100*x, 'f', 0, 64) + "%"
	case a >= .0995:
		return strconv.FormatFloat(100*x, 'f', 1, 64) + "%"
	case a >= .00995:
		return strconv.FormatFloat(100*x, 'f', 2, 64) + "%"
	}
	digits := min(9, 1-int(math.Floor(math.Log10(100*a))))
	return strconv.FormatFloat(100*x, 'f', digits, 64) + "%"
}

// points writes a difference of shares in percentage points, without its sign: "3.1 points".
func points(x float64) string {
	s := strings.TrimSuffix(percent(math.Abs(x)), "%")
	if s == "1" || s == "100" {
		return figures(math.Abs(100*x)) + " points"
	}
	return s + " points"
}

// percentInterval writes the ends of a share's interval: "19.1% to 19.3%".
func percentInterval(e stat.Estimate) string { return percent(e.Low) + " to " + percent(e.High) }

// pointsInterval writes the ends of a difference of shares, with signs: "+2.9 to +3.3 points".
func pointsInterval(e stat.Estimate) string {
	sign := func(x float64) string {
		s := strings.TrimSuffix(percent(x), "%")
		if x > 0 {
			s = "+" + s
		}
		return s
	}
	return sign(e.Low) + " to " + sign(e.High) + " points"
}

// figuresInterval writes the ends of an interval of plain numbers.
func figuresInterval(e stat.Estimate) string { return figures(e.Low) + " to " + figures(e.High) }

// duration writes seconds in the unit a reader would choose: "8.2 s", "3.5 min", "1.2 h".
func duration(seconds float64) string {
	switch a := math.Abs(seconds); {
	case math.IsNaN(a) || math.IsInf(a, 0):
		return "an unknown time"
	case a < 99.95:
		return figures(seconds) + " s"
	case a < 99.95*60:
		return figures(seconds/60) + " min"
	}
	return figures(seconds/3600) + " h"
}

// dated writes a day: "Saturday 9 November 2019".
func dated(day time.Time) string { return day.Format("Monday 2 January 2006") }

// dayLabel is a day on an axis or in a table: "2019-11-09".
func dayLabel(day time.Time) string { return day.Format("2006-01-02") }

// hourLabel is an hour of the day on an axis: "09".
func hourLabel(h int) string { return fmt.Sprintf("%02d", h) }

// clock is an hour of the day in a sentence: "12:00 to 13:00".
func clock(h int) string { return fmt.Sprintf("%02d:00 to %02d:00", h, (h+1)%24) }

// listed joins words: "a", "a and b", "a, b and c".
func listed(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// moreOrLess chooses the word for the sign of d.
func moreOrLess(d float64, more, less string) string {
	if d < 0 {
		return less
	}
	return more
}
