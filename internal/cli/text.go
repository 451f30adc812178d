package cli

import (
	"fmt"
	"strconv"
	"time"
)

// thousands writes n with commas: 57,750,395.
func thousands(n int64) string {
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

// rowsText writes a number of rows: 1 row, 1,024 rows.
func rowsText(n int64) string {
	if n == 1 {
		return "1 row"
	}
	return thousands(n) + " rows"
}

// bytesText writes a number of bytes in the unit a person would choose: 6.3 GB.
func bytesText(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	v, u := float64(n), 0
	for v >= 999.5 && u < len(units)-1 {
		v /= 1000
		u++
	}
	if u == 0 || v >= 100 {
		return fmt.Sprintf("%.0f %s", v, units[u])
	}
	return fmt.Sprintf("%.1f %s", v, units[u])
}

// seconds writes a duration as a person would say it: 0.4 s, 38 s, 2 min 5 s.
func seconds(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	d = d.Round(time.Second)
	return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
}

// dayRange is days in words: "1 to 23 November 2019".
func dayRange(from, to time.Time) string {
	switch {
	case from.Equal(to):
		return to.Format("2 January 2006")
	case from.Month() == to.Month() && from.Year() == to.Year():
		return from.Format("2") + " to " + to.Format("2 January 2006")
	case from.Year() != to.Year():
		return from.Format("2 January 2006") + " to " + to.Format("2 January 2006")
	}
	return from.Format("2 January") + " to " + to.Format("2 January 2006")
}
