// Package feedmap reads the mapping file of another product's log: which file is which table, and which
// column plays which role. docs/DATA.md describes it.
package feedmap

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // zones by name on systems that have no database of them

	"github.com/pelletier/go-toml/v2"

	"github.com/seguefeed/segue/feedlog"
)

// Map is a mapping file as it was understood.
type Map struct {
	Zone    *time.Location // nil when the file names none
	layouts map[feedlog.Table]*feedlog.Layout
	files   map[feedlog.Table]string
}

// sections are the tables' names in a mapping file: a feed shows items, not cards.
var sections = [...]string{
	feedlog.Impressions: "impressions", feedlog.Cards: "items", feedlog.CardDays: "item_days",
	feedlog.Creators: "creators", feedlog.CreatorDays: "creator_days", feedlog.Users: "users",
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

// wrongType is how the decoder says that a setting is of another type, in words for Go programmers.
var wrongType = regexp.MustCompile(`^cannot decode TOML (\w+) into .* type (string|bool)$`)

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
			why := strings.TrimPrefix(at.Error(), "toml: ")
			if m := wrongType.FindStringSubmatch(why); m != nil {
				why = fmt.Sprintf("%s is %s, expected %s", strings.Join(at.Key(), "."), m[1], map[string]string{"string": "text in quotes", "bool": "true or false"}[m[2]])
			}
			return nil, fmt.Errorf("%s:%d:%d: %s", name, line, column, why)
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
	given := map[feedlog.Table]*table{
		feedlog.Impressions: f.Impressions, feedlog.Cards: f.Items, feedlog.CardDays: f.ItemDays,
		feedlog.Creators: f.Creators, feedlog.CreatorDays: f.CreatorDays, feedlog.Users: f.Users,
	}
	for _, t := range feedlog.Tables {
		if given[t] == nil {
			continue
		}
		layout, key, err := given[t].layout(t, m.Zone)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: [%s]: %w", name, lineOf(text, sections[t], key), sections[t], err)
		}
		if _, err := path.Match(given[t].File, "x"); err != nil || given[t].File == "" {
			return nil, fmt.Errorf("%s:%d: [%s]: file %q is not a file name or a pattern such as views-*.csv", name, lineOf(text, sections[t], "file"), sections[t], given[t].File)
		}
		if strings.ContainsAny(given[t].File, `/\\`) { // a file is known by the last part of its name, wherever it lies
			return nil, fmt.Errorf("%s:%d: [%s]: file %q: leave its directory out, and give that to `segue ingest`", name, lineOf(text, sections[t], "file"), sections[t], given[t].File)
		}
		for other, pattern := range m.files {
			if pattern == given[t].File {
				return nil, fmt.Errorf("%s:%d: [%s]: file %q is given to two tables, this and %s", name, lineOf(text, sections[t], "file"), sections[t], pattern, sections[other])
			}
		}
		m.layouts[t], m.files[t] = layout, given[t].File
	}
	if m.layouts[feedlog.Impressions] == nil {
		return nil, fmt.Errorf("%s: there is no [impressions]; it is the one table that a log needs", name)
	}
	return m, nil
}

// layout makes a table's settings a layout; key is the setting that an error is about.
func (t *table) layout(table feedlog.Table, zone *time.Location) (_ *feedlog.Layout, key string, err error) {
	l := &feedlog.Layout{Table: table, IgnoreExtra: t.IgnoreExtra, Time: feedlog.TimeFormat(t.TimeFormat), Zone: zone}
	if t.Separator != "" {
		if len(t.Separator) != 1 {
			return nil, "separator", fmt.Errorf("separator %q is not one character; write a tab as \"\\t\"", t.Separator)
		}
		l.Comma = t.Separator[0]
	}
	roles := feedlog.Roles(table)
	known := make([]string, len(roles))
	for i, r := range roles {
		known[i] = shortName(r)
		if header, ok := t.Columns[known[i]]; ok {
			l.Columns = append(l.Columns, feedlog.Column{Role: r, Header: header})
		}
	}
	for _, role := range slices.Sorted(maps.Keys(t.Columns)) {
		if !slices.Contains(known, role) {
			return nil, role, fmt.Errorf("columns: there is no role %q here; the roles are %s", role, strings.Join(known, ", "))
		}
	}
	return l, "", l.Check()
}

// shortName is a role as its table's settings name it: "user" for "impression.user".
func shortName(r feedlog.Role) string {
	_, short, _ := strings.Cut(string(r), ".")
	return short
}

// lineOf finds the line of a setting of a table for a message: the section's own line where the setting stands in no
// line of its own, 1 where the section does not either (both can be written inline).
func lineOf(text []byte, section, key string) int {
	found, in := 1, false
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			name, _, _ = strings.Cut(name, "]")
			before, _, _ := strings.Cut(strings.TrimSpace(name), ".")
			if in = before == section; in && found == 1 {
				found = i + 1
			}
			continue
		}
		name, _, ok := strings.Cut(line, "=")
		if ok && in && key != "" && strings.Trim(strings.TrimSpace(name), `"'`) == key {
			return i + 1
		}
	}
	return found
}

// Match says which table the file of that base name is; it serves logfiles.Find. A name in full goes before a pattern, and of
// several patterns that fit the longest counts, so that events-users.csv can stand beside events-*.csv. Numbered rejects, as
// views-2.csv of views.csv, are of their file's table.
func (m *Map) Match(base string) (feedlog.Table, bool) {
	t, ok := m.match(base)
	if !ok {
		t, ok = m.match(numbered.ReplaceAllString(base, "$1"))
	}
	return t, ok
}

// numbered is what stands at the end of the name of a second file of rejects.
var numbered = regexp.MustCompile(`-[0-9]+(\.[^.]*)?$`)

func (m *Map) match(base string) (feedlog.Table, bool) {
	best, rank := feedlog.Table(0), -1
	for _, t := range feedlog.Tables {
		pattern, ok := m.files[t]
		if !ok {
			continue
		}
		if pattern == base {
			return t, true
		}
		if hit, err := path.Match(pattern, base); err == nil && hit && len(pattern) > rank {
			best, rank = t, len(pattern)
		}
	}
	return best, rank >= 0
}

// Files are the names and patterns of all tables' files, as the mapping file has them.
func (m *Map) Files() []string {
	var names []string
	for _, t := range feedlog.Tables {
		if name, ok := m.files[t]; ok {
			names = append(names, name)
		}
	}
	return names
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
