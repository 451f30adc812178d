// This file cuts a record into its fields. A record is a line, or several where a quoted field holds
// line ends. The nested list stands either quoted or bare with all its commas; in the bare form
// the columns around it are counted from both ends.

package feedlog

import "strings"

// nextRecord finds the end of the first record of s: its length without the line end, with the line end, and
// whether s holds the whole of it. A quoted field that never closes is no field: the record is then its
// first line, so that one broken quote costs one row and not the rest of the file.
func nextRecord(s string, comma byte, final bool) (length, next int, whole bool) {
	end := strings.IndexByte(s, '\n')
	if end < 0 {
		return len(s), len(s), final
	}
	if strings.IndexByte(s[:end], '"') < 0 || !opensQuote(s[:end], comma) {
		return trimCR(s, end), end + 1, true
	}
	for from := end + 1; ; {
		i := strings.IndexByte(s[from:], '\n')
		stop := len(s)
		if i >= 0 {
			stop = from + i
		}
		if !opensQuote(s[:stop], comma) && stop > end {
			if i < 0 {
				return trimCR(s, stop), stop, final
			}
			return trimCR(s, stop), stop + 1, true
		}
		if i < 0 || stop > maxQuotedRecord {
			if i < 0 && !final && len(s) <= maxQuotedRecord {
				return len(s), len(s), false
			}
			return trimCR(s, end), end + 1, true
		}
		from = stop + 1
	}
}

// maxQuotedRecord bounds how far a record with line ends in its quotes may reach, in bytes: beyond it the
// quote counts as broken.
const maxQuotedRecord = 64 << 10

func trimCR(s string, end int) int {
	if end > 0 && s[end-1] == '\r' {
		return end - 1
	}
	return end
}

// opensQuote reports whether s ends inside a quoted field.
func opensQuote(s string, comma byte) bool {
	start, inside := true, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case inside:
			if c == '"' {
				if i+1 < len(s) && s[i+1] == '"' {
					i++
				} else {
					inside = false
				}
			}
		case c == '"' && start:
			inside = true
		}
		start = !inside && (c == comma || c == '\n')
	}
	return inside
}

// splitQuoted cuts a record by the rules of RFC 4180 into dst; more fields than dst holds, or text after a closing
// quote, are not ok. Quoted fields lose their quotes.
func splitQuoted(rec string, comma byte, dst []string) (n int, ok bool) {
	for {
		if n == len(dst) {
			return n + 1, false
		}
		if len(rec) > 0 && rec[0] == '"' {
			field, rest, closed := unquote(rec)
			if !closed {
				return n, false
			}
			dst[n] = field
			n++
			if rest == "" {
				return n, true
			}
			if rest[0] != comma {
				return n, false
			}
			rec = rest[1:]
			continue
		}
		i := strings.IndexByte(rec, comma)
		if i < 0 {
			dst[n] = rec
			return n + 1, true
		}
		dst[n] = rec[:i]
		n++
		rec = rec[i+1:]
	}
}

// unquote reads a quoted field from the start of s, and returns what follows its closing quote.
func unquote(s string) (field, rest string, closed bool) {
	doubled := false
	for i := 1; i < len(s); i++ {
		j := strings.IndexByte(s[i:], '"')
		if j < 0 {
			return "", "", false
		}
		i += j
		if i+1 < len(s) && s[i+1] == '"' {
			doubled = true
			i++
			continue
		}
		field = s[1:i]
		if doubled {
			field = strings.ReplaceAll(field, `""`, `"`)
		}
		return field, s[i+1:], true
	}
	return "", "", false
}

// splitPlain cuts a record without quotes; it returns the number of fields, which may be more than dst holds.
func splitPlain(rec string, comma byte, dst []string) int {
	n, start := 0, 0
	for i := 0; i < len(rec); i++ {
		if rec[i] == comma {
			if n < len(dst) {
				dst[n] = rec[start:i]
			}
			n++
			start = i + 1
		}
	}
	if n < len(dst) {
		dst[n] = rec[start:]
	}
	return n + 1
}

// splitAround cuts a record whose field at position list is a bare list with commas of its own: the fields before it
// are counted from the left, those after it from the right, and the list is what remains.
func splitAround(rec string, comma byte, list int, dst []string) bool {
	for i := 0; i < list; i++ {
		field, rest, ok := cutField(rec, comma)
		if !ok {
			return false
		}
		dst[i], rec = field, rest
	}
	for i := len(dst) - 1; i > list; i-- {
		j := strings.LastIndexByte(rec, comma)
		if j < 0 {
			return false
		}
		field := rec[j+1:]
		if len(field) >= 2 && field[0] == '"' && field[len(field)-1] == '"' {
			field = field[1 : len(field)-1]
		}
		dst[i], rec = field, rec[:j]
	}
	dst[list] = rec
	return len(rec) >= 2 && rec[0] == '[' && rec[len(rec)-1] == ']'
}

// cutField takes the first field of a record, quoted or not.
func cutField(rec string, comma byte) (field, rest string, ok bool) {
	if len(rec) > 0 && rec[0] == '"' {
		field, rest, closed := unquote(rec)
		if !closed || rest == "" || rest[0] != comma {
			return "", "", false
		}
		return field, rest[1:], true
	}
	i := strings.IndexByte(rec, comma)
	if i < 0 {
		return "", "", false
	}
	return rec[:i], rec[i+1:], true
}

// split cuts a record into exactly len(dst) fields; if it cannot, it says what it found.
func split(rec string, comma byte, list int, dst []string) (found string, ok bool) {
	var n int
	if strings.IndexByte(rec, '"') < 0 {
		n = splitPlain(rec, comma, dst)
		if n == len(dst) {
			return "", true
		}
	} else {
		n, ok = splitQuoted(rec, comma, dst)
		if ok && n == len(dst) {
			return "", true
		}
	}
	if list >= 0 && n >= len(dst) || list >= 0 && !ok {
		if splitAround(rec, comma, list, dst) {
			return "", true
		}
	}
	return describeFields(rec, comma, n), false
}

// describeFields says why a record did not split, in words.
func describeFields(rec string, comma byte, n int) string {
	if opensQuote(rec, comma) {
		return "a quote that is not closed"
	}
	if n = strings.Count(rec, string(comma)) + 1; n == 1 {
		return "1 field"
	}
	return itoa(n) + " fields"
}
