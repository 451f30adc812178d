// What a model says of each impression of a log, for judges.

package rank

import (
	"context"

	"github.com/seguefeed/segue/feature"
)

// Chances are by row of a set.
type Chances struct {
	Full []float64 // chance of a click in full view
	// Ordered is Full with what is known of the user and the moment as it was when the view began, so that the cards of one view are compared as
	// a page made then would have ordered them: what she did on the way down tells of her mood, not of the cards.
	Ordered  []float64
	Placed   []float64 // in the place where the card was
	Examined []float32 // how likely that place was looked at, relative to the top of a browsing view; nil where the model knows no places
}

// Chances scores every row of set, whose columns must be the model's. Memory: 28 bytes a row.
func (m *Model) Chances(ctx context.Context, set *feature.PairSet) (*Chances, error) {
	if err := m.Fits(set.Columns); err != nil {
		return nil, err
	}
	full, ordered, placed, in, err := m.chances(ctx, set)
	if err != nil {
		return nil, err
	}
	return &Chances{full, ordered, placed, in.expose}, nil
}
