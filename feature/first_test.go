package feature_test

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/warehouse"
)

const firstNovember = 18201 // days since 1970

// one is a user's rows of all days of the month, alone.
func one(t *testing.T, w warehouse.Training, id int32) *feature.User {
	t.Helper()
	p, err := w.Profiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	u := &feature.User{Rows: &warehouse.Histories{}, Province: p.Province[id], Gender: p.Gender[id], Age: p.Age[id], Months: p.RegisteredMonths[id], Follows: p.Follows[id]}
	err = w.Histories(t.Context(), day(1), day(30), func(h *warehouse.Histories) error {
		if k := slices.Index(h.User, id); k >= 0 {
			a, b, r := h.Start[k], h.Start[k+1], u.Rows
			r.User, r.Start = []int32{0}, []int32{0, b - a}
			r.Card, r.ShownAtMS, r.Day, r.Hour = slices.Clone(h.Card[a:b]), slices.Clone(h.ShownAtMS[a:b]), slices.Clone(h.Day[a:b]), slices.Clone(h.Hour[a:b])
			r.Position, r.Show, r.Flags, r.ViewSeconds = slices.Clone(h.Position[a:b]), slices.Clone(h.Show[a:b]), slices.Clone(h.Flags[a:b]), slices.Clone(h.ViewSeconds[a:b])
			r.Swipes, r.SwipeViewSeconds = slices.Clone(h.Swipes[a:b]), slices.Clone(h.SwipeViewSeconds[a:b])
			u.To = b - a
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func contextOf(t *testing.T, w warehouse.Training, from, asOf int) *feature.Context {
	t.Helper()
	p, err := w.Profiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c, err := feature.NewContext(context.Background(), w, day(from), day(asOf), p)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Of someone seen in the days that were learned from, FirstDays says to the last bit what Build says, though it has her later rows too, and though the server
// numbers cards otherwise.
func TestFirstDaysAreBuilds(t *testing.T) {
	w := fixture(t)
	contents, err := w.CardContents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := int32(len(contents))
	turned := feature.ServedCards{Content: slices.Clone(contents), ID: make([]int32, n)}
	slices.Reverse(turned.Content)
	for i := range turned.ID {
		turned.ID[i] = n - 1 - int32(i)
	}
	for _, asOf := range []int{2, 3, 4} {
		tab := table(t, w, 1, asOf, feature.Extended())
		first := feature.NewFirstDays(contextOf(t, w, 1, asOf), feature.Extended())
		for i, id := range tab.Users {
			u := one(t, w, id)
			got := make([]float32, len(tab.Defs))
			if !first.Of(u, feature.ServedCards{Content: contents}, firstNovember+29, got) {
				t.Fatalf("as of day %d nothing is said of user %d", asOf, id)
			}
			if !slices.Equal(bitsOf(got), bitsOf(tab.Row(i))) {
				t.Errorf("as of day %d user %d has %v, in the table %v", asOf, id, got, tab.Row(i))
			}
			for k, card := range u.Rows.Card {
				u.Rows.Card[k] = n - 1 - card
			}
			clear(got)
			if !first.Of(u, turned, firstNovember+29, got) || !slices.Equal(bitsOf(got), bitsOf(tab.Row(i))) {
				t.Errorf("as of day %d user %d has %v by other numbers of cards, in the table %v", asOf, id, got, tab.Row(i))
			}
		}
	}
}

// Days 1 to 3 were learned from. Card a was shown four times before day 3 and clicked once, b twice and never: 1 click of 6 shows. Then:
// a is clicked (1 + 50/6) / 54 of its shows, b (50/6) / 52, and a card of which nothing is known 1/6.
func TestFirstDaysOfLaterUsers(t *testing.T) {
	e := opened(t)
	load(t, e, lines(t, "impression_data.csv",
		shown{"early", "a", 1, "10:00", "1", "c", "5"}, shown{"early", "b", 1, "10:00", "2", "", ""}, shown{"early", "a", 2, "10:00", "1", "", ""},
		shown{"other", "a", 2, "11:00", "1", "", ""}, shown{"other", "a", 2, "12:00", "1", "", ""}, shown{"other", "b", 2, "12:00", "2", "", ""},
		shown{"other", "a", 3, "12:00", "1", "c", ""}, // of day 3 itself nothing is known before it ends
		shown{"late", "a", 5, "09:00", "1", "", ""}, shown{"late", "b", 5, "09:00", "2", "c", "9"}, shown{"late", "new", 7, "09:00", "3", "", ""},
		shown{"late", "a", 8, "09:00", "1", "c", "4"}, // after her first three days
	))
	keys, err := e.UserKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cards, err := e.CardKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	served := feature.ServedCards{Content: slices.Repeat([]int16{-1}, len(cards)), ID: make([]int32, len(cards))}
	for i := range cards {
		served.ID[i] = int32(i)
	}
	served.ID[slices.Index(cards, "new")] = -1
	late := one(t, e, int32(slices.Index(keys, "late")))
	defs := feature.Extended()
	first := feature.NewFirstDays(contextOf(t, e, 1, 4), defs)
	got := make([]float32, len(defs))
	for _, today := range []int32{5, 6, 7} { // of the month; her days are the 5th, 6th and 7th
		if first.Of(late, served, firstNovember-1+today, got) {
			t.Errorf("on day %d, when her first days are not over, something is said", today)
		}
	}
	if !first.Of(late, served, firstNovember-1+8, got) {
		t.Fatal("on day 8 nothing is said")
	}
	// All but what is known of cards and slots is what Build says of days 5 to 7.
	same := table(t, e, 5, 8, defs)
	row := same.Row(slices.Index(same.Users, int32(slices.Index(keys, "late"))))
	checked := 0
	for j, d := range defs {
		if d.Rule == feature.BeforeAsOf || d.Rule == feature.Snapshot {
			checked++
			if math.Float32bits(got[j]) != math.Float32bits(row[j]) {
				t.Errorf("%s is %v, by Build %v", d.Name, got[j], row[j])
			}
		}
	}
	if checked < 40 {
		t.Errorf("%d features were held against Build's", checked)
	}
	named := map[string]float64{}
	for j, d := range defs {
		named[d.Name] = float64(got[j])
	}
	expect(t, "late", named, map[string]float64{"clicks": 1, "impressions": 3, "first_seen": 2 + 15./24, "shown_quality": ((1+50./6)/54 + 50./6/52 + 1./6) / 3})
	for name, u := range map[string]*feature.User{"nobody": {Rows: &warehouse.Histories{}}, "before": {Rows: &warehouse.Histories{Day: []int32{firstNovember - 1}}, To: 1}} {
		if first.Of(u, served, firstNovember+100, got) {
			t.Errorf("%s: something is said", name)
		}
	}
	if from, asOf, ok := first.Days(firstNovember + 2); !ok || from != firstNovember || asOf != firstNovember+3 {
		t.Errorf("of the last day that was learned from: days %d to before %d, %v", from, asOf, ok)
	}
}

// A province that the user table did not have is an unknown one.
func TestProvinceOfNoLevel(t *testing.T) {
	w := fixture(t)
	c := contextOf(t, w, 1, 3)
	first := feature.NewFirstDays(c, feature.CaseStudy())
	u := one(t, w, table(t, w, 1, 3, feature.CaseStudy()).Users[0])
	u.Province = "nowhere at all"
	got := make([]float32, len(feature.CaseStudy()))
	if !first.Of(u, feature.ServedCards{}, feature.EpochDay(time.Date(2019, 12, 1, 0, 0, 0, 0, time.UTC)), got) {
		t.Fatal("nothing is said")
	}
	j := slices.IndexFunc(feature.CaseStudy(), func(d feature.Def) bool { return d.Name == "province" })
	if want := slices.Index(c.Provinces, "unknown"); int(got[j]) != want || want < 0 {
		t.Errorf("level %v; that of unknown is %d of %v", got[j], want, c.Provinces)
	}
}
