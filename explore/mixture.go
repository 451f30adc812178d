// Several policies at once, each for a part of the explored slots.

package explore

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// Part is one policy of a Mixture.
type Part struct {
	Policy Policy
	Weight float64 // of its share of choices, above 0; weights need not sum to 1
}

// Mixture chooses by one of its policies, drawn by weight: a card's chance is the weighted mean of the chances that they give it. Where a policy
// would choose none of the pool's cards, the others have its weight.
type Mixture struct {
	parts   []Part
	context int
}

// NewMixture checks the parts.
func NewMixture(parts ...Part) (*Mixture, error) {
	if len(parts) == 0 {
		return nil, errors.New("explore: a mixture of no policies")
	}
	var policies []Policy
	for k, p := range parts {
		if p.Policy == nil {
			return nil, fmt.Errorf("explore: part %d of a mixture has no policy", k)
		}
		if !(p.Weight > 0) || math.IsInf(p.Weight, 0) {
			return nil, fmt.Errorf("explore: %s has a weight of %v; above 0 is expected", p.Policy.Name(), p.Weight)
		}
		policies = append(policies, p.Policy)
	}
	context, err := contextOf(policies)
	if err != nil {
		return nil, err
	}
	return &Mixture{append([]Part(nil), parts...), context}, nil
}

// Name implements Policy.
func (m *Mixture) Name() string {
	var names []string
	for _, p := range m.parts {
		names = append(names, p.Policy.Name())
	}
	return strings.Join(names, "+")
}

// Context implements Policy.
func (m *Mixture) Context() int { return m.context }

// Chances implements Policy.
func (m *Mixture) Chances(p *Pool, out []float64) {
	one := make([]float64, len(out))
	for _, part := range m.parts {
		clear(one)
		part.Policy.Chances(p, one)
		if !normalise(one) {
			continue
		}
		for k, c := range one {
			out[k] += part.Weight * c
		}
	}
	normalise(out)
}
