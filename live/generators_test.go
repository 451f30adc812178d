package live

import (
	"fmt"
	"slices"
	"testing"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/candidate/candidatetest"
	"github.com/seguefeed/segue/stream"
)

// taste is a state of 40 items in two communities of 20 users each, who click those of their own: item k of a community is published k hours before noon.
func taste(testing.TB) *State {
	s := newState(Config{})
	var events []stream.Event
	for i := range 40 {
		events = append(events, at(stream.Item, "", fmt.Sprint("item ", i), -100, card(stream.Card{PublishedMS: noonMS - int64(i)*3600_000})))
	}
	for u := range 40 {
		for i := range 40 {
			if u%2 == i%2 && (u+i*i)%3 != 0 {
				user, item := fmt.Sprint("user ", u), fmt.Sprint("item ", i)
				events = append(events, at(stream.Impression, user, item, float64(-3000+i*60)))
				if (u+i)%5 != 0 {
					events = append(events, at(stream.Click, user, item, float64(-2990+i*60)))
				}
			}
		}
	}
	return apply(s, events...)
}

func TestGeneratorsSuite(t *testing.T) {
	queries := []candidate.Query{
		{History: candidate.History{Item: []int32{3, 17, 31, 33}, Value: []float32{1, 1.5, -.05, 1}}, AtMS: noonMS, Hour: 12},
		{History: candidate.History{Item: []int32{8, 5}}, Traits: candidate.Traits{Age: -1}, AtMS: noonMS},
	}
	odd := func(card int32) bool { return card%2 == 1 }
	for k := range 3 {
		name := taste(t).Generators()[k].Name()
		candidatetest.RunGenerator(t, name+" of some", func(tb testing.TB) candidate.Generator { return taste(tb).GeneratorsOf(odd)[k] }, 40, queries...)
		for n := range queries {
			some := taste(t).GeneratorsOf(odd)[k].Candidates(&queries[n], 40, nil)
			for _, c := range some {
				if !odd(c.Item) {
					t.Errorf("%s of some names %d", name, c.Item)
				}
			}
			q := queries[n]
			q.Skip = func(card int32) bool { return !odd(card) }
			if all := taste(t).Generators()[k].Candidates(&q, 40, nil); len(all) != len(some) {
				t.Errorf("%s names %d of some, and %d where the others are skipped", name, len(some), len(all))
			}
		}
		candidatetest.RunGenerator(t, taste(t).Generators()[k].Name(), func(tb testing.TB) candidate.Generator { return taste(tb).Generators()[k] }, 40, queries...)
	}
}

// TestGeneratorsKnowNewsAtOnce: what an event tells is in the next answer.
func TestGeneratorsKnowNewsAtOnce(t *testing.T) {
	s := taste(t)
	g := s.Generators()
	q := &candidate.Query{AtMS: noonMS, History: candidate.History{Item: []int32{2}}}
	apply(s, at(stream.Item, "", "just out", 5, card(stream.Card{})), at(stream.Click, "user 0", "just out", 6), at(stream.Click, "x", "item 2", 7), at(stream.Click, "x", "just out", 8))
	id, _ := s.CardID("just out")
	if got := g[0].Candidates(q, 1, nil); len(got) != 1 || got[0].Item != id || g[0].Reason(got[0], nil) != "new" {
		t.Errorf("the latest is %v, want %d", got, id)
	}
	near := g[2].Candidates(q, 40, nil)
	at := slices.IndexFunc(near, func(c candidate.Candidate) bool { return c.Item == id })
	if at < 0 || near[at].Cause != 2 {
		t.Errorf("near item 2 are %v; item %d, because of 2, is expected", near, id)
	}
	apply(s, stream.Event{ID: "h", Kind: stream.Item, AtMS: noonMS + 9000, Item: "just out", Card: &stream.Card{Hidden: true}})
	for k := range g {
		for _, c := range g[k].Candidates(q, 100, nil) {
			if c.Item == id {
				t.Errorf("%s names a hidden card", g[k].Name())
			}
		}
	}
	q.AtMS += 30 * 86400_000
	if got := g[0].Candidates(q, 1, nil); len(got) != 1 || g[0].Reason(got[0], nil) != "among the latest" {
		t.Errorf("a month later %v is called new", got)
	}
}
