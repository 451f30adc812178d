package analysis

import (
	"context"
	"fmt"

	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
)

// maxAge is how many days of a card's life are looked at.
const maxAge = 60

func askCardLife(ctx context.Context, env *Env) (Answer, error) {
	rows, err := env.Warehouse.UseByAge(ctx, maxAge)
	if err != nil {
		return Answer{}, err
	}
	life, err := env.Warehouse.LifeByAge(ctx, maxAge)
	if err != nil {
		return Answer{}, err
	}
	var days, shown, clicked [maxAge + 1]int64
	var rates [maxAge + 1]groupSums
	var total int64
	for _, r := range rows {
		days[r.Age] += r.CardDays
		shown[r.Age] += r.Impressions
		clicked[r.Age] += r.Clicks
		rates[r.Age].add(r.Group, float64(r.Impressions), float64(r.Clicks))
		total += r.Impressions
	}
	if total == 0 {
		return nothing("No card's publication day is known, so its life cannot be followed."), nil
	}
	var ages []int64
	var perDay, left []float64
	var ctr []stat.Estimate
	var sofar int64
	half := -1
	for age := range days {
		if days[age] == 0 {
			continue
		}
		sofar += shown[age]
		if half < 0 && 2*sofar >= total {
			half = age
		}
		ages, perDay, ctr = append(ages, int64(age)), append(perDay, share(shown[age], days[age])), append(ctr, rates[age].estimate())
		left = append(left, share(sofar, total))
	}
	a := Answer{Caveats: []string{"Counted over all users of the app, from the daily statistics of cards. The mean per day of cards shown is of cards still shown: those that live long are the better ones. Cards followed from their first day count on every day of it, shown or not.",
		fmt.Sprintf("The log is short: the first days of a life are of cards published within it, later days of older ones too, and cards that nobody of the sample was shown are not in it. Ages above %d days are left out.", maxAge),
		fmt.Sprintf("Intervals and tests leave out one of %d random groups of cards at a time.", warehouse.UserGroups)}}
	a.Findings = append(a.Findings, described(fmt.Sprintf("Half of the impressions of the first %d days of cards come by day %d after publication.", maxAge, half), exactly("days to half of the impressions", float64(half), Days), 0))
	if f, ok := stillShown(life); ok {
		a.Findings = append(a.Findings, f)
	}
	const young, old = 3, 15
	ratio := func(in func(int) bool) float64 {
		var c, i [2]float64
		for _, r := range rows {
			k := -1
			if r.Age <= young {
				k = 0
			} else if r.Age >= old {
				k = 1
			}
			if k >= 0 && in(r.Group) {
				c[k] += float64(r.Clicks)
				i[k] += float64(r.Impressions)
			}
		}
		return over(over(c[0], i[0]), over(c[1], i[1]))
	}
	e, test := jackknifedRatio(ratio)
	if e.Known() {
		a.Findings = append(a.Findings, tested("jackknife t over 20 groups of cards", test, effectOf(fmt.Sprintf("click-through rate up to day %d over that from day %d on", young, old), e, Plain), ratioWeight(e.Value),
			fmt.Sprintf("In its first %d days a card is clicked %s as often per impression as from day %d on (%s).", young, times(e.Value), old, timesInterval(e)),
			fmt.Sprintf("Young cards (to day %d) and older ones (from day %d) show no difference in how often they are clicked per impression.", young, old)))
	}
	value, low, high := rateEnds(ctr)
	a.Tables = []Table{{Name: "card_life", Title: "Cards by days since publication", Columns: []Column{
		ints("age_days", "days since publication", Days, ages), floats("impressions_a_day", "impressions a card shown and day", Count, perDay),
		floats("ctr", "click-through rate", Rate, value), floats("ctr_low", "lower end", Rate, low), floats("ctr_high", "upper end", Rate, high), floats("share_so_far", "share of impressions so far", Share, left),
	}}}
	x := asFloats(ages)
	axis := Axis{Label: "days since publication", Unit: Days}
	followed := Series{Name: "cards followed from their first day"}
	still := followed
	for _, l := range life {
		if l.Cards < minCharted {
			continue
		}
		followed.X, followed.Y = append(followed.X, float64(l.Age)), append(followed.Y, share(l.Impressions, l.Cards))
		alive := stat.Wilson(l.Shown, l.Cards)
		still.X, still.Y, still.Low, still.High = append(still.X, float64(l.Age)), append(still.Y, alive.Value), append(still.Low, alive.Low), append(still.High, alive.High)
	}
	impressions := Chart{ID: "card-life-impressions", Title: "Impressions of a card a day, by its age", Kind: LineChart, X: axis, Y: Axis{Label: "impressions a card and day", Unit: Count}, Series: []Series{{Name: "cards shown on the day", X: x, Y: perDay}},
		Alt: "Mean impressions on a day by days since publication, of the cards shown on it and, where they can be, of cards followed from their first day."}
	if len(followed.Y) > 1 {
		impressions.Series = append(impressions.Series, followed)
		a.Charts = []Chart{{ID: "card-life-shown", Title: "Share of cards still shown, by age", Kind: LineChart, X: axis, Y: Axis{Label: "share of cards shown on the day", Unit: Share}, Series: []Series{still},
			Alt: "The share of cards published within the log that are shown to anybody on a day, by days since their publication, with 95% intervals."}}
		a.Tables = append(a.Tables, lifeTable(life))
	}
	a.Charts = append([]Chart{impressions}, append(a.Charts, Chart{ID: "card-life-ctr", Title: "Click-through rate by age of the card", Kind: LineChart, X: axis, Y: Axis{Label: "click-through rate", Unit: Rate},
		Series: []Series{{Name: "click-through rate", X: x, Y: value, Low: low, High: high}}, Alt: "Click-through rate by days since the card's publication, with 95% intervals over cards."})...)
	return a, nil
}

// stillShown says what share of the cards that can be followed from their first day for a week, or as long as the log allows, is still shown then.
func stillShown(life []warehouse.AgeLife) (Finding, bool) {
	last := -1
	for i, l := range life {
		if l.Cards >= minCharted && l.Age <= 7 {
			last = i
		}
	}
	if last < 1 {
		return Finding{}, false
	}
	first, l := life[0], life[last]
	e := stat.Wilson(l.Shown, l.Cards)
	return described(fmt.Sprintf("Followed from their first day, %s of cards are shown %s later (%s), with %s impressions a card on that day against %s on the first.",
		percent(e.Value), counted(int64(l.Age), "day", "days"), percentInterval(e), figures(share(l.Impressions, l.Cards)), figures(share(first.Impressions, first.Cards))),
		effectPtr(fmt.Sprintf("share of cards shown %d days after publication", l.Age), e, Share), 0), true
}

func lifeTable(life []warehouse.AgeLife) Table {
	of := func(f func(warehouse.AgeLife) int64) []int64 { return each(life, f) }
	return Table{Name: "card_life_followed", Title: "Cards published within the log, followed from their first day", Columns: []Column{
		ints("age_days", "days since publication", Days, of(func(l warehouse.AgeLife) int64 { return int64(l.Age) })), ints("cards", "cards followed so long", Count, of(func(l warehouse.AgeLife) int64 { return l.Cards })),
		ints("shown", "of them shown on the day", Count, of(func(l warehouse.AgeLife) int64 { return l.Shown })), ints("impressions", "impressions on the day", Count, of(func(l warehouse.AgeLife) int64 { return l.Impressions })),
		ints("clicks", "clicks on the day", Count, of(func(l warehouse.AgeLife) int64 { return l.Clicks })),
	}}
}
