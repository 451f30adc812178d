package candidate_test

import (
	"testing"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/candidate/candidatetest"
)

func TestItemKNN(t *testing.T) {
	candidatetest.Run(t, "itemknn", func(testing.TB) candidate.Learner { return candidate.ItemKNN{} })
}
func TestUserKNN(t *testing.T) {
	candidatetest.Run(t, "userknn", func(testing.TB) candidate.Learner { return candidate.UserKNN{} })
}
func TestRP3Beta(t *testing.T) {
	candidatetest.Run(t, "rp3beta", func(testing.TB) candidate.Learner { return candidate.RP3Beta{} })
}
func TestBaselines(t *testing.T) {
	candidatetest.RunBaseline(t, "popularity", func(testing.TB) candidate.Learner { return candidate.Popularity{} })
	candidatetest.RunBaseline(t, "random", func(testing.TB) candidate.Learner { return candidate.Random{} })
}
