package candidate_test

import (
	"testing"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/candidate/candidatetest"
)

// TestFactorsSuite holds the methods with factors to the contract, with vectors as short as a matrix of 40 items asks for.
func TestFactorsSuite(t *testing.T) {
	for _, l := range []candidate.Learner{
		candidate.IALS{Dim: 2, Block: 1},
		candidate.BPR{Dim: 8, Epochs: 20},
		candidate.PureSVD{Dim: 3},
		candidate.GraphFilter{Dim: 3},
		candidate.GraphFilter{Dim: 3, Linear: 5},
		candidate.Embedding{Dim: 8, Epochs: 20, Window: 5, Negative: 3, Subsample: -1},
	} {
		candidatetest.Run(t, l.Kind(), func(testing.TB) candidate.Learner { return l })
	}
}
