package candidate

import (
	"math"
	"testing"

	"github.com/seguefeed/segue/warehouse"
)

// risingDays is cards with 200 impressions and 10 clicks a day for eight days; card 5 has 40 clicks on the last, card 6 two of
// four impressions, after one of 40 a day, and card 7 rises from nothing to 4 clicks.
func risingDays() []warehouse.CardDay {
	var days []warehouse.CardDay
	for card := range int32(10) {
		for day := int32(plantedDay - 8); day < plantedDay; day++ {
			d := warehouse.CardDay{Card: card, Day: day, Impressions: 200, Clicks: 10}
			last := day == plantedDay-1
			switch {
			case card == 5 && last:
				d.Clicks = 40
			case card == 6 && last:
				d.Impressions, d.Clicks = 4, 2
			case card == 6:
				d.Impressions, d.Clicks = 40, 1
			case card == 7 && last:
				d.Clicks = 4
			case card == 7:
				d.Clicks = 0
			}
			days = append(days, d)
		}
	}
	return append(days, warehouse.CardDay{Card: 8, Day: plantedDay, Impressions: 1000, Clicks: 900}) // the future
}

func TestTrendingNamesWhatRose(t *testing.T) {
	for _, of := range []string{"rate", "volume"} {
		days := risingDays()
		tr, err := FitTrending(fittedStats(t, plainCards(10), nil, days), days, TrendingConfig{Of: of})
		if err != nil {
			t.Fatal(err)
		}
		got := tr.Candidates(&Query{}, 10, nil)
		if len(got) != 1 || got[0].Item != 5 {
			t.Errorf("%s: %v, only card 5 rose", of, itemsOf(got))
		}
	}
}

// TestTrendingByHand has one card, so that the whole app's course is its own: no rise. With a second, steady one of the same size, the course is
// half way.
func TestTrendingByHand(t *testing.T) {
	days := []warehouse.CardDay{{Card: 0, Day: plantedDay - 1, Impressions: 100, Clicks: 60}, {Card: 0, Day: plantedDay - 2, Impressions: 100, Clicks: 10}}
	fit := func() Ranked {
		tr, err := FitTrending(fittedStats(t, plainCards(2), nil, days), days, TrendingConfig{Z: 1})
		if err != nil {
			t.Fatal(err)
		}
		return tr.List
	}
	if l := fit(); len(l.Item) != 0 {
		t.Errorf("alone: %v", l)
	}
	days = append(days, warehouse.CardDay{Card: 1, Day: plantedDay - 1, Impressions: 100, Clicks: 10}, warehouse.CardDay{Card: 1, Day: plantedDay - 2, Impressions: 100, Clicks: 10})
	// log(60.5/10.5) - log(70.5/20.5) - sqrt(1/60.5 + 1/10.5)
	want := math.Log(60.5/10.5) - math.Log(70.5/20.5) - math.Sqrt(1/60.5+1/10.5)
	if l := fit(); len(l.Item) != 1 || l.Item[0] != 0 || math.Abs(float64(l.Score[0])-want) > 1e-6 {
		t.Errorf("%v, want card 0 with %v", l, want)
	}
}

// TestTrendingVolumeCountsDaysFromPublication has a card published three days ago with 20 clicks on each day: no rise a day.
func TestTrendingVolumeCountsDaysFromPublication(t *testing.T) {
	cards := plainCards(2)
	cards.Published[0] = plantedDay - 3
	var days []warehouse.CardDay
	for day := int32(plantedDay - 8); day < plantedDay; day++ {
		days = append(days, warehouse.CardDay{Card: 1, Day: day, Impressions: 100, Clicks: 20})
		if day >= plantedDay-3 {
			days = append(days, warehouse.CardDay{Card: 0, Day: day, Impressions: 100, Clicks: 20})
		}
	}
	counts, _, err := trendCounts(fittedStats(t, cards, nil, days), days, TrendingConfig{Recent: 1, Past: 7})
	if err != nil {
		t.Fatal(err)
	}
	if c := counts[0]; c.now != (trendSide{100, 20, 1}) || c.past != (trendSide{200, 40, 2}) {
		t.Errorf("card 0: %+v", c)
	}
	if c := counts[1]; c.past != (trendSide{700, 140, 7}) {
		t.Errorf("card 1: %+v", c)
	}
}

func TestTrendingRefuses(t *testing.T) {
	s := fittedStats(t, plainCards(1), nil, nil)
	for name, try := range map[string]func() error{
		"of":     func() error { _, err := FitTrending(s, nil, TrendingConfig{Of: "mood"}); return err },
		"recent": func() error { _, err := FitTrending(s, nil, TrendingConfig{Recent: -1}); return err },
		"card":   func() error { _, err := FitTrending(s, []warehouse.CardDay{{Card: 1}}, TrendingConfig{}); return err },
	} {
		if try() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
