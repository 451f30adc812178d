// Package feedmap reads the mapping file of another product's log: which file is which table, and which
// column plays which role. docs/DATA.md describes it.
package feedmap

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/seguefeed/segue/feedlog"
)

// Map is a mapping file as it was understood.
type Map struct {
	Zone    *time.Location // nil when the file names none
	layouts map[feedlog.Table]*feedlog.Layout
	files   map[feedlog.Table]string
}

// file is the mapping file's form.
type file struct {
	Zone        string `toml:"zone"`
	Impressions *table `toml:"impressions"`
	Items       *table `toml:"items"`
	ItemDays    *table `toml:"item_days"`
	Creators    *table `toml:"creators"`
	CreatorDays *table `toml:"creator_days"`
	Users       *table `toml:"users"`
}

type table struct {
	File        string            `toml:"file"`
	Separator   string            `toml:"separator"`
	TimeFormat  string            `toml:"time_format"`
	IgnoreExtra bool              `toml:"ignore_extra"`
	Columns     map[string]string `toml:"columns"`
}

// maxBytes bounds a mapping file; a real one has a few hundred bytes.
const maxBytes = 1 << 20

// Read reads the mapping file at name.
func Read(name string) (*Map, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("mapping file: %w", err)
	}
	if info.Size() > maxBytes {
		return nil, fmt.Errorf("%s: %d bytes are too many for a mapping file", name, info.Size())
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("mapping file: %w", err)
	}
	return parse(name, text)
}

func parse(name string, text []byte) (*Map, error) {
	var f file
	dec := toml.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		var strict *toml.StrictMissingError
		var at *toml.DecodeError
		switch {
		case errors.As(err, &strict) && len(strict.Errors) > 0:
			e := strict.Errors[0]
			line, _ := e.Position()
			return nil, fmt.Errorf("%s:%d: there is no setting %q; see docs/DATA.md", name, line, strings.Join(e.Key(), "."))
		case errors.As(err, &at):
			line, column := at.Position()
			return nil, fmt.Errorf("%s:%d:%d: %s", name, line, column, strings.TrimPrefix(at.Error(), "toml: "))
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	m := &Map{layouts: map[feedlog.Table]*feedlog.Layout{}, files: map[feedlog.Table]string{}}
	if f.Zone != "" {
		zone, err := ParseZone(f.Zone)
		if err != nil {
			return nil, fmt.Errorf("%s: zone: %w", name, err)
		}
		m.Zone = zone
	}
	for _, part := range []struct {
		key   string
		table feedlog.Table
		t     *table
	}{
		{"impressions", feedlog.Impressions, f.Impressions}, {"items", feedlog.Cards, f.Items}, {"item_days", feedlog.CardDays, f.ItemDays},
		{"creators", feedlog.Creators, f.Creators}, {"creator_days", feedlog.CreatorDays, f.CreatorDays}, {"users", feedlog.Users, f.Users},
	} {
		if part.t == nil {
			continue
		}
		layout, err := part.t.layout(part.table, m.Zone)
		if err != nil {
			return nil, fmt.Errorf("%s: [%s]: %w", name, part.key, err)
		}
		if _, err := path.Match(part.t.File, "x"); err != nil || part.t.File == "" {
			return nil, fmt.Errorf("%s: [%s]: file %q is not a file name or a pattern such as views-*.csv", name, part.key, part.t.File)
		}
		m.layouts[part.table], m.files[part.table] = layout, part.t.File
	}
	if m.layouts[feedlog.Impressions] == nil {
		return nil, fmt.Errorf("%s: there is no [impressions]; it is the one table that a log needs", name)
	}
	return m, nil
}

// layout makes a table's settings a layout.
func (t *table) layout(table feedlog.Table, zone *time.Location) (*feedlog.Layout, error) {
	l := &feedlog.Layout{Table: table, IgnoreExtra: t.IgnoreExtra, Time: feedlog.TimeFormat(t.TimeFormat), Zone: zone}
	if t.Separator != "" {
		if len(t.Separator) != 1 {
			return nil, fmt.Errorf("separator %q is not one character; write a tab as \"\\t\"", t.Separator)
		}
		l.Comma = t.Separator[0]
	}
	roles := feedlog.Roles(table)
	known := make([]string, len(roles))
	for i, r := range roles {
		_, known[i], _ = strings.Cut(string(r), ".")
		if header, ok := t.Columns[known[i]]; ok {
			l.Columns = append(l.Columns, feedlog.Column{Role: r, Header: header})
		}
	}
	var unknown []string
	for role := range t.Columns {
		if !slices.Contains(known, role) {
			unknown = append(unknown, role)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return nil, fmt.Errorf("columns: there is no role %q here; the roles are %s", unknown[0], strings.Join(known, ", "))
	}
	return l, l.Check()
}

// Match says which table the file of that base name is; it serves logfiles.Find.
func (m *Map) Match(base string) (feedlog.Table, bool) {
	for _, t := range feedlog.Tables {
		if pattern, ok := m.files[t]; ok {
			if hit, err := path.Match(pattern, base); err == nil && hit {
				return t, true
			}
		}
	}
	return 0, false
}

// Layout is the layout of a table's files; nil when the mapping does not name the table.
func (m *Map) Layout(t feedlog.Table) *feedlog.Layout { return m.layouts[t] }

// ParseZone reads an offset such as +08:00 or a name of the time zone database such as Europe/Berlin.
func ParseZone(s string) (*time.Location, error) {
	if strings.HasPrefix(s, "+") || strings.HasPrefix(s, "-") {
		t, err := time.Parse("-07:00", s)
		if err != nil {
			return nil, fmt.Errorf("%q is not an offset; write it like +08:00", s)
		}
		_, offset := t.Zone()
		return time.FixedZone("UTC"+s, offset), nil
	}
	zone, err := time.LoadLocation(s)
	if err != nil || s == "Local" {
		return nil, fmt.Errorf("%q is not a time zone; write an offset like +08:00 or a name like Europe/Berlin", s)
	}
	return zone, nil
}
