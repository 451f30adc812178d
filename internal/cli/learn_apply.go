// `learn apply`: a saved model's probabilities for the rows of another table.

package cli

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seguefeed/segue"
	"github.com/seguefeed/segue/learn"
)

// applyRows are predicted together: as many rows are held at a time.
const applyRows = 4096

// learnApply are the flags of `learn apply`.
type learnApply struct {
	model, in, out string
	separator      string
	keep           []string
	table          learn.TableConfig
}

func (a *app) learnApplyCommand() *cobra.Command {
	var l learnApply
	cmd := &cobra.Command{
		Use:   "apply --model FILE --in FILE",
		Short: "Give the rows of a table the probabilities of a saved model",
		Long: `Read a CSV table with a header and write, for each row, the probability that it is positive, by a model that learn bench --save
wrote: what was positive there is positive here. Columns are found by their names, in any order; others, such as the label, are
passed over. Missing values and categories that are new are allowed, as in learn bench; a number that cannot be read is an error
with its line and column.

What is written is CSV: row, its number from 1 without the header; the columns of --keep; probability. Rows are read and written a
few thousand at a time, so that a table of any length will do; a file of --out is written whole or not at all.`,
		Example: `  segue learn bench --train shoppers.csv --label Revenue --save best.model
  segue learn apply --model best.model --in new.csv > scores.csv
  segue learn apply --model best.model --in new.csv --keep customer_id --out scores.csv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return a.learnApply(cmd, &l) },
	}
	f := cmd.Flags()
	f.StringVar(&l.model, "model", "", "the model, a file of learn bench --save")
	f.StringVar(&l.in, "in", "", "the table, a CSV file with the columns that the model learned from (- is standard input)")
	f.StringVar(&l.out, "out", "", "write the probabilities to this CSV file (default: to standard output)")
	f.StringSliceVar(&l.keep, "keep", nil, "columns of the table to write beside the probability")
	f.BoolVar(&l.table.DecimalComma, "decimal-comma", false, "numbers are written 1,5 instead of 1.5 (default where fields are between semicolons)")
	f.StringVar(&l.separator, "separator", "", "what stands between fields of the table: one character, or tab (default: comma, semicolon or tab, whichever splits the header)")
	return cmd
}

// check refuses wrong command lines before any file is read.
func (l *learnApply) check() (err error) {
	switch {
	case l.model == "":
		return usagef("learn apply needs --model FILE, which learn bench --save writes")
	case l.in == "":
		return usagef("learn apply needs --in FILE, a CSV table with a header")
	}
	if l.table.Comma, err = separator(l.separator); err != nil {
		return err
	}
	if l.out != "" {
		return checkDirectory("out", l.out)
	}
	return nil
}

func (a *app) learnApply(cmd *cobra.Command, l *learnApply) error {
	if err := l.check(); err != nil {
		return err
	}
	model, err := l.load()
	if err != nil {
		return err
	}
	rows := int64(0)
	var unknown []string
	err = a.withProgress(func(progress segue.Progress) error {
		return a.readTable(l.in, &l.table, progress, func(r io.Reader, name string) error {
			in, err := learn.NewRowReader(r, name, model.Inputs(), l.keep, l.table)
			if err != nil {
				return err
			}
			write := func(w io.Writer) (err error) {
				if rows, err = applyModel(cmd.Context(), model, in, l.keep, w); err == nil && rows == 0 {
					err = fmt.Errorf("%s: a header and no rows", name)
				}
				return err
			}
			if l.out == "" {
				err = write(a.stdout)
			} else {
				err = writeFile(l.out, write)
			}
			unknown = in.Unknown()
			return err
		})
	})
	if err != nil {
		return err
	}
	for _, u := range unknown {
		fmt.Fprintln(a.stderr, "Note:", u)
	}
	if l.out != "" {
		fmt.Fprintf(a.stdout, "The probabilities of %s are in %s.\n", rowsText(rows), l.out)
	}
	return nil
}

func (l *learnApply) load() (learn.Model, error) {
	f, err := os.Open(l.model)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := learn.LoadClassifier(f)
	if err != nil {
		return nil, fmt.Errorf("--model %s: %w; one that segue learn bench --save wrote is expected", l.model, err)
	}
	return m, nil
}

// applyModel writes a line for each row of in.
func applyModel(ctx context.Context, model learn.Model, in *learn.RowReader, keep []string, w io.Writer) (rows int64, err error) {
	out := csv.NewWriter(w)
	if err := out.Write(append(append([]string{"row"}, keep...), "probability")); err != nil {
		return 0, err
	}
	x := &learn.Matrix{Cols: len(model.Inputs())}
	p := make([]float64, applyRows)
	kept := make([][]string, applyRows)
	lines := make([]int, applyRows)
	flush := func() error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := model.Predict(x, p[:x.Rows]); err != nil {
			return err
		}
		for k, v := range p[:x.Rows] {
			if math.IsNaN(v) {
				return fmt.Errorf("line %d: the model gives no probability: a value is missing there, or not known, and this model takes none", lines[k])
			}
			rows++
			if err := out.Write(append(append([]string{strconv.FormatInt(rows, 10)}, kept[k]...), strconv.FormatFloat(v, 'g', -1, 64))); err != nil {
				return err
			}
		}
		out.Flush()
		x.Rows, x.Data = 0, x.Data[:0]
		return out.Error()
	}
	for {
		var texts []string
		x.Data, texts, err = in.Next(x.Data)
		if errors.Is(err, io.EOF) {
			err = flush()
			return rows, err
		}
		if err != nil {
			return rows, err
		}
		kept[x.Rows], lines[x.Rows] = kept[x.Rows][:0], in.Line()
		for _, text := range texts {
			kept[x.Rows] = append(kept[x.Rows], strings.Clone(text)) // not the whole row
		}
		if x.Rows++; x.Rows == applyRows {
			if err := flush(); err != nil {
				return rows, err
			}
		}
	}
}
