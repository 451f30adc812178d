// Pages as a new, a light and a heavy user would have seen them, drawn as the feed draws them: a number says how good a page is, a
// page shows of what kind.

package report

import (
	_ "embed"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strings"

	"github.com/seguefeed/segue/analysis"
	"github.com/seguefeed/segue/evaluate"
)

//go:embed recommend.html
var examplesText string

//go:embed recommend.css
var examplesCSS string

const examplesID = "recommend-examples"

// examplePage is one user's page as the template draws it.
type examplePage struct {
	Who, User, Facts, At, Label string
	Columns                     int
	Clicked                     int
	Cards                       []exampleCard
}

type exampleCard struct {
	Name, Content, Creator, Age, Reason string
	Sources                             []string
	Chance, True                        string // True is "" where nobody knows it
	Width                               int    // of the chance's bar, in hundredths of the highest chance of all pages
	Hue                                 int    // of the cover, in degrees
	Clicked                             bool
}

// examplePages are the pages that the template draws.
func examplePages(r *evaluate.Results) []examplePage {
	highest := 0.0
	for _, p := range r.Pages {
		for _, c := range p.Cards {
			if known(c.Click) {
				highest = math.Max(highest, c.Click)
			}
		}
	}
	var out []examplePage
	for _, p := range r.Pages {
		one := examplePage{Who: title(strings.TrimPrefix(p.Who, "a ")), User: p.User, Facts: p.Facts, Label: "The page of " + p.Who, Columns: 1}
		if !p.At.IsZero() {
			one.At = p.At.Format("2 January, 15:04")
		}
		for _, c := range inSlots(p.Cards) {
			one.Columns = max(one.Columns, c.Column+1)
			card := exampleCard{Name: c.Card, Content: c.Content, Creator: c.Creator, Age: ageOf(c.AgeDays), Reason: title(c.Reason), Sources: c.Sources, Chance: chance(c.Click), Hue: hue(c.Content), Clicked: c.Clicked}
			if known(c.True) {
				card.True = chance(c.True)
			}
			if known(c.Click) && highest > 0 {
				card.Width = int(math.Round(100 * c.Click / highest))
			}
			if c.Clicked {
				one.Clicked++
			}
			one.Cards = append(one.Cards, card)
		}
		out = append(out, one)
	}
	return out
}

// inSlots are cards in the order of their slots.
func inSlots(cards []evaluate.ExampleCard) []evaluate.ExampleCard {
	cards = slices.Clone(cards)
	slices.SortStableFunc(cards, func(a, b evaluate.ExampleCard) int { return a.Slot - b.Slot })
	return cards
}

// chance writes a chance as short as a card allows.
func chance(v float64) string {
	if !known(v) {
		return "–"
	}
	return figures(100*v, 2) + "%"
}

func ageOf(days int) string {
	switch {
	case days < 0:
		return ""
	case days == 0:
		return "today"
	case days == 1:
		return "1 day old"
	}
	return grouped(int64(days)) + " days old"
}

// hue gives each content a colour of its own, the same on every page and in every report.
func hue(content string) int {
	h := fnv.New32a()
	h.Write([]byte(content))
	return int(h.Sum32() % 360)
}

func examplesAnswer(r *evaluate.Results) analysis.Answer {
	a := analysis.Answer{ID: examplesID, Title: "What would a new, a light and a heavy user have seen?"}
	type shown struct {
		p evaluate.ExamplePage
		c evaluate.ExampleCard
	}
	var all []shown
	withTruth := false
	var pages []string
	for _, p := range r.Pages {
		clicked, sum, n := 0, 0.0, 0.0
		for _, c := range inSlots(p.Cards) {
			all = append(all, shown{p, c})
			withTruth = withTruth || known(c.True)
			if c.Clicked {
				clicked++
			}
			if known(c.Click) {
				sum, n = sum+c.Click, n+1
			}
		}
		if len(p.Cards) > 0 {
			pages = append(pages, fmt.Sprintf("%s for %s with a mean chance of %s, of which she clicked %s later", number(len(p.Cards), "card"), p.Who, chance(sum/n), cardinal(clicked)))
		}
	}
	if len(pages) == 0 {
		a.Off = "no page could be made"
		return a
	}
	a.Findings = []analysis.Finding{{Grade: analysis.Descriptive, Sentence: fmt.Sprintf("On the pages are %s.", listed(pages))}}
	table := analysis.Table{Name: "recommend_examples", Title: "The cards of these pages", Columns: []analysis.Column{
		texts("who", "who", all, func(s shown) string { return s.p.Who }),
		texts("user", "user", all, func(s shown) string { return s.p.User }),
		counts("slot", "slot, 0 the top", all, func(s shown) int { return s.c.Slot }),
		texts("card", "card", all, func(s shown) string { return s.c.Card }),
		texts("content", "content", all, func(s shown) string { return s.c.Content }),
		texts("creator", "creator", all, func(s shown) string { return s.c.Creator }),
		numbers("age_days", "age, days", analysis.Plain, all, func(s shown) float64 {
			if s.c.AgeDays < 0 {
				return math.NaN()
			}
			return float64(s.c.AgeDays)
		}),
		numbers("chance", "chance of a click", analysis.Share, all, func(s shown) float64 { return s.c.Click }),
	}}
	if withTruth {
		table.Columns = append(table.Columns, numbers("true_chance", "true chance", analysis.Share, all, func(s shown) float64 { return s.c.True }))
	}
	table.Columns = append(table.Columns,
		texts("clicked", "clicked", all, func(s shown) string { return map[bool]string{true: "yes", false: ""}[s.c.Clicked] }),
		texts("reason", "reason", all, func(s shown) string { return s.c.Reason }),
		texts("sources", "named by", all, func(s shown) string { return strings.Join(s.c.Sources, ", ") }))
	a.Tables = []analysis.Table{table}
	a.Caveats = []string{
		"Of each kind it is the user in the middle by impressions, at her first page in the judged days. The colour of a cover stands for the content: equal colours are more of the same. The bar is the chance of a click if she looks at the card; below it, in small type, the generators that named the card.",
		"“Clicked” is what she clicked in the judged days. A card without the mark may never have been shown to her: these pages are not those of the log.",
	}
	return a
}

func number(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return grouped(int64(n)) + " " + what
}

// cardinal writes how many of the cards of a page.
func cardinal(n int) string {
	if n == 0 {
		return "none"
	}
	return grouped(int64(n))
}
