package stat

import (
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// Trials is a group of units alike in trials and successes: Units users who each clicked Successes of Trials impressions.
type Trials struct {
	Trials, Successes, Units int64
}

// BetaBinomial says that each unit's success probability is drawn from Beta(Alpha, Beta).
type BetaBinomial struct {
	Alpha, Beta float64 // > 0
	// LogLikelihood leaves out the binomial coefficients, which do not depend on the parameters.
	LogLikelihood float64
	Units         int64
	// Converged is false when the likelihood has no maximum inside: the units vary no more than chance, or each is all or
	// nothing. The parameters are then those of the method of moments.
	Converged bool
}

// Mean is the mean of the probabilities.
func (b BetaBinomial) Mean() float64 { return b.Alpha / (b.Alpha + b.Beta) }

// Strength is how many trials the prior counts for.
func (b BetaBinomial) Strength() float64 { return b.Alpha + b.Beta }

// Shrunk is the posterior mean of a unit's probability.
func (b BetaBinomial) Shrunk(trials, successes int64) float64 {
	return (b.Alpha + float64(successes)) / (b.Alpha + b.Beta + float64(trials))
}

// Posterior is a unit's posterior mean with its equal-tailed 95% credible interval.
func (b BetaBinomial) Posterior(trials, successes int64) Estimate {
	d := distuv.Beta{Alpha: b.Alpha + float64(successes), Beta: b.Beta + float64(trials-successes)}
	return Estimate{d.Mean(), d.Quantile(.025), d.Quantile(.975)}
}

// FitBetaBinomial fits by maximum likelihood (Newton steps on the logarithms of the parameters, halved until they climb),
// starting from the method of moments. Groups without trials or units are left out. The parameters are NaN when no unit has
// trials, none has two, or when no or every trial succeeds.
// Source: Skellam, Journal of the Royal Statistical Society B 10 (1948); Griffiths, Biometrics 29 (1973).
func FitBetaBinomial(groups []Trials) BetaBinomial {
	var gs []Trials
	var trials, successes, units, most int64
	for _, g := range groups {
		if g.Trials > 0 && g.Units > 0 {
			most = max(most, g.Trials)
			gs = append(gs, g)
			trials += g.Trials * g.Units
			successes += g.Successes * g.Units
			units += g.Units
		}
	}
	fit := BetaBinomial{Alpha: math.NaN(), Beta: math.NaN(), LogLikelihood: math.NaN(), Units: units}
	// From units of one trial each only the mean can be known.
	if units == 0 || successes == 0 || successes == trials || most < 2 {
		return fit
	}
	p := float64(successes) / float64(trials)
	s := momentStrength(gs, p, float64(trials), float64(units))
	fit.Alpha, fit.Beta = p*s, (1-p)*s
	a, b := math.Log(fit.Alpha), math.Log(fit.Beta)
	l := newLikelihood(gs)
	at := l.at(a, b)
	fit.LogLikelihood = at.value
	for range 200 {
		da, db := at.step()
		next, ok := at, false
		for t := 1.0; t > 1e-9; t /= 2 {
			next = l.at(a+t*da, b+t*db)
			if next.value >= at.value {
				a, b, ok = a+t*da, b+t*db, true
				break
			}
		}
		// Beyond e^12 the prior is a point: chance alone explains the units.
		if !ok || math.Abs(a) > 12 || math.Abs(b) > 18 {
			return fit
		}
		gain := next.value - at.value
		at = next
		if gain <= 1e-12*math.Abs(at.value) && math.Hypot(at.ga, at.gb) < 1e-6*float64(units) {
			fit.Alpha, fit.Beta, fit.LogLikelihood, fit.Converged = math.Exp(a), math.Exp(b), at.value, true
			return fit
		}
	}
	return fit
}

// momentStrength matches the variance between units: alpha + beta from the intraclass correlation, held in [.01, 1e5].
func momentStrength(gs []Trials, p, trials, units float64) float64 {
	var ss, tt float64
	for _, g := range gs {
		d := float64(g.Successes)/float64(g.Trials) - p
		ss += float64(g.Units*g.Trials) * d * d
		tt += float64(g.Units) * float64(g.Trials) * float64(g.Trials)
	}
	// E[ss] = p(1-p) [ (1-rho)(units - 1) + rho (trials - tt/trials) ]
	free := trials - tt/trials
	rho := (ss/(p*(1-p)) - (units - 1)) / (free - (units - 1))
	if !(rho > 1e-5) {
		rho = 1e-5
	}
	if rho > .99 {
		rho = .99
	}
	return 1/rho - 1
}

// likelihood evaluates the log-likelihood by rising factorials: log B(a+y, b+n-y)/B(a, b) is a sum over j of log(a+j) for j < y,
// log(b+j) for j < n-y, less log(a+b+j) for j < n. Tails of counts say how many units reach each j, so that one evaluation
// costs the largest count and not the number of units; beyond cut, gamma functions are used.
type likelihood struct{ yes, no, all []tail }

type tail struct{ count, units float64 }

func newLikelihood(gs []Trials) likelihood {
	yes, no, all := map[int64]int64{}, map[int64]int64{}, map[int64]int64{}
	for _, g := range gs {
		yes[g.Successes] += g.Units
		no[g.Trials-g.Successes] += g.Units
		all[g.Trials] += g.Units
	}
	return likelihood{tails(yes), tails(no), tails(all)}
}

func tails(m map[int64]int64) []tail {
	vs, ns := make([]float64, 0, len(m)), make([]int64, 0, len(m))
	for v, n := range m {
		if v > 0 {
			vs, ns = append(vs, float64(v)), append(ns, n)
		}
	}
	c := NewCounted(vs, ns) // sorted, so that sums do not follow map order
	ts := make([]tail, len(c.Values))
	for i := range ts {
		ts[i] = tail{c.Values[i], float64(c.Counts[i])}
	}
	return ts
}

// rising is the sum over tails of units * log of the rising factorial of x, with its first two derivatives in x.
func rising(ts []tail, x float64) (v, d1, d2 float64) {
	var j, lv, l1, l2 float64 // of the rising factorial of length j
	base, _ := math.Lgamma(x)
	psi, tri := mathext.Digamma(x), trigamma(x)
	for _, t := range ts {
		if t.count-j <= 64 {
			for ; j < t.count; j++ {
				w := 1 / (x + j)
				lv -= math.Log(w)
				l1 += w
				l2 -= w * w
			}
		} else {
			g, _ := math.Lgamma(x + t.count)
			lv, l1, l2 = g-base, mathext.Digamma(x+t.count)-psi, trigamma(x+t.count)-tri
			j = t.count
		}
		v += t.units * lv
		d1 += t.units * l1
		d2 += t.units * l2
	}
	return v, d1, d2
}

// trigamma is the derivative of digamma, for x > 0: recurrence up to 10, then the asymptotic series.
func trigamma(x float64) float64 {
	var s float64
	for x < 10 {
		s += 1 / (x * x)
		x++
	}
	i := 1 / x
	i2 := i * i
	return s + i + i2/2 + i2*i*(1./6-i2*(1./30-i2*(1./42-i2*(1./30-i2*5/66))))
}

// point is the likelihood with gradient and Hessian in (log alpha, log beta).
type point struct{ value, ga, gb, haa, hbb, hab float64 }

func (l likelihood) at(la, lb float64) point {
	a, b := math.Exp(la), math.Exp(lb)
	vy, y1, y2 := rising(l.yes, a)
	vn, n1, n2 := rising(l.no, b)
	va, s1, s2 := rising(l.all, a+b)
	ga, gb := a*(y1-s1), b*(n1-s1)
	return point{value: vy + vn - va, ga: ga, gb: gb,
		haa: ga + a*a*(y2-s2), hbb: gb + b*b*(n2-s2), hab: -a * b * s2}
}

// step is the Newton step, or the gradient scaled to length 1 where the Hessian is not negative definite; never longer than 2.
func (p point) step() (da, db float64) {
	det := p.haa*p.hbb - p.hab*p.hab
	if p.haa < 0 && det > 0 {
		da, db = -(p.hbb*p.ga-p.hab*p.gb)/det, -(p.haa*p.gb-p.hab*p.ga)/det
	} else {
		da, db = p.ga, p.gb
		if n := math.Hypot(da, db); n > 0 {
			da, db = da/n, db/n
		}
	}
	if n := math.Hypot(da, db); n > 2 {
		da, db = 2*da/n, 2*db/n
	}
	return da, db
}
