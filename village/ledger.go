// A ledger watches a village live through its month and keeps what the figures
// need: one entry a user, and integer counts of everything else, so that the
// figures do not depend on how the work was divided.

package village

import (
	"context"
	"slices"
)

// userMonth is what the ledger keeps of one user.
type userMonth struct {
	shown, clicks           int32
	positions               int64 // sum
	shownA, shownB, clicksB int32 // days 1-10; days 11-30
	reads, likes            int32
	months                  int32
	follows                 int32
	score                   float32
	province, age           int16
	gender                  uint8
	level                   int8
	hasRow                  bool
	expected                float64 // clicks: the sum of their true probabilities
	days                    int8    // with impressions
}

// known says whether every field of the user is known and credible.
func (u *userMonth) known() bool {
	return u.hasRow && (u.gender == genderMale || u.gender == genderFemale) && u.age > 0 && u.months <= 80
}

const (
	rawPositions = 12
	viewBins     = 20000 // hundredths of a second up to 200 s, then one bin
)

// sums are counts over impressions; each worker fills its own.
type sums struct {
	day                             [monthDays]int64
	hour                            [24]int64
	atShown, atClicks               [rawPositions]int64 // by position
	shortShown, shortClicks         [5]int64            // by position, user-days that end by position 4
	repeats, repeatsSame            int64               // same: at the position of the show before
	repeatClicks                    int64
	screens                         [12]int64 // timestamps of a user by the number of cards they share
	clicks, noView, views           int64
	viewHundredths, swipeHundredths int64
	lists, swipes                   int64
	likes, swipeLikes               int64
	view                            [viewBins + 1]int64
	contentShown, contentClicks     [256]int64
}

// ledger is a whole village's.
type ledger struct {
	p       *params
	cat     *catalogue
	users   []userMonth
	sums    sums
	counts  *counts
	front   [monthDays]int64
	deep    [monthDays]int64
	cardDay cardDayFigures
	creator creatorFigures
}

// watch simulates a village and keeps its ledger. Without cards, the daily
// statistics and creators are left out.
func watch(ctx context.Context, p *params, seed uint64, users, threads int, cards bool, progress func(done, total int64)) (*ledger, error) {
	l := &ledger{p: p, cat: newCatalogue(p, seed, users), users: make([]userMonth, users)}
	return l, l.fill(ctx, seed, threads, cards, progress)
}

func (l *ledger) fill(ctx context.Context, seed uint64, threads int, cards bool, progress func(done, total int64)) error {
	pop := newPopulation(l.p, seed)
	users := len(l.users)
	ws := make([]*watcher, threads)
	for i := range ws {
		ws[i] = &watcher{m: newMonth(l.p, l.cat, pop)}
		if cards {
			ws[i].counts = newCounts(len(l.cat.cards))
		}
	}
	err := inOrder(ctx, (users+blockUsers-1)/blockUsers, threads, func(worker, i int, _ *block) error {
		for u := i * blockUsers; u < min(users, (i+1)*blockUsers); u++ {
			ws[worker].user(u, &l.users[u])
		}
		return nil
	}, func(i int, _ *block) error {
		if progress != nil {
			progress(min(int64(users), int64(i+1)*blockUsers)*meanPerUser, int64(users)*meanPerUser)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, w := range ws {
		l.sums.add(&w.sums)
		for d := range l.front {
			l.front[d] += w.front[d]
			l.deep[d] += w.deep[d]
		}
	}
	if !cards {
		return nil
	}
	l.counts = ws[0].counts
	for _, w := range ws[1:] {
		l.counts.add(w.counts)
	}
	l.watchCards(seed)
	l.watchCreators(seed)
	return ctx.Err()
}

// watcher is one worker's part of a ledger.
type watcher struct {
	m       *month
	sums    sums
	counts  *counts
	front   [monthDays]int64
	deep    [monthDays]int64
	deepest [monthDays]int32
	times   []int32
	order   []int32
}

// user simulates user number i and enters her month.
func (w *watcher) user(i int, e *userMonth) {
	m, s := w.m, &w.sums
	m.run(i)
	u := &m.u
	*e = userMonth{shown: int32(len(m.rows)), clicks: int32(m.clicks), months: u.months, follows: u.follows, score: float32(m.score()),
		province: u.province, age: u.age, gender: u.gender, level: m.level, hasRow: u.hasRow}
	w.deepest = [monthDays]int32{}
	var present [monthDays]bool
	w.times, w.order = w.times[:0], w.order[:0]
	for k := range m.rows {
		row := &m.rows[k]
		d := row.at / daySeconds
		present[d] = true
		w.deepest[d] = max(w.deepest[d], row.position)
		w.times = append(w.times, row.at)
		w.order = append(w.order, int32(k))
	}
	for k := range m.rows {
		w.impression(&m.rows[k], e)
	}
	for _, p := range present {
		if p {
			e.days++
		}
	}
	slices.Sort(w.times)
	for k := 0; k < len(w.times); {
		j := k + 1
		for j < len(w.times) && w.times[j] == w.times[k] {
			j++
		}
		s.screens[min(j-k, len(s.screens)-1)]++
		k = j
	}
	slices.SortFunc(w.order, func(a, b int32) int {
		x, y := &m.rows[a], &m.rows[b]
		if x.card != y.card {
			return int(x.card - y.card)
		}
		return int(x.at - y.at)
	})
	for k := 1; k < len(w.order); k++ {
		x, y := &m.rows[w.order[k-1]], &m.rows[w.order[k]]
		if x.card != y.card {
			continue
		}
		s.repeats++
		if x.position == y.position {
			s.repeatsSame++
		}
		if y.flags&flagClick != 0 {
			s.repeatClicks++
		}
	}
	for k := range m.swipe {
		sw := &m.swipe[k]
		s.swipes++
		s.swipeHundredths += int64(float64(sw.view)*100 + 0.5)
		if sw.flags&flagLike != 0 {
			s.swipeLikes++
		}
	}
}

// impression enters one row.
func (w *watcher) impression(row *shown, e *userMonth) {
	s := &w.sums
	d := row.at / daySeconds
	click := int64(row.flags & flagClick)
	s.day[d]++
	s.hour[row.at%daySeconds/3600]++
	s.contentShown[w.m.cat.cards[row.card].content+1]++
	if row.position < rawPositions {
		s.atShown[row.position]++
		s.atClicks[row.position] += click
	}
	if w.deepest[d] <= 4 {
		s.shortShown[row.position]++
		s.shortClicks[row.position] += click
	}
	if row.position < firstPageTop {
		w.front[d]++
	} else {
		w.deep[d]++
	}
	e.positions += int64(row.position)
	if d < 10 {
		e.shownA++
	} else {
		e.shownB++
		e.clicksB += int32(click)
	}
	if w.counts != nil {
		k := int(d)*len(w.m.cat.cards) + int(row.card)
		w.counts.shown[k]++
		w.counts.clicks[k] += int32(click)
	}
	e.expected += float64(row.chance)
	if click == 0 {
		return
	}
	s.clicks++
	s.contentClicks[w.m.cat.cards[row.card].content+1]++
	if row.view == noView {
		s.noView++
	} else {
		h := int(float64(row.view)*100 + 0.5)
		s.view[min(h, viewBins)]++
		s.views++
		s.viewHundredths += int64(h)
	}
	if row.flags&flagSwipes != 0 {
		s.lists++
	}
	if row.flags&flagLike != 0 {
		e.likes++
		s.likes++
	}
	if row.flags&flagRead != 0 {
		e.reads++
	}
}

// add adds another worker's sums.
func (s *sums) add(o *sums) {
	addTo(s.day[:], o.day[:])
	addTo(s.hour[:], o.hour[:])
	addTo(s.atShown[:], o.atShown[:])
	addTo(s.atClicks[:], o.atClicks[:])
	addTo(s.shortShown[:], o.shortShown[:])
	addTo(s.shortClicks[:], o.shortClicks[:])
	addTo(s.screens[:], o.screens[:])
	addTo(s.view[:], o.view[:])
	addTo(s.contentShown[:], o.contentShown[:])
	addTo(s.contentClicks[:], o.contentClicks[:])
	s.repeats += o.repeats
	s.repeatsSame += o.repeatsSame
	s.repeatClicks += o.repeatClicks
	s.clicks += o.clicks
	s.noView += o.noView
	s.views += o.views
	s.viewHundredths += o.viewHundredths
	s.swipeHundredths += o.swipeHundredths
	s.lists += o.lists
	s.swipes += o.swipes
	s.likes += o.likes
	s.swipeLikes += o.swipeLikes
}

func addTo(a, b []int64) {
	for i, v := range b {
		a[i] += v
	}
}

// cardDayFigures are what the figures need of mlog_stats and the catalogue.
type cardDayFigures struct {
	shown                                                         []int32 // impressions of every row
	clicks, likes, comments, shares, reads, visits, follow, total int64
}

// watchCards draws the daily statistics of all cards.
func (l *ledger) watchCards(seed uint64) {
	stats := newAppStats(l.p, seed, l.cat, l.counts, l.front, l.deep)
	r, f := newRNG(), &l.cardDay
	var s cardDay
	for i := range l.cat.cards {
		for d := 0; d < monthDays; d++ {
			if !stats.draw(r, i, d, &s) {
				continue
			}
			f.shown = append(f.shown, int32(s.shown))
			f.total += int64(s.shown)
			f.clicks += int64(s.clicks)
			f.likes += int64(s.likes)
			f.comments += int64(s.comments)
			f.shares += int64(s.shares)
			f.reads += int64(s.reads)
			f.visits += int64(s.visits)
			f.follow += int64(s.follow)
		}
	}
	slices.Sort(f.shown)
}

// creatorFigures are what the figures need of the creators.
type creatorFigures struct {
	followers, follows, months []int64
	noGender, plain            int64
	days, publishing           int64
	published                  []int64 // on days with any
	level                      [11]int64
}

// watchCreators draws all creators and their days.
func (l *ledger) watchCreators(seed uint64) {
	r, f := newRNG(), &l.creator
	level := newAlias(l.p.Creators.Level[:])
	var c creator
	for i := 0; i < l.cat.creators; i++ {
		drawCreator(r, l.p, seed, &level, i, &c)
		f.followers = append(f.followers, c.followers)
		f.follows = append(f.follows, c.follows)
		f.months = append(f.months, int64(c.months))
		f.level[c.level]++
		if c.gender == genderNull {
			f.noGender++
		}
		if c.kind == 0 {
			f.plain++
		}
		for d := 0; d < monthDays; d++ {
			n, ok := published(r, l.p, &c)
			if !ok {
				continue
			}
			f.days++
			if n > 0 {
				f.publishing++
				f.published = append(f.published, int64(n))
			}
		}
	}
	slices.Sort(f.followers)
	slices.Sort(f.follows)
	slices.Sort(f.months)
	slices.Sort(f.published)
}
