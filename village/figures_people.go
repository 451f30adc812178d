// Figures of who the users are, and of who among them is active: by gender and age, province and tenure.

package village

import (
	"fmt"
	"slices"
)

// peopleFigures are gender and age by activity, and what is missing.
func (l *ledger) peopleFigures(f *figures) {
	from := l.threshold()
	var known, knownActive float64
	var sex [2][2]float64 // [male, female][inactive, active]
	var ages [2][2]sample // the same
	var all, follows sample
	var byAge [2][60]int64
	var young, rows, noAge, noGender, unknown, noRow, n float64
	l.seen(func(u *userMonth) {
		n++
		if !u.hasRow {
			noRow++
			return
		}
		rows++
		follows = append(follows, float64(u.follows))
		switch {
		case u.age == 0:
			noAge++
		case u.age <= 25:
			young++
		}
		switch u.gender {
		case genderNull:
			noGender++
		case genderUnknown:
			unknown++
		}
		if u.age > 0 {
			all = append(all, float64(u.age))
		}
		if !u.known() {
			return
		}
		a, s := 0, int(u.gender-genderMale)
		if u.rate() >= from {
			a = 1
			knownActive++
		}
		known++
		sex[s][a]++
		ages[s][a] = append(ages[s][a], float64(u.age))
		byAge[s][min(int(u.age), 59)]++
	})
	f.set("activity by demographics", "known users, active", knownActive/known)
	f.set("activity by demographics", "male, active", sex[0][1]/(sex[0][0]+sex[0][1]))
	f.set("activity by demographics", "female, active", sex[1][1]/(sex[1][0]+sex[1][1]))
	f.set("activity by demographics", "male share of the active", sex[0][1]/(sex[0][1]+sex[1][1]))
	f.set("activity by demographics", "male share of the inactive", sex[0][0]/(sex[0][0]+sex[1][0]))
	for s, sexName := range []string{"male", "female"} {
		for a, activeName := range []string{"inactive", "active"} {
			f.quartiles("age", activeName+" "+sexName+", ", ages[s][a], "mean", "sd")
		}
	}
	f.quartiles("age", "", all, "quartile 1", "median", "quartile 3")
	f.set("age", "share 25 or younger", young/float64(len(all)))
	var girls, boys float64
	for age := 12; age <= 30; age++ {
		switch {
		case age <= 16 && byAge[1][age] > byAge[0][age]:
			girls++
		case age >= 17 && byAge[0][age] > byAge[1][age]:
			boys++
		}
	}
	f.set("age", "girls outnumber boys at 12-16 (ages of 5)", girls)
	f.set("age", "boys outnumber girls at 17-30 (ages of 14)", boys)
	f.set("nulls", "age", noAge/rows)
	f.set("nulls", "gender", noGender/rows)
	f.set("nulls", "gender unknown", unknown/rows)
	f.set("nulls", "users without a row", noRow/n)
	f.quartiles("follows", "", follows, "mean", "quartile 1", "median", "quartile 3")
}

// lowProvinces and highProvinces are those that the case study names as having lower and higher rates than the mean.
var (
	lowProvinces  = []string{"bei jing", "shang hai", "guang dong"}
	highProvinces = []string{"xin jiang", "xi cang", "qing hai"}
)

// Distances from the mean over provinces, of the low ones together and of each high one: the fit aims at them, the check
// counts provinces.
const (
	lowGroup = "Beijing, Shanghai, Guangdong, less the mean"
	lessMean = ", less the mean"
)

// provinceFigures are the known users of each province and their activity.
func (l *ledger) provinceFigures(f *figures) {
	from := l.threshold()
	provinces := l.p.People.Provinces
	users, active := make([]float64, len(provinces)), make([]float64, len(provinces))
	var n float64
	l.seen(func(u *userMonth) {
		if !u.known() {
			return
		}
		n++
		users[u.province]++
		if u.rate() >= from {
			active[u.province]++
		}
	})
	var sum, count float64
	rate := map[string]float64{}
	for i, p := range provinces {
		f.set("users by province", p.Name, users[i]/n)
		if users[i] > 0 {
			rate[p.Name] = active[i] / users[i]
			sum += rate[p.Name]
			count++
		}
	}
	mean := sum / count
	var above float64
	for _, r := range rate {
		if r >= mean {
			above++
		}
	}
	var low, high float64
	for _, p := range lowProvinces {
		if rate[p] < mean {
			low++
		}
	}
	for _, p := range highProvinces {
		if rate[p] > mean {
			high++
		}
	}
	var lowUsers, lowActive float64
	for i, p := range provinces {
		if slices.Contains(lowProvinces, p.Name) {
			lowUsers, lowActive = lowUsers+users[i], lowActive+active[i]
		}
	}
	f.set("activity by province", lowGroup, lowActive/lowUsers-mean)
	for _, p := range highProvinces {
		f.set("activity by province", p+lessMean, rate[p]-mean)
	}
	f.set("activity by province", "mean over provinces", mean)
	f.set("activity by province", "share of provinces at or above their mean", above/count)
	f.set("activity by province", "xi cang", rate["xi cang"])
	f.set("activity by province", "Beijing, Shanghai, Guangdong below the mean (of 3)", low)
	f.set("activity by province", "Xinjiang, Tibet, Qinghai above the mean (of 3)", high)
}

// tenureFigures are activity and rates by months since registration.
func (l *ledger) tenureFigures(f *figures) {
	from := l.threshold()
	const top = 81
	var users, active, rate, activeRate, inactiveRate [top]float64
	var months sample
	var newUsers, n float64
	l.seen(func(u *userMonth) {
		if !u.hasRow {
			return
		}
		months = append(months, float64(u.months))
		n++
		if u.months <= 6 {
			newUsers++
		}
		if u.months >= top {
			return
		}
		m := u.months
		users[m]++
		rate[m] += u.rate()
		if u.rate() >= from {
			active[m]++
			activeRate[m] += u.rate()
		} else {
			inactiveRate[m] += u.rate()
		}
	})
	f.quartiles("tenure", "", months, "mean", "sd", "quartile 1", "median", "quartile 3")
	f.set("tenure", "share of users at 6 months or less", newUsers/n)
	// The case study's ratio is of means over months of the months' mean rates.
	var newMean, oldMean sample
	for m := range users {
		if users[m] == 0 {
			continue
		}
		if m <= 6 {
			newMean = append(newMean, rate[m]/users[m])
		} else {
			oldMean = append(oldMean, rate[m]/users[m])
		}
	}
	f.set("tenure curve", "CTR of new over longer users", newMean.mean()/oldMean.mean())
	over := func(x, y *[top]float64, low, high int) float64 {
		var a, b float64
		for m := low; m <= high; m++ {
			a += x[m]
			b += y[m]
		}
		return a / b
	}
	var inactive [top]float64
	for m := range inactive {
		inactive[m] = users[m] - active[m]
	}
	span := func(low, high int) string {
		if low == high {
			return fmt.Sprint(low)
		}
		return fmt.Sprintf("%d-%d", low, high)
	}
	for _, s := range [][2]int{{0, 0}, {4, 9}, {17, 19}, {35, 37}, {49, 51}} {
		f.set("tenure curve", "active, CTR at months "+span(s[0], s[1]), over(&activeRate, &active, s[0], s[1]))
	}
	for _, s := range [][2]int{{3, 15}, {59, 61}} {
		f.set("tenure curve", "inactive, CTR at months "+span(s[0], s[1]), over(&inactiveRate, &inactive, s[0], s[1]))
	}
	for _, s := range [][2]int{{0, 0}, {1, 2}, {3, 6}, {12, 30}, {40, 66}} {
		f.set("tenure curve", "active to inactive at months "+span(s[0], s[1]), over(&active, &inactive, s[0], s[1]))
	}
}
