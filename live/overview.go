// What people want to see of a state as a whole.

package live

import (
	"context"
	"math/rand/v2"
)

// SomeUsers draws at most n users, of those who have clicked as far as there are such among many that are looked at.
func (s *State) SomeUsers(n int) []User {
	const looks = 40 // for each that is wanted
	var clicked, others []User
	f := folders.Get().(*folder)
	defer folders.Put(f)
	seen := map[string]bool{}
	for range n * looks {
		if len(clicked) >= n {
			break
		}
		sh := &s.shards[rand.IntN(shardCount)]
		sh.mu.RLock()
		if k := sh.keys.len(); k > 0 {
			u := s.userAt(sh, uint32(rand.IntN(k)), f)
			switch {
			case u.Key == "" || seen[u.Key]: // she is gone, or there already
			case u.Clicks > 0:
				clicked = append(clicked, u)
			case len(others) < n:
				others = append(others, u)
			}
			seen[u.Key] = true
		}
		sh.mu.RUnlock()
	}
	return append(clicked, others...)[:min(n, len(clicked)+len(others))]
}

// EachUser tells the impressions and clicks of every user: some microseconds each, a part of them at a time, during which events of these wait.
func (s *State) EachUser(ctx context.Context, each func(impressions, clicks int)) error {
	f := folders.Get().(*folder)
	defer folders.Put(f)
	roles := *s.roles.Load()
	for k := range s.shards {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		sh := &s.shards[k]
		sh.mu.RLock()
		for i := range sh.users {
			if sh.keys.size[i] == 0 {
				continue
			}
			u := &sh.users[i]
			f.mine = sh.records(u, f.mine)
			shown, clicks := totals(f.fold(f.mine, roles))
			each(shown+int(u.pastShown), clicks+int(u.pastClicks))
		}
		sh.mu.RUnlock()
	}
	return nil
}

// CardDay is a day of a card.
type CardDay struct {
	Day           int32 // days since 1970-01-01 in the log's zone
	Shows, Clicks uint32
}

// CardDays are the last days of a card, first (the seventh before today) to today, those on which it was shown, oldest first.
func (s *State) CardDays(card int32) (first int32, out []CardDay) {
	today := s.today()
	first = today - ringDays + 1
	k := s.counts.of(card)
	if k == nil {
		return first, nil
	}
	for day := first; day <= today; day++ {
		if day < 0 || s.counts.days[day%ringDays].Load() != day {
			continue
		}
		if d := (CardDay{day, k.day[day%ringDays].shows.Load(), k.day[day%ringDays].clicks.Load()}); d.Shows > 0 {
			out = append(out, d)
		}
	}
	return first, out
}
