// How cards that belong together differ from others, as of each day: what is thought of a card nobody has seen.
//
// Cards of a group differ among themselves, often by more than groups do, and one card that is shown a million times says little of its creator's
// next. So a card counts for its group as what it tells of the group: its lift, known from e expected clicks, scatters around the group's with variance
// spread + 1/e, so that it is worth e/(1 + e spread) clicks. And how far groups differ is told from pairs of cards of one group, whose deviations from
// what is expected share nothing but the group (analysis of variance for unbalanced groups: Searle, Casella and McCulloch, Variance Components, 1992):
// measured at the groups' sums, the scatter of cards would be taken for that of groups.

package feature

// pairSums are what the pairs of cards of each code and day are told from: sums of squares that are taken from the squares of sums.
type pairSums struct{ over, square []float32 }

// gatherCards makes t the sums over all cards of what they tell of their codes. code is that of a card on the k-th day, -1 for none, prior the lift
// that is thought of the card without t.
func (c *PairContext) gatherCards(t *tallies, code func(card int, k int) int32, prior func(card int, k int) float32) {
	s := pairSums{make([]float32, len(t.at)), make([]float32, len(t.at))}
	for card := range c.attrs {
		for k := 1; k < c.days; k++ {
			clicks, expected := c.effective(c.cards.of(int32(card), int32(k)), int32(k))
			to := code(card, k)
			if to < 0 || expected == 0 {
				continue
			}
			expected *= prior(card, k)
			at := int(to)*t.days + k
			y := &t.at[at]
			y.clicks += clicks
			y.n += expected
			s.over[at] += (clicks - expected) * (clicks - expected)
			s.square[at] += expected * expected
		}
	}
	for k := range t.days {
		m := moments{}
		for at := k; at < len(t.at); at += t.days {
			y := t.at[at]
			n, d := float64(y.n), float64(y.clicks-y.n)
			w := 1 / ((1 + n) * (1 + n))
			m.over += w * (d*d - float64(s.over[at]))
			m.square += w * (n*n - float64(s.square[at]))
		}
		t.base[k], t.strength[k] = 1, m.strength()
	}
}

// effective is what a card tells of the groups it belongs to: clicks, and those that are expected of the typical card.
func (c *PairContext) effective(n *cardCount, k int32) (clicks, expected float32) {
	clicks, expected = n.counted(c.hasApp)
	expected *= c.base[k]
	f := 1 / (1 + expected*c.spread[k])
	return clicks * f, expected * f
}

// eachDay calls do for each card as of each day.
func (c *PairContext) eachDay(do func(k int, n *cardCount)) {
	for card := range c.attrs {
		for k := range c.days {
			do(k, c.cards.of(int32(card), int32(k)))
		}
	}
}

// spreadRounds are enough: each weighs cards by what the last found of their spread.
const spreadRounds = 3

// spreadCards finds how far cards differ, and what is expected of the typical card: its clicks are not those of the mean impression, most of which are of
// few cards that are shown a lot.
func (c *PairContext) spreadCards() {
	c.base, c.spread, c.typical = make([]float32, c.days), make([]float32, c.days), make([]float32, c.days)
	mean := make([]float64, c.days)
	for round := range spreadRounds {
		sums, m := make([]evidenceSum, c.days), make([]moments, c.days)
		c.eachDay(func(k int, n *cardCount) {
			clicks, shown := n.counted(c.hasApp)
			f := 1 / (1 + float64(shown)*float64(c.base[k])*float64(c.spread[k])) // 1 in the first round
			sums[k].clicks += f * float64(clicks)
			sums[k].n += f * float64(shown)
		})
		for k, s := range sums {
			if s.n > 0 {
				c.base[k] = float32(s.clicks / s.n)
			}
			if round == 0 {
				mean[k] = float64(c.base[k])
			}
		}
		c.eachDay(func(k int, n *cardCount) {
			clicks, shown := n.counted(c.hasApp)
			m[k].add(float64(clicks), float64(shown)*float64(c.base[k]))
		})
		for k := range m {
			c.spread[k] = 1 / m[k].strength()
		}
	}
	for k := range c.typical {
		if c.typical[k] = 1; mean[k] > 0 && c.base[k] > 0 {
			c.typical[k] = float32(float64(c.base[k]) / mean[k])
		}
	}
}

// sumGroups counts by what cards belong to, and by how often they were shown: the whole app's rows where the log has them, else the sample's. A
// narrower group is told from what is left by the wider.
func (c *PairContext) sumGroups(n [groupKinds]int) {
	c.spreadCards()
	for kind := range c.groups {
		c.groups[kind] = newTallies(n[kind], c.days)
	}
	c.exposure = newTallies(exposureBands, c.days)
	codeOf := func(kind int) func(card, k int) int32 {
		return func(card, _ int) int32 { return c.attrs[card].codes[kind] }
	}
	mean := func(int, int) float32 { return 1 }
	c.gatherCards(&c.groups[ofType], codeOf(ofType), mean)
	c.gatherCards(&c.groups[ofContent3], codeOf(ofContent3), mean)
	for _, level := range []int{ofContent2, ofContent1} {
		c.gatherCards(&c.groups[level], codeOf(level), func(card, k int) float32 { return c.contentLift(level+1, c.attrs[card].codes[level+1], k) })
	}
	for _, kind := range []int{ofCreator, ofSong, ofArtist, ofTalk} {
		c.gatherCards(&c.groups[kind], codeOf(kind), c.contentOf)
	}
	c.gatherCards(&c.exposure, func(card, k int) int32 { return exposureBand(c.cards.of(int32(card), int32(k)).times(c.hasApp)) },
		func(card, k int) float32 {
			return c.likeIt(&c.attrs[card], c.cards.of(int32(card), int32(k)), int32(k))
		})
}

const exposureBands = 24

// contentOf is the lift of a card's content.
func (c *PairContext) contentOf(card, k int) float32 {
	return c.contentLift(ofContent1, c.attrs[card].codes[ofContent1], k)
}

// others is the lift of the other cards of what a card belongs to, over that of its content; NaN for none.
func (c *PairContext) others(kind int, a *cardAttr, n *cardCount, k int32) float32 {
	clicks, expected := c.effective(n, k)
	return c.groups[kind].without(a.codes[kind], int(k), clicks, expected*c.contentLift(ofContent1, a.codes[ofContent1], int(k)))
}

// likeIt is the lift of a card's content and of its creator's other cards over the typical card.
func (c *PairContext) likeIt(a *cardAttr, n *cardCount, k int32) float32 {
	return c.contentLift(ofContent1, a.codes[ofContent1], int(k)) * or(c.others(ofCreator, a, n, k), 1)
}

// kin is the lift of what is like a card over the mean impression: the typical card's, its content's, its creator's other cards' and that of cards shown as
// often.
func (c *PairContext) kin(a *cardAttr, n *cardCount, k int32) float32 {
	return c.typical[k] * c.likeIt(a, n, k) * c.exposure.lift(exposureBand(n.times(c.hasApp)), int(k), 1)
}

// contentLift is the lift of a code of a content level over the typical card, within the wider levels; 1 for none.
func (c *PairContext) contentLift(level int, code int32, k int) float32 {
	if code < 0 {
		return 1
	}
	wider := float32(1)
	if level < ofContent3 {
		wider = c.contentLift(level+1, c.wider[level][code], k)
	}
	return wider * c.groups[level].lift(code, k, 1)
}
