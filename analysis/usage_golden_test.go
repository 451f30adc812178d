package analysis

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/village"
)

// The questions about usage, activity and content are held here to plain loops over the decoded records, as those about
// users are in demographics_golden_test.go.

// oneImpression is an impression by the loops.
type oneImpression struct {
	user, card               string
	at                       int64 // ms
	day, hour, position      int
	clicked                  bool
	liked, read              bool
	viewSeconds, swipeSecond float64
	swipes                   int
}

// eventsOf reads the impressions of a log of November 2019, UTC+8, by user and time.
func eventsOf(t *testing.T, dir string) (events []oneImpression, contents map[string]string) {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "impression_data.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zone := time.FixedZone("UTC+8", 8*3600)
	if _, err := feedlog.DecodeImpressions(context.Background(), f, feedlog.Options{}, func(batch []feedlog.Impression) error {
		for _, i := range batch {
			at := time.UnixMilli(i.ShownAtMS).In(zone)
			e := oneImpression{user: strings.Clone(i.UserID), card: strings.Clone(i.CardID), at: i.ShownAtMS, day: at.Day(), hour: at.Hour(), position: int(i.Position),
				clicked: i.Clicked, liked: i.Liked, read: i.ViewedComments, swipes: len(i.Swipes)}
			if s := float64(i.ViewSeconds); !math.IsNaN(s) {
				e.viewSeconds = s
			}
			for _, s := range i.Swipes {
				if v := float64(s.ViewSeconds); !math.IsNaN(v) {
					e.swipeSecond += v
				}
			}
			events = append(events, e)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(events, func(a, b oneImpression) int {
		if c := strings.Compare(a.user, b.user); c != 0 {
			return c
		}
		if a.at != b.at {
			return int(a.at - b.at)
		}
		return a.position - b.position // cards of one screen from the top
	})
	c, err := os.Open(filepath.Join(dir, "mlog_demographics.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	contents = map[string]string{}
	if _, err := feedlog.DecodeCards(context.Background(), c, feedlog.Options{}, func(batch []feedlog.Card) error {
		for _, c := range batch {
			contents[strings.Clone(c.CardID)] = strings.Clone(c.Content)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return events, contents
}

// goldenRun is what the loops and the engine make of one log.
type goldenRun struct {
	by       map[string]Answer
	events   []oneImpression
	contents map[string]string
	users    []*oneUser
}

func TestUseAgainstPlainLoops(t *testing.T) {
	dir := t.TempDir()
	if _, err := village.Write(context.Background(), dir, village.Config{Users: 2000, Seed: 4}); err != nil {
		t.Fatal(err)
	}
	g := goldenRun{by: map[string]Answer{}, users: decodedUsers(t, dir)}
	g.events, g.contents = eventsOf(t, dir)
	results, err := ask(context.Background(), loadedVillage(t, dir), slices.Concat(usageQuestions(), activityQuestions(), contentQuestions()), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range results.Answers {
		g.by[a.ID] = a
	}
	t.Run("by day", g.days)
	t.Run("by hour", g.hours)
	t.Run("sessions", g.sessions)
	t.Run("active", g.active)
	t.Run("windows", g.windows)
	t.Run("levels", g.levels)
	t.Run("top clickers", g.top)
	t.Run("days of users", g.comings)
	t.Run("contents", g.shares)
	t.Run("position, repeats and swipes", g.feed)
}

// ints and floats hold a column to the loops' values, row by row.
func (g *goldenRun) ints(t *testing.T, question, table, name string, want []int64) {
	t.Helper()
	if got := column(t, g.by, question, table, name).Ints; !slices.Equal(got, want) {
		t.Errorf("%s.%s is %v, by loops %v", table, name, got, want)
	}
}

func (g *goldenRun) floats(t *testing.T, question, table, name string, want []float64) {
	t.Helper()
	got := column(t, g.by, question, table, name).Floats
	if len(got) != len(want) {
		t.Errorf("%s.%s has %d rows, by loops %d", table, name, len(got), len(want))
		return
	}
	for i := range got {
		if !close9(got[i], want[i]) && !(math.IsNaN(got[i]) && math.IsNaN(want[i])) {
			t.Errorf("%s.%s, row %d: %v, by loops %v", table, name, i, got[i], want[i])
		}
	}
}

func (g *goldenRun) days(t *testing.T) {
	impressions, clicks, users := make([]int64, 30), make([]int64, 30), make([]int64, 30)
	came := map[string]bool{}
	for _, e := range g.events {
		impressions[e.day-1]++
		if e.clicked {
			clicks[e.day-1]++
		}
		if k := fmt.Sprint(e.user, e.day); !came[k] {
			came[k] = true
			users[e.day-1]++
		}
	}
	ctr, share := make([]float64, 30), make([]float64, 30)
	for d := range ctr {
		ctr[d], share[d] = float64(clicks[d])/float64(impressions[d]), float64(users[d])/float64(len(g.users))
	}
	g.ints(t, "use-by-day", "use_by_day", "impressions", impressions)
	g.ints(t, "use-by-day", "use_by_day", "clicks", clicks)
	g.ints(t, "use-by-day", "use_by_day", "users", users)
	g.floats(t, "use-by-day", "use_by_day", "ctr", ctr)
	g.ints(t, "stickiness", "stickiness", "users", users)
	g.floats(t, "stickiness", "stickiness", "share", share)

	// weekends of November 2019: 2, 3, 9, 10, 16, 17, 23, 24, 30
	var sum, n [2]float64
	for d := range impressions {
		k := 0
		if slices.Contains([]int{2, 3, 9, 10, 16, 17, 23, 24, 30}, d+1) {
			k = 1
		}
		sum[k], n[k] = sum[k]+float64(impressions[d]), n[k]+1
	}
	for i, m := range column(t, g.by, "weekday-weekend", "weekday_weekend", "measure").Strings {
		if m != "impressions a day" {
			continue
		}
		for k, name := range []string{"weekday_mean", "weekend_mean"} {
			if got := column(t, g.by, "weekday-weekend", "weekday_weekend", name).Floats[i]; !close9(got, sum[k]/n[k]) {
				t.Errorf("%s of impressions is %v, by loops %v", name, got, sum[k]/n[k])
			}
		}
	}
}

func (g *goldenRun) hours(t *testing.T) {
	impressions, clicks := make([]int64, 24), make([]int64, 24)
	grid := make([]float64, 7*24) // mean over the weekday's days; Monday first
	for _, e := range g.events {
		impressions[e.hour]++
		if e.clicked {
			clicks[e.hour]++
		}
		weekday := (e.day + 3) % 7 // 1 November 2019 is a Friday: 4
		days := 4.
		if weekday == 4 || weekday == 5 {
			days = 5 // five Fridays and Saturdays
		}
		grid[weekday*24+e.hour] += 1 / days
	}
	g.ints(t, "use-by-hour", "use_by_hour", "impressions", impressions)
	g.ints(t, "use-by-hour", "use_by_hour", "clicks", clicks)
	g.floats(t, "hour-by-weekday", "hour_by_weekday", "impressions", grid)
}

func (g *goldenRun) sessions(t *testing.T) {
	type session struct{ first, last, shown, clicks, depth float64 }
	var all []session
	for i, e := range g.events {
		if i == 0 || g.events[i-1].user != e.user || e.at-g.events[i-1].at > 30*60*1000 {
			all = append(all, session{first: float64(e.at)})
		}
		s := &all[len(all)-1]
		s.last, s.shown, s.depth = float64(e.at), s.shown+1, max(s.depth, float64(e.position))
		if e.clicked {
			s.clicks++
		}
	}
	for i, of := range []func(session) float64{
		func(s session) float64 { return math.Trunc((s.last - s.first) / 1000) }, func(s session) float64 { return s.shown },
		func(s session) float64 { return s.clicks }, func(s session) float64 { return s.depth },
	} {
		name := column(t, g.by, "sessions", "session_sizes", "measure").Strings[i]
		if n := column(t, g.by, "sessions", "session_sizes", "sessions").Ints[i]; n != int64(len(all)) {
			t.Errorf("%d sessions, by loops %d", n, len(all))
		}
		var v []float64
		var sum float64
		for _, s := range all {
			v, sum = append(v, of(s)), sum+of(s)
		}
		slices.Sort(v)
		for what, want := range map[string]float64{"mean": sum / float64(len(v)), "median": between(v, .5), "p90": between(v, .9), "p99": between(v, .99), "max": v[len(v)-1]} {
			if got := column(t, g.by, "sessions", "session_sizes", what).Floats[i]; !close9(got, want) {
				t.Errorf("%s of sessions' %s is %v, by loops %v", what, name, got, want)
			}
		}
	}
}

// between is the quantile between the two neighbours of the rank.
func between(v []float64, p float64) float64 {
	h := p * float64(len(v)-1)
	i := int(h)
	if i == len(v)-1 {
		return v[i]
	}
	return v[i] + (h-float64(i))*(v[i+1]-v[i])
}

func (g *goldenRun) active(t *testing.T) {
	var users, impressions, clicks [3]int64 // active, inactive, all
	var mean [3]float64
	var zero, high int64
	for _, u := range g.users {
		k := 1
		if u.active {
			k = 0
			if u.ctr >= .2 {
				high++
			}
		}
		if u.ctr == 0 {
			zero++
		}
		for _, k := range []int{k, 2} {
			users[k]++
			impressions[k] += int64(u.impressions)
			clicks[k] += int64(u.clicks)
			mean[k] += u.ctr
		}
	}
	for k := range mean {
		mean[k] /= float64(users[k])
	}
	g.ints(t, "active-users", "active_users", "users", users[:])
	g.ints(t, "active-users", "active_users", "impressions", impressions[:])
	g.ints(t, "active-users", "active_users", "clicks", clicks[:])
	g.floats(t, "active-users", "active_users", "mean_ctr", mean[:])
	if got := column(t, g.by, "active-users", "users_by_ctr", "users").Ints[0]; got != zero {
		t.Errorf("%d users without a click, by loops %d", got, zero)
	}
	var got int64
	for i, bin := range column(t, g.by, "active-users-by-ctr", "active_users_by_ctr", "ctr").Strings {
		var from float64
		if fmt.Sscanf(bin, "%g", &from); from >= 20 {
			got += column(t, g.by, "active-users-by-ctr", "active_users_by_ctr", "users").Ints[i]
		}
	}
	if got != high || high == 0 {
		t.Errorf("%d active users click on a fifth or more, by loops %d", got, high)
	}
}

func (g *goldenRun) windows(t *testing.T) {
	type count struct{ shown, clicks float64 }
	by := map[string]*count{}
	for _, e := range g.events {
		if e.day <= 7 {
			c := by[e.user]
			if c == nil {
				c = &count{}
				by[e.user] = c
			}
			c.shown++
			if e.clicked {
				c.clicks++
			}
		}
	}
	var mean float64
	for _, u := range g.users { // in one order, so that the sum is
		if c := by[u.UserID]; c != nil {
			mean += c.clicks / c.shown / float64(len(by))
		}
	}
	want := make([]int64, 5)
	for _, c := range by {
		for k, from := range []float64{math.SmallestNonzeroFloat64, .01, mean * (1 - 1e-12), .05, .1} {
			if c.clicks/c.shown >= from {
				want[k]++
			}
		}
	}
	names := column(t, g.by, "active-threshold", "active_by_threshold", "window").Strings
	if got := column(t, g.by, "active-threshold", "active_by_threshold", "active").Ints; names[0] != "days 1-7" || !slices.Equal(got[:5], want) {
		t.Errorf("active of %s at the five thresholds: %v, by loops of days 1-7 %v", names[0], got[:5], want)
	}
	if got := column(t, g.by, "active-threshold", "active_by_threshold", "users").Ints[0]; got != int64(len(by)) {
		t.Errorf("%d users in the first week, by loops %d", got, len(by))
	}
}

func (g *goldenRun) levels(t *testing.T) {
	level := map[string]int{}
	users, shown, clicks, active := make([]int64, 11), make([]int64, 11), make([]int64, 11), make([]int64, 11)
	for _, u := range g.users {
		if u.Level == feedlog.NullInt {
			level[u.UserID] = -1
			continue
		}
		level[u.UserID] = int(u.Level)
		users[u.Level]++
		if u.active {
			active[u.Level]++
		}
	}
	likes, reads := make([]float64, 11), make([]float64, 11)
	for _, e := range g.events {
		k := level[e.user]
		if k < 0 {
			continue
		}
		shown[k]++
		if e.clicked {
			clicks[k]++
		}
		if e.liked {
			likes[k]++
		}
		if e.read {
			reads[k]++
		}
	}
	// levels that nobody has are in no row
	var wantUsers, wantShown, wantClicks, wantActive []int64
	var wantLikes, wantReads []float64
	for k, n := range users {
		if n > 0 {
			wantUsers, wantShown, wantClicks, wantActive = append(wantUsers, n), append(wantShown, shown[k]), append(wantClicks, clicks[k]), append(wantActive, active[k])
			wantLikes, wantReads = append(wantLikes, likes[k]/float64(shown[k])), append(wantReads, reads[k]/float64(shown[k]))
		}
	}
	g.ints(t, "level", "users_by_level", "users", wantUsers)
	g.ints(t, "level", "users_by_level", "impressions", wantShown)
	g.ints(t, "level", "users_by_level", "clicks", wantClicks)
	g.ints(t, "level", "users_by_level", "active", wantActive)
	g.floats(t, "level", "users_by_level", "like_rate", wantLikes)
	g.floats(t, "level", "users_by_level", "comment_view_rate", wantReads)
}

func (g *goldenRun) top(t *testing.T) {
	users := slices.Clone(g.users)
	slices.SortStableFunc(users, func(a, b *oneUser) int { return int(b.clicks - a.clicks) })
	names := column(t, g.by, "top-clickers", "top_clickers", "user").Strings
	for i, got := range column(t, g.by, "top-clickers", "top_clickers", "clicks").Ints {
		if got != int64(users[i].clicks) {
			t.Errorf("clicker %d has %d clicks, by loops %v", i+1, got, users[i].clicks)
		}
		if u := slices.IndexFunc(users, func(u *oneUser) bool { return u.UserID == names[i] }); int64(users[u].clicks) != got {
			t.Errorf("%s is said to have %d clicks, by loops %v", names[i], got, users[u].clicks)
		}
	}
}

// comings are the days on which users come: how many, again and after how long.
func (g *goldenRun) comings(t *testing.T) {
	came := map[string]*[31]bool{}
	for _, e := range g.events {
		if came[e.user] == nil {
			came[e.user] = new([31]bool)
		}
		came[e.user][e.day] = true
	}
	byDays := make([]int64, 31)
	fresh, returning, raised, dormant := make([]int64, 30), make([]int64, 30), make([]int64, 30), make([]int64, 30)
	cohort, back := [31]int64{}, [31][31]int64{}
	for _, days := range came {
		n, first, last := 0, 0, 0
		for d := 1; d <= 30; d++ {
			if !days[d] {
				if last > 0 && d-last >= dormantDays {
					dormant[d-1]++
				}
				continue
			}
			n++
			switch {
			case last == 0:
				fresh[d-1]++
				first = d
				cohort[d]++
			case d-last <= dormantDays:
				returning[d-1]++
			default:
				raised[d-1]++
			}
			if first < d {
				back[first][d-first]++
			}
			last = d
		}
		byDays[n]++
	}
	g.ints(t, "lifecycle", "lifecycle", "new", fresh)
	g.ints(t, "lifecycle", "lifecycle", "returning", returning)
	g.ints(t, "lifecycle", "lifecycle", "resurrected", raised)
	g.ints(t, "lifecycle", "lifecycle", "dormant", dormant)
	for i, d := range column(t, g.by, "power-users", "power_users", "days").Ints {
		if got := column(t, g.by, "power-users", "power_users", "users").Ints[i]; got != byDays[d] {
			t.Errorf("%d users come on %d days, by loops %d", got, d, byDays[d])
		}
	}
	since, users := column(t, g.by, "retention", "retention", "days_since").Ints, column(t, g.by, "retention", "retention", "users").Ints
	for i, name := range column(t, g.by, "retention", "retention", "first_day").Strings {
		day, err := time.Parse(time.DateOnly, name)
		if err != nil {
			t.Fatal(err)
		}
		if want := back[day.Day()][since[i]]; since[i] > 0 && users[i] != want {
			t.Errorf("of those first seen on %s %d are back %d days on, by loops %d", name, users[i], since[i], want)
		}
		if got := column(t, g.by, "retention", "retention", "cohort").Ints[i]; got != cohort[day.Day()] {
			t.Errorf("%d users are first seen on %s, by loops %d", got, name, cohort[day.Day()])
		}
	}
}

// shares are those of contents, of all users and of new ones.
func (g *goldenRun) shares(t *testing.T) {
	isNew := map[string]bool{}
	shownBy := map[string]float64{}
	for _, u := range g.users {
		isNew[u.UserID] = u.RegisteredMonths >= 0 && u.RegisteredMonths <= newMonths
		shownBy[u.UserID] = u.impressions
	}
	clicksBy := map[string]float64{}
	for _, e := range g.events {
		if e.clicked {
			clicksBy[e.user]++
		}
	}
	var clickers [2]float64
	for u := range clicksBy {
		clickers[0]++
		if isNew[u] {
			clickers[1]++
		}
	}
	type count struct{ shown, clicks, perUser, own float64 }
	by := [2]map[string]*count{{}, {}}
	var all [2]count
	for _, e := range g.events {
		for k := range by {
			if k == 1 && !isNew[e.user] {
				continue
			}
			c := by[k][g.contents[e.card]]
			if c == nil {
				c = &count{}
				by[k][g.contents[e.card]] = c
			}
			c.shown++
			all[k].shown++
			if e.clicked {
				c.clicks++
				all[k].clicks++
				c.perUser += 1 / shownBy[e.user]
				c.own += 1 / clicksBy[e.user]
			}
		}
	}
	for i, name := range column(t, g.by, "content-shares", "content_shares", "content").Strings {
		key := name
		if name == "(no category)" {
			key = ""
		}
		if by[0][key] == nil {
			continue // a row that sums up the small ones
		}
		for k, names := range [][4]string{{"share_of_impressions", "share_of_clicks", "clicks_per_impression_mean", "share_of_own_clicks_mean"},
			{"new_share_of_impressions", "new_share_of_clicks", "new_clicks_per_impression_mean", "new_share_of_own_clicks_mean"}} {
			c := by[k][key]
			if c == nil {
				c = &count{}
			}
			users := 0.
			for _, u := range g.users {
				if k == 0 || isNew[u.UserID] {
					users++
				}
			}
			for j, want := range []float64{c.shown / all[k].shown, c.clicks / all[k].clicks, c.perUser / users, c.own / clickers[k]} {
				if got := column(t, g.by, "content-shares", "content_shares", names[j]).Floats[i]; math.Abs(got-want) > 1e-6 {
					t.Errorf("%s of %s is %v, by loops %v", names[j], name, got, want)
				}
			}
		}
	}
}

func (g *goldenRun) feed(t *testing.T) {
	// by position, as far as the table goes
	for i, p := range column(t, g.by, "position", "position", "position").Ints {
		var shown, clicks float64
		for _, e := range g.events {
			if int64(e.position) == p {
				shown++
				if e.clicked {
					clicks++
				}
			}
		}
		if got := column(t, g.by, "position", "position", "ctr_raw").Floats[i]; !close9(got, clicks/shown) {
			t.Errorf("position %d: rate %v, by loops %v", p, got, clicks/shown)
		}
	}
	// the n-th show of a card to a user
	times := map[[2]string]int{}
	var shows, clicks [6]int64
	var viewed, swiped float64
	for _, e := range g.events {
		k := [2]string{e.user, e.card}
		times[k]++
		n := min(times[k], 5)
		shows[n]++
		if e.clicked {
			clicks[n]++
		}
		viewed += e.viewSeconds / 3600
		swiped += e.swipeSecond / 3600
	}
	g.ints(t, "repeats", "repeats", "impressions", shows[1:])
	g.ints(t, "repeats", "repeats", "clicks", clicks[1:])
	for i, name := range column(t, g.by, "swipes", "swipes", "measure").Strings {
		if name != "view hours" {
			continue
		}
		for what, want := range map[string]float64{"feed": viewed, "swipes": swiped} {
			if got := column(t, g.by, "swipes", "swipes", what).Floats[i]; math.Abs(got-want) > 1e-6*want {
				t.Errorf("view hours of %s are %v, by loops %v", what, got, want)
			}
		}
	}
}
