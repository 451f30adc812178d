// What a column of a CSV table turns out to be while it is read. Until it has too many different values, each value is kept
// as the number of a text in a list, which later becomes a number or a level. A column with more different values can only
// be one of numbers: from there on the numbers themselves are kept.

package learn

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// tableColumn is the state of one column.
type tableColumn struct {
	name        string
	field       int // of a record
	categorical bool
	max         int // levels

	decimalComma bool

	codes  map[string]int32 // of the texts so far; nil once numbers are kept, or once the column is left out
	texts  []string
	number bool   // all values so far are numbers
	values int    // that are not missing
	why    string // it is left out

	levels  []string  // of a column of categories, sorted
	replace []float32 // by code: the number, or the number of the level; nil where numbers are kept
}

var missingValue = float32(math.NaN())

// value is what is kept for the text s of the given line. before are the rows so far, of width columns each, and what of this
// one comes before this column.
func (c *tableColumn) value(s string, line int, before []float32, width int) float32 {
	if s = strings.TrimSpace(s); c.why != "" || isMissing(s) {
		return missingValue
	}
	c.values++
	var v float32
	if c.number || c.codes == nil {
		var ok bool
		v, ok = parseDecimal(s, c.decimalComma)
		c.number = c.number && ok
	}
	if c.codes == nil {
		if !c.number {
			c.leave(fmt.Sprintf("line %d has %.60q, which is not a number, and it has more than %d different values, too many for categories", line, s, c.max))
			return missingValue
		}
		return v
	}
	if code, ok := c.codes[s]; ok {
		return float32(code)
	}
	if len(c.texts) < c.max {
		code := int32(len(c.texts))
		s = strings.Clone(s) // not the whole record with it
		c.codes[s], c.texts = code, append(c.texts, s)
		return float32(code)
	}
	if !c.number || c.categorical {
		c.leave(fmt.Sprintf("more than %d categories", c.max))
		return missingValue
	}
	c.keepNumbers(before, width)
	return v
}

// leave drops the column.
func (c *tableColumn) leave(why string) { c.why, c.codes, c.texts = why, nil, nil }

// keepNumbers turns the codes that were kept into their numbers.
func (c *tableColumn) keepNumbers(before []float32, width int) {
	numbers := c.numbers()
	for at := len(before) - width; at >= 0; at -= width {
		if v := before[at]; v == v {
			before[at] = numbers[int(v)]
		}
	}
	c.codes, c.texts = nil, nil
}

// numbers are those of the texts.
func (c *tableColumn) numbers() []float32 {
	numbers := make([]float32, len(c.texts))
	for k, s := range c.texts {
		numbers[k], _ = parseDecimal(s, c.decimalComma)
	}
	return numbers
}

// settle decides what the column is, and says why it is left out, if it is.
func (c *tableColumn) settle(rows int) string {
	switch {
	case c.why != "":
	case c.values == 0:
		c.why = "it has no value"
	case c.values == rows && len(c.texts) == 1 && rows > 1:
		c.why = fmt.Sprintf("all rows have the value %.60q", c.texts[0])
	case c.codes == nil:
	case c.number && !c.categorical:
		c.replace = c.numbers()
	case rows >= 50 && 2*len(c.texts) > rows:
		c.why = fmt.Sprintf("%d categories in %d rows: it seems to name the rows", len(c.texts), rows)
	default:
		c.levels = slices.Sorted(slices.Values(c.texts))
		c.replace = make([]float32, len(c.texts))
		for k, s := range c.texts {
			at, _ := slices.BinarySearch(c.levels, s)
			c.replace[k] = float32(at)
		}
	}
	c.codes, c.texts = nil, nil
	return c.why
}

// numbersRows says whether each row's value is that of the row before plus 1, in at least 50 rows. x has the column's values as
// they were kept, each width after the last. Such a column says how the file is sorted and nothing about new rows.
func (c *tableColumn) numbersRows(x []float32, width, rows int) bool {
	if rows < 50 || c.levels != nil || c.values < rows {
		return false
	}
	const whole = 1 << 24 // a float32 does not count further
	for i := 1; i < rows; i++ {
		last, v := c.final(x[(i-1)*width]), c.final(x[i*width])
		if v != last+1 && !(v >= whole && last >= whole && v >= last) {
			return false
		}
	}
	return true
}

// final is the value that v, as it was kept, stands for.
func (c *tableColumn) final(v float32) float32 {
	if v != v || c.replace == nil {
		return v
	}
	return c.replace[int(v)]
}

// ErrManyLabels is given for a label of more than two values of which none was named as positive.
var ErrManyLabels = errors.New("more than two labels")

// tableLabels are the labels so far.
type tableLabels struct {
	values []string // in the order of their first rows
	counts []int
	codes  []uint8 // by row
}

// add takes the label of a row, which is in field number column.
func (l *tableLabels) add(c *tableReader, s string, column int) error {
	s = strings.TrimSpace(s)
	if isMissing(s) {
		return c.bad(column, s, "each row needs a label: take out the rows without one")
	}
	if len(l.codes) == math.MaxInt32 {
		return fmt.Errorf("%s:%d: more than %d rows", c.name, c.line, math.MaxInt32)
	}
	k := slices.Index(l.values, s)
	if k < 0 {
		if len(l.values) == maxLabels {
			return c.bad(column, s, fmt.Sprintf("a label has at most %d values; so far there are %s", maxLabels, quoted(l.values)))
		}
		k = len(l.values)
		l.values, l.counts = append(l.values, strings.Clone(s)), append(l.counts, 0)
	}
	l.counts[k]++
	l.codes = append(l.codes, uint8(k))
	return nil
}

// settle finds the positive value.
func (l *tableLabels) settle(t *Table, name, positive string) error {
	sorted := slices.Sorted(slices.Values(l.values))
	if len(sorted) < 2 {
		return fmt.Errorf("%s: column %s: all rows have the label %.60q; two different ones are needed", name, t.Label, sorted[0])
	}
	if positive != "" {
		if !slices.Contains(sorted, positive) {
			return fmt.Errorf("%s: column %s: no row has the label %.60q that was named as positive; there are %s", name, t.Label, positive, quoted(sorted))
		}
	} else {
		if len(sorted) > 2 {
			return fmt.Errorf("%s: column %s: %w: %s: name the one that is positive", name, t.Label, ErrManyLabels, quoted(sorted))
		}
		positive = l.infer(sorted)
	}
	t.Positive = positive
	for _, s := range sorted {
		if s != positive {
			t.Negative = append(t.Negative, s)
		}
	}
	return nil
}

// infer is the positive one of two values, which are sorted.
func (l *tableLabels) infer(sorted []string) string {
	yes := func(s string) bool {
		return slices.Contains([]string{"1", "1.0", "true", "t", "yes", "y", "positive"}, strings.ToLower(s))
	}
	a, b := sorted[0], sorted[1]
	if yes(a) != yes(b) {
		if yes(a) {
			return a
		}
		return b
	}
	if l.counts[slices.Index(l.values, a)] < l.counts[slices.Index(l.values, b)] {
		return a
	}
	return b
}
