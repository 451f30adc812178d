// Rows of a CSV table read as those of given columns: another table of the same kind, or what a saved model is to predict.

package learn

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// RowReader reads a CSV table with a header a row at a time, as rows of a model's columns, which are found by their names whatever their order.
// Other columns are passed over. Memory: one row, of at most 1 MB, and the levels.
type RowReader struct {
	c    *tableReader
	rows *tableRows
	keep []int
	kept []string
}

// NewRowReader reads the header. columns are those of a model (Inputs), keep others whose text is wanted too; of cfg it needs Comma and DecimalComma.
// name stands for the file in errors. A column that is not there is an error.
func NewRowReader(r io.Reader, name string, columns []Column, keep []string, cfg TableConfig) (*RowReader, error) {
	c, err := newTableReader(r, name, cfg.Comma)
	if err != nil {
		return nil, err
	}
	out := &RowReader{c: c, kept: make([]string, len(keep))}
	if out.rows, err = c.rowsOf(columns, "model", cfg.DecimalComma); err != nil {
		return nil, err
	}
	for _, h := range keep {
		j, err := c.find(h, "kept")
		if err != nil {
			return nil, err
		}
		out.keep = append(out.keep, j)
	}
	return out, nil
}

// Next appends the next row to x, and gives the texts of the kept columns, valid until the call after; io.EOF after the last. A missing number (see
// ReadTable) and a category that the model does not know are NaN. Any other value where the model has numbers is an error with its line and column.
func (r *RowReader) Next(x []float32) (row []float32, kept []string, err error) {
	record, err := r.c.next()
	if err != nil {
		return x, nil, err
	}
	if x, err = r.rows.add(x, record); err != nil {
		return x, nil, err
	}
	for k, j := range r.keep {
		r.kept[k] = record[j]
	}
	return x, r.kept, nil
}

// Line is where the last row began.
func (r *RowReader) Line() int { return r.c.line }

// Unknown says of each column of categories in which rows had others than the model knows, how many, and one of them: sentences.
func (r *RowReader) Unknown() []string {
	var out []string
	for k, n := range r.rows.unknown {
		if n > 0 {
			out = append(out, fmt.Sprintf("column %s: %d values that the model does not know, such as %.60q, count as missing", r.rows.columns[k].Name, n, r.rows.example[k]))
		}
	}
	return out
}

// tableRows reads records as rows of columns.
type tableRows struct {
	c            *tableReader
	columns      []Column
	of           string             // whose the columns are
	fields       []int              // of a record, by column
	codes        []map[string]int32 // of levels; nil for numbers
	decimalComma bool

	unknown []int    // by column: values of categories that are no level
	example []string // the first of them
}

// rowsOf finds columns, which are those of a table or model, in the header.
func (c *tableReader) rowsOf(columns []Column, of string, decimalComma bool) (*tableRows, error) {
	t := &tableRows{c: c, columns: columns, of: of, decimalComma: decimalComma, fields: make([]int, len(columns)), codes: make([]map[string]int32, len(columns)),
		unknown: make([]int, len(columns)), example: make([]string, len(columns))}
	var err error
	for k, col := range columns {
		if t.fields[k], err = c.find(col.Name, of+"'s"); err != nil {
			return nil, err
		}
		if col.Categorical() {
			t.codes[k] = make(map[string]int32, len(col.Levels))
			for i, level := range col.Levels {
				t.codes[k][level] = int32(i)
			}
		}
	}
	return t, nil
}

// add appends the row of a record to x.
func (t *tableRows) add(x []float32, record []string) ([]float32, error) {
	for k, f := range t.fields {
		v, s := float32(math.NaN()), strings.TrimSpace(record[f])
		switch {
		case isMissing(s):
		case t.codes[k] != nil:
			if code, ok := t.codes[k][s]; ok {
				v = float32(code)
				break
			}
			if t.unknown[k]++; t.unknown[k] == 1 {
				t.example[k] = strings.Clone(s)
			}
		default:
			var ok bool
			if v, ok = parseDecimal(s, t.decimalComma); !ok {
				return x, t.c.bad(f, s, "a number is expected, as in the "+t.of)
			}
		}
		x = append(x, v)
	}
	return x, nil
}
