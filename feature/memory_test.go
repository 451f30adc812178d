package feature

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/seguefeed/segue/warehouse"
)

// memoryLog is a log in memory, as much of it as user-card features read: users in the order of ids, each with rows in order of time.
type memoryLog struct {
	warehouse.Training // what is not asked for
	warehouse.Catalogue
	cards    *warehouse.Cards
	profiles *warehouse.Profiles
	rows     *warehouse.Histories
	app      []warehouse.CardDay
}

const memoryDay = 18_000 // the first of the log

// madeLog has users who see pages of five cards on some of the days, and click more on the contents of their own kind; with app, it says
// what all users of an app did.
func madeLog(users, cards, days int, app bool) *memoryLog {
	r := rand.New(rand.NewPCG(uint64(users), uint64(cards)))
	l := &memoryLog{cards: &warehouse.Cards{Followers: []int64{7, -1, 0, 1000}, CreatorKeys: []string{"a", "b", "c", "d"}, Talks: []int32{5, 6}}, profiles: &warehouse.Profiles{},
		rows: &warehouse.Histories{Start: []int32{0}}}
	for k := range 6 {
		l.cards.Contents = append(l.cards.Contents, warehouse.ContentName{Key: strconv.Itoa(k), Levels: [3]int32{1, int32(k/3) - 1, int32(k)}})
	}
	c := l.cards
	for i := range cards {
		c.Listed, c.Published, c.Type = append(c.Listed, true), append(c.Published, int32(memoryDay-r.IntN(20))), append(c.Type, int8(r.IntN(3)-1))
		c.Content, c.Song, c.Artist = append(c.Content, int16(i%7-1)), append(c.Song, int32(r.IntN(5)-1)), append(c.Artist, int32(r.IntN(4)-1))
		c.Creator, c.Talk = append(c.Creator, int32(r.IntN(5)-1)), append(c.Talk, int32(r.IntN(3)-1))
	}
	h := l.rows
	for u := range users {
		p := l.profiles
		p.Listed, p.Province, p.Gender = append(p.Listed, true), append(p.Province, []string{"", "hai nan", "bei jing"}[u%3]), append(p.Gender, []string{"male", "", "female"}[u/3%3])
		p.Age, p.RegisteredMonths, p.Follows, p.Level = append(p.Age, int16(u%40-1)), append(p.RegisteredMonths, int16(u%30-1)), append(p.Follows, int32(u%50-1)), append(p.Level, 1)
		h.User, h.Start = append(h.User, int32(u)), append(h.Start, h.Start[u])
		for day := range days {
			if r.IntN(2) == 0 {
				continue
			}
			for page := range 1 + r.IntN(3) {
				for slot := range 5 {
					card := r.IntN(cards)
					h.Card, h.Day, h.Hour = append(h.Card, int32(card)), append(h.Day, int32(memoryDay+day)), append(h.Hour, 12)
					h.ShownAtMS = append(h.ShownAtMS, int64(memoryDay+day)*dayMS+12*hourMS+int64(page)*60_000)
					h.Position, h.Show = append(h.Position, int32(5*page+slot)), append(h.Show, 1)
					flags, view := warehouse.Flag(0), float32(math.NaN())
					if r.Float64() < .1 || l.cards.Content[card] >= 0 && int(l.cards.Content[card])%3 == u%3 && r.Float64() < .4 {
						flags, view = warehouse.Clicked, 20*r.Float32()
					}
					h.Flags, h.ViewSeconds, h.Swipes, h.SwipeViewSeconds = append(h.Flags, flags), append(h.ViewSeconds, view), append(h.Swipes, 0), append(h.SwipeViewSeconds, 0)
					h.Start[u+1]++
				}
			}
		}
	}
	for card := range cards {
		for day := range days {
			if n := int32(r.IntN(400)); app && n > 200 {
				l.app = append(l.app, warehouse.CardDay{Card: int32(card), Day: int32(memoryDay + day), Impressions: n, Clicks: n / int32(5+r.IntN(9)), Likes: int32(r.IntN(9)), Shares: int32(r.IntN(4)),
					CommentViews: int32(r.IntN(20))})
			}
		}
	}
	return l
}

func memoryDate(day int) time.Time { return time.Unix((memoryDay+int64(day))*86400, 0).UTC() }

func (l *memoryLog) Profiles(context.Context) (*warehouse.Profiles, error) { return l.profiles, nil }
func (l *memoryLog) Cards(context.Context) (*warehouse.Cards, error)       { return l.cards, nil }

func (l *memoryLog) CardDays(context.Context, time.Time, time.Time) ([]warehouse.CardDay, error) {
	return l.app, nil
}

// Histories gives all rows at once; the days are those of the whole log.
func (l *memoryLog) Histories(_ context.Context, _, _ time.Time, each func(*warehouse.Histories) error) error {
	if len(l.rows.User) == 0 {
		return nil
	}
	return each(l.rows)
}

func (l *memoryLog) LoggedDays(context.Context, time.Time, time.Time) ([]int32, error) {
	days := slices.Clone(l.rows.Day)
	slices.Sort(days)
	return slices.Compact(days), nil
}

func (l *memoryLog) SlotUse(_ context.Context, from, _ time.Time) ([]warehouse.SlotUse, error) {
	var use []warehouse.SlotUse
	for k, day := range l.rows.Day {
		if int64(day) == from.Unix()/86400 {
			use = append(use, warehouse.SlotUse{Position: l.rows.Position[k], Depth: 14, Impressions: 1, Clicks: int64(l.rows.Flags[k] & warehouse.Clicked)})
		}
	}
	return use, nil
}
