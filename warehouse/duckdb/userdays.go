// This file sums a user's impressions up by day and in all, as they pass by during a load.

package duckdb

// userDay sums a user's day.
type userDay struct {
	impressions, clicks, likes, comments, shares, reads, visits int32
	view                                                        float32
	positionSum                                                 int64
	positioned                                                  bool
	depth                                                       int32
	sessions, repeats, repeatClicks                             int32
	swipes, swipeLikes                                          int32
	swipeView                                                   float32
}

// plus adds another day.
func (s *userDay) plus(o *userDay) {
	s.impressions += o.impressions
	s.clicks += o.clicks
	s.likes += o.likes
	s.comments += o.comments
	s.shares += o.shares
	s.reads += o.reads
	s.visits += o.visits
	s.positionSum += o.positionSum
	s.positioned = s.positioned || o.positioned
	s.sessions += o.sessions
	s.repeats += o.repeats
	s.repeatClicks += o.repeatClicks
	s.swipes += o.swipes
	s.swipeLikes += o.swipeLikes
}

// writeDays sums and writes the user's days and her total, and marks each impression with its day's depth. A session counts to
// the day it starts on.
func (v *visits) writeDays() {
	rows := v.rows
	var total userDay
	var view, swipeView float64
	var days int16
	for start := 0; start < len(rows); {
		s := &v.sum
		*s = userDay{depth: -1}
		end := start
		for ; end < len(rows) && rows[end].day == rows[start].day; end++ {
			r := &rows[end]
			if end == 0 || r.atMS-rows[end-1].atMS > sessionGapMS {
				s.sessions++
			}
			v.add(s, r)
		}
		for i := start; i < end; i++ {
			rows[i].dayDp = s.depth
		}
		v.months[rows[start].day] += int64(s.impressions)
		v.writeDay(rows[start].day, s)
		total.plus(s)
		view += float64(s.view)
		swipeView += float64(s.swipeView)
		days++
		start = end
	}
	v.writeTotal(&userTotal{total, view, swipeView, days, rows[0].day, rows[len(rows)-1].day})
}

// userTotal is a row of user_totals: the sums of the days, of which those of seconds are exact, and the days.
type userTotal struct {
	userDay
	view, swipeView    float64
	days               int16
	firstDay, finalDay int32
}

func (v *visits) writeTotal(s *userTotal) {
	t := v.totals
	switch {
	case v.kept != nil:
		v.kept.total = *s
		return
	case t == nil:
		return
	}
	put(t, 0, v.user)
	for i, n := range s.actions() {
		put(t, 1+i, n)
	}
	put(t, 8, s.view)
	putOr(t, 9, s.positionSum, !s.positioned)
	put(t, 10, s.sessions)
	put(t, 11, s.days)
	for i, n := range [...]int32{s.repeats, s.repeatClicks, s.swipes, s.swipeLikes} {
		put(t, 12+i, n)
	}
	put(t, 16, s.swipeView)
	put(t, 17, s.firstDay)
	put(t, 18, s.finalDay)
	t.next()
}

// actions are the counts of impressions and what was done on them, in the order of the tables.
func (s *userDay) actions() [7]int32 {
	return [...]int32{s.impressions, s.clicks, s.likes, s.comments, s.shares, s.reads, s.visits}
}

func (v *visits) writeDay(day int32, s *userDay) {
	if v.kept != nil {
		v.kept.days = append(v.kept.days, toldDay{day, *s})
		return
	}
	t := v.days
	put(t, 0, v.loadID)
	put(t, 1, v.user)
	put(t, 2, day)
	for i, n := range s.actions() {
		put(t, 3+i, n)
	}
	put(t, 10, s.view)
	putOr(t, 11, s.positionSum, !s.positioned)
	putOr(t, 12, s.depth, !s.positioned)
	for i, n := range [...]int32{s.sessions, s.repeats, s.repeatClicks, s.swipes, s.swipeLikes} {
		put(t, 13+i, n)
	}
	put(t, 18, s.swipeView)
	t.next()
}

func (v *visits) add(s *userDay, r *shown) {
	one := func(bit flags) int32 { return int32((r.flags & bit) / bit) }
	s.impressions++
	s.clicks += one(clicked)
	s.likes += one(liked)
	s.comments += one(commented)
	s.shares += one(shared)
	s.reads += one(viewedComments)
	s.visits += one(visitedCreator)
	if r.view == r.view {
		s.view += r.view
	}
	if r.position >= 0 {
		s.positionSum += int64(r.position)
		s.positioned = true
		s.depth = max(s.depth, r.position)
	}
	if r.repNo > 1 {
		s.repeats++
		s.repeatClicks += one(clicked)
	}
	for i := range max(r.swipes, 0) {
		sw := &v.list[r.firstAt+i]
		s.swipes++
		if sw.flags.has(liked) {
			s.swipeLikes++
		}
		if sw.view == sw.view {
			s.swipeView += sw.view
		}
	}
}
