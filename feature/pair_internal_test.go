package feature

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seguefeed/segue/warehouse"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.IsNaN(got) != math.IsNaN(want) || math.Abs(got-want) > 1e-5*math.Max(1, math.Abs(want)) { // values are float32
		t.Errorf("%s: %v, by hand %v", what, got, want)
	}
}

func TestBook(t *testing.T) {
	var b book[int]
	if b.find(3) != nil || b.find(-1) != nil {
		t.Error("an empty book has entries")
	}
	r := rand.New(rand.NewPCG(1, 1))
	for round := range 3 { // emptied and filled again
		want := map[int32]int{}
		for range 500 {
			code := r.Int32N(300)
			if r.IntN(10) == 0 {
				code = math.MaxInt32 - 1 - code
			}
			want[code]++
			*b.entry(code)++
		}
		for code, n := range want {
			if got := b.find(code); got == nil || *got != n {
				t.Fatalf("round %d, code %d: %v, counted %d", round, code, got, n)
			}
		}
		if len(b.used) != len(want) || b.find(301) != nil {
			t.Fatalf("round %d: %d entries of %d codes", round, len(b.used), len(want))
		}
		b.reset()
		if len(b.used) != 0 || b.find(5) != nil {
			t.Fatal("a book that was emptied has entries")
		}
	}
}

// Two codes, two days. Code 0 has 6 clicks of 100 on the first day and 4 of 100 on the second, code 1 has 14 of 100 on the first.
func TestTallies(t *testing.T) {
	l := newTallies(2, 3)
	l.add(0, 1, 6, 100)
	l.add(0, 2, 4, 100)
	l.add(1, 1, 14, 100)
	l.add(-1, 1, 1, 1) // cards of no code
	l.accumulate()
	near(t, "base before the first day", float64(l.base[0]), 0)
	near(t, "base before the second", float64(l.base[1]), 20./200)
	near(t, "base after both", float64(l.base[2]), 24./300)
	// Before the second day both codes expect 10 clicks: the weight is 1/11 of (6-10)^2 - 10 = 6 and of (14-10)^2 - 10 = 6, over
	// 10^2 each: a variance of .06.
	near(t, "strength", float64(l.strength[1]), 1/.06)
	near(t, "strength without rows", float64(l.strength[0]), someStrength)
	s := 1 / .06
	near(t, "lift", float64(l.lift(0, 1, 1)), (6+s)/(10+s))
	near(t, "lift with a prior", float64(l.lift(1, 1, 2)), (14+2*s)/(10+s))
	near(t, "lift before all", float64(l.lift(0, 0, 1)), 1)
	near(t, "no code", float64(l.lift(-1, 1, 1)), math.NaN())
	near(t, "without 5 clicks of 60", float64(l.without(0, 1, 5, 60)), (1+s)/(4+s))
	near(t, "without all, and some rounding", float64(l.without(0, 1, 6.001, 100.001)), 1)
	// Counts that differ by less than chance: 10 and 10.
	same := newTallies(2, 2)
	same.add(0, 1, 10, 100)
	same.add(1, 1, 10, 100)
	same.accumulate()
	near(t, "strength of equals", float64(same.strength[1]), maxStrength)
}

// Lifts drawn from a gamma distribution of variance .25 show it.
func TestStrengthIsRecovered(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	var m, shares moments
	for range 60_000 {
		e := 5 * r.Float64()
		lift := 0.0 // gamma of shape 4, scale 1/4: the mean of four exponentials
		for range 4 {
			lift += r.ExpFloat64() / 4
		}
		clicks := 0.0
		for range 100 {
			if r.Float64() < e*lift/100 {
				clicks++
			}
		}
		m.add(clicks, e)
		// The same of a group that has .3 of what is expected of a user, where lift is that of the group over the rest: of 8 clicks.
		group := .3 * lift / (.3*lift + .7)
		of := 0.0
		for range 8 {
			if r.Float64() < group {
				of++
			}
		}
		shares.addShare(of, 8, .3, 1)
	}
	if s := m.strength(); s < 3.6 || s > 4.4 {
		t.Errorf("strength %v of lifts with variance 1/4", s)
	}
	if s := shares.strength(); s < 3 || s > 6 { // to first order in the lift's spread, which is not small
		t.Errorf("strength %v of shares whose lifts have variance 1/4", s)
	}
}

// Slots 1 and 5 of days that went to 1 and to 9: 100 impressions with 2 clicks above, in passing; 50 with 4 and 50 with 10, browsing.
func TestSlotRates(t *testing.T) {
	s := newSlotRates(2)
	var sums [slotPositions][2]evidenceSum
	sumSlots(&sums, []warehouse.SlotUse{{Position: 1, Depth: 1, Impressions: 100, Clicks: 2}, {Position: 1, Depth: 9, Impressions: 50, Clicks: 4}, {Position: 40, Depth: 99, Impressions: 50, Clicks: 10}})
	s.set(1, &sums)
	pooled := 16. / 200
	passing, browsing := (2+50*pooled)/(100+50), (14+50*pooled)/(100+50)
	near(t, "in passing", float64(s.rate(1, 1, false)), (2+50*passing)/(100+50))
	near(t, "browsing", float64(s.rate(1, 1, true)), (4+50*browsing)/(50+50))
	near(t, "far down", float64(s.rate(1, 77, true)), (10+50*browsing)/(50+50))
	near(t, "a slot nobody saw", float64(s.rate(1, 3, true)), browsing)
	near(t, "no slot", float64(s.rate(1, -1, true)), pooled)
	near(t, "nothing known", float64(s.rate(0, 1, true)), 0)
}

// Three cards of two creators: 0 and 1 of content 0 and creator 0, 2 of neither. On the day before, the app showed them 1000, 200 and 800 times with 60, 20
// and 20 clicks; the sample clicked 3 times on card 0 where 2 were expected.
func TestCardLiftsByHand(t *testing.T) {
	c := &PairContext{days: 2, hasApp: true, nowhere: nowhere(0)}
	none := cardAttr{codes: [groupKinds]int32{-1, -1, -1, -1, -1, -1, -1, 0}}
	c.attrs = []cardAttr{none, none, none}
	for card := range 2 {
		c.attrs[card].codes[ofContent1], c.attrs[card].codes[ofCreator] = 0, 0
	}
	c.wider[0] = []int32{-1}
	c.cards = sumsOf([]cardCount{
		{}, {shown: 40, clicks: 3, expected: 2, appShown: 1000, appClicks: 60, appLikes: 6},
		{}, {appShown: 200, appClicks: 20},
		{}, {appShown: 800, appClicks: 20},
	}, c.days)
	c.sumGroups([groupKinds]int{ofContent1: 1, ofCreator: 1, ofType: 1})
	c.weighCards()
	base := 100. / 2000
	near(t, "base", float64(c.appBase[1]), base)
	near(t, "likes a click", float64(c.after[0][1]), 6./100)
	moment := func(rows [][2]float64) float64 {
		var over, square float64
		for _, y := range rows {
			w := 1 / (1 + y[1])
			over += w * ((y[0]-y[1])*(y[0]-y[1]) - y[1])
			square += w * y[1] * y[1]
		}
		return over / square
	}
	// Of the mean impression 50, 10 and 40 clicks are expected. Of the typical card, for which the seldom shown one says nearly as much as the
	// others, t times as many.
	weigh := func(t, spread float64) (f0, f1, f2 float64) {
		return 1 / (1 + 50*t*spread), 1 / (1 + 10*t*spread), 1 / (1 + 40*t*spread)
	}
	typical, spread := 1.0, 0.0
	for range spreadRounds {
		f0, f1, f2 := weigh(typical, spread)
		typical = (60*f0 + 20*f1 + 20*f2) / (50*f0 + 10*f1 + 40*f2)
		spread = moment([][2]float64{{60, 50 * typical}, {20, 10 * typical}, {20, 40 * typical}})
	}
	near(t, "typical", float64(c.typical[1]), typical)
	near(t, "spread", float64(c.spread[1]), spread)
	f0, f1, f2 := weigh(typical, spread)
	e0, e1, e2 := 50*typical, 10*typical, 40*typical
	// Content 0 has one pair of cards: (60-e0) f0 (20-e1) f1 over (e0 f0)(e1 f1) is its variance.
	s := min(max(e0*e1/((60-e0)*(20-e1)), minStrength), maxStrength)
	if (60-e0)*(20-e1) <= 0 {
		s = maxStrength
	}
	near(t, "strength of contents", float64(c.groups[ofContent1].strength[1]), s)
	content := (60*f0 + 20*f1 + s) / (e0*f0 + e1*f1 + s)
	near(t, "content", float64(c.contentLift(ofContent1, 0, 1)), content)
	// Over that, card 0 has fewer clicks and card 1 more, so that the creator shows no variance. Without card 0 it is card 1.
	near(t, "strength of creators", float64(c.groups[ofCreator].strength[1]), maxStrength)
	like0, like1 := content*(20*f1+10000)/(e1*f1*content+10000), content*(60*f0+10000)/(e0*f0*content+10000)
	near(t, "like card 0", float64(c.likeIt(&c.attrs[0], c.count(0, 1), 1)), like0)
	// 1000 and 800 showings are of one band.
	s = maxStrength
	if d := (60 - e0*like0) * (20 - e2); d > 0 {
		s = min(max(e0*like0*e2/d, minStrength), maxStrength)
	}
	near(t, "strength of bands", float64(c.exposure.strength[1]), s)
	often, seldom := (60*f0+20*f2+s)/(e0*f0*like0+e2*f2+s), (20*f1+s)/(e1*f1*like1+s)
	kin0, kin1 := typical*like0*often, typical*like1*seldom
	near(t, "kin", float64(c.kin(&c.attrs[0], c.count(0, 1), 1)), kin0)
	near(t, "kin of card 1", float64(c.kin(&c.attrs[1], c.count(1, 1), 1)), kin1)
	// Lifts of the app over kin.
	s = 1 / moment([][2]float64{{60, 50 * kin0}, {20, 10 * kin1}, {20, 40 * typical * often}})
	near(t, "strength", float64(c.app[1]), s)
	app := (60 + s*kin0) / (50 + s)
	near(t, "in the app", float64(c.appLift(c.count(0, 1), c.kin(&c.attrs[0], c.count(0, 1), 1), 1)), app)
	// One card of the sample with (3 - 2 app)^2 - 2 app < 0: no variance is seen, the app's lift stands.
	near(t, "in the sample", float64(c.quality(0, 1)), (3+10000*app)/(2+10000))
	near(t, "before the day", float64(c.quality(0, 0)), 1)
	// Nobody saw card 99, of nothing: it is thought to be typical.
	near(t, "nobody's card", float64(c.quality(99, 1)), typical)
}

// Bands of exposure are powers of two.
func TestExposureBand(t *testing.T) {
	for shown, want := range map[float32]int32{0: 0, 1: 1, 2: 1, 3: 2, 6: 2, 7: 3, 1000: 9, 3e9: exposureBands - 1} {
		if got := exposureBand(shown); got != want {
			t.Errorf("a card shown %v times is in band %d; %d is expected", shown, got, want)
		}
	}
}

// Cards differ much, contents a little and creators not at all: 2,000 cards of 20 contents and 400 creators, shown up to thousands of times. Variances of
// lifts around 1 are planted: .25 between cards of one content, .09 between contents. A creator's few cards say nothing of the next.
func TestGroupsAreToldFromCards(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	gamma := func(shape int) (g float64) { // mean 1, variance 1/shape
		for range shape {
			g += r.ExpFloat64() / float64(shape)
		}
		return g
	}
	const cards, contents, creators = 2000, 20, 400
	content := make([]float64, contents)
	for i := range content {
		content[i] = gamma(11)
	}
	c := &PairContext{days: 2, hasApp: true, attrs: make([]cardAttr, cards)}
	counts := make([]cardCount, 2*cards)
	c.wider[0] = slices.Repeat([]int32{-1}, contents)
	for i := range c.attrs {
		a := cardAttr{codes: [groupKinds]int32{-1, -1, -1, -1, -1, -1, -1, 0}}
		a.codes[ofContent1], a.codes[ofCreator] = int32(i%contents), int32(r.IntN(creators))
		c.attrs[i] = a
		shown := math.Exp(3 + 2*r.NormFloat64())
		clicks, mean := 0.0, shown*.05*content[i%contents]*gamma(4)
		for at := r.ExpFloat64(); at < mean; at += r.ExpFloat64() { // Poisson
			clicks++
		}
		counts[2*i+1] = cardCount{appShown: float32(shown), appClicks: float32(clicks)}
	}
	c.cards = sumsOf(counts, c.days)
	c.sumGroups([groupKinds]int{ofContent1: contents, ofCreator: creators, ofType: 1})
	if v := 1 / c.groups[ofContent1].strength[1]; v < .04 || v > .2 {
		t.Errorf("contents' lifts have variance %.3f; about .09 is expected", v)
	}
	if v := 1 / c.groups[ofCreator].strength[1]; v > .03 {
		t.Errorf("creators' lifts have variance %.3f; none is expected", v)
	}
	widest := float32(0)
	for i := range c.attrs {
		l := c.others(ofCreator, &c.attrs[i], c.count(int32(i), 1), 1)
		widest = max(widest, l, 1/l)
	}
	if widest > 1.2 {
		t.Errorf("a creator is said to change its cards' clicks by a factor of %.2f", widest)
	}
}

// A matrix with known eigenvalues: q diag(5, 3, -4, 1, .5, ...) q' for a rotation q.
func TestIterate(t *testing.T) {
	const n = 40
	q := newBasis(n)
	q.orthonormalise()
	want := []float64{5, 3, -4, 1, .5, .2}
	a := make([]float64, n*n)
	for d, value := range want {
		for i := range n {
			for j := range n {
				a[i*n+j] += value * q.v[d][i] * q.v[d][j]
			}
		}
	}
	other := &basis{}
	r := rand.New(rand.NewPCG(2, 2))
	for range tasteBlock {
		v := make([]float64, n)
		for i := range v {
			v[i] = r.NormFloat64()
		}
		other.v, other.next = append(other.v, v), append(other.next, make([]float64, n))
	}
	other.orthonormalise()
	values := other.iterate(a, 10)
	for d, value := range []float64{5, 3, 1, .5, .2} {
		near(t, "eigenvalue", values[d], value)
	}
	near(t, "the least", values[len(values)-1], -4)
	for d, of := range []int{0, 1, 3} { // vectors but for their sign
		near(t, "eigenvector", math.Abs(dot(other.v[d], q.v[of])), 1)
	}
	for range 2 { // fewer contents than dimensions, and none
		small := newBasis(2)
		values = small.iterate([]float64{2, 1, 1, 2}, 5)
		near(t, "of two", values[0], 3)
		near(t, "of two", values[1], 1)
	}
	if v := newBasis(0).iterate(nil, 3); len(v) != 0 {
		t.Errorf("no contents have eigenvalues %v", v)
	}
}

// Users of two hidden tastes over six contents: the first likes contents 0 and 1 and not 2 and 3, the second 4 and not 5. What is learned from
// half of their clicks tells their chances on contents.
func TestTastesAreRecovered(t *testing.T) {
	const contents, users = 6, 20_000
	planted := [contents][2]float64{{.6, 0}, {.5, 0}, {-.6, 0}, {-.5, 0}, {0, .5}, {0, -.5}}
	r := rand.New(rand.NewPCG(3, 3))
	sums := newTasteSums(contents, 2)
	draw := func() (x [2]float64, b book[group]) {
		x = [2]float64{r.NormFloat64(), r.NormFloat64()}
		for g := range contents {
			y := b.entry(int32(g))
			chance := math.Max(0, .02*(1+x[0]*planted[g][0]+x[1]*planted[g][1]))
			for range 100 {
				if r.Float64() < chance {
					y.evidence.clicks++
				}
			}
			y.expected = 2
		}
		return x, b
	}
	for range users {
		_, b := draw()
		clicks := 0.0
		for g := range contents {
			clicks += float64(b.find(int32(g)).evidence.clicks)
		}
		var rows []tasteRow
		for g := range contents {
			rows = append(rows, tasteRow{g, float64(b.find(int32(g)).evidence.clicks) - clicks/contents, 1. / contents})
		}
		sums.add(1, clicks, 1, rows, 1)
	}
	l := tastes{place: []int16{0, 1, 2, 3, 4, 5}}
	l.learn(sums)
	// The covariance is that of the planted loadings, within what 20,000 users tell and clicks below 0 chance take away.
	for g := range contents {
		for h := range g {
			want := planted[g][0]*planted[h][0] + planted[g][1]*planted[h][1]
			got := 0.0
			for d := range tasteDims {
				got += float64(l.load[1][g][d] * l.load[1][h][d])
			}
			if math.Abs(got-want) > .07 {
				t.Errorf("covariance of contents %d and %d: %.3f, planted %.3f", g, h, got, want)
			}
		}
	}
	// Fold in: the estimate for a content goes with the user's own chance, and on average is as large.
	var xy, xx, yy float64
	for range 4000 {
		x, b := draw()
		folded := l.foldIn(1, &b, 1)
		for g := range contents {
			got, want := float64(l.match(1, int32(g), &folded)), x[0]*planted[g][0]+x[1]*planted[g][1]
			xy += got * want
			xx += got * got
			yy += want * want
		}
	}
	if c := xy / math.Sqrt(xx*yy); c < .7 {
		t.Errorf("tastes correlate by %.2f with what was planted", c)
	}
	if slope := xy / xx; slope < .85 || slope > 1.15 {
		t.Errorf("one unit of taste stands for %.2f units of what was planted", slope)
	}
	if l.match(1, -1, new([tasteDims]float32)) == l.match(1, -1, new([tasteDims]float32)) {
		t.Error("a card without content has a taste")
	}
}

// foldIn on one content by hand: A = 1 + e v^2, b = v (c - e): x = v (c - e)/(1 + e v^2).
func TestFoldIn(t *testing.T) {
	l := tastes{place: []int16{0, -1}, load: [][][tasteDims]float32{{{.5, 0, .5}}}}
	var b book[group]
	b.entry(0).evidence = evidence{clicks: 6, expected: 2}
	b.entry(1).evidence = evidence{clicks: 50, expected: 2} // of a content that is not told apart
	x := l.foldIn(0, &b, 2)
	// e = 2 x 2, v.v = .5, so that x = v (6 - 4)/(1 + 4 x .5): v = .5, .5
	near(t, "x", float64(x[0]), .5*2/3)
	near(t, "x", float64(x[2]), .5*2/3)
	near(t, "a dimension nothing is known of", float64(x[1]), 0)
	near(t, "match", float64(l.match(0, 0, &x)), 2*.5*.5*2/3)
}

// Rows that come before or after the days of the statistics, and Past's own sums by hand.
func TestPastSessions(t *testing.T) {
	c := &PairContext{days: 1, byDate: []int32{0}, slots: newSlotRates(1), nowhere: cardAttr{codes: [groupKinds]int32{-1, -1, -1, -1, -1, -1, -1, 0}}}
	p := c.NewPast(NoTraits)
	nan := nan32
	row := func(minute int64, card, slot int32, f warehouse.Flag) {
		p.ObserveEvent(Event{Moment: Moment{AtMS: minute * 60_000}, Card: card, Slot: slot, Flags: f, ViewSeconds: nan})
	}
	row(0, 1, 1, 0)
	row(0, 2, 2, warehouse.Clicked)
	row(10, 3, 6, warehouse.Clicked|warehouse.Liked)
	row(41, 1, 1, 0) // 31 minutes later: another session
	row(41, -1, -1, warehouse.Clicked)
	if p.sessions != 2 || p.browsed != 1 || p.depthSum != 6 || p.session.shown != 2 || p.session.screens != 1 || p.session.depth != 1 {
		t.Errorf("two sessions, the first to slot 6: %+v", p.session)
	}
	if p.impressions != 5 || p.clicks != 3 || p.likes != 1 || p.front != (rate{4, 2}) || p.deep != (rate{1, 1}) {
		t.Errorf("five rows, three clicks, four on the first page: %+v %+v", p.front, p.deep)
	}
	if n, at := p.Shown(1); n != 2 || at != 41*60_000 {
		t.Errorf("card 1 was shown %d times, last at %d", n, at)
	}
	if n, _ := p.Shown(-1); n != 0 {
		t.Errorf("no card was shown %d times", n)
	}
	if got := p.RecentClicks(nil); len(got) != 3 || got[0] != 2 || got[2] != -1 {
		t.Errorf("recent clicks %v", got)
	}
	for i := range int32(60) {
		row(42, i, 7, warehouse.Clicked)
	}
	if got := p.RecentClicks(nil); len(got) != recentClicks || got[0] != 10 || got[49] != 59 {
		t.Errorf("the last %d of 63 clicks: %v", recentClicks, got)
	}
	c.PastIn(p, NoTraits)
	if p.impressions != 0 || len(p.pending) != 0 || p.cards.find(1) != nil || p.nClick != 0 {
		t.Error("a user who was reset has a past")
	}
}

// First pages count for what their slots give once it is known whether she went on: as browsing or in passing.
func TestPendingRows(t *testing.T) {
	c := &PairContext{days: 1, byDate: []int32{0}, slots: newSlotRates(1), nowhere: cardAttr{codes: [groupKinds]int32{-1, -1, -1, -1, -1, -1, -1, 0}}}
	c.slots.rates[0][1], c.slots.rates[0][6] = [2]float32{.01, .2}, [2]float32{0, .1}
	one := cardAttr{codes: c.nowhere.codes}
	c.attrs = []cardAttr{one}
	c.cards = sumsOf([]cardCount{{clicks: 3, expected: 1}}, 1)
	c.own, c.app, c.appBase, c.base, c.spread, c.typical = []float32{1}, []float32{1}, []float32{0}, []float32{0}, []float32{0}, []float32{1}
	c.exposure = newTallies(exposureBands, 1)
	c.exposure.accumulate()
	quality := (3 + 1.) / (1 + 1)
	p := c.NewPast(NoTraits)
	row := func(minute int64, slot int32, f warehouse.Flag) {
		p.ObserveEvent(Event{Moment: Moment{AtMS: minute * 60_000}, Slot: slot, Flags: f, ViewSeconds: nan32})
	}
	row(0, 1, warehouse.Clicked)
	near(t, "before it is known", float64(p.all.expected), 0)
	row(1, 6, 0)
	near(t, "browsing", float64(p.all.expected), (.2+.1)*quality)
	near(t, "her clicks", float64(p.all.clicks), 1)
	near(t, "of the type", float64(p.group[ofType].find(0).expected), (.2+.1)*quality)
	near(t, "lift", float64(p.lift(2)), (1+2)/((.2+.1)*quality+2))
	row(60, 1, 0) // another session
	p.settle(100 * 60_000)
	near(t, "in passing", float64(p.all.expected), (.2+.1+.01)*quality)
	// Whoever makes a page now goes by what the session told so far, and by each row once.
	row(101, 1, warehouse.Clicked)
	near(t, "not told yet", float64(p.all.clicks), 1)
	p.Heed()
	p.Heed()
	near(t, "heeded", float64(p.all.clicks), 2)
	near(t, "heeded, as in passing", float64(p.all.expected), (.2+.1+2*.01)*quality)
	p.settle(200 * 60_000)
	near(t, "over", float64(p.all.expected), (.2+.1+2*.01)*quality)
	sum, squares := (.3+2*.01)*quality, (.04+.01+2*.0001)*quality*quality
	// Clicks that are this likely spread less: 1 - L sum p^2/sum p with L = 2/sum p.
	near(t, "spread", p.spread(), 1-2*squares/(sum*sum))
}
