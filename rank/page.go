// Order within a view. The rows of a view were written one after the other, and those below a click know of it: it raises what is known of the
// user's mood there, though not on the card that was clicked. A page, though, is ordered at once. So where rows of a view are compared, what is
// the same for all cards of one moment is taken from the view's first row.

package rank

import (
	"context"

	"github.com/seguefeed/segue/feature"
)

// sharedColumns are the features that all cards of a page have in common: those of user and moment. They are found by looking at rows of one user and
// moment, NaN being equal to NaN; slots are none of them. All are shared where no two rows have one moment.
func sharedColumns(ctx context.Context, set *feature.PairSet) ([]int, error) {
	p := len(set.Columns)
	differs := make([]bool, p)
	for i := 1; i < set.Rows; i++ {
		if i&4095 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if set.User[i] != set.User[i-1] || set.AtMS[i] != set.AtMS[i-1] {
			continue
		}
		a, b := set.X[(i-1)*p:i*p], set.X[i*p:(i+1)*p]
		for j, v := range a {
			if v != b[j] && (v == v || b[j] == b[j]) {
				differs[j] = true
			}
		}
	}
	var shared []int
	for j := range differs {
		if !differs[j] {
			shared = append(shared, j)
		}
	}
	return shared, nil
}

// share gives a row of features those of the first row of its view.
func (in *inputs) share(row []float32, first int32) {
	p := len(in.columns)
	from := in.set.X[int(first)*p : (int(first)+1)*p]
	for _, j := range in.shared {
		row[j] = from[j]
	}
}
