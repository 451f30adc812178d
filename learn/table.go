// A table of the user's own, as CSV, made into Data: for comparing learners on data that is no feed. The file is read once
// and as a stream; what kind a column is comes out as its values are seen.

package learn

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// TableConfig says how a CSV table is read.
type TableConfig struct {
	Label    string // the column with the labels; it must be given
	Positive string // the value of the label that is positive; "" means that it is inferred (see ReadTable)

	Categorical []string // columns that hold categories even if all their values are numbers
	Ignore      []string // columns to leave out

	Comma        rune // between fields; 0 means ','
	DecimalComma bool // numbers are written 1,5 instead of 1.5
	MaxLevels    int  // a column of more categories is left out; 0 means 1000
}

// Table is a table as read.
type Table struct {
	Data     *Data
	Label    string
	Positive string   // the value of the label that is positive
	Negative []string // the others, sorted
	Notes    []string // what was left out, and why: sentences

	cfg TableConfig
}

const (
	maxTableColumns = 10_000
	maxTableRecord  = 1 << 20 // bytes of a row
	maxLabels       = 20      // values of the label that are told apart
	maxLevelLimit   = 1 << 24 // whole numbers that a float32 tells apart
)

// missingWords stand for a missing value, whatever their case.
var missingWords = []string{"", "na", "n/a", "null", "nan", `\n`, "?"}

func isMissing(s string) bool {
	return len(s) <= 4 && slices.Contains(missingWords, strings.ToLower(s))
}

// ReadTable reads a CSV table with a header. name stands for the file in errors, which give the line, the column, what was
// there and what was expected.
//
// A column whose every value is a number, or missing (empty, NA, N/A, NULL, nan, \N or ?), holds numbers; any other holds
// categories, its levels sorted. Columns without a value or with one only, of more categories than MaxLevels, of categories
// that are nearly all different (more than half as many as rows, of at least 50 rows: names, ids) or that number the rows
// (whole numbers, each the last one plus 1) are left out, with a note; Categorical keeps numbers of the last kind.
//
// The label must have two values at least and none missing. Where Positive is empty it must have exactly two, and the
// positive one is the one of them that is 1, true, t, yes, y or positive; failing that, the rarer; failing that, the one
// that sorts last. All other values are negative.
//
// Memory: 4 bytes a row and column of the file and up to twice that while it grows, and the levels.
func ReadTable(r io.Reader, name string, cfg TableConfig) (*Table, error) {
	if cfg.MaxLevels == 0 {
		cfg.MaxLevels = 1000
	}
	if cfg.MaxLevels < 1 || cfg.MaxLevels > maxLevelLimit {
		return nil, fmt.Errorf("learn: table: at most %d levels; 1 to %d are possible", cfg.MaxLevels, maxLevelLimit)
	}
	c, err := newTableReader(r, name, cfg.Comma)
	if err != nil {
		return nil, err
	}
	label, err := c.find(cfg.Label, "label")
	if err != nil {
		return nil, err
	}
	cols := make([]*tableColumn, 0, len(c.header))
	for j, h := range c.header {
		if j != label && !slices.Contains(cfg.Ignore, h) {
			cols = append(cols, &tableColumn{name: h, field: j, number: true, codes: map[string]int32{},
				categorical: slices.Contains(cfg.Categorical, h), max: cfg.MaxLevels, decimalComma: cfg.DecimalComma})
		}
	}
	for _, list := range [][]string{cfg.Categorical, cfg.Ignore} {
		for _, h := range list {
			if _, err := c.find(h, "named"); err != nil {
				return nil, err
			}
		}
	}
	if len(cols) == 0 {
		return nil, fmt.Errorf("%s:1: no column beside the label %q", name, cfg.Label)
	}
	var x []float32
	var labels tableLabels
	for {
		record, err := c.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := labels.add(c, record[label], label); err != nil {
			return nil, err
		}
		for _, col := range cols {
			x = append(x, col.value(record[col.field], c.line, x, len(cols)))
		}
	}
	return finishTable(c, cfg, cols, x, &labels)
}

// finishTable settles what the columns are and puts the table together.
func finishTable(c *tableReader, cfg TableConfig, cols []*tableColumn, x []float32, labels *tableLabels) (*Table, error) {
	t := &Table{Label: cfg.Label, cfg: cfg}
	rows := len(labels.codes)
	if rows == 0 {
		return nil, fmt.Errorf("%s: a header and no rows", c.name)
	}
	if err := labels.settle(t, c.name, cfg.Positive); err != nil {
		return nil, err
	}
	var keep []int
	for k, col := range cols {
		why := col.settle(rows)
		if why == "" && col.numbersRows(x[k:], len(cols), rows) {
			why = "it numbers the rows"
		}
		if why != "" {
			t.Notes = append(t.Notes, fmt.Sprintf("column %s is left out: %s", col.name, why))
			continue
		}
		keep = append(keep, k)
	}
	if len(keep) == 0 {
		return nil, fmt.Errorf("%s: no column is left to learn from: %s", c.name, strings.Join(t.Notes, "; "))
	}
	width, at := len(cols), 0
	for i := range rows { // in place: what is written is never ahead of what is read
		for _, k := range keep {
			x[at] = cols[k].final(x[i*width+k])
			at++
		}
	}
	t.Data = &Data{X: &Matrix{Rows: rows, Cols: len(keep), Data: x[:at:at]}, Y: make([]bool, rows)}
	for _, k := range keep {
		t.Data.Columns = append(t.Data.Columns, Column{Name: cols[k].name, Levels: cols[k].levels})
	}
	for i, code := range labels.codes {
		t.Data.Y[i] = labels.values[code] == t.Positive
	}
	return t, nil
}

// Read reads another table of the same kind, such as the rows to test on: t's columns, found by their names whatever their
// order, and t's levels; a level that t has not is unknown (NaN). A column of t that is not there, or that has a value which
// is not a number where t has numbers, is an error, as is a label that t has not; columns that t has not are left out, with a
// note.
func (t *Table) Read(r io.Reader, name string) (*Table, error) {
	c, err := newTableReader(r, name, t.cfg.Comma)
	if err != nil {
		return nil, err
	}
	label, err := c.find(t.Label, "label")
	if err != nil {
		return nil, err
	}
	columns := t.Data.Columns
	rows, err := c.rowsOf(columns, "first table", t.cfg.DecimalComma)
	if err != nil {
		return nil, err
	}
	used := map[int]bool{label: true}
	for _, f := range rows.fields {
		used[f] = true
	}
	out := &Table{Label: t.Label, Positive: t.Positive, Negative: t.Negative, cfg: t.cfg}
	for j, h := range c.header {
		if !used[j] {
			out.Notes = append(out.Notes, fmt.Sprintf("column %s is left out: the first table has no such column, or left it out", h))
		}
	}
	var x []float32
	var y []bool
	for {
		record, err := c.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		v := strings.TrimSpace(record[label])
		if v != t.Positive && !slices.Contains(t.Negative, v) {
			return nil, c.bad(label, v, "one of "+quoted(append([]string{t.Positive}, t.Negative...))+" is expected")
		}
		y = append(y, v == t.Positive)
		if x, err = rows.add(x, record); err != nil {
			return nil, err
		}
	}
	if len(y) == 0 {
		return nil, fmt.Errorf("%s: a header and no rows", name)
	}
	out.Data = &Data{X: &Matrix{Rows: len(y), Cols: len(columns), Data: x}, Columns: columns, Y: y}
	return out, nil
}

// parseNumber is the finite number that s stands for, in decimals.
func parseNumber(s string) (float32, bool) {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, false // also 0x1p-2, inf and 1_000, which strconv would take
		}
	}
	v, err := strconv.ParseFloat(s, 32)
	return float32(v), err == nil
}

// parseDecimal is parseNumber, of numbers with a comma where one is set.
func parseDecimal(s string, comma bool) (float32, bool) {
	if comma && strings.Count(s, ",") == 1 && !strings.Contains(s, ".") {
		s = strings.Replace(s, ",", ".", 1)
	}
	return parseNumber(s)
}

// tableReader reads records and says where they are.
type tableReader struct {
	name   string
	csv    *csv.Reader
	bound  *boundedReader
	header []string
	line   int // where the last record began
	last   int // where its last field began
}

func newTableReader(r io.Reader, name string, comma rune) (*tableReader, error) {
	b := bufio.NewReader(r)
	if start, _ := b.Peek(3); string(start) == "\ufeff" { // the byte order mark that spreadsheets write
		_, _ = b.Discard(3)
	}
	c := &tableReader{name: name, bound: &boundedReader{r: b}}
	c.csv = csv.NewReader(c.bound)
	c.csv.ReuseRecord, c.csv.FieldsPerRecord = true, -1
	if comma != 0 {
		if comma == '"' || comma == '\r' || comma == '\n' || !utf8.ValidRune(comma) || comma == utf8.RuneError {
			return nil, fmt.Errorf("learn: table: %q cannot stand between fields", comma)
		}
		c.csv.Comma = comma
	}
	record, err := c.read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: the file is empty; a header is expected", name)
	}
	if err != nil {
		return nil, err
	}
	if len(record) > maxTableColumns {
		return nil, fmt.Errorf("%s:1: %d columns; at most %d are possible", name, len(record), maxTableColumns)
	}
	at := map[string]int{}
	for j, h := range record {
		if h = strings.TrimSpace(h); h == "" {
			h = fmt.Sprintf("column %d", j+1)
		}
		if first, twice := at[h]; twice {
			return nil, fmt.Errorf("%s:1: columns %d and %d are both called %q", name, first+1, j+1, h)
		}
		at[h] = j
		c.header = append(c.header, h)
	}
	return c, nil
}

// next is the next record, valid until the call after.
func (c *tableReader) next() ([]string, error) {
	record, err := c.read()
	if err == nil && len(record) != len(c.header) {
		return nil, fmt.Errorf("%s:%d: %d fields; the header has %d", c.name, c.line, len(record), len(c.header))
	}
	return record, err
}

func (c *tableReader) read() ([]string, error) {
	c.bound.left = maxTableRecord
	record, err := c.csv.Read()
	var parse *csv.ParseError
	switch {
	case err == nil:
	case errors.Is(err, io.EOF):
		return nil, err
	case errors.Is(err, errLongRecord):
		return nil, fmt.Errorf("%s:%d: the row after this line is longer than %d bytes: is a quote not closed?", c.name, c.last, maxTableRecord)
	case errors.As(err, &parse):
		return nil, fmt.Errorf("%s:%d: byte %d of the line: %w", c.name, parse.Line, parse.Column, parse.Err)
	default:
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	c.line, _ = c.csv.FieldPos(0)
	c.last, _ = c.csv.FieldPos(len(record) - 1)
	for j, s := range record {
		if !utf8.ValidString(s) {
			return nil, fmt.Errorf("%s:%d: field %d: %.60q is not UTF-8 text", c.name, c.line, j+1, s)
		}
	}
	return record, nil
}

// find is the number of the column called name.
func (c *tableReader) find(name, what string) (int, error) {
	if j := slices.Index(c.header, name); j >= 0 {
		return j, nil
	}
	return 0, fmt.Errorf("%s:1: no column %q (the %s column); there are %s", c.name, name, what, quoted(c.header))
}

// bad is the error of a value.
func (c *tableReader) bad(column int, value, expected string) error {
	return fmt.Errorf("%s:%d: column %s: %.60q: %s", c.name, c.line, c.header[column], value, expected)
}

// quoted lists up to 20 strings.
func quoted(list []string) string {
	var b strings.Builder
	for k, s := range list {
		if k == 20 {
			fmt.Fprintf(&b, " and %d more", len(list)-k)
			break
		}
		if k > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%.60q", s)
	}
	return b.String()
}

var errLongRecord = errors.New("too long")

// boundedReader gives up when more than left bytes are asked for, so that a quote that is never closed does not take the
// whole file into memory.
type boundedReader struct {
	r    io.Reader
	left int
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLongRecord
	}
	n, err := b.r.Read(p)
	b.left -= n
	return n, err
}
