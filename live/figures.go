// The figures of today: who was there, and who of them is active.

package live

import (
	"math"
	"sync"
)

// newDays is how many days a card is new.
const newDays = 3

// figures are those of one day. One goroutine changes them.
type figures struct {
	mu             sync.Mutex
	day            int32
	users          map[[2]uint16]int // by impressions and clicks
	shown, clicks  int64
	slots, newOnes int64
}

// begin makes f that of a day.
func (f *figures) begin(day int32) {
	if f.day != day || f.users == nil {
		f.day, f.users = day, map[[2]uint16]int{}
		f.shown, f.clicks, f.slots, f.newOnes = 0, 0, 0, 0
	}
}

// move adds to what u did today.
func (f *figures) move(u *user, day, shown, clicks int32, fresh bool) {
	if int32(u.day) != day {
		u.day, u.dayShown, u.dayClicks = uint16(day), 0, 0
	}
	was := [2]uint16{u.dayShown, u.dayClicks}
	u.dayShown = uint16(min(max(int32(u.dayShown)+shown, 0), math.MaxUint16))
	u.dayClicks = uint16(min(max(int32(u.dayClicks)+clicks, 0), math.MaxUint16))
	if !fresh {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begin(day)
	f.shift(was, -1)
	f.shift([2]uint16{u.dayShown, u.dayClicks}, 1)
	f.shown += int64(shown)
	f.clicks += int64(clicks)
}

func (f *figures) shift(at [2]uint16, by int) {
	if at[0] == 0 {
		return
	}
	if f.users[at] += by; f.users[at] <= 0 {
		delete(f.users, at)
	}
}

// leave takes out a user who is forgotten.
func (f *figures) leave(u *user) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.users != nil && int32(u.day) == f.day {
		f.shift([2]uint16{u.dayShown, u.dayClicks}, -1)
	}
}

// slot counts a slot of today, which held a new card or not.
func (f *figures) slot(by int32, fresh bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.slots += int64(by)
	if fresh {
		f.newOnes += int64(by)
	}
}

// Figures are those of today.
type Figures struct {
	Day           int32 // days since 1970-01-01
	Users, Items  int   // known
	UsersToday    int
	ActiveToday   int // of them, those whose click-through rate of today is at or above the mean of users' rates; nobody until someone clicks
	Impressions   int64
	Clicks        int64
	NewCards      float64 // share of the impressions of cards that were published within three days
	MeanUserClick float64 // the mean of users' click-through rates
}

// Figures are those of today in the log's zone. It costs some microseconds and grows with how many different days users have.
func (s *State) Figures() Figures {
	out := Figures{Day: s.today(), Users: s.UserCount(), Items: s.ItemCount()}
	f := &s.figures
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.day != out.Day {
		return out
	}
	out.Impressions, out.Clicks = f.shown, f.clicks
	if f.slots > 0 {
		out.NewCards = min(1, max(0, float64(f.newOnes)/float64(f.slots)))
	}
	// The sum of rates is exact whatever the order of the map: clicks are added up by the number of impressions first.
	clicks := map[uint16]int64{}
	most := uint16(0)
	for at, n := range f.users {
		out.UsersToday += n
		clicks[at[0]] += int64(n) * int64(at[1])
		most = max(most, at[0])
	}
	if out.UsersToday == 0 {
		return out
	}
	sum := 0.
	for shown := uint16(1); shown <= most && shown > 0; shown++ {
		if c := clicks[shown]; c > 0 {
			sum += float64(c) / float64(shown)
		}
	}
	out.MeanUserClick = sum / float64(out.UsersToday)
	if out.Clicks == 0 { // else all would stand at the mean
		return out
	}
	for at, n := range f.users {
		if float64(at[1])/float64(at[0]) >= out.MeanUserClick {
			out.ActiveToday += n
		}
	}
	return out
}

// UserCount is how many users are known.
func (s *State) UserCount() (n int) {
	for k := range s.shards {
		s.shards[k].mu.RLock()
		n += s.shards[k].keys.live
		s.shards[k].mu.RUnlock()
	}
	return n
}

// ItemCount is how many items there are, deleted ones included.
func (s *State) ItemCount() int {
	return int(s.counts.n.Load())
}
