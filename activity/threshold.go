// Whom to contact: the probability from which on a contact pays.

package activity

import (
	"fmt"
	"math"
)

// Costs are what the two mistakes cost, in any one unit.
type Costs struct {
	Missed float64 // a user who needed the contact and did not get it
	Wasted float64 // a contact that was not needed
}

// Choice is a threshold and what comes of it among the tested users.
type Choice struct {
	Costs
	Threshold   float64 // contact users whose probability of being active is below it
	Contacted   float64 // share of users
	Needed      float64 // of the contacted, those who turned out not to be active: the contact was needed
	MissedShare float64 // of those who turned out not to be active, the ones without a contact
	Cost        float64 // a user: of the mistakes at this threshold
	Everyone    float64 // a user: of contacting everyone
	Nobody      float64 // a user: of contacting nobody
}

// Choose finds the threshold of least expected cost. A contact is for users who would not be active without it: contacting
// one pays where (1 - p) Missed > p Wasted, so that the threshold is Missed / (Missed + Wasted) for calibrated probabilities p
// (Elkan, IJCAI 2001). y and p are of users who were not learned from.
func Choose(y []bool, p []float64, c Costs) (Choice, error) {
	if !(c.Missed >= 0) || !(c.Wasted >= 0) || c.Missed+c.Wasted == 0 || math.IsInf(c.Missed+c.Wasted, 0) {
		return Choice{}, fmt.Errorf("costs %v of a missed and %v of a wasted contact: both must be 0 or more, and one above it", c.Missed, c.Wasted)
	}
	if len(y) == 0 || len(y) != len(p) {
		return Choice{}, fmt.Errorf("%d labels for %d probabilities", len(y), len(p))
	}
	ch := Choice{Costs: c, Threshold: c.Missed / (c.Missed + c.Wasted)}
	var contacted, needed, inactive, missed, wasted float64
	for i, active := range y {
		contact := p[i] < ch.Threshold
		if contact {
			contacted++
		}
		switch {
		case !active && contact:
			needed++
			inactive++
		case !active:
			missed++
			inactive++
		case contact:
			wasted++
		}
	}
	n := float64(len(y))
	ch.Contacted, ch.Needed, ch.MissedShare = contacted/n, needed/contacted, missed/inactive
	ch.Cost = (missed*c.Missed + wasted*c.Wasted) / n
	ch.Everyone, ch.Nobody = (n-inactive)*c.Wasted/n, inactive*c.Missed/n
	return ch, nil
}

// Choose is Choose of the users that p was tested on.
func (p *Predictor) Choose(c Costs) (*Choice, error) {
	ch, err := Choose(p.TestedActive, p.TestedP, c)
	if err != nil {
		return nil, err
	}
	return &ch, nil
}
