package cli

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seguefeed/segue/evaluate"
)

func TestPositionTable(t *testing.T) {
	nan := math.NaN()
	var c evaluate.Curve
	for slot := range 21 {
		cell := evaluate.Cell{Value: .5, Low: .25, High: 23.456, Gap: nan, P: nan}
		switch slot {
		case 0:
			cell = evaluate.Cell{Value: 1, Low: 1, High: 1}
		case 2:
			cell.Low, cell.High = nan, nan
		case 3:
			cell.Value = nan
		}
		c.Slots, c.Raw, c.Within, c.Swaps, c.Est = append(c.Slots, slot), append(c.Raw, cell), append(c.Within, cell), append(c.Swaps, cell), append(c.Est, cell)
		c.Truth = append(c.Truth, .75)
	}
	c.Visits = "browsing"
	rawOnly := evaluate.Curve{Visits: evaluate.AllVisits, Slots: c.Slots, Raw: c.Raw}
	var out bytes.Buffer
	a := &app{stdout: &out}
	a.printPosition([]evaluate.Curve{rawOnly, c})
	text := out.String()
	for _, line := range strings.Split(text, "\n") {
		if n := utf8.RuneCountInString(line); n > 100 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	for _, want := range []string{
		"Visits browsing:\n",
		"    0               1.000               1.000 ",    // the top has no interval
		" 0.500 (0.250-23.5)  0.500 (0.250-23.5)  0.750 \n", // each with its interval, the truth without
		"    2               0.500 ",
		"    3                   - ",
		"\n  20+ ",
		// 19 slots: all but the top and slot 3, each .25 off; all intervals but that of slot 2 hold the truth
		"\nraw 0.250 (18/19), within visits 0.250 (18/19), swaps 0.250 (18/19), paired 0.250 (18/19).\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, evaluate.AllVisits) {
		t.Error("raw rates alone have a table")
	}
	out.Reset()
	a.printPosition(nil)
	if out.Len() > 0 {
		t.Errorf("without slots it says %q", out.String())
	}
	for v, want := range map[float64]string{1: "1.000", 12.34: "12.3", 12345: "1.2e+04", math.Inf(1): "-"} {
		if got := lookNumber(v); got != want {
			t.Errorf("%v is %q, want %q", v, got, want)
		}
	}
}
