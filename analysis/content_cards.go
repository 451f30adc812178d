package analysis

import (
	"context"
	"fmt"
	"math"

	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
)

var cardTypeNames = map[int]string{0: "not known", 1: "pictures", 2: "video"}

func askCardTypes(ctx context.Context, env *Env) (Answer, error) {
	rows, err := env.Warehouse.UseByCardType(ctx)
	if err != nil {
		return Answer{}, err
	}
	if len(rows) == 0 {
		return nothing("The log holds no impressions, so card types cannot be compared."), nil
	}
	name := func(r warehouse.CardTypeUse) string {
		if n, ok := cardTypeNames[r.Type]; ok {
			return n
		}
		return fmt.Sprintf("type %d", r.Type)
	}
	moments := func(r warehouse.CardTypeUse) stat.RatioMoments {
		return stat.RatioMoments{N: r.Cards, X: float64(r.Impressions), Y: float64(r.Clicks), XX: r.ImpressionsSquared, YY: r.ClicksSquared, XY: r.Cross}
	}
	ratios := each(rows, func(r warehouse.CardTypeUse) stat.Estimate { return moments(r).Ratio() })
	a := Answer{Caveats: []string{"The unit is the card: what one card draws is one observation, however often it was shown. The app decides which cards are shown to whom, so this compares the cards that were chosen."}}
	var picked [3]*warehouse.CardTypeUse
	for i := range rows {
		if t := rows[i].Type; t == 1 || t == 2 {
			picked[t] = &rows[i]
		}
	}
	if picked[1] == nil || picked[2] == nil {
		a.Findings = []Finding{described(fmt.Sprintf("All impressions of known type are of one type (%s), so types cannot be compared.", name(rows[len(rows)-1])), nil, 0)}
	} else {
		video, pictures := moments(*picked[2]), moments(*picked[1])
		d, test := stat.RatioDifference(video, pictures)
		v, p := video.Ratio(), pictures.Ratio()
		a.Findings = []Finding{tested("z, cards as units", test, effectOf("video less pictures click-through rate", d, Points), ratioWeight(v.Value/p.Value),
			fmt.Sprintf("Videos are clicked %s often than pictures: %s of impressions against %s (difference %s).", moreOrLess(d.Value, "more", "less"), percent(v.Value), percent(p.Value), pointsInterval(d)),
			fmt.Sprintf("Videos and pictures show no difference in how often they are clicked (%s and %s).", percent(v.Value), percent(p.Value)))}
	}
	names := each(rows, name)
	value, low, high := rateEnds(ratios)
	a.Tables = []Table{{Name: "card_types", Title: "Cards, impressions and clicks by type", Columns: []Column{
		texts("type", "type", names), ints("cards", "cards shown", Count, each(rows, func(r warehouse.CardTypeUse) int64 { return r.Cards })),
		ints("impressions", "impressions", Count, each(rows, func(r warehouse.CardTypeUse) int64 { return r.Impressions })),
		ints("clicks", "clicks", Count, each(rows, func(r warehouse.CardTypeUse) int64 { return r.Clicks })),
		floats("ctr", "click-through rate", Rate, value), floats("ctr_low", "lower end", Rate, low), floats("ctr_high", "upper end", Rate, high),
		floats("view_seconds_a_click", "view time a click", Seconds, each(rows, func(r warehouse.CardTypeUse) float64 { return over(r.ViewSeconds, float64(r.Clicks)) })),
	}}}
	a.Charts = []Chart{{ID: "card-types", Title: "Click-through rate by card type", Kind: BarChart, X: Axis{Label: "type", Unit: Text, Categories: names}, Y: Axis{Label: "click-through rate", Unit: Rate},
		Series: []Series{{Name: "click-through rate", Y: value, Low: low, High: high}}, Alt: "Click-through rate of pictures and videos, with 95% intervals over cards."}}
	return a, nil
}

// ends are the parts of estimates as columns.
func ends(es []stat.Estimate) (value, low, high []float64) {
	return each(es, estimated), each(es, lower), each(es, upper)
}

// rateEnds are ends of rates, whose intervals cannot leave 0 to 1.
func rateEnds(es []stat.Estimate) (value, low, high []float64) {
	return each(es, estimated), each(es, func(e stat.Estimate) float64 { return max(0, e.Low) }), each(es, func(e stat.Estimate) float64 { return min(1, e.High) })
}

func askCreatorConcentration(ctx context.Context, env *Env) (Answer, error) {
	rows, err := env.Warehouse.CreatorTotals(ctx)
	if err != nil {
		return Answer{}, err
	}
	measures := []struct {
		name, what string
		of         func(warehouse.CreatorTotal) int64
	}{
		{"impressions", "impressions of their cards", func(r warehouse.CreatorTotal) int64 { return r.Impressions }},
		{"clicks", "clicks on their cards", func(r warehouse.CreatorTotal) int64 { return r.Clicks }},
		{"published", "cards published", func(r warehouse.CreatorTotal) int64 { return r.Published }},
	}
	var a Answer
	var names []string
	var ginis, top1, top10, none []float64
	chart := Chart{ID: "creator-lorenz", Title: "How much the smaller creators hold", Kind: LineChart, X: Axis{Label: "creators, from the smallest", Unit: Share}, Y: Axis{Label: "share held", Unit: Share},
		Alt: "Lorenz curves of impressions, clicks and published cards over creators; the straight line would be equality."}
	for _, m := range measures {
		c := stat.NewCounted(each(rows, func(r warehouse.CreatorTotal) float64 { return float64(m.of(r)) }), each(rows, func(r warehouse.CreatorTotal) int64 { return r.Creators }))
		g := c.Gini()
		if math.IsNaN(g) {
			continue
		}
		names = append(names, m.what)
		ginis, top1, top10 = append(ginis, g), append(top1, c.TopShare(.01)), append(top10, c.TopShare(.1))
		none = append(none, 1-c.ShareAtLeast(.5).Value)
		x, y := c.Lorenz(200)
		chart.Series = append(chart.Series, Series{Name: m.what, X: x, Y: y})
		if m.name != "clicks" {
			a.Findings = append(a.Findings, described(fmt.Sprintf("The top 1%% of creators hold %s of the %s (Gini %s); %s of creators hold none.",
				percent(c.TopShare(.01)), m.what, figures(g), percent(1-c.ShareAtLeast(.5).Value)), exactly("Gini coefficient of "+m.what, g, Plain), g/2))
		}
	}
	if len(names) == 0 {
		return nothing("No impression is of a card whose creator is known, so concentration cannot be seen."), nil
	}
	chart.Series = append(chart.Series, Series{Name: "equality", X: []float64{0, 1}, Y: []float64{0, 1}, Line: true})
	a.Charts = []Chart{chart}
	a.Tables = []Table{{Name: "creator_concentration", Title: "Concentration over creators", Columns: []Column{
		texts("measure", "measure", names), floats("gini", "Gini coefficient", Plain, ginis), floats("top_1_percent", "share of the top 1%", Share, top1),
		floats("top_10_percent", "share of the top 10%", Share, top10), floats("creators_without", "creators with none", Share, none),
	}}}
	a.Caveats = []string{"All creators that the log names take part, those whose cards nobody of the sample was shown too. Published cards are counted over the whole app, impressions and clicks over the sample of users."}
	return a, nil
}

func askCreatorsByDay(ctx context.Context, env *Env) (Answer, error) {
	days, err := env.Warehouse.PublishedByDay(ctx)
	if err != nil {
		return Answer{}, err
	}
	stops, err := env.Warehouse.CreatorsWhoStop(ctx)
	if err != nil {
		return Answer{}, err
	}
	if len(days) == 0 {
		return nothing("The log holds no creators' days, so who publishes cannot be seen."), nil
	}
	var creatorDays, publishing, published int64
	for _, d := range days {
		creatorDays += d.Creators
		publishing += d.Publishing
		published += d.Published
	}
	a := Answer{Caveats: []string{"Who stops: creators who published on the first third of the days and not on the last. With one month of log, a creator who publishes once in two months looks like one who stopped.",
		"Creators whose followers are not known are left out of the comparison."}}
	a.Findings = append(a.Findings, described(fmt.Sprintf("On a day, %s of creators publish, and those who do publish %s cards.", percent(share(publishing, creatorDays)), figures(share(published, publishing))),
		exactly("share of creator-days with a card published", share(publishing, creatorDays), Share), 0))
	var n, stopped [2]int64 // by many followers
	for _, s := range stops {
		k := 0
		if s.ManyFollowers {
			k = 1
		}
		n[k] += s.Creators
		if s.Stopped {
			stopped[k] += s.Creators
		}
	}
	all := stat.Wilson(stopped[0]+stopped[1], n[0]+n[1])
	if all.Known() {
		a.Findings = append(a.Findings, described(fmt.Sprintf("Of %s who published on the first third of the days, %s published nothing on the last third (%s).",
			counted(n[0]+n[1], "creator", "creators"), percent(all.Value), percentInterval(all)), &Effect{Name: "share of early publishers who stop", Value: all.Value, Low: all.Low, High: all.High, Unit: Share}, 0))
		d, test := stat.ProportionDifference(stopped[1], n[1], stopped[0], n[0])
		a.Findings = append(a.Findings, tested("z of two proportions", test, effectOf("many less few followers, share who stop", d, Points), d.Value,
			fmt.Sprintf("Creators with more followers than the median stop %s often: %s against %s (difference %s).", moreOrLess(d.Value, "more", "less"), percent(share(stopped[1], n[1])), percent(share(stopped[0], n[0])), pointsInterval(d)),
			"Creators with many and with few followers show no difference in how many stop publishing."))
	}
	labels := each(days, func(d warehouse.PublishedDay) string { return dayLabel(d.Day) })
	pub := each(days, func(d warehouse.PublishedDay) int64 { return d.Publishing })
	cards := each(days, func(d warehouse.PublishedDay) int64 { return d.Published })
	a.Tables = []Table{{Name: "creators_by_day", Title: "Creators publishing by day", Columns: []Column{
		texts("day", "day", labels), ints("creators", "creators with a row", Count, each(days, func(d warehouse.PublishedDay) int64 { return d.Creators })),
		ints("publishing", "creators publishing", Count, pub), ints("published", "cards published", Count, cards),
	}}}
	x := Axis{Label: "day", Unit: Text, Categories: labels}
	a.Charts = []Chart{
		{ID: "creators-by-day", Title: "Creators publishing, by day", Kind: LineChart, X: x, Y: Axis{Label: "creators", Unit: Count}, Series: []Series{{Name: "creators publishing", Y: asFloats(pub)}},
			Alt: "Creators who publish on each day."},
		{ID: "cards-published-by-day", Title: "Cards published, by day", Kind: LineChart, X: x, Y: Axis{Label: "cards", Unit: Count}, Series: []Series{{Name: "cards published", Y: asFloats(cards)}},
			Alt: "Cards published on each day."},
	}
	return a, nil
}
