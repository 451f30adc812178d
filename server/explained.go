// Scores taken apart, on demand: some milliseconds a card.

package server

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/seguefeed/segue/feed"
)

// whyParts is how many features of a score are told, the largest first.
const whyParts = 12

// explained takes the scores of cards apart. Cards that the model does not know are left as they are.
func explained(ctx context.Context, v *view, q *feed.Request, cards []feed.Placed) ([]*Why, error) {
	out := make([]*Why, len(cards))
	for k, c := range cards {
		if int(c.Item) >= v.known {
			continue
		}
		x, err := v.rec.Explain(ctx, q, c.Item)
		if err != nil {
			return nil, err
		}
		w := &Why{Base: x.Base, Parts: []Part{}}
		for j, of := range x.Of {
			if j < whyParts {
				w.Parts = append(w.Parts, Part{Feature: of.Feature, Value: of.Value, Adds: of.LogOdds, Means: Plain(of.Feature)})
			} else {
				w.Rest += of.LogOdds
			}
		}
		w.Themes = themesOf(x.Of)
		out[k] = w
	}
	return out, nil
}

// themesOf adds up what features add by what they are about, the largest first. Features that no theme has go by themselves.
func themesOf(of []feed.Contribution) []Theme {
	var out []Theme
	for _, c := range of {
		name := cardFeatures[c.Feature].theme
		if name == "" {
			name = meansText(Part{Feature: c.Feature, Means: c.Why})
		}
		k := slices.IndexFunc(out, func(t Theme) bool { return t.Theme == name })
		if k < 0 {
			k, out = len(out), append(out, Theme{Theme: name})
		}
		out[k].Adds += c.LogOdds
	}
	slices.SortStableFunc(out, func(a, b Theme) int { return cmp.Compare(math.Abs(b.Adds), math.Abs(a.Adds)) })
	return out
}
