// What users do: records put in and taken out, and what that changes of the counts.

package live

import (
	"slices"
	"time"

	"github.com/seguefeed/segue/stream"
	"github.com/seguefeed/segue/warehouse"
)

const maxTypes = 4096 // of foreign feedback

// did puts a record among a user's.
func (s *State) did(e *stream.Event, r record, seq uint64) {
	s.user(e.User, seq, func(sh *shard, u *user, i uint32) {
		s.makeRoom(sh, u, i, r.second)
		s.change(sh, refOf(shardOf(e.User), i), u, seq, r.card, otherCard(&r), func(records []record) ([]record, int) {
			at, there := place(records, &r)
			if there {
				return records, len(records)
			}
			return slices.Insert(records, at, r), at
		})
		s.seen(u, r.second)
	})
}

// otherCard is the second card whose rows a record bears on; -1 for none.
func otherCard(r *record) int32 {
	if r.is(didSwipe) && r.other() != r.card {
		return r.other()
	}
	return -1
}

func (s *State) seen(u *user, second uint32) {
	if u.first == 0 || second < u.first {
		u.first = second
	}
}

const settleEvery = 8 // records

// makeRoom makes sure that a record of a second can be put in, and now and then makes fewer of those that are old enough.
func (s *State) makeRoom(sh *shard, u *user, i uint32, second uint32) {
	if full := int(u.n) >= s.cfg.MaxRows; !full && (u.n == 0 || u.n%settleEvery != 0) {
		return
	}
	s.mine = sh.records(u, s.mine)
	records := s.mine
	roles := *s.roles.Load()
	newest := max(second, records[len(records)-1].second)
	if late := uint32(s.cfg.Late / time.Second); newest > late {
		if n := s.fold.settle(records, newest-late, roles); n < len(records) {
			records = records[:n]
			sh.store(u, records, 0)
		}
	}
	if len(records) < s.cfg.MaxRows {
		return
	}
	n := s.fold.settle(records, records[len(records)/4].second, roles)
	if n >= s.cfg.MaxRows { // the oldest go
		drop := n - s.cfg.MaxRows + max(1, s.cfg.MaxRows/32)
		shown, clicks := s.totals(records[:n])
		for k := range records[:drop] {
			if r := &records[k]; r.is(didForeign) {
				s.dropNote(sh, i, r)
			}
		}
		n = copy(records, records[drop:n])
		leftShown, leftClicks := s.totals(records[:n])
		u.pastShown += uint32(shown - leftShown)
		u.pastClicks += uint32(clicks - leftClicks)
	}
	sh.store(u, records[:n], 0)
}

// totals are the rows of records, and those clicked.
func (s *State) totals(records []record) (shown, clicks int) {
	return totals(s.fold.fold(records, *s.roles.Load()))
}

func totals(rows []row) (shown, clicks int) {
	for i := range rows {
		clicks += int(rows[i].flags & uint8(warehouse.Clicked))
	}
	return len(rows), clicks
}

// change puts what do makes of the records of u in their place, which bears on a card, or two, and counts what that changes. do says besides how many records, from
// the first on, are as they were.
func (s *State) change(sh *shard, who userRef, u *user, seq uint64, card, other int32, do func([]record) ([]record, int)) {
	roles := *s.roles.Load()
	collect := func(to []row) []row {
		to = append(to[:0], s.fold.of(s.mine, card, roles)...)
		if other >= 0 {
			to = append(to, s.fold.of(s.mine, other, roles)...)
		}
		return to
	}
	s.mine = sh.records(u, s.mine)
	s.before = collect(s.before)
	var same int
	if s.mine, same = do(s.mine); same < len(s.mine) || len(s.mine) < int(u.n) {
		sh.store(u, s.mine, same)
	}
	s.after = collect(s.after)
	if len(s.before) == len(s.after) {
		same := true
		for k := range s.before {
			a, b := &s.before[k], &s.after[k]
			same = same && a.card == b.card && a.second == b.second && a.slot == b.slot && (a.flags^b.flags)&uint8(warehouse.Clicked) == 0
		}
		if same {
			return
		}
	}
	fresh := seq > s.global
	for k := range s.before {
		s.countRow(u, &s.before[k], -1, fresh)
	}
	for k := range s.after {
		s.countRow(u, &s.after[k], 1, fresh)
	}
	for _, c := range [...]int32{card, other} {
		if c >= 0 && clicksOf(s.after, c) > clicksOf(s.before, c) {
			s.clicked(who, c, seq)
		}
	}
}

func clicksOf(rows []row, card int32) (n int) {
	for i := range rows {
		if rows[i].card == card && rows[i].flags&uint8(warehouse.Clicked) != 0 {
			n++
		}
	}
	return n
}

// countRow counts a row, or takes it back where by is -1.
func (s *State) countRow(u *user, w *row, by int32, fresh bool) {
	day, _ := s.zone.at(int64(w.second))
	click := uint32(w.flags & uint8(warehouse.Clicked))
	if day == s.now {
		s.figures.move(u, day, by, by*int32(click), fresh)
		if fresh {
			s.figures.slot(by, s.cards.table.Published[w.card] > day-newDays)
		}
	}
	if fresh {
		s.counts.add(w.card, counted{day: day, slot: w.slot, clicks: click}, by, s.now, s.look[w.slot])
	}
}
