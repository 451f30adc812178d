package live

import (
	"fmt"
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
	for k := range 3 {
		candidatetest.RunGenerator(t, taste(t).Generators()[k].Name(), func(tb testing.TB) candidate.Generator { return taste(tb).Generators()[k] }, 40, queries...)
	}
}
