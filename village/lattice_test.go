package village

import (
	"math"
	"testing"
)

// Points of a lattice fill the cube evenly: of n points, a box of volume v holds n v, within a handful.
func TestLatticeIsEven(t *testing.T) {
	const n = 20_000
	for seed := range uint64(3) {
		l := newLattice(seed, evenDims)
		for d := range evenDims {
			for e := range d {
				inside := 0
				for i := range uint32(n) {
					x, y := l.at(i, d), l.at(i, e)
					if x <= 0 || x >= 1 {
						t.Fatalf("coordinate %v is outside (0,1)", x)
					}
					if x < .3 && y > .6 {
						inside++
					}
				}
				// .3 x .4 x 20,000 = 2,400. Independent draws would be off by 46 at one standard deviation.
				if off := math.Abs(float64(inside) - 2400); off > 25 {
					t.Errorf("seed %d, dimensions %d and %d: %d points in the box, %.0f off", seed, e, d, inside, off)
				}
			}
		}
	}
	if a, b := newLattice(1, 2), newLattice(2, 2); a.at(0, 0) == b.at(0, 0) {
		t.Error("two seeds begin at the same point")
	}
}

func TestStepsDrawByTheirWeights(t *testing.T) {
	s := newSteps([]float64{1, 0, 3, 4}) // 1/8, none, 3/8, 4/8: steps at .125, .125, .5, 1
	for _, c := range []struct {
		u    float64
		want int
	}{{0, 0}, {.124, 0}, {.125, 2}, {.499, 2}, {.5, 3}, {.999999, 3}} {
		if got := s.at(c.u); got != c.want {
			t.Errorf("at(%v) = %d, not %d", c.u, got, c.want)
		}
	}
}

// The mean taste match of a card over users is 1, whatever its topic, so that taste moves clicks between cards and not
// their number.
func TestMatchHasMeanOne(t *testing.T) {
	p, err := defaultParams()
	if err != nil {
		t.Fatal(err)
	}
	cat, pop := newCatalogue(p, 5, 2000), newPopulation(p, 5)
	r := newRNG()
	people := make([]person, 40_000)
	for i := range people {
		pop.draw(r, i, &people[i])
	}
	for c := range 20 {
		var sum, squares float64
		for i := range people {
			m := match(&people[i], &cat.cards[c])
			sum, squares = sum+m, squares+m*m
		}
		n := float64(len(people))
		mean := sum / n
		se := math.Sqrt((squares/n - mean*mean) / n)
		if math.Abs(mean-1) > 4*se {
			t.Errorf("card %d: the mean match is %.4f +- %.4f", c, mean, se)
		}
	}
}
