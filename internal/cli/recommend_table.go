// What recommend bench prints: a table of measures for each number of places, and one of costs, none wider than 120 columns.

package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seguefeed/segue/evaluate"
	"github.com/seguefeed/segue/evaluate/allrank"
)

// measure is a column of the tables.
type measure struct {
	metric evaluate.Metric
	head   string
}

// shownMeasures stand in the tables, in this order, beside the one that models are sorted by: one less than all of them, so that
// the tables stay within their width. The JSON has all.
var shownMeasures = []measure{
	{evaluate.NDCG, "NDCG"}, {evaluate.NDCGAll, "NDCG all"}, {evaluate.Recall, "recall"}, {evaluate.Precision, "precision"},
	{evaluate.HitRate, "hit"}, {evaluate.AveragePrecision, "MAP"}, {evaluate.ReciprocalRank, "MRR"},
}

func (a *app) printRecommendBench(out *recommendOutput, b *recommendBench) error {
	target, err := allrank.ParseTarget(out.Metric)
	if err != nil {
		return err
	}
	s := out.Split
	fmt.Fprintf(a.stdout, "Learned from %s interactions of %s users, a catalogue of %s items.\n", thousands(s.Train), thousands(int64(s.Users)), thousands(int64(s.Items)))
	fmt.Fprintf(a.stdout, "Judged on %s interactions of %s users; for each, all items are ranked but those of training.\n", thousands(s.Test), thousands(int64(s.Judged)))
	for _, k := range out.Cuts {
		fmt.Fprintln(a.stdout)
		a.printMeasures(out, target.Metric, k, k == target.K)
	}
	fmt.Fprintln(a.stdout)
	a.printCosts(out, target.K)
	fmt.Fprintln(a.stdout)
	for _, v := range out.Verdict {
		fmt.Fprintln(a.stdout, v)
	}
	fmt.Fprintln(a.stdout, "\nIntervals are at the 95% level, over users.")
	fmt.Fprintln(a.stdout, "NDCG is against the best list of that length, NDCG all against one as long as what the user took.")
	for _, m := range out.Models {
		if m.Tuning != nil {
			a.printTuning(&m)
		}
	}
	for _, m := range out.Models {
		if m.Failed != "" {
			fmt.Fprintf(a.stdout, "Not fitted: %s: %s\n", m.Kind, m.Failed)
		}
	}
	for _, n := range out.Notes {
		fmt.Fprintln(a.stdout, "Note:", n)
	}
	if b.json != "" {
		fmt.Fprintf(a.stdout, "All figures are in %s.\n", b.json)
	}
	return nil
}

// printTuning says what was chosen.
func (a *app) printTuning(m *allrank.Judged) {
	t := m.Tuning
	switch {
	case t.Best < 0:
		fmt.Fprintf(a.stdout, "Not tuned: %s", m.Kind)
	case t.Best == 0:
		fmt.Fprintf(a.stdout, "Tuned: %s: the usual settings (%d tried; %s %.4f in validation)", m.Kind, len(t.Trials), t.Metric, t.Trials[0].Value)
	default:
		fmt.Fprintf(a.stdout, "Tuned: %s: %s (%d tried; %s %.4f in validation, %.4f by the usual settings)",
			m.Kind, m.Settings, len(t.Trials), t.Metric, t.Trials[t.Best].Value, t.Trials[0].Value)
	}
	if t.Note != "" {
		fmt.Fprintf(a.stdout, ": %s", t.Note)
	}
	fmt.Fprintln(a.stdout)
}

// printMeasures writes the table of lists of k places; the sorting measure has its interval, and with gaps, how far each is from the best.
func (a *app) printMeasures(out *recommendOutput, main evaluate.Metric, k int, gaps bool) {
	header := []string{fmt.Sprintf("%d places", k), fmt.Sprintf("%v@%d", main, k)}
	others := slices.Clone(shownMeasures)
	others = slices.DeleteFunc(others, func(m measure) bool { return m.metric == main })[:len(shownMeasures)-1]
	for _, m := range others {
		header = append(header, m.head)
	}
	header = append(header, "coverage")
	if gaps {
		header = append(header, "from best", "p")
	}
	var rows [][]string
	for i, j := range out.Models {
		at := j.At(k)
		if at == nil {
			rows = append(rows, append([]string{j.Kind}, slices.Repeat([]string{"-"}, len(header)-1)...))
			continue
		}
		m := at.Metrics[main.String()]
		row := []string{j.Kind, fmt.Sprintf("%.4f (%.4f-%.4f)", m.Value, m.Low, m.High)}
		for _, m := range others {
			row = append(row, fmt.Sprintf("%.4f", at.Metrics[m.metric.String()].Value))
		}
		row = append(row, fmt.Sprintf("%.4f", at.Coverage))
		switch {
		case !gaps:
		case i == 0:
			row = append(row, "best", "")
		case j.Gap.P < .001:
			row = append(row, fmt.Sprintf("%.4f", -j.Gap.Value), "<.001")
		default:
			row = append(row, fmt.Sprintf("%.4f", -j.Gap.Value), strings.TrimPrefix(fmt.Sprintf("%.3f", j.Gap.P), "0"))
		}
		rows = append(rows, row)
	}
	a.printTable(header, rows, 1)
}

// printCosts writes what each model took, and what its lists of k places show of the catalogue.
func (a *app) printCosts(out *recommendOutput, k int) {
	header := []string{"costs", "fit s", "rank s", "users/s", "CPU s", "memory", "Gini", "novelty", "popularity"}
	if out.Tuned {
		header = append(header, "tune s")
	}
	var rows [][]string
	for _, j := range out.Models {
		at := j.At(k)
		if at == nil {
			rows = append(rows, append([]string{j.Kind}, slices.Repeat([]string{"-"}, len(header)-1)...))
			continue
		}
		rate := float64(out.Split.Judged) / max(j.Score.Seconds, 1e-9)
		row := []string{j.Kind, fmt.Sprintf("%.2f", j.Fit.Seconds), fmt.Sprintf("%.2f", j.Score.Seconds), thousands(int64(rate)),
			fmt.Sprintf("%.2f", j.Fit.CPUSeconds+j.Score.CPUSeconds), bytesText(j.PeakBytes()),
			fmt.Sprintf("%.4f", at.Gini), fmt.Sprintf("%.2f", at.Novelty), fmt.Sprintf("%.1f", at.Popularity)}
		if out.Tuned {
			row = append(row, fmt.Sprintf("%.1f", j.Tuning.Seconds))
		}
		rows = append(rows, row)
	}
	a.printTable(header, rows, 1)
}
