package feed

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/seguefeed/segue/warehouse"
)

// memoryLog is a log in memory, as much of it as generators and features read. Its days are whole weeks from memoryDay on.
type memoryLog struct {
	warehouse.Training // what is not asked for
	warehouse.Catalogue
	cards    *warehouse.Cards
	keys     []string
	profiles *warehouse.Profiles
	rows     *warehouse.Histories
	swipes   *warehouse.SwipeLists
}

const (
	memoryDay  = 18_000 // the first
	memoryDays = 7
)

func memoryDate(day int) time.Time { return time.Unix((memoryDay+int64(day))*86400, 0).UTC() }

// madeLog has users who see pages of five cards each day, and click on the contents of their own kind more than on others.
func madeLog(users, cards int) *memoryLog {
	r := rand.New(rand.NewPCG(1, 2))
	c := &warehouse.Cards{Talks: []int32{3, 9}}
	l := &memoryLog{cards: c, profiles: &warehouse.Profiles{}, rows: &warehouse.Histories{Start: []int32{0}}, swipes: &warehouse.SwipeLists{Start: []int32{0}}}
	for k := range 6 {
		c.Contents = append(c.Contents, warehouse.ContentName{Key: fmt.Sprintf("1,%d,%d", k/3, k), Levels: [3]int32{1, int32(k / 3), int32(k)}})
	}
	for k := range cards / 4 {
		c.CreatorKeys, c.Followers = append(c.CreatorKeys, fmt.Sprintf("creator%d", k)), append(c.Followers, int64(100*k-1))
	}
	for i := range cards {
		l.keys = append(l.keys, fmt.Sprintf("KEY%d", i))
		c.Listed, c.Published, c.Type = append(c.Listed, true), append(c.Published, int32(memoryDay+memoryDays-i%20)), append(c.Type, int8(1+i%2))
		c.Content, c.Song, c.Artist = append(c.Content, int16(i%6)), append(c.Song, int32(i%9-1)), append(c.Artist, int32(i%7-1))
		c.Creator, c.Talk = append(c.Creator, int32(i/4%(cards/4))), append(c.Talk, int32(i%3-1))
	}
	h, p := l.rows, l.profiles
	for u := range users {
		p.Listed, p.Province, p.Gender = append(p.Listed, true), append(p.Province, []string{"", "hai nan", "bei jing"}[u%3]), append(p.Gender, []string{"male", "female"}[u/3%2])
		p.Age, p.RegisteredMonths, p.Follows, p.Level = append(p.Age, int16(15+u%30)), append(p.RegisteredMonths, int16(u%30)), append(p.Follows, int32(u%50)), append(p.Level, 1)
		h.User, h.Start = append(h.User, int32(u)), append(h.Start, h.Start[u])
		for day := range memoryDays {
			for slot := range 5 {
				card := r.IntN(cards)
				if c.Published[card] > int32(memoryDay+day) {
					continue
				}
				h.Card, h.Day, h.Hour = append(h.Card, int32(card)), append(h.Day, int32(memoryDay+day)), append(h.Hour, uint8(u%24))
				h.ShownAtMS, h.Position, h.Show = append(h.ShownAtMS, memoryDate(day).UnixMilli()+int64(u%24)*3_600_000), append(h.Position, int32(slot)), append(h.Show, 1)
				flags, view := warehouse.Flag(0), float32(math.NaN())
				if r.Float64() < .1 || card%3 == u%3 && r.Float64() < .4 {
					flags, view = warehouse.Clicked, 30*r.Float32()
					if r.IntN(3) == 0 {
						flags |= warehouse.Liked
					}
				}
				h.Flags, h.ViewSeconds, h.Swipes, h.SwipeViewSeconds = append(h.Flags, flags), append(h.ViewSeconds, view), append(h.Swipes, 0), append(h.SwipeViewSeconds, 0)
				h.Start[u+1]++
			}
		}
	}
	return l
}

// where is the rows that are kept, all users at once.
func (l *memoryLog) where(keep func(user, row int32) bool) *warehouse.Histories {
	a, h := l.rows, &warehouse.Histories{Start: []int32{0}}
	for k, u := range a.User {
		for row := a.Start[k]; row < a.Start[k+1]; row++ {
			if !keep(u, row) {
				continue
			}
			if n := len(h.User); n == 0 || h.User[n-1] != u {
				h.User, h.Start = append(h.User, u), append(h.Start, h.Start[n])
			}
			h.Start[len(h.User)]++
			h.Card, h.Day, h.Hour, h.ShownAtMS = append(h.Card, a.Card[row]), append(h.Day, a.Day[row]), append(h.Hour, a.Hour[row]), append(h.ShownAtMS, a.ShownAtMS[row])
			h.Position, h.Show, h.Flags = append(h.Position, a.Position[row]), append(h.Show, a.Show[row]), append(h.Flags, a.Flags[row])
			h.ViewSeconds, h.Swipes, h.SwipeViewSeconds = append(h.ViewSeconds, a.ViewSeconds[row]), append(h.Swipes, a.Swipes[row]), append(h.SwipeViewSeconds, a.SwipeViewSeconds[row])
		}
	}
	return h
}

// between is the rows of some days.
func (l *memoryLog) between(from, to time.Time) *warehouse.Histories {
	first, last := int32(from.Unix()/86400), int32(to.Unix()/86400)
	return l.where(func(_, row int32) bool { return l.rows.Day[row] >= first && l.rows.Day[row] <= last })
}

func (l *memoryLog) Histories(_ context.Context, from, to time.Time, each func(*warehouse.Histories) error) error {
	if h := l.between(from, to); len(h.User) > 0 {
		return each(h)
	}
	return nil
}

func (l *memoryLog) Profiles(context.Context) (*warehouse.Profiles, error) { return l.profiles, nil }
func (l *memoryLog) Cards(context.Context) (*warehouse.Cards, error)       { return l.cards, nil }
func (l *memoryLog) CardContents(context.Context) ([]int16, error)         { return l.cards.Content, nil }

func (l *memoryLog) WindowTotals(_ context.Context, from, to time.Time) (*warehouse.WindowTotals, error) {
	n := len(l.profiles.Age)
	t := &warehouse.WindowTotals{Impressions: make([]int32, n), Clicks: make([]int32, n)}
	h := l.between(from, to)
	for k, u := range h.User {
		t.Impressions[u] = h.Start[k+1] - h.Start[k]
		for _, f := range h.Flags[h.Start[k]:h.Start[k+1]] {
			t.Clicks[u] += int32(f & warehouse.Clicked)
		}
	}
	return t, nil
}

func (l *memoryLog) LoggedDays(_ context.Context, from, to time.Time) ([]int32, error) {
	days := slices.Clone(l.between(from, to).Day)
	slices.Sort(days)
	return slices.Compact(days), nil
}

func (l *memoryLog) SlotUse(_ context.Context, from, to time.Time) ([]warehouse.SlotUse, error) {
	var use []warehouse.SlotUse
	h := l.between(from, to)
	for k := range h.Card {
		use = append(use, warehouse.SlotUse{Position: h.Position[k], Depth: 4, Impressions: 1, Clicks: int64(h.Flags[k] & warehouse.Clicked)})
	}
	return use, nil
}

func (l *memoryLog) CardUse(_ context.Context, from, to time.Time) ([]warehouse.CardUse, error) {
	use := make([]warehouse.CardUse, len(l.cards.Listed)*memoryDays)
	h := l.between(from, to)
	for k, card := range h.Card {
		u := &use[int(card)*memoryDays+int(h.Day[k]-memoryDay)]
		u.Card, u.Day = card, h.Day[k]
		u.Impressions++
		u.Clicks += int32(h.Flags[k] & warehouse.Clicked)
	}
	var out []warehouse.CardUse
	for _, u := range use {
		if u.Impressions > 0 {
			out = append(out, u)
		}
	}
	return out, nil
}

// CardDays are a hundred times what the sample shows.
func (l *memoryLog) CardDays(ctx context.Context, from, to time.Time) ([]warehouse.CardDay, error) {
	use, err := l.CardUse(ctx, from, to)
	var out []warehouse.CardDay
	for _, u := range use {
		out = append(out, warehouse.CardDay{Card: u.Card, Day: u.Day, Impressions: 100 * u.Impressions, Clicks: 100 * u.Clicks, Likes: 10 * u.Clicks})
	}
	return out, err
}

func (l *memoryLog) SwipeLists(_ context.Context, _, _ time.Time, each func(*warehouse.SwipeLists) error) error {
	return each(l.swipes)
}
