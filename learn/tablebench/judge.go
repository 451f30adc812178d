// The measures of one model on the test rows.

package tablebench

import (
	"slices"

	"github.com/seguefeed/segue/learn"
)

// judge measures the probabilities of rows with labels y.
func (j *Judged) judge(y []bool) error {
	p := j.Probabilities
	auc, err := learn.DeLong(y, p)
	if err != nil {
		return err
	}
	j.AUC, j.AUCLow, j.AUCHigh = Number(auc.Value), Number(auc.Low), Number(auc.High)
	j.AveragePrecision = Number(learn.AveragePrecision(y, p, nil))
	j.LogLoss, j.Brier = Number(learn.LogLoss(y, p, nil)), Number(learn.MSE(y, p, nil))
	j.ECE = Number(learn.ECE(y, p, nil, Bins(len(y)), learn.EqualMass))
	j.Accuracy = Number(learn.Accuracy(y, p, nil, .5))
	j.F1 = Number(learn.F1(y, p, nil, float64(j.Threshold)))
	j.Precision = Number(learn.Precision(y, p, nil, float64(j.Threshold)))
	j.Recall = Number(learn.Recall(y, p, nil, float64(j.Threshold)))
	return nil
}

// Bins is the number of bins of the expected calibration error for so many rows: 15, and fewer where a bin would have less
// than 20 rows.
func Bins(rows int) int { return max(2, min(15, rows/20)) }

// bestF1 is the threshold with the highest F1, between two scores, the highest of equals. y has a positive row.
func bestF1(y []bool, p []float64) float64 {
	order := make([]int, len(p))
	positives := 0
	for i := range order {
		order[i] = i
		if y[i] {
			positives++
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case p[a] > p[b]:
			return -1
		case p[a] < p[b]:
			return 1
		}
		return a - b
	})
	best, at, found := -1., .5, 0
	for k, i := range order {
		if y[i] {
			found++
		}
		if k+1 < len(order) && p[order[k+1]] == p[i] {
			continue
		}
		if f := 2 * float64(found) / float64(k+1+positives); f > best {
			best, at = f, p[i]
			if k+1 < len(order) {
				at = (p[i] + p[order[k+1]]) / 2
			}
		}
	}
	return at
}
