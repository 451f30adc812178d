// A sparse item-item matrix as a model: what item kNN, RP3beta and the like are once they are fitted.

package candidate

import (
	"fmt"
	"slices"
)

// scoreRows writes the sum of the rows of w that belong to h's items, each times its value, to out.
func scoreRows(w *Matrix, h *History, out []float32) {
	clear(out)
	f := h.folded(w.Users)
	for k, j := range f.Item {
		v := f.value(k)
		item, weight := w.Row(int(j))
		if weight == nil {
			for _, i := range item {
				out[i] += v
			}
			continue
		}
		for n, i := range item {
			out[i] += v * weight[n]
		}
	}
}

// becauseRows is Because of a model whose scores are scoreRows of w.
func becauseRows(w *Matrix, h *History, item int32) (cause int32, share float32) {
	f := h.folded(w.Users)
	var most, all float64
	cause = -1
	for k, j := range f.Item {
		row, weight := w.Row(int(j))
		at, ok := slices.BinarySearch(row, item)
		if !ok {
			continue
		}
		adds := float64(f.value(k))
		if weight != nil {
			adds *= float64(weight[at])
		}
		if adds > 0 {
			all += adds
		}
		if adds > most {
			cause, most = j, adds
		}
	}
	if cause < 0 {
		return -1, 0
	}
	return cause, float32(most / all)
}

// checkSquare says why a loaded matrix is no item-item matrix.
func checkSquare(w *Matrix) error {
	if w.Users != w.Items {
		return fmt.Errorf("a matrix of items by items of %d x %d", w.Users, w.Items)
	}
	return checkStored(w)
}
