package feedlog

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// RejectWriter keeps the rows of one file that could not be read: NAME holds the header and the rows as they stood (line ends
// are LF, a byte order mark is left out), to be mended and loaded like any other file; NAME.reasons holds a line for
// each, in the same order, that says where it stood and what was wrong. A row that was too long to be read has
// no row in NAME, only its reason and its beginning. The files appear with the first reject, and never take the place of
// one that is there: NAME-2.csv follows NAME.csv.
type RejectWriter struct {
	dir, name string

	rows, reasons *os.File
	out, why      *bufio.Writer
}

// NewRejectWriter keeps rejects of the file called name in dir.
func NewRejectWriter(dir, name string) *RejectWriter {
	return &RejectWriter{dir: dir, name: filepath.Base(name)}
}

// Write keeps one reject.
func (w *RejectWriter) Write(e *RowError) error {
	if w.rows == nil {
		if err := w.open(e.Header); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintln(w.why, oneLine(e.Error())); err != nil {
		return err
	}
	if e.Partial {
		_, err := fmt.Fprintln(w.why, "  begins: "+strconv.Quote(clip(e.Raw, maxFound)))
		return err
	}
	_, err := io.WriteString(w.out, e.Raw+"\n")
	return err
}

// Path is where the rows are kept; "" while there are none.
func (w *RejectWriter) Path() string {
	if w.rows == nil {
		return ""
	}
	return w.rows.Name()
}

// Close ends both files.
func (w *RejectWriter) Close() error {
	if w.rows == nil {
		return nil
	}
	var first error
	for _, f := range []func() error{w.out.Flush, w.why.Flush, w.rows.Close, w.reasons.Close} {
		if err := f(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

func (w *RejectWriter) open(header string) error {
	if err := os.MkdirAll(w.dir, 0o755); err != nil {
		return fmt.Errorf("keep rejected rows: %w", err)
	}
	rows, err := createNew(w.dir, w.name)
	if err != nil {
		return fmt.Errorf("keep rejected rows: %w", err)
	}
	reasons, err := os.Create(rows.Name() + ".reasons")
	if err != nil {
		rows.Close()
		return fmt.Errorf("keep rejected rows: %w", err)
	}
	w.rows, w.reasons = rows, reasons
	w.out, w.why = bufio.NewWriter(rows), bufio.NewWriter(reasons)
	_, err = io.WriteString(w.out, header+"\n")
	return err
}

// createNew creates a file that is not there yet: NAME.csv, or NAME-2.csv and so on. Rejects of earlier loads, and a file of
// mended rejects that is being read, stay as they are.
func createNew(dir, name string) (*os.File, error) {
	ext := filepath.Ext(name)
	for i := 2; ; i++ {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
		if !errors.Is(err, fs.ErrExist) || i > 10_000 {
			return f, err
		}
		if i == 2 {
			name = strings.TrimSuffix(name, ext)
		} else {
			name = strings.TrimSuffix(name, fmt.Sprintf("-%d%s", i-1, ext))
		}
		name = fmt.Sprintf("%s-%d%s", name, i, ext)
	}
}

func oneLine(s string) string {
	return strings.NewReplacer("\n", `\n`, "\r", `\r`).Replace(s)
}
