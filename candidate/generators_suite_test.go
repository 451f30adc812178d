package candidate_test

import (
	"fmt"
	"testing"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/candidate/candidatetest"
)

// TestGeneratorsSuite holds every generator of a log to the contract.
func TestGeneratorsSuite(t *testing.T) {
	queries := []candidate.Query{
		{History: candidate.History{Item: []int32{3, 17, 40, 41}, Value: []float32{1, 1.5, -.05, 1}}, Traits: candidate.Traits{Gender: "male", Age: 22, Province: "hai nan"}, Hour: 20},
		{History: candidate.History{Item: []int32{99, 5}}, Traits: candidate.Traits{Age: -1}, Hour: 3},
	}
	for k, g := range candidate.PlantedGenerators(t, candidate.PlantedLog(4, 300, candidate.PlantedCards)) {
		candidatetest.RunGenerator(t, fmt.Sprintf("%s %d", g.Name(), k), func(tb testing.TB) candidate.Generator {
			return candidate.PlantedGenerators(tb, candidate.PlantedLog(4, 300, candidate.PlantedCards))[k]
		}, candidate.PlantedCards, queries...)
	}
}
