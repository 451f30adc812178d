// The explorer of a server where nobody says otherwise.

package explore

// StandardConfig are the settings of Standard. Zero values mean the defaults of what they belong to.
type StandardConfig struct {
	Cap     float64 // of explored slots, see NewLimiter
	Budget  BudgetConfig
	Context int // length of contexts; 0: no LinUCB
}

// Weights of the standard mixture, which has what the budget leaves: six of ten explored slots while there are new cards with shows left, and all when there are
// none. A third goes to all alike, so that no card of a pool of 16 is shown with a chance below 1/80 of the share of slots that explore and weights of an estimate stay
// bounded; the rest goes where it may pay.
const (
	thompsonWeight = 25
	linucbWeight   = 15
	uniformWeight  = 20
)

// Standard makes an explorer with a budget and a mixture of all other policies. The second result is the part of it that is told of clicks; nil without contexts.
func Standard(counts Counts, c StandardConfig) (*Explorer, *LinUCB, error) {
	limiter, err := NewLimiter(c.Cap)
	if err != nil {
		return nil, nil, err
	}
	budget, err := NewBudget(counts, c.Budget)
	if err != nil {
		return nil, nil, err
	}
	thompson, err := NewThompson(counts, ThompsonConfig{})
	if err != nil {
		return nil, nil, err
	}
	parts := []Part{{thompson, thompsonWeight}, {Uniform{}, uniformWeight}}
	var linucb *LinUCB
	if c.Context != 0 {
		if linucb, err = NewLinUCB(LinUCBConfig{Context: c.Context}); err != nil {
			return nil, nil, err
		}
		parts = append(parts, Part{linucb, linucbWeight})
	}
	mixture, err := NewMixture(parts...)
	if err != nil {
		return nil, nil, err
	}
	e, err := New(Config{Policy: mixture, Limiter: limiter, Budget: budget})
	return e, linucb, err
}
