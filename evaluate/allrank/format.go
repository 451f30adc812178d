// How a file of interactions is laid out, told by its first lines. Two layouts are about: one line a user with all her items, as the
// public splits of graph models have it, and one row an interaction, as rating files have it. What could be either is refused
// rather than guessed: a split read the wrong way still gives figures, and they would mean nothing.

package allrank

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Format is a layout.
type Format string

// The layouts.
const (
	Auto  Format = "auto"  // told by the first lines
	Lines Format = "lines" // one line a user: user item item ...
	Rows  Format = "rows"  // one row an interaction: user item [rating [time]]
)

// ParseFormat is the format of that name; "" is Auto.
func ParseFormat(name string) (Format, error) {
	switch f := Format(strings.ToLower(name)); f {
	case "":
		return Auto, nil
	case Auto, Lines, Rows:
		return f, nil
	}
	return "", fmt.Errorf("there is no format %q; there are auto, lines (user item item ...) and rows (user item [rating [time]])", name)
}

// layout is how the lines of one file are read.
type layout struct {
	format    Format
	separator string // " " stands for any run of white space
	header    bool   // the first line names columns
}

// split appends the fields of a line, without white space around them.
func (l *layout) split(line []byte, fields [][]byte) [][]byte {
	if l.separator == " " {
		for len(line) > 0 {
			line = bytes.TrimLeft(line, " \t")
			end := bytes.IndexAny(line, " \t")
			if end < 0 {
				end = len(line)
			}
			if end > 0 {
				fields = append(fields, line[:end])
			}
			line = line[end:]
		}
		return fields
	}
	sep := []byte(l.separator)
	for {
		field, rest, more := bytes.Cut(line, sep)
		fields = append(fields, bytes.TrimSpace(field))
		if !more {
			return fields
		}
		line = rest
	}
}

// ErrLayout is given for a file that could be of both layouts.
var ErrLayout = errors.New("it cannot be told whether this is one line a user (user item item ...) or one row an interaction (user item rating): " +
	"say which, by format lines or rows")

// layoutOf looks at the beginning of a file, which is whole lines.
func layoutOf(start []byte, asked Format) (layout, error) {
	l := layout{format: asked, separator: separatorOf(start)}
	var lines [][][]byte
	for line := range bytes.Lines(start) {
		if line = trimLine(line); len(line) > 0 {
			lines = append(lines, l.split(line, nil))
		}
	}
	if len(lines) == 0 {
		return l, nil
	}
	if asked != Lines && isHeader(lines[0]) {
		l.header, lines = true, lines[1:]
		l.format = Rows
	}
	if l.format != Auto {
		return l, nil
	}
	seen := map[string]bool{}
	repeated, least, most := 0, math.MaxInt, 0
	for _, fields := range lines {
		if seen[string(fields[0])] {
			repeated++
		}
		seen[string(fields[0])] = true
		least, most = min(least, len(fields)), max(most, len(fields))
	}
	switch {
	case repeated > 0, least == 2 && most == 2: // a user has one line only, or both layouts say the same
		l.format = Rows
	case most > 4 || least != most || most == 1:
		l.format = Lines
	case looksRated(lines):
		l.format = Rows
	default:
		return l, ErrLayout
	}
	return l, nil
}

// separatorOf is the first of these that half of the lines or more have; an id may contain those behind it.
func separatorOf(start []byte) string {
	for _, s := range []string{"::", "\t", ";", ","} {
		with, without := 0, 0
		for line := range bytes.Lines(start) {
			switch line = trimLine(line); {
			case len(line) == 0:
			case bytes.Contains(line, []byte(s)):
				with++
			default:
				without++
			}
		}
		if with > 0 && with >= without {
			return s
		}
	}
	return " "
}

// isHeader says whether a line names columns: user and item, and no number where a rating would be.
func isHeader(fields [][]byte) bool {
	if len(fields) < 2 || len(fields) > 4 {
		return false
	}
	name := strings.ToLower(string(fields[0]))
	name, _, _ = strings.Cut(name, ":") // as in user_id:token
	switch strings.NewReplacer("_", "", "-", "", " ", "", `"`, "").Replace(name) {
	case "user", "userid", "users", "uid", "u", "visitorid", "customerid":
	default:
		return false
	}
	_, err := strconv.ParseFloat(string(fields[len(fields)-1]), 64)
	return err != nil
}

// looksRated says whether lines of three or four fields each, of as many users, end with a rating, or with a time in seconds.
func looksRated(lines [][][]byte) bool {
	const enough = 20 // lines, before a column of small numbers is taken for ratings
	rated, timed := len(lines) >= enough, len(lines[0]) == 4
	for _, fields := range lines {
		r, err := strconv.ParseFloat(string(fields[2]), 64)
		rated = rated && err == nil && r >= 0 && r <= 10
		if timed {
			at, err := strconv.ParseFloat(string(fields[3]), 64)
			timed = err == nil && at >= 1e8
		}
	}
	return rated || timed
}

// trimLine takes a line's end, white space around it and the mark that some programs put before a file's first line away.
func trimLine(line []byte) []byte {
	return bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\ufeff")))
}
