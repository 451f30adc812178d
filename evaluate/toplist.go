// The measures of a ranked list against the items that the user took in truth. Several of them go by one name in the literature and
// differ in what they divide by, so that figures of two papers seem to disagree; here each convention has its own name.
// Sources: Jarvelin and Kekalainen, ACM TOIS 20 (2002), for NDCG; Manning, Raghavan and Schuetze, Introduction to Information
// Retrieval (2008), chapter 8, for the others; Ferrari Dacrema, Cremonesi and Jannach, RecSys 2019, for NDCGAll.

package evaluate

import (
	"fmt"
	"math"
	"strings"
)

// Metric is a measure of the first k places of a ranked list, 0 (worst) to 1 (best). A list shorter than k is one whose last places
// are misses.
type Metric uint8

const (
	Recall           Metric = iota // hits / relevant items; below 1 for any list where more than k items are relevant
	RecallCapped                   // hits / min(k, relevant items)
	Precision                      // hits / k, also where the list is shorter or fewer items are relevant
	HitRate                        // 1 with a hit or more, 0 without
	AveragePrecision               // sum over the hits of the precision at their places, / min(k, relevant items); its mean over users is MAP
	ReciprocalRank                 // 1 / place of the first hit, 0 without; its mean over users is MRR
	NDCG                           // sum over the hits of 1/log2(1+place), / the same of a list that begins with min(k, relevant items) hits
	NDCGAll                        // as NDCG, but / the sum over as many places as items are relevant, also beyond k
	numMetrics
)

var metricNames = [numMetrics]string{"recall", "recall_capped", "precision", "hit_rate", "map", "mrr", "ndcg", "ndcg_all"}

// String is the metric's name in settings and results, as in "ndcg_all".
func (m Metric) String() string {
	if m < numMetrics {
		return metricNames[m]
	}
	return fmt.Sprintf("Metric(%d)", uint8(m))
}

// Metrics are all metrics.
func Metrics() []Metric {
	all := make([]Metric, numMetrics)
	for m := range all {
		all[m] = Metric(m)
	}
	return all
}

// ParseMetric is the metric of that name, in any case.
func ParseMetric(name string) (Metric, error) {
	for m, n := range metricNames {
		if strings.EqualFold(n, name) {
			return Metric(m), nil
		}
	}
	return 0, fmt.Errorf("evaluate: there is no metric %q; there are %s", name, strings.Join(metricNames[:], ", "))
}

// ListScore has the value of each metric, by its number.
type ListScore [numMetrics]float64

// ScoreList measures the first k >= 1 places of a list. hit says of each place, best first, whether its item is relevant; relevant is the number of
// relevant items, at least that of hits. All is 0 where nothing is relevant.
func ScoreList(hit []bool, relevant, k int) ListScore {
	var s ListScore
	if relevant <= 0 || k <= 0 {
		return s
	}
	hits, dcg, precisions := 0, 0.0, 0.0
	for i, h := range hit[:min(k, len(hit))] {
		if !h {
			continue
		}
		if hits++; hits == 1 {
			s[HitRate], s[ReciprocalRank] = 1, 1/float64(i+1)
		}
		precisions += float64(hits) / float64(i+1)
		dcg += discount(i)
	}
	reachable := min(k, relevant)
	s[Recall] = float64(hits) / float64(relevant)
	s[RecallCapped] = float64(hits) / float64(reachable)
	s[Precision] = float64(hits) / float64(k)
	s[AveragePrecision] = precisions / float64(reachable)
	s[NDCG] = dcg / idealDCG(reachable)
	s[NDCGAll] = dcg / idealDCG(relevant)
	return s
}

// discount is what a hit at place i, counted from 0, is worth.
func discount(i int) float64 { return 1 / math.Log2(float64(i)+2) }

// idealSums[n] is the sum of the first n discounts, for the numbers of relevant items that most users have.
var idealSums = func() (sums [1025]float64) {
	for n := 1; n < len(sums); n++ {
		sums[n] = sums[n-1] + discount(n-1)
	}
	return sums
}()

// idealDCG is the discounted gain of n hits at the first n places.
func idealDCG(n int) float64 {
	last := len(idealSums) - 1
	if n <= last {
		return idealSums[n]
	}
	sum := idealSums[last]
	for i := last; i < n; i++ {
		sum += discount(i)
	}
	return sum
}
