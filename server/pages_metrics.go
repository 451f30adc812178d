// What versions were judged by, as tables: a question each, a row a method, a column a measure.

package server

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/seguefeed/segue/feed"
)

type metricTable struct {
	Title, About string
	Heads        []metricHead
	Rows         []metricRow
	Plot         *metricPlot // of the first measure
}

type metricHead struct {
	Name, Means string
	Lower       bool // is better
}

type metricRow struct {
	Method, About string
	Kind          string // plain for what others are measured by, best for what nobody can beat, own for what makes the pages
	Cells         []metricCell
	At, Low, High string // of the first measure, in hundredths of the plot; "" where there is none
	Wide          string // High less Low
}

type metricCell struct {
	Value, Interval string
	Best            bool
	Number          string // to sort by
}

// metricPlot is the scale on which the first measure of all methods is drawn.
type metricPlot struct {
	Name, From, To string
	Base, BaseName string // where popularity stands; "" where it was not measured
}

// metricQuestions are the first words of metrics' names: what was asked.
var metricQuestions = map[string]struct{ title, short, about string }{
	"shown":     {"In which order: what was shown", "what was shown", "Each method orders the cards that users were shown on days it had not seen; what they clicked is to stand first."},
	"catalogue": {"Which cards: lists from the catalogue", "the catalogue", "Each method names 20 cards out of the whole catalogue; what users clicked later is to be among them."},
	"truth":     {"The simulator's truth", "the truth", "Only a simulated log knows how likely each click really was."},
}

// metricNames are measures as people write them, and what they mean; what follows an @ stays.
var metricNames = map[string]struct{ name, means string }{
	"ndcg":                      {"NDCG", "how far up the clicked cards stand; 1 is perfect"},
	"mrr":                       {"MRR", "1 over the place of the first clicked card, on average"},
	"auc":                       {"AUC", "chance that a clicked card scores above one that was not, over all users"},
	"auc_user":                  {"AUC within users", "the same, within each user: who clicks much gains nothing"},
	"dcg_ips":                   {"DCG by position", "gain of clicked cards, corrected for how much their slots are looked at"},
	"log_loss":                  {"log-loss", "how far the chances are from what happened"},
	"ece":                       {"calibration error", "mean distance of chances from the shares that were clicked"},
	"map":                       {"MAP", "mean precision at each clicked card"},
	"recall":                    {"recall", "share of what she clicked later that is on the list"},
	"hit_rate":                  {"hit rate", "share of users of whom at least one later click is on the list"},
	"new_cards":                 {"new cards", "share of the list that was published after the days learned from"},
	"repeats":                   {"repeats", "share of the list that she was shown before"},
	"diversity":                 {"diversity", "1 less the likeness of two cards of a list"},
	"novelty":                   {"novelty", "how rarely the cards are clicked, in bits"},
	"coverage":                  {"coverage", "share of the catalogue that is listed for anybody"},
	"creator_top":               {"top creators", "places of the 1% of creators with the most"},
	"true_click_rate":           {"true click rate", "mean true chance of a click on a listed card"},
	"oracle_share":              {"gain over popularity", "share of what knowing all true chances would gain over popularity"},
	"oracle_share_most_clicked": {"gain over most clicked", "share of what knowing all true chances would gain over the most clicked"},
}

// metricLower are the measures of which less is better.
var metricLower = []string{"log_loss", "ece", "repeats", "creator_top"}

// metricMethods are methods whose names say little, and what stands behind them.
var metricMethods = map[string]struct{ name, about string }{
	"ease": {"EASE", "clicked by the same people"}, "ials": {"iALS", "latent tastes"}, "watched": {"watched", "watched in one visit"}, "content": {"content", "same song, artist, creator or topic"}, "fresh": {"fresh", "new cards"},
	"trending": {"trending", "on the rise"}, "demographic": {"demographic", "popular with people like her"}, "logged order": {"logged order", "as the app had it"}, "hybrid": {"hybrid", "trees beside a line"}, "logistic": {"logistic", "a line alone"},
	"oracle": {"oracle", "knows the true chances"}, "candidates, as named": {"candidates, as named", "by the generators, not ranked"}, "candidates, ranked": {"candidates, ranked", "by the ranker"}, "the page": {"the page", "as users see it"},
}

const popularity = "popularity"

// kindOf says what a method is to the others.
func kindOf(method string) string {
	switch method {
	case "random", "logged order", popularity, "popularity in her topic", "most clicked", "popular":
		return "plain"
	case "oracle":
		return "best"
	case "the page":
		return "own"
	}
	return ""
}

// metricTables puts metrics in the order in which they come into tables. The best of a column is marked, where there is more than one method that could be used.
func metricTables(metrics []feed.Metric) []metricTable {
	type column struct {
		name string
		best float64
	}
	var tables []metricTable
	var columns [][]column
	at := func(question, about string) int {
		k := slices.IndexFunc(tables, func(t metricTable) bool { return t.Title == question })
		if k < 0 {
			k = len(tables)
			tables, columns = append(tables, metricTable{Title: question, About: about}), append(columns, nil)
		}
		return k
	}
	place := func(m feed.Metric) (table, row, col int) {
		word, name, ok := strings.Cut(m.Name, " ")
		question := metricQuestions[word]
		if !ok || question.title == "" {
			question.title, name = "Metrics", m.Name
		}
		table = at(question.title, question.about)
		t := &tables[table]
		known, ok := metricMethods[m.Method]
		if !ok {
			known.name = m.Method
		}
		if row = slices.IndexFunc(t.Rows, func(r metricRow) bool { return r.Method == known.name }); row < 0 {
			row = len(t.Rows)
			t.Rows = append(t.Rows, metricRow{Method: known.name, About: known.about, Kind: kindOf(m.Method)})
		}
		if col = slices.IndexFunc(columns[table], func(c column) bool { return c.name == name }); col < 0 {
			col = len(t.Heads)
			measure, depth, _ := strings.Cut(name, "@")
			head := metricHead{Name: strings.ReplaceAll(measure, "_", " "), Means: metricNames[measure].means, Lower: slices.Contains(metricLower, measure)}
			if known := metricNames[measure].name; known != "" {
				head.Name = known
			}
			if depth != "" {
				head.Name += "@" + depth
			}
			t.Heads, columns[table] = append(t.Heads, head), append(columns[table], column{name, math.NaN()})
		}
		if c := &columns[table][col]; t.Rows[row].Kind != "best" && (math.IsNaN(c.best) || t.Heads[col].Lower && m.Value < c.best || !t.Heads[col].Lower && m.Value > c.best) {
			c.best = m.Value
		}
		return table, row, col
	}
	for _, m := range metrics {
		place(m)
	}
	for k := range tables {
		for r := range tables[k].Rows {
			tables[k].Rows[r].Cells = slices.Repeat([]metricCell{{Value: "–", Number: "-1e9"}}, len(tables[k].Heads))
		}
	}
	first := make([]map[int]feed.Metric, len(tables)) // of each table, by row
	for _, m := range metrics {
		table, row, col := place(m)
		c := &tables[table].Rows[row].Cells[col]
		c.Value, c.Number = measureText(m.Value), strconv.FormatFloat(m.Value, 'g', 6, 64)
		c.Best = m.Value == columns[table][col].best && len(tables[table].Rows) > 1 && tables[table].Rows[row].Kind != "best"
		if m.Low != m.High {
			c.Interval = measureText(m.Low) + "–" + measureText(m.High)
		}
		if col == 0 {
			if first[table] == nil {
				first[table] = map[int]feed.Metric{}
			}
			first[table][row] = m
		}
	}
	for k := range tables {
		plotMetric(&tables[k], first[k])
	}
	return tables
}

// plotMetric puts the first measure of a table on a scale, where intervals are known.
func plotMetric(t *metricTable, of map[int]feed.Metric) {
	low, high, known := math.Inf(1), math.Inf(-1), false
	for _, m := range of {
		known = known || m.Low < m.High
		low, high = min(low, m.Value), max(high, m.Value)
		if m.Low < m.High {
			low, high = min(low, m.Low), max(high, m.High)
		}
	}
	if !known || len(of) < 2 || math.IsInf(low, 0) || math.IsInf(high, 0) || math.IsNaN(high-low) {
		return
	}
	room := .03 * (high - low)
	if high += room; low-room >= 0 || low < 0 {
		low -= room
	} else {
		low = 0 // of what never is below it
	}
	at := func(v float64) string { return fixed(100*(v-low)/(high-low), 2) }
	t.Plot = &metricPlot{Name: t.Heads[0].Name, From: measureText(low), To: measureText(high)}
	for r, m := range of {
		row := &t.Rows[r]
		row.At = at(m.Value)
		if m.Low < m.High {
			row.Low, row.High, row.Wide = at(m.Low), at(m.High), fixed(100*(m.High-m.Low)/(high-low), 2)
		}
		if m.Method == popularity || m.Method == "popular" {
			t.Plot.Base, t.Plot.BaseName = row.At, row.Method
		}
	}
}

// measureText writes measures of one column with the same digits.
func measureText(v float64) string {
	if math.IsNaN(v) || math.Abs(v) >= 100 {
		return numberText(v, 4)
	}
	return strconv.FormatFloat(v, 'f', 3, 64)
}

// chanceOfText finds p-values in sentences of a gate.
var chanceOfText = regexp.MustCompile(`p = ([0-9.]+e-[0-9]+|0\.000[0-9]+)`)

// gateText is a sentence of a gate for reading: what is beyond doubt needs no exponent.
func gateText(s string) string {
	s = chanceOfText.ReplaceAllString(s, "p < 0.001")
	for _, m := range []struct{ of, to string }{{"ndcg at", "NDCG at"}, {"hit_rate at", "hit rate at"}} {
		s = strings.ReplaceAll(s, m.of, m.to)
	}
	return capital(s)
}

// glance is what a version did at one question: the method that makes the pages, beside popularity.
type glance struct{ Head, Value, Method, Against string }

func glances(tables []metricTable) (out []glance) {
	for _, t := range tables {
		if len(t.Heads) == 0 {
			continue
		}
		cell := glance{Head: t.Heads[0].Name}
		for _, q := range metricQuestions {
			if q.title == t.Title {
				cell.Head += ", " + q.short
			}
		}
		for _, r := range t.Rows {
			switch {
			case r.Method == popularity || r.Method == "popular":
				cell.Against = r.Cells[0].Value
			case r.Kind == "own" || r.Kind == "" && cell.Value == "" && r.Cells[0].Value != "–":
				cell.Value, cell.Method = r.Cells[0].Value, r.Method
			}
		}
		out = append(out, cell)
	}
	return out
}
