// What `recommend evaluate` says of the place on the page: a table for each kind of visit, none wider than 100 columns.

package cli

import (
	"fmt"
	"math"
	"strings"

	"github.com/seguefeed/segue/evaluate"
)

// printPosition prints the curves of visits that more than the raw rates are known of.
func (a *app) printPosition(curves []evaluate.Curve) {
	said := false
	for i := range curves {
		c := &curves[i]
		by := c.By()
		if len(by) < 2 {
			continue
		}
		if !said {
			said = true
			fmt.Fprintln(a.stdout, "\nPosition: how often what lies in a slot is looked at, relative to the top of the page, with 95%\nintervals over users. Raw click rates mislead; within visits the user cancels, by swaps of the same\ncard between slots the card, paired both.")
		}
		fmt.Fprintf(a.stdout, "\nVisits %s:\n", c.Visits)
		a.printCurve(c, by)
		a.printMisses(c.Misses())
	}
}

func (a *app) printCurve(c *evaluate.Curve, by []evaluate.CurveBy) {
	head := []string{"slot"}
	for _, m := range by {
		head = append(head, m.Method)
	}
	if c.Truth != nil {
		head = append(head, "truth")
	}
	var rows [][]string
	for k, slot := range c.Slots {
		row := []string{fmt.Sprint(slot)}
		if k > 0 && k == len(c.Slots)-1 && slot == mostSlots {
			row[0] += "+"
		}
		for _, m := range by {
			row = append(row, lookText(m.Cells[k]))
		}
		if c.Truth != nil {
			row = append(row, lookNumber(c.Truth[k]))
		}
		rows = append(rows, row)
	}
	a.printTable(head, rows, 0)
}

// mostSlots is the slot of the curves that stands for all below it too.
const mostSlots = 20

// unknownLook stands where nothing compares a slot with the top.
const unknownLook = "-"

// lookText is an estimate with its interval where it has one: the top has none, being what all are relative to.
func lookText(c evaluate.Cell) string {
	text := lookNumber(c.Value)
	if text == unknownLook || c.Low == c.High || math.IsNaN(c.Low) || math.IsNaN(c.High) {
		return text
	}
	return fmt.Sprintf("%s (%s-%s)", text, lookNumber(c.Low), lookNumber(c.High))
}

// lookNumber has three decimals, and fewer where more stands before the point.
func lookNumber(v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return unknownLook
	case v >= 1000:
		return fmt.Sprintf("%.2g", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.3f", v)
}

// printMisses says how near each method came to a planted truth.
func (a *app) printMisses(misses []evaluate.Miss) {
	if len(misses) == 0 {
		return
	}
	var parts []string
	for _, m := range misses {
		parts = append(parts, fmt.Sprintf("%s %.3f (%d/%d)", m.Method, m.Off, m.Inside, m.Slots))
	}
	fmt.Fprintf(a.stdout, "Off the truth on average over slots below the top, and how many intervals hold it:\n%s.\n", strings.Join(parts, ", "))
}
