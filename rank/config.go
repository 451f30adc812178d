// The settings of a ranker, and the split of users that all its parts share.

package rank

import (
	"fmt"
	"math"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/internal/splitmix"
	"github.com/seguefeed/segue/learn"
)

// Algorithm is how clicks are learned from.
type Algorithm string

const (
	Hybrid     Algorithm = "hybrid"     // a logistic regression of the chance of a click, and boosted trees of what it leaves over
	Boosted    Algorithm = "boosted"    // boosted trees of the chance of a click
	Logistic   Algorithm = "logistic"   // a logistic regression of it
	LambdaMART Algorithm = "lambdamart" // boosted trees of the order of the cards shown at one moment
	Pairwise   Algorithm = "pairwise"   // a linear score of that order
)

// Position is what is done about slots that are not looked at alike.
type Position string

const (
	// PositionInput makes the place on the page, the kind of view and the slot in it, an input in training and fixes it to the top of a browsing
	// view in prediction (Zhao et al., RecSys 2019: there as a tower beside the model, which trees do not need).
	PositionInput Position = "input"
	// PositionWeights weighs rows by their examination. Of the cards shown at one moment a clicked one counts by the inverse of its slot's examination (Joachims,
	// Swaminathan and Schnabel, WSDM 2017), at most MostWeight. A chance of a click is learned from clicks against impressions that were looked
	// at: a row without a click counts by its examination, which is the same times the examination of the slot, so that slots that are
	// hardly looked at say little rather than much by few clicks.
	PositionWeights Position = "weights"
	// PositionNone takes clicks as they are.
	PositionNone Position = "none"
)

// Config is how to train a ranker. The zero value is a good start.
type Config struct {
	Algorithm Algorithm // "" means Hybrid
	Position  Position  // "" means PositionInput

	Trees        int     // most trees of the click model; 0 means 150. Those past the best for the users held out are dropped
	LearningRate float64 // 0 means .1
	MaxLeaves    int     // 0 means 8: what makes a click mostly multiplies
	MinLeaf      float64 // least rows of a leaf; 0 means 300
	L2           float64 // of the leaves; 0 means 1
	Features     float64 // share of the columns that each tree sees; 0 means all: a tree that does not see the place takes what goes with it for a virtue
	// Monotone gives, by the name of a feature of numbers, +1 if trees may only raise the chance of a click with it and -1 if they may only lower it.
	// Nil means +1 for the features of unit "ratio": clicks over those expected, of which more cannot speak against a click. What trees would
	// see against that is noise, of which impressions have much. Log ratios are free: what one of them overstates another takes back. An empty
	// map means none.
	Monotone map[string]int
	C        float64 // inverse penalty of Logistic, Hybrid and Pairwise; 0 means 1, and learn's default
	// Linear are the names of the features of linear scores (Hybrid, Logistic, Pairwise), Bent those that trees see (Hybrid, Boosted, LambdaMART).
	// Nil means, for both, the features of unit "log ratio", which add up and go on where rows are few; trees also see counts, which
	// say how sure ratios are: those of unit "log impressions", "log clicks" and "times". Where there are no ratios nil means all.
	// More features serve what was shown, and cost what was not: they say of cards what the system saw in them that chose what to show.
	Linear, Bent []string
	// Spread draws the rows that a chance is learned from (not those of LambdaMART and Pairwise) towards those of a catalogue where every card is as
	// frequent: a row has the weight (rows of its card)^-Spread (importance weighting under covariate shift; Shimodaira, Journal of Statistical Planning and
	// Inference 90, 2000). Logs are of what another system chose to show, much of few cards, while a ranker's first cards may be any. 0 means .5; below 0
	// no weights.
	Spread float64

	Valid       float64                 // share of users held out to stop at the best tree and to calibrate by; 0 means .2
	Calibration learn.CalibrationMethod // "" means Platt's
	MaxSlot     int                     // the deepest slot with a place of its own; 0 means 20
	MostWeight  float64                 // of PositionWeights; 0 means 10
	Weights     Weights                 // of what a card is worth; the zero value is a click alone

	Seed     uint64
	Threads  int                   // 0 means one a core; they do not change the model
	Progress func(done, total int) `json:"-"` // called after each tree of the click model
}

// Weights say what a card's value is: the sum of these times the chance of a click and the expectations of what follows it. All are
// at least 0, and not all 0 unless they are the zero value, which means {Click: 1}.
type Weights struct {
	Click float64
	View  float64 // for each log(1 + seconds of viewing)
	Like  float64
	Share float64
}

func (c *Config) settle() error {
	def := func(x *float64, to float64) {
		if *x == 0 {
			*x = to
		}
	}
	if c.Algorithm == "" {
		c.Algorithm = Hybrid
	}
	if c.Position == "" {
		c.Position = PositionInput
	}
	if c.Calibration == "" {
		c.Calibration = learn.PlattScaling
	}
	if c.Trees == 0 {
		c.Trees = 150
	}
	if c.MaxLeaves == 0 {
		c.MaxLeaves = 8
	}
	if c.MaxSlot == 0 {
		c.MaxSlot = 20
	}
	def(&c.LearningRate, .1)
	def(&c.Spread, .5)
	def(&c.MinLeaf, 300)
	def(&c.L2, 1)
	def(&c.Valid, .2)
	def(&c.MostWeight, 10)
	if c.Weights == (Weights{}) {
		c.Weights.Click = 1
	}
	switch c.Algorithm {
	case Hybrid, Boosted, Logistic, LambdaMART, Pairwise:
	default:
		return fmt.Errorf("rank: algorithm %q: expected %q, %q, %q, %q or %q", c.Algorithm, Hybrid, Boosted, Logistic, LambdaMART, Pairwise)
	}
	switch c.Position {
	case PositionInput, PositionWeights, PositionNone:
	default:
		return fmt.Errorf("rank: position %q: expected %q, %q or %q", c.Position, PositionInput, PositionWeights, PositionNone)
	}
	if c.Calibration != learn.PlattScaling && c.Calibration != learn.IsotonicScaling {
		return fmt.Errorf("rank: calibration %q: expected %q or %q", c.Calibration, learn.PlattScaling, learn.IsotonicScaling)
	}
	switch {
	case c.Trees < 1:
		return fmt.Errorf("rank: %d trees: expected at least 1", c.Trees)
	case !(c.Valid > 0 && c.Valid < 1):
		return fmt.Errorf("rank: a share of %v of the users held out: expected more than 0 and less than 1", c.Valid)
	case !(c.MostWeight >= 1) || math.IsInf(c.MostWeight, 0):
		return fmt.Errorf("rank: weights of at most %v: expected 1 or more", c.MostWeight)
	case !(c.Spread <= 1) || math.IsInf(c.Spread, 0):
		return fmt.Errorf("rank: rows weighted by the rows of their card to the power of -%v: expected at most 1", c.Spread)
	case c.MaxSlot < 1 || c.MaxSlot > deepestSlot:
		return fmt.Errorf("rank: places down to slot %d: expected 1 to %d", c.MaxSlot, deepestSlot)
	}
	return c.Weights.check()
}

func (w Weights) check() error {
	for _, x := range []float64{w.Click, w.View, w.Like, w.Share} {
		if !(x >= 0) || math.IsInf(x, 0) {
			return fmt.Errorf("rank: a card's value with weights %+v: expected numbers of at least 0", w)
		}
	}
	if w == (Weights{}) {
		return fmt.Errorf("rank: a card's value with all weights 0: expected one of them above 0")
	}
	return nil
}

// risesWith are the features that Monotone means when it is nil.
func risesWith(columns []feature.PairColumn) map[string]int {
	up := map[string]int{}
	for _, c := range columns {
		if c.Unit == "ratio" && c.Levels == nil {
			up[c.Name] = 1
		}
	}
	return up
}

// placesItself says whether the click model gives the chance of a click at a row's own place.
func (c *Config) placesItself() bool {
	return c.Position == PositionInput && (c.Algorithm == Hybrid || c.Algorithm == Boosted || c.Algorithm == Logistic)
}

// heldOut says whether a user's rows serve to stop and to calibrate.
func (c *Config) heldOut(user int32) bool {
	return float64(splitmix.Next(uint64(uint32(user))^c.Seed*splitmix.Gamma^0x5e1d)>>11)/(1<<53) < c.Valid
}
