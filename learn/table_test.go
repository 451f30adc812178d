package learn

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
)

func readTable(t *testing.T, text string, cfg TableConfig) *Table {
	t.Helper()
	if cfg.Label == "" {
		cfg.Label = "bought"
	}
	tab, err := ReadTable(strings.NewReader(text), "a.csv", cfg)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// sameValues compares values, NaN being the same as NaN.
func sameValues(a, b []float32) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && (a[i] == a[i] || b[i] == b[i]) {
			return false
		}
	}
	return true
}

const shop = "\ufeff\"age\",town,bought,member,none,code\r\n" +
	"31,\"guang, dong\",yes,TRUE,,7\r\n" +
	"NA, beijing ,no,FALSE,null,8\r\n" +
	"-2.5e1,?,no,TRUE,NaN,7\r\n" +
	"1000000,beijing,no,\\N,N/A,9\r\n"

func TestReadTable(t *testing.T) {
	tab := readTable(t, shop, TableConfig{Categorical: []string{"code"}})
	columns := []Column{{Name: "age"}, {Name: "town", Levels: []string{"beijing", "guang, dong"}},
		{Name: "member", Levels: []string{"FALSE", "TRUE"}}, {Name: "code", Levels: []string{"7", "8", "9"}}}
	if !reflect.DeepEqual(tab.Data.Columns, columns) {
		t.Errorf("columns %v, want %v", tab.Data.Columns, columns)
	}
	n := nan32
	if want := []float32{31, 1, 1, 0, n, 0, 0, 1, -25, n, 1, 0, 1000000, 0, n, 2}; !sameValues(tab.Data.X.Data, want) {
		t.Errorf("values %v, want %v", tab.Data.X.Data, want)
	}
	if want := []bool{true, false, false, false}; !reflect.DeepEqual(tab.Data.Y, want) || tab.Positive != "yes" || !reflect.DeepEqual(tab.Negative, []string{"no"}) {
		t.Errorf("labels %v, positive %q, negative %q", tab.Data.Y, tab.Positive, tab.Negative)
	}
	if len(tab.Notes) != 1 || tab.Notes[0] != "column none is left out: it has no value" {
		t.Errorf("notes %q", tab.Notes)
	}

	// Another order, an unseen level, a column too many and one that had no value.
	next, err := tab.Read(strings.NewReader("bought,extra,code,member,town,age\nyes,1,9,?,guangxi,\nno,2,4,FALSE,beijing,7\n"), "b.csv")
	if err != nil {
		t.Fatal(err)
	}
	if want := []float32{n, n, n, 2, 7, 0, 0, n}; !sameValues(next.Data.X.Data, want) {
		t.Errorf("values %v, want %v", next.Data.X.Data, want)
	}
	if len(next.Notes) != 1 || !strings.Contains(next.Notes[0], "extra") || !reflect.DeepEqual(next.Data.Columns, columns) || !reflect.DeepEqual(next.Data.Y, []bool{true, false}) {
		t.Errorf("notes %q, columns %v, labels %v", next.Notes, next.Data.Columns, next.Data.Y)
	}
	for text, want := range map[string]string{
		"age,town,bought,member\n":                                      `b.csv:1: no column "code"`,
		"age,town,code,member\n":                                        `b.csv:1: no column "bought" (the label column)`,
		"age,town,bought,member,code\n":                                 "b.csv: a header and no rows",
		"age,town,bought,member,code\n1,a,no,TRUE,7\nold,a,no,TRUE,7\n": `b.csv:3: column age: "old": a number is expected`,
		"age,town,bought,member,code\n1,a,maybe,TRUE,7\n":               `b.csv:2: column bought: "maybe": one of "yes", "no" is expected`,
	} {
		if _, err := tab.Read(strings.NewReader(text), "b.csv"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestTablePositive(t *testing.T) {
	for labels, want := range map[string]string{
		"1 0 1":           "1",
		"false TRUE TRUE": "TRUE",
		"y n y":           "y",
		"churn stay stay": "churn", // the rarer
		"stay churn stay": "churn",
		"a b":             "b", // as many of both: the last
		"2 1 1":           "1",
	} {
		text := "x,bought\n"
		for i, l := range strings.Fields(labels) {
			text += fmt.Sprintf("%d,%s\n", i, l)
		}
		if got := readTable(t, text, TableConfig{}).Positive; got != want {
			t.Errorf("%s: %q is positive, want %q", labels, got, want)
		}
	}
	tab := readTable(t, "x,bought\n1,a\n2,b\n3,c\n", TableConfig{Positive: "b"})
	if !reflect.DeepEqual(tab.Data.Y, []bool{false, true, false}) || !reflect.DeepEqual(tab.Negative, []string{"a", "c"}) {
		t.Errorf("labels %v, negative %q", tab.Data.Y, tab.Negative)
	}
}

func TestTableErrors(t *testing.T) {
	many := "x,bought\n"
	for i := range 30 {
		many += fmt.Sprintf("1,v%d\n", i)
	}
	for text, want := range map[string]string{
		"":                              "a.csv: the file is empty; a header is expected",
		"x,y\n1,2\n":                    `a.csv:1: no column "bought" (the label column); there are "x", "y"`,
		"bought\n1\n":                   "no column beside the label",
		"x,x,bought\n":                  `a.csv:1: columns 1 and 2 are both called "x"`,
		"x,bought\n":                    "a.csv: a header and no rows",
		"x,bought\n1,0\n2\n":            "a.csv:3: 1 fields; the header has 2",
		"x,bought\n1,0\n2,1,3\n":        "a.csv:3: 3 fields; the header has 2",
		"x,bought\n1,0\n2,?\n":          `a.csv:3: column bought: "?": each row needs a label`,
		"x,bought\n1,0\n2,0\n":          `column bought: all rows have the label "0"`,
		"x,bought\n1,a\n2,b\n3,c\n":     `more than two labels: "a", "b", "c": name the one`,
		many:                            "a.csv:22: column bought: \"v20\": a label has at most 20 values",
		"x,bought\n,0\n,1\n":            "no column is left to learn from: column x is left out: it has no value",
		"x,bought\n\"a\nb\",0\n1,\"a\n": "a.csv:4: byte ",
		"x,bought\n1,a\"b\n":            "a.csv:2: byte 4",
		"x,bought\n1,\xff\n":            `a.csv:2: field 2: "\xff" is not UTF-8`,
		"x,bought\n1,\"" + strings.Repeat("long ", 300_000): "a.csv:1: the row after this line is longer than 1048576 bytes",
		strings.Repeat(",", 10_000) + "\n":                  "a.csv:1: 10001 columns; at most 10000",
	} {
		if _, err := ReadTable(strings.NewReader(text), "a.csv", TableConfig{Label: "bought"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v, want %q", text, err, want)
		}
	}
	for want, cfg := range map[string]TableConfig{
		"cannot stand":        {Label: "bought", Comma: '\n'},
		`no column "z"`:       {Label: "bought", Ignore: []string{"z"}},
		`no column "c"`:       {Label: "bought", Categorical: []string{"c"}},
		"at most -1 levels":   {Label: "bought", MaxLevels: -1},
		`named as positive`:   {Label: "bought", Positive: "7"},
		"no column \"\" (the": {},
	} {
		if _, err := ReadTable(strings.NewReader("x,bought\n1,a\n2,b\n"), "a.csv", cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// Columns change their minds while they are read: none of the values before may suffer.
func TestTableManyValues(t *testing.T) {
	var b strings.Builder
	b.WriteString("number,late,id,often,early,bought\n")
	for i := range 3000 {
		late, early := fmt.Sprint(i), fmt.Sprint(i)
		if i == 2500 {
			late = "none, really"
		}
		if i == 10 {
			early = "x"
		}
		number := fmt.Sprintf("%d.5", i)
		if i%7 == 3 {
			number = ""
		}
		fmt.Fprintf(&b, "%s,%q,u%d,t%d,%s,%d\n", number, late, i, i%900, early, i%2)
	}
	tab := readTable(t, b.String(), TableConfig{})
	if got := names(tab.Data.Columns); !reflect.DeepEqual(got, []string{"number", "often"}) {
		t.Errorf("columns %v; notes %q", got, tab.Notes)
	}
	for i := range 3000 {
		row := tab.Data.X.Row(i)
		if i%7 == 3 && row[0] == row[0] || i%7 != 3 && row[0] != float32(i)+.5 {
			t.Fatalf("row %d: %v", i, row[0])
		}
		if level := tab.Data.Columns[1].Levels[int(row[1])]; level != fmt.Sprintf("t%d", i%900) {
			t.Fatalf("row %d: %s", i, level)
		}
	}
	for k, want := range []string{"column late is left out: line 2502 has \"none, really\"", "column id is left out: more than 1000", "column early is left out: more than 1000"} {
		if len(tab.Notes) != 3 || !strings.HasPrefix(tab.Notes[k], want) {
			t.Errorf("notes %q, want %q", tab.Notes, want)
		}
	}
	// Of 60 rows, 31 different names are more than half.
	b.Reset()
	b.WriteString("x,name,bought\n")
	for i := range 60 {
		fmt.Fprintf(&b, "%d,n%d,%d\n", i%7, min(i, 30), i%2)
	}
	if tab := readTable(t, b.String(), TableConfig{}); len(tab.Data.Columns) != 1 || !strings.Contains(tab.Notes[0], "31 categories in 60 rows") {
		t.Errorf("notes %q", tab.Notes)
	}
	// One value in all rows, and rows that are numbered, say nothing; the same number beside a missing one does, and so do
	// numbers that are named as categories.
	b.Reset()
	b.WriteString("same,row,seldom,step,bought\n")
	for i := range 60 {
		seldom := "3"
		if i%5 == 0 {
			seldom = ""
		}
		fmt.Fprintf(&b, "7,%d,%s,%d,%d\n", i+100, seldom, 2*i, i%2)
	}
	tab = readTable(t, b.String(), TableConfig{})
	if len(tab.Data.Columns) != 2 || tab.Data.Columns[0].Name != "seldom" || tab.Data.Columns[1].Name != "step" || len(tab.Notes) != 2 ||
		tab.Notes[0] != `column same is left out: all rows have the value "7"` || tab.Notes[1] != "column row is left out: it numbers the rows" {
		t.Errorf("columns %v, notes %q", tab.Data.Columns, tab.Notes)
	}
	if x := tab.Data.X.Row(1); x[0] != 3 || x[1] != 2 {
		t.Errorf("the second row is %v", x)
	}
}

func TestParseNumber(t *testing.T) {
	for s, want := range map[string]float32{"1": 1, "-2.5e1": -25, "+.5": .5, "1e-60": 0, "16777217": 16777216} {
		if v, ok := parseNumber(s); !ok || v != want {
			t.Errorf("%q: %v %v, want %v", s, v, ok, want)
		}
	}
	for _, s := range []string{"", "1e99", "-1e39", "inf", "Infinity", "nan", "0x1p-2", "1_0", "1,5", "e", "--1", "1 "} {
		if v, ok := parseNumber(s); ok {
			t.Errorf("%q is taken for %v", s, v)
		}
	}
}

// 12,330 visits, 1,908 of them with a purchase: the figures of the data's description.
func TestTableOnlineShoppers(t *testing.T) {
	tab := readShoppers(t)
	d := tab.Data
	n := 0
	for _, y := range d.Y {
		if y {
			n++
		}
	}
	if d.X.Rows != 12330 || n != 1908 || d.X.Cols != 17 || tab.Positive != "TRUE" || len(tab.Notes) != 0 {
		t.Errorf("%d x %d, %d positive (%q), notes %q", d.X.Rows, d.X.Cols, n, tab.Positive, tab.Notes)
	}
	if err := d.check(acceptsMissing | acceptsCategories); err != nil {
		t.Error(err)
	}
	categories := 0
	for _, c := range d.Columns {
		if c.Categorical() {
			categories++
		}
	}
	if categories != 7 { // month, visitor, weekend and the four that are named
		t.Errorf("%d columns of categories", categories)
	}
}

func FuzzReadTable(f *testing.F) {
	for _, s := range []string{shop, "x,bought\n1,0\n2,1\n", "a;bought\n\"q\"\"\";1\n;0\n", "x,bought\n1,a\"b\n", "\xff,bought\n", "bought,bought\n", ",,bought\n1,2,3\n4,5,6\n"} {
		f.Add(s, ',', 3)
		f.Add(s, ';', 1000)
	}
	f.Fuzz(func(t *testing.T, text string, comma rune, levels int) {
		tab, err := ReadTable(strings.NewReader(text), "f.csv", TableConfig{Label: "bought", Comma: comma, MaxLevels: levels})
		if err != nil {
			if tab != nil || !strings.Contains(err.Error(), "f.csv") && !strings.Contains(err.Error(), "learn: table") {
				t.Fatalf("%v with %v", err, tab)
			}
			return
		}
		d := tab.Data
		if err := d.check(acceptsMissing | acceptsCategories); err != nil {
			t.Fatal(err)
		}
		for i := range d.X.Rows {
			for j, v := range d.X.Row(i) {
				if c := d.Columns[j]; c.Categorical() && v == v && (v < 0 || int(v) >= len(c.Levels) || v != float32(math.Trunc(float64(v)))) {
					t.Fatalf("row %d, column %s: %v of %d levels", i, c.Name, v, len(c.Levels))
				}
			}
		}
		// The same file read as a second table gives the same values.
		again, err := tab.Read(strings.NewReader(text), "f.csv")
		if err != nil {
			t.Fatal(err)
		}
		if !sameValues(again.Data.X.Data, d.X.Data) || !reflect.DeepEqual(again.Data.Y, d.Y) {
			t.Fatal("other values when read again")
		}
		// So does a model's reader.
		rows, err := NewRowReader(strings.NewReader(text), "f.csv", d.Columns, []string{"bought"}, TableConfig{Comma: comma})
		if err != nil {
			t.Fatal(err)
		}
		var x []float32
		for err == nil {
			x, _, err = rows.Next(x)
		}
		if !errors.Is(err, io.EOF) || !sameValues(x, d.X.Data) {
			t.Fatalf("other values when read by rows: %v", err)
		}
	})
}

func BenchmarkReadTable(b *testing.B) {
	const path = "../../shared/data/online_shoppers/online_shoppers_intention.csv"
	text, err := os.ReadFile(path)
	if err != nil {
		b.Skip("the table online shoppers is not here: ", err)
	}
	b.Run("rows=12330/columns=18", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			if _, err := ReadTable(strings.NewReader(string(text)), "a.csv", TableConfig{Label: "Revenue"}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
