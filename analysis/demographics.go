package analysis

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
)

// Who the users are is asked of those of whom everything is known, once, for every question of this theme.

// Demographics is the theme that asks who the active users are.
const Demographics = "Demographics"

// maxMonths is the largest tenure that is believed: the service of the reference log is no older.
const maxMonths = 80

func demographicsQuestions() []Question {
	demographics := []Question{
		{ID: "missing-fields", Theme: Demographics, Title: "Of whom do we know what, and does missing mean something?", Ask: askMissing},
		{ID: "active-by-province", Theme: Demographics, Title: "Where are users active?", Needs: []feedlog.Role{feedlog.UserProvince}, Ask: askProvince},
		{ID: "active-by-gdp", Theme: Demographics, Title: "Are users of richer provinces more active?", Needs: []feedlog.Role{feedlog.UserProvince}, Ask: askGDP},
		{ID: "active-by-gender", Theme: Demographics, Title: "Are women or men more active?", Needs: []feedlog.Role{feedlog.UserGender}, Ask: askGender},
		{ID: "active-by-age", Theme: Demographics, Title: "Are younger users more active?", Needs: []feedlog.Role{feedlog.UserAge}, Ask: askAge},
		{ID: "age-by-gender", Theme: Demographics, Title: "How do age and gender go together?", Needs: []feedlog.Role{feedlog.UserAge, feedlog.UserGender}, Ask: askAgeByGender},
	}
	return slices.Concat(demographics, tenureQuestions(), behaviourQuestions())
}

// trait is one field of a user that can be missing.
type trait struct {
	role  feedlog.Role
	name  string // in a sentence
	known func(warehouse.TraitUse) bool
}

var traits = []trait{
	{feedlog.UserProvince, "province", func(t warehouse.TraitUse) bool { return t.Province != "" }},
	{feedlog.UserAge, "age", func(t warehouse.TraitUse) bool { return t.Age >= 0 }},
	{feedlog.UserGender, "gender", func(t warehouse.TraitUse) bool { return t.Gender != "" && !strings.EqualFold(t.Gender, "unknown") }},
	{feedlog.UserMonths, "tenure", func(t warehouse.TraitUse) bool { return t.Tenure == warehouse.TenureKnown }},
}

// people are the users with impressions, by their traits.
type people struct {
	activity *UserActivity
	traits   []trait              // those the log has
	all      []warehouse.TraitUse // everybody
	known    []warehouse.TraitUse // those of whom every trait the log has is known
}

// people asks for the users' traits. When the log cannot answer questions about them (nobody clicked, nobody's traits are
// known), ok is false and the answer says why.
func (e *Env) people(ctx context.Context) (p people, a Answer, ok bool, err error) {
	if p.activity, err = e.UserActivity(ctx); err != nil {
		return p, a, false, err
	}
	if a, off := noActivity(p.activity); off {
		return p, a, false, nil
	}
	p.all, err = e.traits.get(ctx, func(ctx context.Context) ([]warehouse.TraitUse, error) {
		return e.Warehouse.UsersByTraits(ctx, p.activity.Threshold(), maxMonths)
	})
	if err != nil {
		return p, a, false, err
	}
	for _, t := range traits {
		if e.Contents.Has(t.role) {
			p.traits = append(p.traits, t)
		}
	}
	for _, t := range p.all {
		if p.misses(t) == 0 {
			p.known = append(p.known, t)
		}
	}
	return p, a, true, nil
}

// knownPeople is people for a question about those of whom all is known.
func (e *Env) knownPeople(ctx context.Context) (p people, a Answer, ok bool, err error) {
	p, a, ok, err = e.people(ctx)
	if ok && len(p.known) == 0 {
		return p, nothing(fmt.Sprintf("None of the %s has %s known.", counted(total(p.all).users, "user", "users"), p.fields())), false, nil
	}
	return p, a, ok, err
}

// misses is how many traits are not known.
func (p people) misses(t warehouse.TraitUse) (n int) {
	for _, of := range p.traits {
		if !of.known(t) {
			n++
		}
	}
	return n
}

func (p people) fields() string {
	return listed(each(p.traits, func(t trait) string { return t.name }))
}

// caveats say what active means and who is counted.
func (p people) caveats() []string {
	known, all := total(p.known).users, total(p.all).users
	missing := make([]string, len(p.traits))
	for i, t := range p.traits {
		var n int64
		for _, u := range p.all {
			if !t.known(u) {
				n += u.Users
			}
		}
		missing[i] = fmt.Sprintf("%s for %s (%s)", t.name, grouped(n), percent(share(n, all)))
	}
	who := fmt.Sprintf("Counted are the %s of %s (%s) with %s known. Missing or not believable: %s.",
		grouped(known), counted(all, "user", "users"), percent(share(known, all)), p.fields(), listed(missing))
	return []string{definition(p.activity), who}
}

// tally counts a group of users and the active among them.
type tally struct{ users, active int64 }

func (t tally) share() stat.Estimate { return stat.Wilson(t.active, t.users) }

func (t tally) plus(u warehouse.TraitUse) tally {
	t.users += u.Users
	if u.Active {
		t.active += u.Users
	}
	return t
}

func total(rows []warehouse.TraitUse) (t tally) {
	for _, r := range rows {
		t = t.plus(r)
	}
	return t
}

// tallies counts users by a key, in the order of the keys.
func tallies[K cmp.Ordered](rows []warehouse.TraitUse, key func(warehouse.TraitUse) K) ([]K, []tally) {
	by := map[K]tally{}
	for _, r := range rows {
		by[key(r)] = by[key(r)].plus(r)
	}
	keys := make([]K, 0, len(by))
	for k := range by {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys, each(keys, func(k K) tally { return by[k] })
}

// byActivity is the table of active and inactive users of groups, for a test of independence.
func byActivity(groups []tally) [][]int64 {
	return each(groups, func(t tally) []int64 { return []int64{t.active, t.users - t.active} })
}

// extremes are the groups that are most surely the least and the most active: the lowest upper and the highest lower end of
// an interval, so that a group of three users does not win by luck. Where one group has both, the plain extremes are taken.
func extremes(groups []tally) (least, most int) {
	end := func(of func(stat.Estimate) float64) (lo, hi int) {
		for i, g := range groups {
			if of(g.share()) < of(groups[lo].share()) {
				lo = i
			}
			if of(g.share()) > of(groups[hi].share()) {
				hi = i
			}
		}
		return lo, hi
	}
	least, _ = end(func(e stat.Estimate) float64 { return e.High })
	_, most = end(func(e stat.Estimate) float64 { return e.Low })
	if least == most {
		return end(func(e stat.Estimate) float64 { return e.Value })
	}
	return least, most
}

// shareColumns are the columns of a table of groups.
func shareColumns(groups []tally) []Column {
	e := each(groups, tally.share)
	return []Column{
		ints("users", "users", Count, each(groups, func(t tally) int64 { return t.users })),
		ints("active", "active users", Count, each(groups, func(t tally) int64 { return t.active })),
		floats("active_share", "active share", Share, each(e, estimated)),
		floats("active_share_low", "lower end", Share, each(e, lower)),
		floats("active_share_high", "upper end", Share, each(e, upper)),
	}
}

func estimated(e stat.Estimate) float64 { return e.Value }
func lower(e stat.Estimate) float64     { return e.Low }
func upper(e stat.Estimate) float64     { return e.High }

// minCharted is how many users a point of a chart needs: a share of seven users swings between 0 and 100% and hides what the others show. Tables
// have everybody.
const minCharted = 30

// charted are the groups, by index, that a chart shows: those of enough users, or all when there are none.
func charted(groups []tally) (kept []int, caveat string) {
	for i, g := range groups {
		if g.users >= minCharted {
			kept = append(kept, i)
		}
	}
	switch len(kept) {
	case len(groups):
		return kept, ""
	case 0:
		for i := range groups {
			kept = append(kept, i)
		}
		return kept, ""
	}
	return kept, fmt.Sprintf("Charts of shares leave out groups of fewer than %d users; the table has all.", minCharted)
}

// at picks the values of some indices.
func at[V any](of []V, kept []int) []V { return each(kept, func(i int) V { return of[i] }) }

// shareSeries is the active share of groups with its intervals.
func shareSeries(name string, groups []tally) Series {
	e := each(groups, tally.share)
	return Series{Name: name, Y: each(e, estimated), Low: each(e, lower), High: each(e, upper)}
}

// meanOf is the plain mean; NaN of nothing.
func meanOf(xs []float64) float64 {
	if len(xs) == 0 {
		return math.NaN()
	}
	var s float64
	for _, x := range xs {
		s += x
	}
	return s / float64(len(xs))
}
