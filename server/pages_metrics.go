// What versions were judged by, as tables: a question each, a row a method, a column a measure.

package server

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/seguefeed/segue/feed"
)

type metricTable struct {
	Title string
	Heads []metricHead
	Rows  []metricRow
}

type metricHead struct {
	Name  string
	Lower bool // is better
}

type metricRow struct {
	Method string
	Cells  []metricCell
}

type metricCell struct {
	Value, Interval string
	Best            bool
}

// metricQuestions are the first words of metrics' names: what was asked.
var metricQuestions = map[string]string{"shown": "In which order: what was shown", "catalogue": "Which cards: lists from the catalogue", "truth": "The simulator's truth"}

// metricNames are measures as people write them; what follows an @ stays.
var metricNames = map[string]string{"ndcg": "NDCG", "mrr": "MRR", "auc": "AUC", "auc_user": "AUC within users", "dcg_ips": "DCG by position", "log_loss": "log-loss", "ece": "calibration error", "map": "MAP"}

// metricLower are the measures of which less is better.
var metricLower = []string{"log_loss", "ece", "repeats", "creator_top"}

// metricTables puts metrics in the order in which they come into tables. The best of a column is marked, where there is more than one method.
func metricTables(metrics []feed.Metric) []metricTable {
	type column struct {
		name string
		best float64
	}
	var tables []metricTable
	var columns [][]column
	at := func(question string) int {
		k := slices.IndexFunc(tables, func(t metricTable) bool { return t.Title == question })
		if k < 0 {
			k = len(tables)
			tables, columns = append(tables, metricTable{Title: question}), append(columns, nil)
		}
		return k
	}
	place := func(m feed.Metric) (table, row, col int) {
		word, name, ok := strings.Cut(m.Name, " ")
		question := metricQuestions[word]
		if !ok || question == "" {
			question, name = "Metrics", m.Name
		}
		table = at(question)
		t := &tables[table]
		if row = slices.IndexFunc(t.Rows, func(r metricRow) bool { return r.Method == m.Method }); row < 0 {
			row = len(t.Rows)
			t.Rows = append(t.Rows, metricRow{Method: m.Method})
		}
		if col = slices.IndexFunc(columns[table], func(c column) bool { return c.name == name }); col < 0 {
			col = len(t.Heads)
			measure, depth, _ := strings.Cut(name, "@")
			head := metricHead{Name: strings.ReplaceAll(measure, "_", " "), Lower: slices.Contains(metricLower, measure)}
			if known := metricNames[measure]; known != "" {
				head.Name = known
			}
			if depth != "" {
				head.Name += "@" + depth
			}
			t.Heads, columns[table] = append(t.Heads, head), append(columns[table], column{name, math.NaN()})
		}
		if c := &columns[table][col]; math.IsNaN(c.best) || t.Heads[col].Lower && m.Value < c.best || !t.Heads[col].Lower && m.Value > c.best {
			c.best = m.Value
		}
		return table, row, col
	}
	for _, m := range metrics {
		place(m)
	}
	for k := range tables {
		for r := range tables[k].Rows {
			tables[k].Rows[r].Cells = slices.Repeat([]metricCell{{Value: "–"}}, len(tables[k].Heads))
		}
	}
	for _, m := range metrics {
		table, row, col := place(m)
		c := &tables[table].Rows[row].Cells[col]
		c.Value = measureText(m.Value)
		c.Best = m.Value == columns[table][col].best && len(tables[table].Rows) > 1
		if m.Low != m.High {
			c.Interval = measureText(m.Low) + " to " + measureText(m.High)
		}
	}
	return tables
}

// measureText writes measures of one column with the same digits.
func measureText(v float64) string {
	if math.IsNaN(v) || math.Abs(v) >= 100 {
		return numberText(v, 4)
	}
	return strconv.FormatFloat(v, 'f', 4, 64)
}
