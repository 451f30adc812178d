// Scores taken apart, on demand: some milliseconds a card.

package server

import (
	"context"

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
		for _, of := range x.Of[:min(len(x.Of), whyParts)] {
			w.Parts = append(w.Parts, Part{Feature: of.Feature, Value: of.Value, Adds: of.LogOdds, Means: Plain(of.Feature)})
		}
		out[k] = w
	}
	return out, nil
}
