package report

import (
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"github.com/parquet-go/parquet-go"

	"github.com/seguefeed/segue/analysis"
)

// writeTables writes each table of the answers as NAME.csv and NAME.parquet.
func writeTables(ctx context.Context, dir string, answers []analysis.Answer) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, a := range answers {
		for _, t := range a.Tables {
			if err := ctx.Err(); err != nil {
				return err
			}
			if seen[t.Name] || t.Name != filepath.Base(t.Name) {
				return fmt.Errorf("question %s: table %q has no name of its own", a.ID, t.Name)
			}
			seen[t.Name] = true
			if err := checkLengths(t); err != nil {
				return fmt.Errorf("question %s: %w", a.ID, err)
			}
			if err := writeCSV(filepath.Join(dir, t.Name+".csv"), t); err != nil {
				return err
			}
			if err := writeParquet(filepath.Join(dir, t.Name+".parquet"), t); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkLengths(t analysis.Table) error {
	for _, c := range t.Columns {
		if c.Len() != t.Rows() {
			return fmt.Errorf("table %s: column %s has %d rows, the first has %d", t.Name, c.Name, c.Len(), t.Rows())
		}
	}
	return nil
}

func writeCSV(path string, t analysis.Table) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
	}()
	w := csv.NewWriter(f)
	row := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		row[i] = c.Name
	}
	if err := w.Write(row); err != nil {
		return err
	}
	for r := range t.Rows() {
		for i, c := range t.Columns {
			row[i] = cell(c, r)
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// cell writes a number in full; a null is empty.
func cell(c analysis.Column, row int) string {
	switch {
	case c.Ints != nil:
		return strconv.FormatInt(c.Ints[row], 10)
	case c.Floats != nil:
		if v := c.Floats[row]; !math.IsNaN(v) && !math.IsInf(v, 0) {
			return strconv.FormatFloat(v, 'g', -1, 64)
		}
		return ""
	}
	return c.Strings[row]
}

// writeParquet writes a table with typed columns, nulls where a number is not known.
func writeParquet(path string, t analysis.Table) (err error) {
	group := parquet.Group{}
	for _, c := range t.Columns {
		switch {
		case c.Ints != nil:
			group[c.Name] = parquet.Int(64)
		case c.Floats != nil:
			group[c.Name] = parquet.Optional(parquet.Leaf(parquet.DoubleType))
		default:
			group[c.Name] = parquet.String()
		}
	}
	schema := parquet.NewSchema(t.Name, group)
	at := map[string]int{} // the schema orders its columns by name
	for i, path := range schema.Columns() {
		at[path[0]] = i
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
	}()
	w := parquet.NewWriter(f, schema, parquet.Compression(&parquet.Zstd))
	row := make(parquet.Row, len(t.Columns))
	for r := range t.Rows() {
		for _, c := range t.Columns {
			i := at[c.Name]
			switch {
			case c.Ints != nil:
				row[i] = parquet.Int64Value(c.Ints[r]).Level(0, 0, i)
			case c.Floats != nil:
				if v := c.Floats[r]; math.IsNaN(v) || math.IsInf(v, 0) {
					row[i] = parquet.NullValue().Level(0, 0, i)
				} else {
					row[i] = parquet.DoubleValue(v).Level(0, 1, i)
				}
			default:
				row[i] = parquet.ByteArrayValue([]byte(c.Strings[r])).Level(0, 0, i)
			}
		}
		if _, err := w.WriteRows([]parquet.Row{row}); err != nil {
			return err
		}
	}
	return w.Close()
}
