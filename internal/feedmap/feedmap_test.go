package feedmap

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seguefeed/segue/feedlog"
)

const example = `zone = "Asia/Shanghai"

[impressions]
file = "views-*.csv"
separator = ";"
time_format = "s"
ignore_extra = true
[impressions.columns]
user = "member"
item = "story"
time = "at"
clicked = "opened"

[items]
file = "stories.csv"
columns = {id = "story", creator = "author"}
`

func TestParse(t *testing.T) {
	m, err := parse("feed.toml", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	if m.Zone.String() != "Asia/Shanghai" {
		t.Errorf("zone %v", m.Zone)
	}
	l := m.Layout(feedlog.Impressions)
	if l == nil || l.Comma != ';' || !l.IgnoreExtra || string(l.Time) != "s" || len(l.Columns) != 4 || l.Zone != m.Zone {
		t.Fatalf("impressions: %+v", l)
	}
	for _, c := range l.Columns {
		if want := map[feedlog.Role]string{feedlog.ImpressionUser: "member", feedlog.ImpressionCard: "story", feedlog.ImpressionTime: "at", feedlog.ImpressionClicked: "opened"}[c.Role]; c.Header != want {
			t.Errorf("%s is %q, want %q", c.Role, c.Header, want)
		}
	}
	if m.Layout(feedlog.Cards) == nil || m.Layout(feedlog.Users) != nil {
		t.Error("items are there and users are not")
	}
	for name, want := range map[string]feedlog.Table{"views-2019-11-01.csv": feedlog.Impressions, "stories.csv": feedlog.Cards, "stories-2.csv": feedlog.Cards} {
		if got, ok := m.Match(name); !ok || got != want {
			t.Errorf("%s is %v, %v", name, got, ok)
		}
	}
	if got := strings.Join(m.Files(), " "); got != "views-*.csv stories.csv" {
		t.Errorf("files %s", got)
	}
	if got, ok := m.Match("else.csv"); ok {
		t.Errorf("else.csv is taken for %v", got)
	}
}

// A name in full goes before a pattern, and the longest pattern before the others.
func TestMatchTakesTheClosest(t *testing.T) {
	m, err := parse("feed.toml", []byte(`
[impressions]
file = "events-*.csv"
columns = {user = "u", item = "c", time = "t", clicked = "k"}
[users]
file = "events-users.csv"
columns = {id = "u"}
[items]
file = "events-items-*.csv"
columns = {id = "c"}
`))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]feedlog.Table{"events-1.csv": feedlog.Impressions, "events-users.csv": feedlog.Users, "events-items-1.csv": feedlog.Cards} {
		if got, ok := m.Match(name); !ok || got != want {
			t.Errorf("%s is %v, %v", name, got, ok)
		}
	}
}

// What is wrong with a file is said with its line and with what is expected.
func TestErrors(t *testing.T) {
	head := "[impressions]\nfile = \"a.csv\"\n"
	columns := "[impressions.columns]\nuser = \"u\"\nitem = \"c\"\ntime = \"t\"\nclicked = \"k\"\n"
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"no toml":         {"impressions", []string{"feed.toml:1:"}},
		"unknown setting": {head + "columm = 1\n" + columns, []string{"feed.toml:3:", `"impressions.columm"`, "docs/DATA.md"}},
		"unknown role":    {head + columns + "clicks = \"x\"\n", []string{"feed.toml:8:", `no role "clicks"`, "the roles are "}},
		"no impressions":  {"[items]\nfile = \"i.csv\"\ncolumns = {id = \"c\"}\n", []string{"feed.toml", "no [impressions]"}},
		"missing role":    {head + strings.Replace(columns, "clicked = \"k\"\n", "", 1), []string{"feed.toml:3", "[impressions]", "impression.clicked"}},
		"separator":       {head + "separator = \", \"\n" + columns, []string{"feed.toml:3:", "separator", "one character"}},
		"time format":     {head + "time_format = \"stardate\"\n" + columns, []string{"feed.toml:", "[impressions]", "stardate"}},
		"zone":            {"zone = \"Mars/Olympus\"\n" + head + columns, []string{"feed.toml", "Mars/Olympus"}},
		"no file":         {"[impressions]\n" + columns, []string{"feed.toml:", `file ""`}},
		"bad pattern":     {"[impressions]\nfile = \"a[.csv\"\n" + columns, []string{"feed.toml:2:", `"a[.csv"`}},
		"directory":       {"[impressions]\nfile = \"logs/a.csv\"\n" + columns, []string{"feed.toml:2:", `"logs/a.csv"`, "leave its directory out"}},
		"zone is number":  {"zone = 8\n" + head + columns, []string{"feed.toml:1:8: zone is integer, expected text in quotes"}},
		"extra is text":   {head + "ignore_extra = \"yes\"\n" + columns, []string{"feed.toml:3:", "ignore_extra is string, expected true or false"}},
		"one file twice":  {head + columns + "[users]\nfile = \"a.csv\"\ncolumns = {id = \"u\"}\n", []string{"feed.toml:2:", "two tables, this and users"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse("feed.toml", []byte(c.text))
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

func TestRead(t *testing.T) {
	name := filepath.Join(t.TempDir(), "feed.toml")
	if _, err := Read(name); err == nil || !strings.Contains(err.Error(), name) {
		t.Errorf("of a missing file: %v", err)
	}
	if err := os.WriteFile(name, []byte(example), 0o644); err != nil {
		t.Fatal(err)
	}
	m, err := Read(name)
	if err != nil || m.Zone == nil || m.Zone == time.UTC {
		t.Errorf("%v, %v", m, err)
	}
	if err := os.WriteFile(name, make([]byte, maxBytes+1), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(name); err == nil || !strings.Contains(err.Error(), "too many") {
		t.Errorf("of a huge file: %v", err)
	}
}

// FuzzParse finds no text that breaks the reader.
func FuzzParse(f *testing.F) {
	f.Add(example)
	f.Add("[impressions]\nfile=\"*\"\ncolumns={user=\"u\"}")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := parse("feed.toml", []byte(text))
		if err == nil && m.Layout(feedlog.Impressions) == nil {
			t.Error("a map without impressions")
		}
	})
}
