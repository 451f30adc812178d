package cli

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seguefeed/segue"
	"github.com/seguefeed/segue/warehouse"
)

// maxTableRows is how many rows the table format prints: it must see all widths before the first line.
const maxTableRows = 1000

func (a *app) sqlCommand() *cobra.Command {
	var (
		format string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "sql [QUERY]",
		Short: "Run one query that only reads",
		Long: `Run one query on the database and print its rows. The database is opened for reading only and the query can reach no other
file. Without QUERY, the query is read from standard input. The tables are described in docs/DATA.md.`,
		Example: `  segue sql "select day, sum(impressions) from user_days group by day order by day"
  segue sql --format csv "from users limit 10" > users.csv
  echo "select count(*) as n from swipes" | segue sql --json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if asJSON {
				format = "json"
			}
			write, ok := map[string]func(warehouse.QueryRows) error{
				"table": a.writeRowsTable, "csv": a.writeRowsCSV, "json": a.writeRowsJSON,
			}[format]
			if !ok {
				return usagef("--format %q is none of table, csv, json", format)
			}
			text := ""
			if len(args) == 1 {
				text = args[0]
			} else {
				var err error
				if text, err = a.readQuery(cmd.Context()); err != nil {
					return err
				}
			}
			if strings.TrimSpace(text) == "" {
				return usagef("sql needs a query, as its argument or on standard input")
			}
			return a.withDatabase(cmd.Context(), true, func(s *segue.Segue, _ segue.Progress) error {
				rows, err := s.SQL(cmd.Context(), text)
				if err != nil {
					return err
				}
				return errors.Join(write(rows), rows.Close())
			})
		},
	}
	a.databaseFlags(cmd)
	cmd.Flags().StringVar(&format, "format", "table", "table, csv or json")
	cmd.Flags().BoolVar(&asJSON, "json", false, "same as --format json")
	return cmd
}

// maxQueryBytes bounds a query from standard input.
const maxQueryBytes = 1 << 20

// readQuery reads a query from standard input. Nothing ends the Read of a terminal or a pipe that is silent, so it is left behind when ctx ends.
func (a *app) readQuery(ctx context.Context) (string, error) {
	type result struct {
		text []byte
		err  error
	}
	read := make(chan result, 1)
	go func() {
		b, err := io.ReadAll(io.LimitReader(a.stdin, maxQueryBytes+1))
		read <- result{b, err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case r := <-read:
		switch {
		case r.err != nil:
			return "", fmt.Errorf("read the query from standard input: %w", r.err)
		case len(r.text) > maxQueryBytes:
			return "", usagef("the query on standard input is longer than %s", bytesText(maxQueryBytes))
		}
		return string(r.text), nil
	}
}

func (a *app) writeRowsTable(rows warehouse.QueryRows) error {
	var cells [][]string
	columns := rows.Columns()
	numbers := make([]bool, len(columns)) // columns of nothing but numbers stand to the right
	more := false
	for rows.Next() {
		if len(cells) == maxTableRows {
			more = true
			break
		}
		values, err := rows.Values()
		if err != nil {
			return err
		}
		for i, v := range values {
			numbers[i] = (numbers[i] || len(cells) == 0) && isNumber(v)
		}
		cells = append(cells, texts(values, "NULL"))
	}
	if err := rows.Err(); err != nil {
		return err
	}
	a.printTableAligned(columns, cells, func(i int) bool { return numbers[i] })
	if more {
		fmt.Fprintf(a.stderr, "segue: only the first %s rows are shown; --format csv prints all\n", thousands(maxTableRows))
	}
	return nil
}

func (a *app) writeRowsCSV(rows warehouse.QueryRows) error {
	w := csv.NewWriter(a.stdout)
	if err := w.Write(rows.Columns()); err != nil {
		return err
	}
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return err
		}
		if err := w.Write(texts(values, "")); err != nil {
			return err
		}
	}
	w.Flush()
	return errors.Join(rows.Err(), w.Error())
}

// writeRowsJSON writes an array with an object a row, its fields in the order of the columns.
func (a *app) writeRowsJSON(rows warehouse.QueryRows) error {
	columns := rows.Columns()
	keys := make([][]byte, len(columns))
	for i, c := range columns {
		key, err := marshal(c)
		if err != nil {
			return err
		}
		keys[i] = key
	}
	open := "[\n  "
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return err
		}
		line := []byte(open + "{")
		open = ",\n  "
		for i, v := range values {
			if i > 0 {
				line = append(line, ", "...)
			}
			line = append(append(line, keys[i]...), ": "...)
			cell, err := marshal(v)
			if err != nil {
				return err
			}
			line = append(line, cell...)
		}
		if _, err := a.stdout.Write(append(line, '}')); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	end := "\n]\n"
	if open == "[\n  " {
		end = "[]\n"
	}
	_, err := io.WriteString(a.stdout, end)
	return err
}

// marshal is json.Marshal that leaves <, > and & as they are; infinities and NaN, which JSON does not know, become null.
func marshal(v any) ([]byte, error) {
	if f, ok := v.(float64); ok && (math.IsInf(f, 0) || math.IsNaN(f)) {
		return []byte("null"), nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// isNumber holds of numbers, and of nulls among them.
func isNumber(v any) bool {
	switch v.(type) {
	case nil, int64, uint64, float64:
		return true
	}
	return false
}

func texts(values []any, null string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case nil:
			out[i] = null
		case float64:
			out[i] = floatText(v)
		case warehouse.Nested:
			out[i] = string(v)
		default:
			out[i] = fmt.Sprint(v)
		}
	}
	return out
}

// floatText writes a number with all its digits, and with an exponent only where zeros would drown it.
func floatText(v float64) string {
	if size := math.Abs(v); size != 0 && (size < 1e-6 || size >= 1e15) {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}
