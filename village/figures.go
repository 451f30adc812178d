// The figures of a village that published ones exist for, computed from its
// ledger. A figure's name is its group and its name in targets.json.

package village

import (
	"fmt"
	"math"
	"slices"
)

// figures collects figures by group and name.
type figures struct {
	value map[[2]string]float64
	// A quantile of counts moves in jumps, which gives a fit no slope to follow. With smooth set, the values under a
	// quantile are spread evenly to either side of where they stand, and half says by how much: the quantile itself is
	// the published one where the smooth one is within half of it.
	smooth bool
	half   map[[2]string]float64
}

func (f *figures) set(group, name string, v float64) { f.value[[2]string{group, name}] = v }

// quantile sets a quantile of s.
func (f *figures) quantile(group, name string, s sample, q float64) {
	half := 0.0
	if f.smooth {
		half = s.step() / 2
	}
	if half == 0 {
		f.set(group, name, s.quantile(q))
		return
	}
	f.half[[2]string{group, name}] = half
	spread := make(sample, len(s))
	for i, v := range s {
		u := math.Mod(float64(i)*math.Phi, 1) // evenly over [0,1), whatever the order of s
		spread[i] = v + half*(2*u-1)
	}
	f.set(group, name, spread.quantile(q))
}

// step is over how much the values of a sample are spread: 1 for counts; less for means of a few counts, of which most users
// have one of a handful; 0 for any other.
func (s sample) step() float64 {
	var whole, halves float64
	for _, v := range s {
		if v == math.Trunc(v) {
			whole++
		}
		if 2*v == math.Trunc(2*v) {
			halves++
		}
	}
	switch n := float64(len(s)); {
	case whole == n:
		return 1
	case halves > n/2:
		return .25
	}
	return 0
}

// figures are all figures of the ledger.
func (l *ledger) figures(smooth bool) *figures {
	f := &figures{value: map[[2]string]float64{}, smooth: smooth, half: map[[2]string]float64{}}
	l.volumeFigures(f)
	l.timeFigures(f)
	l.levelFigures(f)
	l.peopleFigures(f)
	l.provinceFigures(f)
	l.tenureFigures(f)
	l.feedFigures(f)
	l.cardFigures(f)
	l.creatorFigures(f)
	return f
}

// seen are the users with impressions.
func (l *ledger) seen(each func(*userMonth)) {
	for i := range l.users {
		if l.users[i].shown > 0 {
			each(&l.users[i])
		}
	}
}

func (u *userMonth) rate() float64 { return float64(u.clicks) / float64(u.shown) }

// threshold is the mean of the users' click-through rates: the active are at
// or above it.
func (l *ledger) threshold() float64 {
	var s, n float64
	l.seen(func(u *userMonth) { s, n = s+u.rate(), n+1 })
	return s / n * (1 - 1e-12)
}

// sample is a list of values and what is asked of one.
type sample []float64

func (s sample) mean() float64 {
	var t float64
	for _, v := range s {
		t += v
	}
	return t / float64(len(s))
}

func (s sample) sd() float64 {
	m := s.mean()
	var t float64
	for _, v := range s {
		t += (v - m) * (v - m)
	}
	return math.Sqrt(t / float64(len(s)-1))
}

// quantile is of type 7 (Hyndman and Fan); it sorts the sample.
func (s sample) quantile(q float64) float64 {
	if len(s) == 0 {
		return math.NaN()
	}
	slices.Sort(s)
	h := q * float64(len(s)-1)
	i := int(h)
	if i+1 == len(s) {
		return s[i]
	}
	return s[i] + (h-float64(i))*(s[i+1]-s[i])
}

func (f *figures) quartiles(group, prefix string, s sample, names ...string) {
	at := map[string]float64{"quartile 1": .25, "median": .5, "quartile 3": .75, "90%": .9, "95%": .95, "99%": .99}
	for _, n := range names {
		switch n {
		case "mean":
			f.set(group, prefix+n, s.mean())
		case "sd":
			f.set(group, prefix+n, s.sd())
		default:
			f.quantile(group, prefix+n, s, at[n])
		}
	}
}

// volumeFigures are impressions, clicks and positions a user, and who is active.
func (l *ledger) volumeFigures(f *figures) {
	from := l.threshold()
	var shown, clicks, positions, positionsNew, newClicks, activeShown, inactiveShown sample
	var active, high, both, bothActive float64
	var sumRate, sumB, nB float64
	l.seen(func(u *userMonth) {
		shown, clicks = append(shown, float64(u.shown)), append(clicks, float64(u.clicks))
		p := float64(u.positions) / float64(u.shown)
		positions = append(positions, p)
		if u.months <= 6 {
			positionsNew, newClicks = append(positionsNew, p), append(newClicks, float64(u.clicks))
		}
		sumRate += u.rate()
		if u.rate() >= from {
			active++
			activeShown = append(activeShown, float64(u.shown))
			if u.rate() >= .2 {
				high++
			}
		} else {
			inactiveShown = append(inactiveShown, float64(u.shown))
		}
		if u.shownB > 0 {
			sumB += float64(u.clicksB) / float64(u.shownB)
			nB++
		}
	})
	l.seen(func(u *userMonth) {
		if u.shownA > 0 && u.shownB > 0 {
			both++
			if float64(u.clicksB)/float64(u.shownB) >= sumB/nB {
				bothActive++
			}
		}
	})
	n := float64(len(shown))
	f.quartiles("impressions a user", "", shown, "mean", "sd", "quartile 1", "median", "quartile 3")
	f.quartiles("clicks a user", "", clicks, "mean", "sd", "median", "quartile 3")
	f.set("click-through rate", "mean over users", sumRate/n)
	f.set("click-through rate", "pooled", clicks.mean()/shown.mean())
	f.set("active", "share of users", active/n)
	f.set("active", "share of the active at .20 or above", high/active)
	f.quartiles("mean position a user", "", positions, "mean", "quartile 1", "median", "quartile 3")
	f.quartiles("mean position a user", "new users, ", positionsNew, "mean", "quartile 3")
	f.quartiles("impressions by activity", "active, ", activeShown, "quartile 1", "median", "quartile 3", "mean")
	f.quartiles("impressions by activity", "inactive, ", inactiveShown, "quartile 1", "median", "quartile 3", "mean")
	f.quartiles("clicks of new users", "", newClicks, "mean", "sd")
	f.set("windows", "share of users seen in days 1-10 and 11-30", both/n)
	f.set("windows", "their active share in days 11-30", bothActive/both)
	slices.Sort(clicks)
	var top, all float64
	for i, c := range clicks {
		all += c
		if float64(len(clicks)-i) <= .05*n {
			top += c
		}
	}
	f.set("concentration", "share of clicks of the top 5% of users", top/all)
}

// timeFigures are shares of impressions by day and hour.
func (l *ledger) timeFigures(f *figures) {
	var total float64
	for _, n := range l.sums.day {
		total += float64(n)
	}
	for d, n := range l.sums.day {
		f.set("share of impressions by day", fmt.Sprint(d+1), float64(n)/total)
	}
	for h, n := range l.sums.hour {
		f.set("share of impressions by hour", fmt.Sprint(h), float64(n)/total)
	}
}

// levelFigures are the users of each level and what they do.
func (l *ledger) levelFigures(f *figures) {
	var users, shown, clicks, reads, likes [11]float64
	var level sample
	l.seen(func(u *userMonth) {
		if !u.hasRow {
			return
		}
		k := u.level
		users[k]++
		shown[k] += float64(u.shown)
		clicks[k] += float64(u.clicks)
		reads[k] += float64(u.reads)
		likes[k] += float64(u.likes)
		level = append(level, float64(k))
	})
	for k := range users {
		name := fmt.Sprint(k)
		f.set("users by level", name, users[k]/float64(len(level)))
		f.set("click-through rate by level", name, clicks[k]/shown[k])
		f.set("comment reading by level", name, reads[k]/shown[k])
		f.set("likes by level", name, likes[k]/shown[k])
	}
	f.quartiles("level", "", level, "mean", "sd")
}
