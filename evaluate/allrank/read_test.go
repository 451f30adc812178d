package allrank

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/seguefeed/segue/candidate"
)

// text writes a matrix by ids, for comparing.
func text(s *Split, m *candidate.Matrix) string {
	var b strings.Builder
	for u := range m.Users {
		row, _ := m.Row(u)
		fmt.Fprintf(&b, "%s:", s.Users[u])
		for _, i := range row {
			fmt.Fprintf(&b, " %s", s.Items[i])
		}
		b.WriteString("; ")
	}
	return strings.TrimSuffix(b.String(), "; ")
}

func TestReadLayouts(t *testing.T) {
	const train, test = "1: 5 10; 2: 10 20; 10: 5 20", "1: 20; 2: 5; 10: 10"
	rows := func(sep, tail string) string {
		return strings.NewReplacer(" ", sep, "\n", tail+"\n").Replace("10 5\n2 10\n1 10\n1 5\n2 20\n10 20\n")
	}
	for name, text1 := range map[string]string{
		"lines":              "10 20 5\n1 5 10\n2 20 10\n3\n",
		"lines, odd spaces":  "\ufeff10  20 5 \r\n1\t5 10\r\n\r\n2 20 10",
		"rows":               rows(" ", ""),
		"rated rows, tabs":   rows("\t", "\t4.5"),
		"timed rows, commas": rows(",", ",1,978300760"),
		"MovieLens's":        rows("::", "::1::978300760"),
		"a header":           "user_id,item_id,rating\n" + rows(",", ",3"),
		"RecBole's header":   "user_id:token\titem_id:token\n" + rows("\t", ""),
	} {
		s, err := Read(t.Context(), Input{"a", format(name), strings.NewReader(text1)}, Input{"b", Lines, strings.NewReader("2 5\n10 10\n1 20\n")}, ReadConfig{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if a, b := text(s, s.Train), text(s, s.Test); a != train || b != test {
			t.Errorf("%s: %s and %s, want %s and %s", name, a, b, train, test)
		}
		if s.Counts.Users != 3 || s.Counts.Items != 3 || s.Counts.Train != 6 || s.Counts.Test != 3 || s.Counts.Judged != 3 {
			t.Errorf("%s: %+v", name, s.Counts)
		}
	}
}

// format names the layout where three equal lines of three fields could be either.
func format(name string) Format {
	if strings.HasPrefix(name, "lines") {
		return Lines
	}
	return Auto
}

func TestDetect(t *testing.T) {
	many := func(line func(k int) string) string {
		var b strings.Builder
		for k := range 30 {
			b.WriteString(line(k) + "\n")
		}
		return b.String()
	}
	for _, c := range []struct {
		name, text string
		want       Format
	}{
		{"a user comes again", "1 2 3\n1 3 4\n", Rows},
		{"lengths differ", "1 2 3\n2 4\n", Lines},
		{"five fields", "1 2 3 4 5\n", Lines},
		{"pairs", "1 2\n2 3\n", Rows},
		{"one rating a user", many(func(k int) string { return fmt.Sprintf("%d\t%d\t%d", k, k*7, k%5+1) }), Rows},
		{"one timed row a user", "1 2 3 978300760\n", Rows},
		{"three items a user", many(func(k int) string { return fmt.Sprintf("%d %d %d", k, k*7, k*3) }), Auto},
		{"a user of two items", "1 2 3\n", Auto},
	} {
		l, err := layoutOf([]byte(c.text), Auto)
		if c.want == Auto {
			if !errors.Is(err, ErrLayout) {
				t.Errorf("%s: %v, %v; a refusal is expected", c.name, l.format, err)
			}
			continue
		}
		if err != nil || l.format != c.want {
			t.Errorf("%s: %v, %v, want %v", c.name, l.format, err, c.want)
		}
	}
}

func TestReadCounts(t *testing.T) {
	low := 3.0
	s := read(t,
		"a x 5\na x 4\na y 3\na z 2.9\nb y 5\n",      // a-x comes again, a-z is rated too low: z is not in training
		"a y 5\na z 3\na w 4\na x 1\nc x 5\nc y 5\n", // y was taken in training, z and w were not by anyone, x is rated too low, c is unknown
		ReadConfig{MinRating: &low})
	if a, b := text(s, s.Train), text(s, s.Test); a != "a: x y; b: y" || b != "a: w z; b:" {
		t.Errorf("%s and %s", a, b)
	}
	want := Counts{Users: 2, Items: 4, Train: 3, Test: 2, Judged: 1, Repeated: 1, LowRated: 2, Seen: 1, UnknownUsers: 1, UnknownUserRows: 2, ColdItems: 2, ColdInteractions: 2}
	if s.Counts != want {
		t.Errorf("%+v, want %+v", s.Counts, want)
	}
	if notes := newResult(s, &Config{}).Notes; len(notes) != 5 {
		t.Errorf("%q", notes)
	}
}

// Whole numbers stand in their order, other ids in that of their letters; the order of the lines does not matter.
func TestReadDoesNotHangOnOrder(t *testing.T) {
	train, test := village(40, 30, 3, 10, 1)
	shuffled := strings.SplitAfter(train, "\n")
	slices.Reverse(shuffled)
	a, b := read(t, train, test, ReadConfig{}), read(t, strings.Join(shuffled, ""), test, ReadConfig{})
	if !slices.Equal(a.Users, b.Users) || !slices.Equal(a.Items, b.Items) || !slices.Equal(a.Train.Item, b.Train.Item) || !slices.Equal(a.Test.Item, b.Test.Item) {
		t.Error("the order of the lines matters")
	}
	if s := read(t, "2 1\n10 1\n9 3\n9 20\n", "2 3\n", ReadConfig{}); !slices.Equal(s.Users, []string{"2", "9", "10"}) || !slices.Equal(s.Items, []string{"1", "3", "20"}) {
		t.Errorf("%v, %v", s.Users, s.Items)
	}
	if s := read(t, "02 a\n10 b\n9 c\n9 d\n", "9 a\n", ReadConfig{}); !slices.Equal(s.Users, []string{"02", "10", "9"}) {
		t.Errorf("%v", s.Users)
	}
}

func TestReadSaysWhatIsWrong(t *testing.T) {
	low := 1.0
	for _, c := range []struct {
		name, train, test string
		format            Format
		cfg               ReadConfig
		want              string
	}{
		{"text for a rating", "1\t2\t3\n1\t3\tgood\n", "1 4\n", Auto, ReadConfig{}, `train:2: the rating "good" is not a number; user item [rating [time]] are expected`},
		{"too many fields", "1 2\n1 3\n1 2 3 4 5\n", "1 4\n", Auto, ReadConfig{}, "train:3: 5 fields; user item [rating [time]] are expected (or, with format lines"},
		{"one field", "1,2\n1,3\n1\n", "1 4\n", Auto, ReadConfig{}, "train:3: 1 fields"},
		{"empty id", "1,2\n1,3\n1,\n", "1 4\n", Auto, ReadConfig{}, "train:3: field 2 is empty; an id is expected"},
		{"no rating", "1 2\n1 3\n", "1 4\n", Auto, ReadConfig{MinRating: &low}, "train:1: 2 fields; a lowest rating was asked for"},
		{"lines have no rating", "1 2 3 4 5\n", "1 4\n", Auto, ReadConfig{MinRating: &low}, "train: a lowest rating was asked for, and one line a user"},
		{"either", "1 2 3\n", "1 4\n", Auto, ReadConfig{}, "train: it cannot be told"},
		{"nothing", "\n", "1 4\n", Auto, ReadConfig{}, "train: there is no interaction to learn from"},
		{"other users", "1 2\n1 3\n", "2 2\n3 3\n", Auto, ReadConfig{}, "test: no user can be judged: 2 users have no training interactions"},
		{"the same file", "1 2\n1 3\n", "1 2\n1 3\n", Auto, ReadConfig{}, "2 test interactions stand in train too"},
		{"no such format", "1 2\n", "1 3\n", "csv", ReadConfig{}, `there is no format "csv"`},
		{"no text", "1\x00 2\n", "1 3\n", Auto, ReadConfig{}, "train: this is no text file"},
	} {
		_, err := Read(t.Context(), Input{"train", c.format, strings.NewReader(c.train)}, Input{"test", Auto, strings.NewReader(c.test)}, c.cfg)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", c.name, err, c.want)
		}
	}
}

func TestReadLongLinesAndCancel(t *testing.T) {
	var b strings.Builder
	b.WriteString("u")
	for i := range 100_000 { // 690 kB: more than the reader's buffer
		fmt.Fprintf(&b, " %d", i)
	}
	s := read(t, b.String()+"\nv 1 2\n", "v 3 4 5\nu 100000\n", ReadConfig{})
	if s.Counts.Train != 100_002 || s.Counts.Judged != 2 {
		t.Errorf("%+v", s.Counts)
	}
	why := errors.New("enough")
	ctx, stop := context.WithCancelCause(t.Context())
	stop(why)
	if _, err := Read(ctx, Input{"a", Auto, strings.NewReader(strings.Repeat("1 2\n", 10_000))}, Input{"b", Auto, strings.NewReader("1 3\n")}, ReadConfig{}); !errors.Is(err, why) {
		t.Errorf("%v", err)
	}
}

// Whatever the bytes, reading ends in an error or in two matrices that fit together.
func FuzzRead(f *testing.F) {
	f.Add("1 2 3\n2 4\n", "1 4\n", "auto", false)
	f.Add("user,item,rating\n1,2,3\n1,3,4\n", "1,4,5\n", "rows", true)
	f.Add("1::2::3::978300760\n", "1::4\n", "", true)
	f.Add("a\t\tb\n", "\ufeffa c", "lines", false)
	f.Fuzz(func(t *testing.T, train, test, format string, rated bool) {
		cfg := ReadConfig{}
		if low := 3.0; rated {
			cfg.MinRating = &low
		}
		s, err := Read(t.Context(), Input{"a", Format(format), strings.NewReader(train)}, Input{"b", Format(format), strings.NewReader(test)}, cfg)
		if err != nil {
			return
		}
		judged := 0
		for u := range s.Train.Users {
			a, _ := s.Train.Row(u)
			b, _ := s.Test.Row(u)
			if len(a) == 0 {
				t.Fatalf("user %d has no training", u)
			}
			for _, row := range [][]int32{a, b} {
				for k, i := range row {
					if i < 0 || int(i) >= len(s.Items) || k > 0 && row[k-1] >= i {
						t.Fatalf("user %d: %v", u, row)
					}
				}
			}
			for _, i := range b {
				if slices.Contains(a, i) {
					t.Fatalf("user %d has item %d on both sides", u, i)
				}
			}
			if len(b) > 0 {
				judged++
			}
		}
		if judged == 0 || judged != s.Counts.Judged || len(s.Users) != s.Train.Users || len(s.Items) != s.Train.Items || s.Test.Users != s.Train.Users || s.Test.Items != s.Train.Items {
			t.Fatalf("%+v", s.Counts)
		}
	})
}
