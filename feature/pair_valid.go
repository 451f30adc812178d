// What a PairContext from a file must hold, so that no question about any user, card or day can panic.

package feature

import (
	"fmt"
	"math"
)

// maxDays bounds the days of statistics, so that their product with the cards does not overflow.
const maxDays = 100_000

// validDays says why the days of c cannot be numbered.
func (c *PairContext) validDays() error {
	if c.last < c.from || int64(c.last)-int64(c.from)+2 > maxDays {
		return fmt.Errorf("statistics of the days %d to %d", c.from, c.last)
	}
	before := c.from - 1
	for _, day := range c.logged {
		if day <= before || day > c.last {
			return fmt.Errorf("statistics of day %d after %d, of the days %d to %d", day, before, c.from, c.last)
		}
		before = day
	}
	return nil
}

// valid says why features cannot be made of c.
func (c *PairContext) valid() error {
	if err := c.validDays(); err != nil {
		return err
	}
	days := int64(c.days)
	switch {
	case len(c.provinces) == 0 || len(c.provinces) > math.MaxInt16 || len(c.kinds) == 0 || len(c.kinds) > math.MaxInt8:
		return fmt.Errorf("%d provinces and %d types of cards", len(c.provinces), len(c.kinds))
	case int64(len(c.attrs)) > math.MaxInt32:
		return fmt.Errorf("%d cards", len(c.attrs))
	case int64(len(c.slots.rates)) != days:
		return fmt.Errorf("rates of slots of %d of %d days", len(c.slots.rates), days)
	}
	seen := make(map[string]bool, len(c.provinces))
	for _, p := range c.provinces {
		if seen[p] {
			return fmt.Errorf("province %q comes twice", p)
		}
		seen[p] = true
	}
	for k, s := range c.byDay() {
		if int64(len(*s)) != days {
			return fmt.Errorf("number %d of each day is known of %d of %d days", k, len(*s), days)
		}
		if err := finite(*s); err != nil {
			return err
		}
	}
	codes := make([]int, groupKinds+2) // of each of the tallies
	for k, t := range c.tallies() {
		if int64(len(t.at))%days != 0 || int64(len(t.at))/days > math.MaxInt32 {
			return fmt.Errorf("group %d has %d sums of %d days", k, len(t.at), days)
		}
		codes[k] = int(int64(len(t.at)) / days)
		for i := range t.at {
			if sum := t.at[i].clicks + t.at[i].n; sum-sum != 0 {
				return fmt.Errorf("group %d: sum %d is not finite, or too large", k, i)
			}
		}
	}
	if codes[ofType] != len(c.kinds) || codes[groupKinds] != exposureBands {
		return fmt.Errorf("sums of %d of %d types and of %d bands of exposure", codes[ofType], len(c.kinds), codes[groupKinds])
	}
	for l := range c.wider {
		if len(c.wider[l]) != codes[ofContent1+l] {
			return fmt.Errorf("wider levels of %d of %d contents of level %d", len(c.wider[l]), codes[ofContent1+l], l)
		}
		for i, code := range c.wider[l] {
			if code < -1 || int(code) >= codes[ofContent1+l+1] {
				return fmt.Errorf("content %d of level %d has the wider content %d of %d", i, l, code, codes[ofContent1+l+1])
			}
		}
	}
	if err := c.study.valid(c.days, codes[ofContent1], codes[groupKinds+1]); err != nil {
		return err
	}
	return c.validCards(codes)
}

// valid says why s cannot be asked about contents, of which there are so many, and has sums of so many cells.
func (s *study) valid(days, contents, sums int) error {
	t := &s.taste
	if s.places < 0 || s.places > tasteContents || len(t.place) != contents || len(t.load) != days || sums != cells*s.places {
		return fmt.Errorf("tastes for %d contents: %d places of %d on %d days, and sums of %d cells", contents, s.places, len(t.place), len(t.load), sums)
	}
	for code, place := range t.place {
		if place < -1 || int(place) >= s.places {
			return fmt.Errorf("content %d has place %d of %d", code, place, s.places)
		}
	}
	for k, load := range t.load {
		if len(load) != s.places {
			return fmt.Errorf("tastes of day %d are for %d of %d contents", k, len(load), s.places)
		}
		for i := range load {
			if err := finite(load[i][:]); err != nil {
				return err
			}
		}
	}
	return nil
}

// validCards says which card has a code that there is not, or sums that are no numbers.
func (c *PairContext) validCards(codes []int) error {
	if code := c.nowhere.codes[ofType]; code < 0 || int(code) >= codes[ofType] {
		return fmt.Errorf("no type has code %d of %d", code, codes[ofType])
	}
	for i := range c.attrs {
		for kind, code := range c.attrs[i].codes {
			if code < -1 || int(code) >= codes[kind] || code < 0 && kind == ofType {
				return fmt.Errorf("card %d has code %d of %d in group %d", i, code, codes[kind], kind)
			}
		}
	}
	for k := range c.slots.rates {
		for _, pair := range c.slots.rates[k] {
			if err := finite(pair[:]); err != nil {
				return err
			}
		}
	}
	return c.cards.valid(len(c.attrs), c.days)
}

// finite says which of the values is no finite number.
func finite(values []float32) error {
	for k, v := range values {
		if v-v != 0 {
			return fmt.Errorf("value %d is %v; a finite number is expected", k, v)
		}
	}
	return nil
}
