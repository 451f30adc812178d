package feed

import (
	"cmp"
	"slices"
	"sync"
	"testing"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/feature"
)

// whole is the cards of a catalogue in the order of a ranker.
func whole(t *testing.T, s Shortlister, q *Request, cards int) ([]int32, []Worth) {
	t.Helper()
	items, worth := make([]int32, cards), make([]Worth, cards)
	for i := range items {
		items[i] = int32(i)
	}
	if err := s.Rank(q, items, worth); err != nil {
		t.Fatal(err)
	}
	order := slices.Clone(items)
	slices.SortFunc(order, func(a, b int32) int { return cmp.Or(cmp.Compare(worth[b].Value, worth[a].Value), cmp.Compare(a, b)) })
	return order, worth
}

func shortlisterOf(t *testing.T, r *Recommender) Shortlister {
	t.Helper()
	s, err := NewRanker(r.Model, r.Pairs, r.Cards)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// For a stranger at the hour that lists are made for, the shortlist is what the ranker thinks best of all, in its order.
func TestShortlistOfAStranger(t *testing.T) {
	r := recommender(t)
	s := shortlisterOf(t, r)
	q := &Request{At: feature.Moment{AtMS: (memoryDay+memoryDays)*dayMS + strangersHour*dayMS/24, Day: memoryDay + memoryDays, Hour: strangersHour}, Traits: candidate.Traits{Age: -1}}
	order, worth := whole(t, s, q, len(r.Cards.Creator))
	even := func(i int32) bool { return i%2 == 0 }
	for name, skip := range map[string]func(int32) bool{"all": func(int32) bool { return false }, "odd cards": even, "none": func(int32) bool { return true }} {
		got, err := s.Shortlist(q, 25, skip, nil)
		if err != nil {
			t.Fatal(err)
		}
		var want []int32
		for _, i := range order {
			if !skip(i) && len(want) < 25 {
				want = append(want, i)
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%s: %d cards; %d are expected", name, len(got), len(want))
		}
		for k, c := range got {
			if worth[c.Item].Value != worth[want[k]].Value {
				t.Errorf("%s: place %d holds card %d of value %v; card %d of value %v is expected", name, k, c.Item, worth[c.Item].Value, want[k], worth[want[k]].Value)
			}
			if skip(c.Item) || c.Cause != -1 || c.Group != -1 {
				t.Errorf("%s: %+v", name, c)
			}
		}
	}
}

// Of users whom the log knows, the shortlist of 30 has nearly all of the ranker's ten best of the catalogue, whoever asks first, and a page holds them.
func TestShortlistOfUsers(t *testing.T) {
	r := recommender(t)
	s := shortlisterOf(t, r)
	l := madeLog(150, 80)
	found, all := 0, 0
	var wg sync.WaitGroup
	for u := range int32(40) {
		q, _, err := r.Request(l.where(func(user, _ int32) bool { return user == u }), feature.TraitsOf(l.profiles, u), memoryDate(memoryDays))
		if err != nil {
			t.Fatal(err)
		}
		other := *q // a Past serves one goroutine at a time
		other.Past = nil
		wg.Go(func() { // the race detector looks on
			if _, err := s.Shortlist(&other, 5, func(int32) bool { return false }, nil); err != nil {
				t.Error(err)
			}
		})
		got, err := s.Shortlist(q, 30, func(int32) bool { return false }, nil)
		if err != nil {
			t.Fatal(err)
		}
		order, _ := whole(t, s, q, len(r.Cards.Creator))
		for _, i := range order[:10] {
			all++
			if slices.ContainsFunc(got, func(c candidate.Candidate) bool { return c.Item == i }) {
				found++
			}
		}
	}
	wg.Wait()
	if found < all*9/10 {
		t.Errorf("%d of the %d best cards are named; nine in ten are expected", found, all)
	}
}

// Of a stranger only the ranker knows anything where the one generator goes by clicks: her page is all shortlist, with reasons that cite nothing. With the
// shortlist's share at 0 it is empty.
func TestShortlistOnAPage(t *testing.T) {
	parts := *recommender(t)
	parts.Generators = slices.DeleteFunc(slices.Clone(parts.Generators), func(g candidate.Generator) bool { return g.Name() != "watched" })
	q := &Request{N: 12, At: feature.Moment{AtMS: memoryDate(memoryDays).UnixMilli(), Day: memoryDay + memoryDays, Hour: 3}, Traits: candidate.Traits{Age: -1}}
	for share, n := range map[float64]int{0: 0, 1: 12} {
		parts.Settings.Shortlist = share
		r, err := NewRecommender(parts)
		if err != nil {
			t.Fatal(err)
		}
		p, err := r.Feed.Page(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Cards) != n {
			t.Fatalf("share %v: %d cards; %d are expected", share, len(p.Cards), n)
		}
		for _, c := range p.Cards {
			again, err := r.Feed.Reconsider(t.Context(), q, c)
			if err != nil || again.Removed != "" || !again.Named || c.By != ShortlistName || c.Reason != shortlistReason {
				t.Errorf("card %d by %s, %q: %+v, %v", c.Item, c.By, c.Reason, again, err)
			}
		}
	}
}

// Days that a server prepared stay whatever moments are asked for; others are served from the nearest, and are not made. Nobody prepares offline, where each
// day has lists of its own.
func TestPreparedDays(t *testing.T) {
	r, err := NewRecommender(*recommender(t))
	if err != nil {
		t.Fatal(err)
	}
	s := r.Feed.c.Ranker.(*modelRanker)
	days := func() (out []int32) {
		for _, d := range s.short.Load().days {
			out = append(out, d.day)
		}
		return out
	}
	ask := func(day int32) *shortDay {
		t.Helper()
		q := &Request{N: 5, At: feature.Moment{AtMS: int64(day) * dayMS, Day: day}, Traits: candidate.Traits{Age: -1}}
		if p, err := r.Feed.Page(t.Context(), q); err != nil || len(p.Cards) != 5 && day > memoryDay { // a year before, nothing is published
			t.Fatalf("day %d: %v, %v", day, p, err)
		}
		d, err := s.shortlist(day)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	const today = memoryDay + memoryDays
	for _, day := range []int32{today, today + 9} {
		if d := ask(day); d.day != day {
			t.Errorf("without Prepare day %d is served from day %d", day, d.day)
		}
	}
	var first *shortDay
	for _, prepared := range [][]int32{{today}, {today, today + 1}, {today + 1}} {
		if err := r.Prepare(3, prepared...); err != nil {
			t.Fatal(err)
		}
		kept := s.short.Load().days[len(prepared)-1]
		if first == nil {
			first = kept
		} else if len(prepared) == 2 && s.short.Load().days[0] != first {
			t.Error("today was made a second time")
		}
		for _, day := range []int32{today - 400, today - 1, today, today + 1, today + 400} {
			want := prepared[0]
			if day > today {
				want = prepared[len(prepared)-1]
			}
			if d := ask(day); d.day != want {
				t.Errorf("with %v prepared, day %d is served from day %d; want %d", prepared, day, d.day, want)
			}
		}
		if got := days(); !slices.Equal(got, prepared) || s.short.Load().days[len(prepared)-1] != kept {
			t.Errorf("with %v prepared, there are lists of %v", prepared, got)
		}
	}
}
