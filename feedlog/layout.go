package feedlog

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Layout says which column of a file plays which role and how its values are written. Columns are found
// by their header, in any order.
type Layout struct {
	Table   Table
	Columns []Column
	// IgnoreExtra passes over columns that have no role; otherwise such a column is an error that names it.
	IgnoreExtra bool
	// Comma separates fields: ',', ';', '|', a tab, or the byte 1 that Hive writes. 0 means ','.
	Comma byte
	// Time says how the time of an impression is written; the zero value is milliseconds since 1970 UTC.
	Time TimeFormat
	// Zone is the zone of written times that do not state one; nil means UTC+8.
	Zone *time.Location
}

// Column gives a role its header.
type Column struct {
	Role   Role
	Header string
}

// TimeFormat is how a time is written.
type TimeFormat string

const (
	EpochMillis  TimeFormat = "ms"      // 1574980776000
	EpochSeconds TimeFormat = "s"       // 1574980776, also with a fraction
	EpochMicros  TimeFormat = "us"      // 1574980776000000
	TimeRFC3339  TimeFormat = "rfc3339" // 2019-11-29T06:39:36+08:00
	TimeLocal    TimeFormat = "local"   // 2019-11-29 06:39:36, in the layout's zone; a T between and a fraction are allowed
)

// China is the zone of the reference log, UTC+8 without summer time.
var China = time.FixedZone("UTC+08:00", 8*3600)

// ReferenceLayout is the layout of a table's file in the reference distribution.
func ReferenceLayout(t Table) *Layout {
	return &Layout{Table: t, Columns: slices.Clone(rolesOf[t])}
}

// Has reports whether the layout has a column for the role.
func (l *Layout) Has(r Role) bool {
	return slices.ContainsFunc(l.Columns, func(c Column) bool { return c.Role == r })
}

// commas are the bytes that can separate fields: none of them is part of a number, a time or a list entry's spelling.
const commas = ",;|\t\x01"

// Check finds what is wrong with a layout before a file is opened.
func (l *Layout) Check() error {
	known := Roles(l.Table)
	seen := map[Role]bool{}
	for _, c := range l.Columns {
		switch {
		case !slices.Contains(known, c.Role):
			return fmt.Errorf("layout of %s: %q is not a role of this table; its roles are %s", l.Table, c.Role, joinRoles(known))
		case seen[c.Role]:
			return fmt.Errorf("layout of %s: role %q has two columns", l.Table, c.Role)
		case c.Header == "":
			return fmt.Errorf("layout of %s: role %q has no column name", l.Table, c.Role)
		}
		seen[c.Role] = true
	}
	for _, r := range Required(l.Table) {
		if !seen[r] {
			return fmt.Errorf("layout of %s: role %q is required and has no column", l.Table, r)
		}
	}
	if c := l.Comma; c != 0 && strings.IndexByte(commas, c) < 0 {
		return fmt.Errorf("layout of %s: %q cannot separate fields; what can: a comma, tab, semicolon, pipe, or the byte 1 that Hive writes", l.Table, c)
	}
	switch l.Time {
	case "", EpochMillis, EpochSeconds, EpochMicros, TimeRFC3339, TimeLocal:
	default:
		return fmt.Errorf("layout of %s: time format %q is none of ms, s, us, rfc3339, local", l.Table, l.Time)
	}
	return nil
}

func joinRoles(roles []Role) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	return strings.Join(names, ", ")
}

// HeaderError says how a file's header differs from its layout.
type HeaderError struct {
	File    string
	Table   Table
	Missing []string // headers that the layout names and the file lacks
	Extra   []string // headers that the file has and the layout does not name
	Twice   []string // headers that stand twice
	Mapped  bool     // the layout is not the reference's
	// Separator is what seems to stand between the columns instead of the layout's separator; 0 where nothing does.
	Separator byte
}

func (e *HeaderError) Error() string {
	var parts []string
	for _, p := range []struct {
		what  string
		names []string
	}{{"missing column", e.Missing}, {"unexpected column", e.Extra}, {"column twice:", e.Twice}} {
		if len(p.names) > 0 {
			parts = append(parts, p.what+" "+nameSome(p.names))
		}
	}
	hint := "another product's log needs a mapping file"
	switch {
	case e.Separator != 0:
		hint = fmt.Sprintf("they seem to be separated by %q, which a mapping file can say: separator = %q", string(e.Separator), string(e.Separator))
	case e.Mapped && len(e.Extra) > 0:
		hint = "as the mapping names them; ignore_extra = true passes over others"
	case e.Mapped:
		hint = "as the mapping names them"
	}
	return fmt.Sprintf("%s:1: %s (expected the columns of %s; %s)", e.File, strings.Join(parts, "; "), e.Table, hint)
}

// otherSeparator finds a separator other than comma in a header that has none of that.
func otherSeparator(names []string, comma byte) byte {
	if len(names) != 1 {
		return 0
	}
	for _, c := range []byte(commas) {
		if c != comma && strings.IndexByte(names[0], c) >= 0 {
			return c
		}
	}
	return 0
}

// nameSome quotes the first names of a list that may have thousands.
func nameSome(names []string) string {
	const some = 20
	var quoted []string
	for _, n := range names[:min(len(names), some)] {
		quoted = append(quoted, fmt.Sprintf("%q", clip(n, 60)))
	}
	if more := len(names) - some; more > 0 {
		quoted = append(quoted, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(quoted, ", ")
}

// header is a layout matched to a file: which field plays which role.
type header struct {
	line   string // as it stood
	names  []string
	fields int
	used   []bool // of each field: it plays a role
	index  map[Role]int
	list   int // field of the nested list; -1 when there is none
}

// match finds the layout's columns among the names of a header line; mapped says that the layout is not the reference's.
func (l *Layout) match(file string, names []string, mapped bool) (*header, error) {
	h := &header{names: names, fields: len(names), used: make([]bool, len(names)), index: map[Role]int{}, list: -1}
	bad := &HeaderError{File: file, Table: l.Table, Mapped: mapped}
	wanted := map[string]bool{}
	for _, c := range l.Columns {
		wanted[c.Header] = true
	}
	at := map[string]int{}
	for i, n := range names {
		_, twice := at[n]
		switch {
		case twice && (wanted[n] || !l.IgnoreExtra):
			bad.Twice = append(bad.Twice, n)
		case !wanted[n] && !l.IgnoreExtra:
			bad.Extra = append(bad.Extra, n)
		}
		at[n] = i
	}
	for _, c := range l.Columns {
		i, ok := at[c.Header]
		if !ok {
			bad.Missing = append(bad.Missing, c.Header)
			continue
		}
		h.index[c.Role] = i
		h.used[i] = true
		if c.Role == ImpressionSwipes {
			h.list = i
		}
	}
	if len(bad.Missing)+len(bad.Extra)+len(bad.Twice) > 0 {
		comma := l.Comma
		if comma == 0 {
			comma = ','
		}
		bad.Separator = otherSeparator(names, comma)
		return nil, bad
	}
	return h, nil
}

// splitHeader cuts a header line into the names of the columns.
func splitHeader(line string, comma byte) (names []string, ok bool) {
	d := dialect{comma: comma, list: -1}
	_, n, shape := d.scan(line)
	if shape != cutOff {
		return nil, false
	}
	names = make([]string, n)
	d.strict = make([]bool, n)
	if d.split(line, false, names) != nil {
		return nil, false
	}
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	return names, true
}

// clip cuts s to at most n bytes, marking the cut.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "..."
}
