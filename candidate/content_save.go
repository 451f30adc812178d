// A Content generator in a file; see generator_save.go.

package candidate

import (
	"fmt"
	"math"
)

func (c *Content) parts() []any {
	parts := []any{&c.Cards, &c.Value, &c.Quality, &c.Servable, &c.Lift, &c.Weight, &c.Recent, &c.HalfLife}
	for f := range c.Lists {
		l := &c.Lists[f]
		parts = append(parts, &l.Start, &l.Card, &l.Rare)
	}
	return parts
}

func (c *Content) valid(cards int) error {
	const n = int(fieldCount)
	switch {
	case c.Cards < 0 || c.Cards > cards:
		return fmt.Errorf("fields of %d cards for %d cards", c.Cards, cards)
	case len(c.Value) != c.Cards*n || len(c.Quality) != c.Cards || len(c.Servable) != c.Cards:
		return fmt.Errorf("%d cards with %d values, %d qualities and %d words on whether they may be named", c.Cards, len(c.Value), len(c.Quality), len(c.Servable))
	case len(c.Weight) != n || c.Lift != nil && len(c.Lift) != n*liftSteps:
		return fmt.Errorf("%d weights and %d lifts of %d fields", len(c.Weight), len(c.Lift), n)
	case c.Recent < 0 || !(c.HalfLife >= 0):
		return fmt.Errorf("the last %d entries with a half-life of %v", c.Recent, c.HalfLife)
	}
	for f := range c.Lists {
		l := &c.Lists[f]
		if len(l.Start) != len(l.Rare)+1 || len(l.Rare) > math.MaxInt32/n {
			return fmt.Errorf("field %d has %d values and %d starts of lists", f, len(l.Rare), len(l.Start))
		}
		if err := checkStarts(l.Start, len(l.Card)); err != nil {
			return fmt.Errorf("field %d: %w", f, err)
		}
		if err := checkIDs(l.Card, c.Cards); err != nil {
			return fmt.Errorf("lists of field %d: %w", f, err)
		}
		if err := checkFinite(l.Rare); err != nil {
			return fmt.Errorf("field %d: %w", f, err)
		}
	}
	for k, v := range c.Value {
		if values := len(c.Lists[k%n].Rare); v < -1 || int(v) >= values {
			return fmt.Errorf("card %d has value %d of field %d; -1 to before %d is expected", k/n, v, k%n, values)
		}
	}
	for _, s := range [][]float32{c.Quality, c.Lift, c.Weight} {
		if err := checkFinite(s); err != nil {
			return err
		}
	}
	return nil
}
