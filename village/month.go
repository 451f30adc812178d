// A user's month: when she comes, what she is shown, what she does. This is
// the behavioural model itself; the package comment states its formulas.

package village

import (
	"math"
	"slices"
	"time"
)

// Times of the log: the month begins at midnight of 1 November 2019, UTC+8.
const (
	monthStart   = 1572537600 // seconds since 1970-01-01 UTC
	daySeconds   = 86400
	monthSeconds = monthDays * daySeconds
)

// Days are the first and the last day of the log, in UTC+8; midnight UTC stands for the day.
func Days() (first, last time.Time) {
	first = time.Unix(monthStart, 0).UTC().Add(8 * time.Hour)
	return first, first.AddDate(0, 0, monthDays-1)
}

// Flags of a shown card, in the order of the log's columns.
const (
	flagClick uint8 = 1 << iota
	flagComment
	flagVisit
	flagShare
	flagRead
	flagLike
	flagSwipes // a nested list is there
)

// noView marks an absent view time.
const noView float32 = -1

// shown is one impression.
type shown struct {
	at       int32 // seconds since monthStart
	card     int32
	position int32
	chance   float32 // true probability of the click, given all but the click
	examine  float32 // its factor of examination
	view     float32 // seconds; noView when null
	swipes   int32   // index of the first swipe in month.swipes
	swiped   int32   // how many
	flags    uint8
}

// swipe is one card reached by swiping on after a click.
type swipe struct {
	at       int32
	card     int32
	position int32
	view     float32
	flags    uint8
}

// kept is a slot of the first page that the app keeps for the next visit.
type kept struct {
	card     int32
	slot     int8
	position int8
	shows    int16 // how often shown so far
}

// month simulates users one after another; each worker has its own.
type month struct {
	p   *params
	cat *catalogue
	pop *population

	// What she does, what she is shown and what she clicks draw from streams of their own, so that a change in one
	// leaves the others as they were: two villages differ by what their parameters do.
	r, cards, acts *rng

	u     person
	rows  []shown
	swipe []swipe
	level int8

	hour    alias
	day     alias
	visits  []int32 // seconds since monthStart
	page    []kept
	pageDay int32
	seen    []uint32 // per card, the user (as a running number) who saw it last
	user    uint32
	examB   [64]float64 // examination by slot, browsing
	examG   [16]float64 // and in passing
	screen  alias       // cards a further screen, less one
	clicks  int
}

func newMonth(p *params, cat *catalogue, pop *population) *month {
	m := &month{p: p, cat: cat, pop: pop, r: newRNG(), cards: newRNG(), acts: newRNG(), hour: newAlias(p.Arrival.Hour[:]), day: newAlias(p.Arrival.Day[:]), seen: make([]uint32, len(cat.cards))}
	for k := range m.examB {
		m.examB[k] = p.Click.Floor + (1-p.Click.Floor)*math.Exp(-float64(k)/p.Click.Decay)
	}
	for k := range m.examG {
		m.examG[k] = p.Click.GlanceTop * math.Exp(-p.Click.GlanceFall*float64(k))
	}
	m.screen = newAlias(p.Page.Screen[:])
	return m
}

// run simulates the month of user number i into m.u, m.rows, m.swipe, m.level.
func (m *month) run(i int) {
	m.pop.draw(m.r, i, &m.u)
	m.live(m.pop.seed, i)
}

// live simulates a month of m.u, user number i; another seed is another month of the same user.
func (m *month) live(seed uint64, i int) {
	r := m.r
	r.seed(seed, streamMonth, uint64(i))
	m.cards.seed(seed, streamShown, uint64(i))
	m.acts.seed(seed, streamActs, uint64(i))
	m.rows, m.swipe, m.page = m.rows[:0], m.swipe[:0], m.page[:0]
	m.clicks = 0
	m.user++

	m.arrivals()
	busy := int32(-1) // the second until which she is occupied by the visit before
	for _, at := range m.visits {
		at = max(at, busy+60)
		if at >= monthSeconds {
			break
		}
		busy = m.visit(at)
	}
	m.level = m.grade()
	rows := m.rows
	for k := len(rows) - 1; k > 0; k-- {
		j := r.intn(k + 1)
		rows[k], rows[j] = rows[j], rows[k]
	}
}

// arrivals draws the times of her visits, rising: one and a Poisson number more, each on a day by the day curve or on
// the day of the one before.
func (m *month) arrivals() {
	r, a := m.r, &m.p.Arrival
	n := 1 + r.poisson(m.u.visits)
	m.visits = m.visits[:0]
	day := int32(0)
	for i := 0; i < n; i++ {
		if i == 0 || r.float() >= a.SameDay {
			day = int32(m.day.draw(r))
		}
		hour := int32(m.hour.draw(r))
		m.visits = append(m.visits, day*daySeconds+hour*3600+int32(r.intn(3600)))
	}
	slices.Sort(m.visits)
}

// visit simulates one visit from second at; it returns the second of its end.
func (m *month) visit(at int32) int32 {
	r, pg := m.r, &m.p.Page
	day := at / daySeconds
	browsing := r.float() < m.u.appetit
	if !browsing && len(m.page) > 0 && m.pageDay < day && r.float() < pg.Reshow {
		for k := range m.page {
			s := &m.page[k]
			m.show(at, s.card, int32(s.position), int(s.slot), int(s.shows), 0)
			s.shows++
		}
		return at
	}

	// A new first page: three or four cards in sight, at times in both streams.
	m.page, m.pageDay = m.page[:0], day
	start, n := m.u.start, m.u.cards
	if start < 0 {
		start, n = pg.firstSlot(r), pg.inSight(r)
	}
	streams := 1
	if start == 1 && r.float() < pg.Streams {
		streams = 2
	}
	for s := 0; s < streams; s++ {
		if s == 1 && r.float() < 0.4 {
			n--
		}
		for k := int8(0); k < n; k++ {
			m.page = append(m.page, kept{m.pick(&m.cat.front[day]), k, start + k, 1})
		}
	}
	mood, lift := 0.0, 0.0 // lift is the mood's factor on clicks; 0 in passing
	if browsing {
		mood = r.normal()
		lift = math.Exp(m.p.Click.Mood * (mood - m.p.Click.Mood/2))
	}
	end := at
	for k := range m.page {
		s := &m.page[k]
		end += m.show(at, s.card, int32(s.position), int(s.slot), 0, lift)
	}
	if !browsing {
		return end
	}

	// Browsing: she goes on, screen by screen, for as long as her appetite lasts.
	v := m.p.Appetite.VisitSD
	mean := m.u.depth * math.Exp(v*(mood-v/2))
	on := mean / (1 + mean)
	position := int32(start) + int32(m.page[0].slot) + int32(n)
	for {
		end += 1 + int32(r.intn(6))
		if end >= monthSeconds {
			return end
		}
		cards := 1 + m.screen.draw(r)
		shownAt := end
		deep := &m.cat.deep[shownAt/daySeconds]
		for k := 0; k < cards; k++ {
			for r.float() < pg.Skip {
				position++
			}
			end += m.show(shownAt, m.pick(deep), position, int(position)-int(start), 0, lift)
			position++
		}
		if r.float() >= on {
			return end
		}
	}
}

// pick draws a card she was not shown this month; after some tries, any.
func (m *month) pick(l *lottery) int32 {
	var c int32
	for try := 0; try < 40; try++ {
		c = l.draw(m.cards)
		if m.seen[c] != m.user {
			break
		}
	}
	m.seen[c] = m.user
	return c
}

// show records one impression and what she does with it; it returns the seconds
// she spends on it. before is how often she was shown the card already; lift is her mood's factor on clicks when she
// browses, 0 when she is there in passing.
func (m *month) show(at, id, position int32, slot, before int, lift float64) int32 {
	r, c := m.acts, &m.p.Click
	var examine float64
	if lift > 0 {
		examine = m.examB[min(slot, len(m.examB)-1)]
	} else {
		examine = m.examG[min(slot, len(m.examG)-1)]
		lift = 1
	}
	cd := &m.cat.cards[id]
	p := examine * m.u.click * lift * float64(cd.appeal) * match(&m.u, cd)
	for ; before > 0; before-- {
		p *= c.Fatigue
	}
	p = min(p, 0.98)
	row := shown{at: at, card: id, position: position, chance: float32(p), examine: float32(examine), view: noView}
	spent := int32(0)
	if r.float() < float64(row.chance) {
		spent = m.clicked(&row)
	}
	m.rows = append(m.rows, row)
	return spent
}

// clicked draws what follows a click.
func (m *month) clicked(row *shown) int32 {
	r, c := m.acts, &m.p.Click
	m.clicks++
	row.flags |= flagClick
	view := m.viewTime()
	if r.float() >= c.NoView {
		row.view = view
	}
	e := m.u.engaged
	if r.float() < bend(c.Like, c.LikeSlope, c.LikeBend, c.LikeTwist, e) {
		row.flags |= flagLike
	}
	if r.float() < bend(c.Read, c.ReadSlope, c.ReadBend, c.ReadTwist, e) {
		row.flags |= flagRead
	}
	if r.float() < c.Comment {
		row.flags |= flagComment
	}
	if r.float() < c.Share {
		row.flags |= flagShare
	}
	if r.float() < c.Visit {
		row.flags |= flagVisit
	}
	spent := int32(view) + 1
	if r.float() < c.Swipe {
		row.flags |= flagSwipes
		row.swipes = int32(len(m.swipe))
		spent += m.swipeOn(row.at + spent)
		row.swiped = int32(len(m.swipe)) - row.swipes
	}
	return min(spent, 7200)
}

// swipeOn draws the cards she swipes to after a click, from second at.
func (m *month) swipeOn(at int32) int32 {
	r, c := m.acts, &m.p.Click
	n := int32(math.Round(math.Exp(c.SwipeMu + c.SwipeSD*r.normal())))
	n = min(n, 300)
	if r.float() < 0.01 {
		n = 0
	}
	first, now := len(m.swipe), at
	for k := int32(0); k < n; k++ {
		if now >= monthSeconds {
			break
		}
		s := swipe{at: now, card: m.cat.deep[now/daySeconds].draw(r), position: k + 2, view: m.viewTime()}
		if r.float() < c.SwipeLike {
			s.flags |= flagLike
		}
		if r.float() < c.SwipeRead {
			s.flags |= flagRead
		}
		if u := r.float(); u < 0.0035 {
			s.flags |= flagVisit
		} else if u > 0.999 {
			s.flags |= flagShare
		}
		m.swipe = append(m.swipe, s)
		now += int32(s.view) + 1
	}
	list := m.swipe[first:]
	for k := len(list) - 1; k > 0; k-- {
		j := r.intn(k + 1)
		list[k], list[j] = list[j], list[k]
	}
	return now - at
}

// viewTime is lognormal, in hundredths of a second, at most an hour.
func (m *month) viewTime() float32 {
	v := m.p.Click.ViewMedian * math.Exp(m.p.Click.ViewSD*m.acts.normal())
	return float32(math.Round(min(v, 3600)*100) / 100)
}

// bend is a chance whose logarithm is cubic in engagement e.
func bend(base, slope, square, cube, e float64) float64 {
	return min(0.95, base*math.Exp(((cube*e+square)*e+slope)*e))
}

// grade is the app's level of the user: engagement with the app, what she did in
// the month, and noise, cut into eleven grades.
func (m *month) grade() int8 { return gradeOf(m.score(), &m.p.Level.Cut) }

// gradeOf is the number of cuts at or below a score.
func gradeOf(score float64, cuts *[10]float64) int8 {
	g := int8(0)
	for _, c := range cuts {
		if score >= c {
			g++
		}
	}
	return g
}

// score is what grade cuts. Frequent clickers are drawn towards the middle.
func (m *month) score() float64 {
	l := &m.p.Level
	s := m.u.engaged + l.Volume*math.Log(float64(len(m.rows))/8) + 0.35*m.u.grade
	f := 1 - math.Exp(-float64(m.clicks)/3)
	return s*(1-l.Clicky*f) + l.Shift*f
}
