// The files that learn bench and learn apply read and write.

package cli

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/seguefeed/segue"
	"github.com/seguefeed/segue/learn"
)

// readTable opens a file, finds its separator where none was given, and tells how far reading is.
func (a *app) readTable(file string, table *learn.TableConfig, progress segue.Progress, read func(r io.Reader, name string) error) error {
	var in io.Reader = a.stdin
	name, size := "standard input", int64(0)
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		s, err := f.Stat()
		if err != nil {
			return err
		}
		if s.IsDir() {
			return fmt.Errorf("%s is a directory; a CSV file is expected", file)
		}
		in, name, size = f, file, s.Size()
	}
	counted := &countedReader{r: in, tell: func(n int64) {
		progress(segue.Step{Name: "read " + filepath.Base(name), Unit: segue.Bytes, Done: n, Total: size})
	}}
	r, first := io.Reader(counted), make([]byte, 1<<16)
	n, err := io.ReadFull(r, first)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	first = first[:n]
	switch {
	case len(first) >= 2 && first[0] == 0x1f && first[1] == 0x8b, len(first) >= 4 && string(first[:4]) == "PK\x03\x04", len(first) >= 4 && string(first[:4]) == "PAR1":
		return fmt.Errorf("%s is a compressed or binary file; a CSV file as plain text is expected: unpack it first", name)
	}
	if table.Comma == 0 {
		table.Comma = separatorOf(string(first))
	}
	table.DecimalComma = table.DecimalComma || table.Comma == ';'
	return read(io.MultiReader(strings.NewReader(string(first)), r), name)
}

// separatorOf is the character that splits the header into most fields; a comma where none does.
func separatorOf(start string) rune {
	header, _, _ := strings.Cut(start, "\n")
	best, most := ',', strings.Count(header, ",")
	for _, c := range ";\t|" {
		if n := strings.Count(header, string(c)); n > most {
			best, most = c, n
		}
	}
	return best
}

// countedReader tells how many bytes were read, each megabyte.
type countedReader struct {
	r          io.Reader
	done, told int64
	tell       func(int64)
}

func (c *countedReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.done += int64(n)
	if c.done-c.told >= 1<<20 || err != nil {
		c.told = c.done
		c.tell(c.done)
	}
	return n, err
}

// writePredictions writes a line for each test row: its number in the file, from 1 and without the header, whether it is
// positive, and its probability.
func writePredictions(file string, rows []int32, y []bool, p []float64) error {
	return writeFile(file, func(w io.Writer) error {
		out := csv.NewWriter(w)
		if err := out.Write([]string{"row", "positive", "probability"}); err != nil {
			return err
		}
		for k, i := range rows {
			label := "0"
			if y[k] {
				label = "1"
			}
			if err := out.Write([]string{strconv.Itoa(int(i) + 1), label, strconv.FormatFloat(p[k], 'g', -1, 64)}); err != nil {
				return err
			}
		}
		out.Flush()
		return out.Error()
	})
}

// writeFile leaves a whole file or none.
func writeFile(file string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	err = write(f)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	return err
}
