package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/seguefeed/segue/analysis"
)

// How numbers are written on the page. report.json and the tables carry them in full.

// grouped writes a whole number with thousands separators.
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

// inUnit writes v in its unit; a number that is not known is a dash.
func inUnit(v float64, unit analysis.Unit) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	a := math.Abs(v)
	switch unit {
	case analysis.Share, analysis.Rate:
		return figures(100*v, 3) + "%"
	case analysis.Points:
		return figures(100*v, 3) + " points"
	case analysis.Count:
		if a >= 1000 || v == math.Trunc(v) {
			return grouped(int64(math.Round(v)))
		}
	case analysis.Seconds:
		switch {
		case a >= 5400:
			return figures(v/3600, 3) + " h"
		case a >= 120:
			return figures(v/60, 3) + " min"
		}
		return figures(v, 3) + " s"
	}
	return figures(v, 4)
}

// withUnit is inUnit where no column's head names the unit.
func withUnit(v float64, unit analysis.Unit) string {
	switch unit {
	case analysis.Money, analysis.Years, analysis.Months, analysis.Days:
		return inUnit(v, unit) + " " + string(unit)
	}
	return inUnit(v, unit)
}

// figures writes v to n significant figures, without an exponent and without zeros at its end.
func figures(v float64, n int) string {
	a := math.Abs(v)
	switch {
	case a == 0:
		return "0"
	case a >= math.Pow(10, float64(n)):
		return grouped(int64(math.Round(v)))
	case a < 1e-9:
		return fmt.Sprintf("%.2g", v)
	}
	digits := max(0, n-1-int(math.Floor(math.Log10(a))))
	s := strconv.FormatFloat(v, 'f', min(digits, 12), 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// pValue writes a p-value as papers do.
func pValue(p float64) string {
	switch {
	case math.IsNaN(p):
		return "–"
	case p < .001:
		return "< 0.001"
	}
	return figures(p, 2)
}
