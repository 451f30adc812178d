package analysis

import (
	"context"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/village"
	"github.com/seguefeed/segue/warehouse"
	"github.com/seguefeed/segue/warehouse/duckdb"
)

// The questions about users are held here to plain loops over the decoded records of a small village: another way to the same
// numbers, without the engine, its SQL or this package's statistics.

// oneUser is a user by the loops.
type oneUser struct {
	feedlog.User
	impressions, clicks, positions float64
	viewSeconds                    float64
	ctr                            float64
	active, known                  bool
}

// decodedUsers reads the users with impressions of a log.
func decodedUsers(t *testing.T, dir string) []*oneUser {
	t.Helper()
	open := func(name string) *os.File {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	by := map[string]*oneUser{}
	_, err := feedlog.DecodeImpressions(context.Background(), open("impression_data.csv"), feedlog.Options{}, func(batch []feedlog.Impression) error {
		for _, i := range batch {
			u := by[i.UserID]
			if u == nil {
				id := strings.Clone(i.UserID)
				u = &oneUser{User: feedlog.User{UserID: id, Age: feedlog.NullInt, RegisteredMonths: feedlog.NullInt, Follows: feedlog.NullInt}}
				by[id] = u
			}
			u.impressions++
			u.positions += float64(i.Position)
			if i.Clicked {
				u.clicks++
			}
			if s := float64(i.ViewSeconds); !math.IsNaN(s) {
				u.viewSeconds += s
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = feedlog.DecodeUsers(context.Background(), open("user_demographics.csv"), feedlog.Options{}, func(batch []feedlog.User) error {
		for _, r := range batch {
			if u := by[r.UserID]; u != nil {
				r.UserID, r.Province, r.Gender = u.UserID, strings.Clone(r.Province), strings.Clone(r.Gender)
				u.User = r
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	users := make([]*oneUser, 0, len(by))
	for _, u := range by {
		users = append(users, u)
	}
	sort.Slice(users, func(i, j int) bool { return users[i].UserID < users[j].UserID })
	var mean float64
	for _, u := range users {
		u.ctr = u.clicks / u.impressions
		mean += u.ctr / float64(len(users))
	}
	for _, u := range users {
		u.active = u.ctr >= mean
		u.known = u.Province != "" && u.Age != feedlog.NullInt && (u.Gender == "male" || u.Gender == "female") && u.RegisteredMonths >= 0 && u.RegisteredMonths <= 80
	}
	return users
}

// loadedVillage is a warehouse that holds the log in dir.
func loadedVillage(t *testing.T, dir string) warehouse.Warehouse {
	t.Helper()
	e, err := duckdb.Open(context.Background(), filepath.Join(t.TempDir(), "village.duckdb"), duckdb.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	var inputs []warehouse.Input
	for _, table := range feedlog.Tables {
		name := table.String() + ".csv"
		inputs = append(inputs, warehouse.Input{Table: table, Name: name, Open: func(stored io.Writer) (io.ReadCloser, error) {
			f, err := os.Open(filepath.Join(dir, name))
			if err != nil {
				return nil, err
			}
			return struct {
				io.Reader
				io.Closer
			}{io.TeeReader(f, stored), f}, nil
		}})
	}
	if _, err := e.Load(context.Background(), inputs, warehouse.LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	return e
}

// column finds a table's column among the answers.
func column(t *testing.T, answers map[string]Answer, question, table, name string) Column {
	t.Helper()
	for _, tb := range answers[question].Tables {
		for _, c := range tb.Columns {
			if tb.Name == table && c.Name == name {
				return c
			}
		}
	}
	t.Fatalf("question %s has no table %s with a column %s", question, table, name)
	return Column{}
}

func close9(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Max(1, math.Abs(b)) }

func TestUsersAgainstPlainLoops(t *testing.T) {
	dir := t.TempDir()
	if _, err := village.Write(context.Background(), dir, village.Config{Users: 2000, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	users := decodedUsers(t, dir)
	results, err := ask(context.Background(), loadedVillage(t, dir), demographicsQuestions(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]Answer{}
	for _, a := range results.Answers {
		by[a.ID] = a
	}
	t.Run("provinces", func(t *testing.T) { goldenProvinces(t, by, users) })
	t.Run("gender and age", func(t *testing.T) { goldenGenderAge(t, by, users) })
	t.Run("missing", func(t *testing.T) { goldenMissing(t, by, users) })
	t.Run("tenure", func(t *testing.T) { goldenTenure(t, by, users) })
	t.Run("behaviour", func(t *testing.T) { goldenBehaviour(t, by, users) })
}

func goldenProvinces(t *testing.T, by map[string]Answer, users []*oneUser) {
	all, active := map[string]float64{}, map[string]float64{}
	for _, u := range users {
		if u.known {
			all[u.Province]++
			if u.active {
				active[u.Province]++
			}
		}
	}
	var mean float64
	for p := range all {
		mean += active[p] / all[p] / float64(len(all))
	}
	keys := column(t, by, "active-by-province", "active_by_province", "province").Strings
	if len(keys) != len(all) {
		t.Errorf("%d provinces, by loops %d", len(keys), len(all))
	}
	for i, k := range keys {
		n, a := column(t, by, "active-by-province", "active_by_province", "users").Ints[i], column(t, by, "active-by-province", "active_by_province", "active").Ints[i]
		if float64(n) != all[k] || float64(a) != active[k] {
			t.Errorf("%s: %d active of %d users, by loops %v of %v", k, a, n, active[k], all[k])
		}
	}
	f := expect(t, by["active-by-province"], Descriptive, "The mean of the provinces' active shares")
	if !close9(f.Effect.Value, mean) {
		t.Errorf("the mean over provinces is %v, by loops %v", f.Effect.Value, mean)
	}
	gdp, err := provincialGDP()
	if err != nil {
		t.Fatal(err)
	}
	var sum, n [2]float64
	for p, v := range gdp {
		if all[p] == 0 {
			continue
		}
		group := 0
		if active[p]/all[p] >= mean {
			group = 1
		}
		sum[group], n[group] = sum[group]+v, n[group]+1
	}
	boxes := by["active-by-gdp"].Charts[1].Series[0].Boxes
	for g := range 2 {
		if boxes[g].N != int64(n[g]) || !close9(boxes[g].Mean, sum[g]/n[g]) {
			t.Errorf("group %d: %d provinces of %v billion yuan, by loops %v of %v", g, boxes[g].N, boxes[g].Mean, n[g], sum[g]/n[g])
		}
	}
}

func goldenGenderAge(t *testing.T, by map[string]Answer, users []*oneUser) {
	for i, g := range column(t, by, "active-by-gender", "active_by_gender", "gender").Strings {
		var n, active int64
		for _, u := range users {
			if u.known && u.Gender == g {
				n++
				if u.active {
					active++
				}
			}
		}
		if a, m := column(t, by, "active-by-gender", "active_by_gender", "active").Ints[i], column(t, by, "active-by-gender", "active_by_gender", "users").Ints[i]; a != active || m != n {
			t.Errorf("%s: %d active of %d, by loops %d of %d", g, a, m, active, n)
		}
	}
	for i, name := range column(t, by, "age-by-gender", "age_by_activity_and_gender", "users").Strings {
		var ages []float64
		for _, u := range users {
			if u.known && strings.HasSuffix(name, " "+u.Gender) && u.active == strings.HasPrefix(name, "active") {
				ages = append(ages, float64(u.Age))
			}
		}
		goldenSample(t, by, "age-by-gender", "age_by_activity_and_gender", i, name, ages, 1e-9)
	}
}

func goldenMissing(t *testing.T, by map[string]Answer, users []*oneUser) {
	missing := map[string]int64{}
	var known int64
	for _, u := range users {
		if u.known {
			known++
		}
		if u.Province == "" {
			missing["province"]++
		}
		if u.Age == feedlog.NullInt {
			missing["age"]++
		}
		if u.Gender != "male" && u.Gender != "female" {
			missing["gender"]++
		}
		if u.RegisteredMonths < 0 || u.RegisteredMonths > 80 {
			missing["tenure"]++
		}
	}
	for i, name := range column(t, by, "missing-fields", "missing_fields", "trait").Strings {
		if got := column(t, by, "missing-fields", "missing_fields", "missing").Ints[i]; got != missing[name] {
			t.Errorf("%s: missing for %d, by loops %d", name, got, missing[name])
		}
	}
	f := expect(t, by["missing-fields"], Descriptive, "known; ")
	if !close9(f.Effect.Value, float64(known)/float64(len(users))) {
		t.Errorf("known are %v, by loops %d of %d", f.Effect.Value, known, len(users))
	}
}

func goldenTenure(t *testing.T, by map[string]Answer, users []*oneUser) {
	var n, active, ctr, activeCTR [81]float64
	for _, u := range users {
		if m := u.RegisteredMonths; m >= 0 && m <= 80 {
			n[m]++
			ctr[m] += u.ctr
			if u.active {
				active[m]++
				activeCTR[m] += u.ctr
			}
		}
	}
	seen := 0
	for i, m := range column(t, by, "active-by-tenure", "active_by_tenure", "months").Ints {
		seen++
		if got := column(t, by, "active-by-tenure", "active_by_tenure", "active_share").Floats[i]; !close9(got, active[m]/n[m]) {
			t.Errorf("month %d: active share %v, by loops %v", m, got, active[m]/n[m])
		}
		if got := column(t, by, "ctr-by-tenure", "ctr_by_tenure", "all_ctr").Floats[i]; !close9(got, ctr[m]/n[m]) {
			t.Errorf("month %d: rate %v, by loops %v", m, got, ctr[m]/n[m])
		}
		if got := column(t, by, "ctr-by-tenure", "ctr_by_tenure", "active_ctr").Floats[i]; active[m] > 0 && !close9(got, activeCTR[m]/active[m]) {
			t.Errorf("month %d: rate of the active %v, by loops %v", m, got, activeCTR[m]/active[m])
		}
	}
	var monthly, months [2]float64
	for m := range n {
		if n[m] > 0 {
			g := 0
			if m > 6 {
				g = 1
			}
			monthly[g], months[g] = monthly[g]+ctr[m]/n[m], months[g]+1
		}
	}
	if int(months[0]+months[1]) != seen {
		t.Errorf("%d months, by loops %v", seen, months)
	}
	for g, got := range column(t, by, "new-users", "new_users", "monthly_ctr").Floats {
		if want := monthly[g] / months[g]; !close9(got, want) {
			t.Errorf("mean over months %v, by loops %v", got, want)
		}
	}
}

func goldenBehaviour(t *testing.T, by map[string]Answer, users []*oneUser) {
	groups := []struct {
		name string
		in   func(*oneUser) bool
	}{
		{"active", func(u *oneUser) bool { return u.active }}, {"inactive", func(u *oneUser) bool { return !u.active }}, {"all", func(*oneUser) bool { return true }},
		{"new", func(u *oneUser) bool { return u.RegisteredMonths >= 0 && u.RegisteredMonths <= 6 }},
	}
	for _, m := range []struct {
		question, table string
		of              func(*oneUser) float64
		tolerance       float64 // half of the digit to which the measure is stated, and the engine's single precision of a day's view time
	}{
		{"impressions-per-user", "impressions_by_activity", func(u *oneUser) float64 { return u.impressions }, 1e-9},
		{"clicks-per-user", "clicks_by_activity", func(u *oneUser) float64 { return u.clicks }, 1e-9},
		{"view-time-per-user", "view_seconds_by_activity", func(u *oneUser) float64 { return u.viewSeconds }, .051},
		{"feed-length-per-user", "feed_length_by_activity", func(u *oneUser) float64 { return u.positions / u.impressions }, .0005 + 1e-9},
		{"follows-per-user", "follows_by_activity", func(u *oneUser) float64 {
			if u.Follows == feedlog.NullInt {
				return math.NaN()
			}
			return float64(u.Follows)
		}, 1e-9},
	} {
		for i, g := range groups {
			if got := column(t, by, m.question, m.table, "users").Strings[i]; got != g.name {
				t.Fatalf("row %d of %s is of %s users", i, m.table, got)
			}
			var v []float64
			for _, u := range users {
				if x := m.of(u); g.in(u) && !math.IsNaN(x) {
					v = append(v, x)
				}
			}
			goldenSample(t, by, m.question, m.table, i, g.name, v, m.tolerance)
		}
	}
}

// goldenSample holds one row of a table of moments to a sample.
func goldenSample(t *testing.T, by map[string]Answer, question, table string, row int, name string, v []float64, tolerance float64) {
	t.Helper()
	slices.Sort(v)
	if n := column(t, by, question, table, "n").Ints[row]; n != int64(len(v)) || n == 0 {
		t.Errorf("%s of %s: %d users, by loops %d", table, name, n, len(v))
		return
	}
	var sum float64
	for _, x := range v {
		sum += x
	}
	at := func(p float64) float64 { // between the two neighbours of the rank
		h := p * float64(len(v)-1)
		i := int(h)
		if i == len(v)-1 {
			return v[i]
		}
		return v[i] + (h-float64(i))*(v[i+1]-v[i])
	}
	for what, want := range map[string]float64{"mean": sum / float64(len(v)), "min": v[0], "q1": at(.25), "median": at(.5), "q3": at(.75), "max": v[len(v)-1]} {
		if got := column(t, by, question, table, what).Floats[row]; math.Abs(got-want) > tolerance {
			t.Errorf("%s of %s: %s %v, by loops %v", table, name, what, got, want)
		}
	}
}
