// A user's traits: who she is, how keen she is on the feed, what she likes.
// They are drawn before her month begins and nothing in the month changes them.

package village

import "math"

// tasteDims is the length of taste vectors. The last dimension is the leaning
// towards what newcomers like, known from the tenure; the others are free.
const tasteDims = 8

// person is one user of the village.
type person struct {
	province int16 // index into peopleParams.Provinces
	age      int16 // years; 0 when null
	gender   uint8 // genderNull, genderMale, genderFemale, genderUnknown
	hasRow   bool  // has a demographics row
	months   int32 // since registration, as the file states it
	follows  int32

	keen    float64 // standard normal: the common source of visits, browsing and depth
	appetit float64 // chance that a visit becomes browsing
	visits  float64 // mean number of visits after the first
	depth   float64 // mean number of screens below the first page
	click   float64 // click chance of a card of mean appeal in full view
	engaged float64 // engagement with the app as a whole, standardised
	grade   float64 // noise of the level's score, standard normal
	taste   [tasteDims]float32

	start, cards int8 // first slot of her pages and cards on them; -1 when that varies
}

// What of a user is spread evenly over the village, by dimension of the lattice.
const (
	evenKeen = iota
	evenClick
	evenVisits
	evenDepth
	evenMonths
	evenEngaged
	evenProvince
	evenDims
)

const (
	genderNull uint8 = iota
	genderMale
	genderFemale
	genderUnknown
)

var genderNames = [...]string{"", "male", "female", "unknown"}

// population draws persons. It is read-only and shared.
type population struct {
	p        *params
	seed     uint64
	province steps
	tenure   steps
	even     lattice
	men      alias
	women    alias
	meanLog  float64 // mean and spread of log(1+tenure), to standardise engagement
	sdLog    float64
}

func newPopulation(p *params, seed uint64) *population {
	w := make([]float64, len(p.People.Provinces))
	for i, v := range p.People.Provinces {
		w[i] = v.Users
	}
	pop := &population{p: p, seed: seed,
		province: newSteps(w),
		tenure:   newSteps(p.People.Tenure[:]),
		even:     newLattice(seed, evenDims),
		men:      newAlias(p.People.AgeMale.weights()),
		women:    newAlias(p.People.AgeFemale.weights()),
	}
	var n, s, ss float64
	for t, v := range p.People.Tenure {
		l := math.Log1p(float64(t))
		n, s, ss = n+v, s+v*l, ss+v*l*l
	}
	pop.meanLog = s / n
	pop.sdLog = math.Sqrt(ss/n - s/n*s/n)
	return pop
}

// draw fills u with the traits of user number i.
func (pop *population) draw(r *rng, i int, u *person) {
	p := pop.p
	r.seed(pop.seed, streamUser, uint64(i))
	even := func(d int) float64 { return pop.even.at(uint32(i), d) }

	u.province = int16(pop.province.at(even(evenProvince)))
	months := pop.tenure.at(even(evenMonths))
	u.months = int32(months)
	if r.float() < p.People.TenureWrong {
		u.months = 81 + int32(527*math.Pow(r.float(), 6))
	}
	u.hasRow = r.float() >= p.People.NoRow
	null, unknown, male, years := r.float(), r.float(), r.float(), r
	u.gender, u.age = genderNull, 0
	shift := p.People.Provinces[u.province].Keen + knots(&p.People.KeenTenure, float64(months))
	man := male < p.People.Male
	var age int
	if man {
		age = 11 + pop.men.draw(years)
	} else {
		age = 11 + pop.women.draw(years)
	}
	switch {
	case null < p.People.NoProfile:
		shift += p.People.KeenNull
	case unknown < p.People.UnknownSex/(1-p.People.NoProfile):
		u.gender = genderUnknown
		shift += p.People.KeenNull
	case man:
		u.gender, u.age = genderMale, int16(age)
		shift += p.People.KeenMale + p.People.KeenAgeM*float64(age-21)
	default:
		u.gender, u.age = genderFemale, int16(age)
		shift += p.People.KeenFemale + p.People.KeenAgeF*float64(age-21)
	}
	u.follows = max(0, int32(math.Round(p.People.Follows.at(r.float()))))

	u.keen = quantileNormal(even(evenKeen))
	zv, zd, zc := quantileNormal(even(evenVisits)), quantileNormal(even(evenDepth)), quantileNormal(even(evenClick))
	newcomer := math.Exp(-float64(months) / 6)
	lm := (math.Log1p(float64(months)) - pop.meanLog) / pop.sdLog
	u.engaged = p.Level.Tenure*lm + math.Sqrt(max(0, 1-p.Level.Tenure*p.Level.Tenure))*quantileNormal(even(evenEngaged))
	u.grade = r.normal()

	a := &p.Appetite
	above := max(0, u.keen-1)
	u.appetit = 1 / (1 + math.Exp(-(a.Mu + a.SD*u.keen + shift)))
	u.visits = saturate(math.Exp(p.Arrival.VisitMu+p.Arrival.VisitSD*zv+p.Arrival.VisitKeen*u.keen+p.Arrival.VisitTail*above+p.Arrival.VisitNew*newcomer), p.Arrival.VisitCap, 1)
	u.depth = saturate(math.Exp(a.DepthMu+a.DepthSD*zd+a.DepthKeen*u.keen), a.DepthCap, 1)
	u.click = min(0.95, math.Exp(p.Click.Mu+p.Click.SD*zc+p.Click.Volume*u.keen+p.Click.Deep*zd+((p.Click.EngagedTwist*u.engaged+p.Click.EngagedBend)*u.engaged+p.Click.Engaged)*u.engaged+knots(&p.Click.Tenure, float64(months))))

	for k := 0; k < tasteDims-1; k++ {
		u.taste[k] = float32(r.normal())
	}
	u.taste[tasteDims-1] = float32(leaning(float64(months)))

	u.start, u.cards = -1, -1
	if habit, start, cards := r.float(), p.Page.firstSlot(r), p.Page.inSight(r); habit < p.Page.Habit {
		u.start, u.cards = start, cards
	}
}

// firstSlot draws the slot from which a page counts.
func (p *pageParams) firstSlot(r *rng) int8 {
	if r.float() < p.StartZero {
		return 0
	}
	return 1
}

// inSight draws how many cards of a page are in sight.
func (p *pageParams) inSight(r *rng) int8 {
	if r.float() < p.Four {
		return 4
	}
	return 3
}

// knots is the linear interpolation of v over tenureKnots, constant outside.
func knots(v *[7]float64, months float64) float64 {
	if months >= tenureKnots[6] {
		return v[6]
	}
	i := 1
	for months > tenureKnots[i] {
		i++
	}
	t := (months - tenureKnots[i-1]) / (tenureKnots[i] - tenureKnots[i-1])
	return v[i-1] + t*(v[i]-v[i-1])
}

// saturate bends x >= 0 so that it stays below top; the higher edge, the more abruptly.
func saturate(x, top, edge float64) float64 {
	return x * math.Pow(1+math.Pow(x/top, edge), -1/edge)
}
