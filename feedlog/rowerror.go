package feedlog

import "fmt"

// RowError is one record that could not be read.
type RowError struct {
	File   string
	Line   int64  // physical line on which the record starts, from 1
	Column string // header of the field; "" when the record as a whole is wrong
	Found  string // what was there, cut to 200 bytes
	Want   string // what was expected: "a number", "13 fields"
	// Raw is the record as it stood, byte for byte but for its line end, to be mended; a record that was too
	// long to be read has only its first KiB here.
	Raw     string
	Partial bool   // Raw is only the beginning
	Header  string // the file's header line, as it stood
}

func (e *RowError) Error() string {
	if e.Column == "" {
		return fmt.Sprintf("%s:%d: %s, expected %s", e.File, e.Line, e.Found, e.Want)
	}
	return fmt.Sprintf("%s:%d: column %s: %q is not %s", e.File, e.Line, e.Column, e.Found, e.Want)
}

// maxFound bounds how much of a bad value an error repeats.
const maxFound = 200

// fieldError is a RowError in the making: the parser of a table knows the role and the value.
type fieldError struct {
	role  Role
	found string
	want  string
}
