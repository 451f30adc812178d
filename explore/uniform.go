// All cards alike: with the coin of a slot this is epsilon-greedy. It learns about everything, and costs the most.

package explore

// Uniform gives all cards of a pool the same chance.
type Uniform struct{}

// Name implements Policy.
func (Uniform) Name() string { return "uniform" }

// Context implements Policy.
func (Uniform) Context() int { return 0 }

// Chances implements Policy.
func (Uniform) Chances(_ *Pool, out []float64) {
	for k := range out {
		out[k] = 1 / float64(len(out))
	}
}
