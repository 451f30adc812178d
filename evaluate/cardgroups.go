// How well the clicked cards are told from the others among cards of one kind: new ones, and those of the topics most shown.

package evaluate

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/learn"
)

// reliabilityBins are bins of a calibration curve.
const reliabilityBins = 20

func binsOf(clicked []bool, p []float64, bins int) []Bin {
	var out []Bin
	for _, b := range learn.Calibration(clicked, p, nil, bins, learn.EqualMass) {
		out = append(out, Bin{N: b.Rows, Predicted: b.Predicted, Observed: b.Share, Low: b.Low, High: b.High})
	}
	return out
}

// cardGroups adds AUC over the impressions of cards of an age, and of a content.
func (e *run) cardGroups(ctx context.Context) error {
	s := e.judged
	ages := []string{"up to 3 days", "4 to 14 days", "15 to 60 days", "older", "unknown"}
	age := func(i int) string {
		p := e.cards.Published[s.Card[i]]
		if p < 0 {
			return ages[4]
		}
		switch d := s.Day[i] - p; {
		case d <= 3:
			return ages[0]
		case d <= 14:
			return ages[1]
		case d <= 60:
			return ages[2]
		}
		return ages[3]
	}
	if err := e.cardGroup(ctx, "age of the card", ages, age); err != nil {
		return err
	}
	count := map[int16]int{}
	for _, c := range s.Card {
		count[e.cards.Content[c]]++
	}
	var contents []int16
	for c := range count {
		if c >= 0 {
			contents = append(contents, c)
		}
	}
	slices.SortFunc(contents, func(a, b int16) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
	keyed := feed.KeyNames(e.cards, nil)
	var names []string
	name := map[int16]string{}
	for _, c := range contents[:min(8, len(contents))] {
		name[c] = strings.TrimPrefix(keyed.Content(int32(c)), "content ")
		names = append(names, name[c])
	}
	return e.cardGroup(ctx, "content", append(names, "others"), func(i int) string {
		if n := name[e.cards.Content[s.Card[i]]]; n != "" {
			return n
		}
		return "others"
	})
}

func (e *run) cardGroup(ctx context.Context, by string, names []string, of func(row int) string) error {
	g := GroupTable{Question: "rerank", By: by, Measure: Measure{Name: "auc", Label: "AUC over all"}}
	for _, m := range e.scored {
		g.Rows = append(g.Rows, Row{Method: m.Method, Kind: m.Kind})
	}
	rows := map[string][]int32{}
	for i := range e.judged.Rows {
		n := of(i)
		rows[n] = append(rows[n], int32(i))
	}
	cfg := learn.BootstrapConfig{Replicates: pooledReplicates, Seed: e.o.Resampling.Seed, Threads: e.o.Threads}
	for _, name := range names {
		in := rows[name]
		y, user := make([]bool, len(in)), make([]int32, len(in))
		clicks, users := 0, 0
		for k, i := range in {
			y[k], user[k] = e.judged.Clicked[i], e.judged.User[i]
			if y[k] {
				clicks++
			}
			if k == 0 || user[k] != user[k-1] {
				users++
			}
		}
		if clicks < leastClicks || clicks == len(in) {
			continue
		}
		g.Groups = append(g.Groups, Group{Name: name, Users: users, Lists: len(in)})
		p := make([]float64, len(in))
		for m := range e.scored {
			for k, i := range in {
				p[k] = e.scored[m].Score[i]
			}
			v, err := learn.Bootstrap(ctx, y, p, nil, user, learn.AUC, cfg)
			if err != nil {
				return fmt.Errorf("evaluate: %s of %s: %w", e.scored[m].Method, name, err)
			}
			g.Rows[m].Cells = append(g.Rows[m].Cells, Cell{Value: v.Value, Low: v.Low, High: v.High, Gap: math.NaN(), P: math.NaN()})
		}
	}
	e.res.Groups = append(e.res.Groups, g)
	return nil
}

// leastClicks is what a group of cards must have for an AUC.
const leastClicks = 20
