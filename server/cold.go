// Pages before any model was trained: cards that are clicked whenever they are shown, new ones, and those that go with what she did. It is also what a
// service sees that has just begun to send events.

package server

import (
	"math"

	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/live"
)

// coldView is a view without a model: the feed's numbers of cards are the state's.
func coldView(c *live.Catalogue, state *live.State, settings feed.Settings) (*view, error) {
	v := &view{catalogue: c, cards: c.Cards, keys: c.Keys, toFeed: make([]int32, len(c.Keys))}
	for i := range v.toFeed {
		v.toFeed[i] = int32(i)
	}
	v.toState = v.toFeed
	if len(c.Keys) == 0 {
		return v, nil // nothing to show
	}
	set := feed.Defaults()
	set.Shortlist, set.Explore = 0, settings.Explore
	var err error
	v.feed, err = feed.New(feed.Config{Cards: c.Cards, Names: feed.KeyNames(c.Cards, c.Keys), Generators: state.Generators(), Ranker: &coldRanker{state, c}, Settings: set})
	return v, err
}

// coldRanker values a card by its rate of clicks, drawn to that of all cards, times how much more she clicked its kind than others did, times how much
// it goes with what she clicked. Its kind is its content or, where it has none, as items of Gorse's clients, the categories it is in.
type coldRanker struct {
	state *live.State
	c     *live.Catalogue
}

const (
	coldShows   = 20 // shows by which a card's rate is drawn to the mean
	coldClicks  = 2  // expected clicks by which her lift of a kind is drawn to 1
	coldRate    = .05
	coldAlike   = 4 // how many times over a card that goes with all she clicked is valued
	coldHistory = 20
)

// Rank implements feed.Ranker.
func (r *coldRanker) Rank(q *feed.Request, cards []int32, out []feed.Worth) error {
	shows, clicks := r.state.Totals()
	mean := (clicks + coldRate*coldShows) / (shows + coldShows)
	liked, likedIn := map[int16]float64{}, map[int32]float64{}
	all := 0.0
	var last []int32
	for k, item := range q.History.Item {
		if q.History.Value != nil && q.History.Value[k] <= 0 {
			continue
		}
		all++
		if content := r.c.Cards.Content[item]; content >= 0 {
			liked[content]++
		}
		for _, category := range r.c.In(item) {
			likedIn[category]++
		}
		last = append(last, item)
	}
	near := r.state.Near(last[max(0, len(last)-coldHistory):])
	for k, item := range cards {
		n, c, _ := r.state.Card(item)
		value := (c + mean*coldShows) / (n + coldShows)
		if content := r.c.Cards.Content[item]; content >= 0 && all > 0 {
			share := r.c.Share(content) // of the catalogue's shows
			value *= (liked[content] + coldClicks) / (all*share + coldClicks)
		} else if in := r.c.In(item); len(in) > 0 && all > 0 {
			lift := 0.0
			for _, category := range in {
				lift += (likedIn[category] + coldClicks) / (all*r.c.CategoryShare(category) + coldClicks)
			}
			value *= lift / float64(len(in))
		}
		value *= 1 + coldAlike*near[item]
		out[k] = feed.Worth{Value: float32(value), Click: float32(math.Min(value, 1))}
	}
	return nil
}
