package live

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/stream"
	"github.com/seguefeed/segue/warehouse"
)

// madeSource is a warehouse of drawn users: u has rows with few users having many, 28 on the mean, of which 1 in 20 is clicked.
type madeSource struct {
	users, cards int
	rows         int64 // that were handed out
}

const madeDay = 18201 - 29 // 1 November 2019 is 18201

func (m *madeSource) Describe(context.Context) (warehouse.Contents, error) {
	return warehouse.Contents{Impressions: int64(m.users), Users: int64(m.users), Cards: int64(m.cards), FirstDay: time.Unix(madeDay*86400, 0).UTC(), LastDay: time.Unix((madeDay+29)*86400, 0).UTC()}, nil
}

func (m *madeSource) UserKeys(context.Context) ([]string, error) {
	out := make([]string, m.users)
	for k := range out {
		out[k] = madeKey(k)
	}
	return out, nil
}

func madeKey(k int) string { return fmt.Sprintf("user-%011d", k) } // 16 bytes

func (m *madeSource) Profiles(context.Context) (*warehouse.Profiles, error) {
	p := &warehouse.Profiles{}
	for range m.users {
		p.Listed, p.Province, p.Gender, p.Age = append(p.Listed, true), append(p.Province, "guang dong"), append(p.Gender, "female"), append(p.Age, 20)
		p.RegisteredMonths, p.Follows, p.Level = append(p.RegisteredMonths, 3), append(p.Follows, 4), append(p.Level, 5)
	}
	return p, nil
}

func (m *madeSource) CardKeys(context.Context) ([]string, error) {
	out := make([]string, m.cards)
	for k := range out {
		out[k] = fmt.Sprintf("card-%011d", k)
	}
	return out, nil
}

func (m *madeSource) Cards(context.Context) (*warehouse.Cards, error) {
	n := m.cards
	c := &warehouse.Cards{Listed: make([]bool, n), Published: make([]int32, n), Type: make([]int8, n), Content: make([]int16, n), Song: make([]int32, n), Artist: make([]int32, n),
		Creator: make([]int32, n), Talk: make([]int32, n)}
	for k := range 100 {
		c.Contents = append(c.Contents, warehouse.ContentName{Key: fmt.Sprint("content ", k), Levels: [3]int32{-1, -1, -1}})
	}
	for k := range n/10 + 1 {
		c.CreatorKeys, c.Followers = append(c.CreatorKeys, fmt.Sprint("creator ", k)), append(c.Followers, -1)
	}
	for k := range n {
		c.Listed[k], c.Published[k], c.Type[k], c.Content[k] = true, madeDay+int32(k%30), 1, int16(k%100)
		c.Song[k], c.Artist[k], c.Creator[k], c.Talk[k] = int32(k/3), int32(k/7), int32(k/10), -1
	}
	for k := range n/3 + 1 {
		c.Songs, c.Artists = append(c.Songs, fmt.Sprint("song ", k)), append(c.Artists, fmt.Sprint("artist ", k))
	}
	return c, nil
}

// Nothing was told of them.
func (m *madeSource) ToldCards(context.Context) ([]warehouse.ToldCard, error)  { return nil, nil }
func (m *madeSource) ToldUsers(context.Context) ([]warehouse.ToldUser, error)  { return nil, nil }
func (m *madeSource) Deleted(context.Context) ([]warehouse.ToldDeleted, error) { return nil, nil }
func (m *madeSource) Feedback(context.Context, func([]warehouse.ToldFeedback) error) error {
	return nil
}

func (m *madeSource) Histories(_ context.Context, _, _ time.Time, each func(*warehouse.Histories) error) error {
	r := rand.New(rand.NewPCG(1, 1))
	z := rand.NewZipf(r, 1.2, 50, uint64(m.cards-1))
	h := &warehouse.Histories{}
	for from := 0; from < m.users; from += 1 << 16 {
		*h = warehouse.Histories{User: h.User[:0], Start: h.Start[:0], Card: h.Card[:0], ShownAtMS: h.ShownAtMS[:0], Day: h.Day[:0], Hour: h.Hour[:0], Position: h.Position[:0],
			Show: h.Show[:0], Flags: h.Flags[:0], ViewSeconds: h.ViewSeconds[:0], Swipes: h.Swipes[:0], SwipeViewSeconds: h.SwipeViewSeconds[:0]}
		for u := from; u < min(m.users, from+1<<16); u++ {
			h.User, h.Start = append(h.User, int32(u)), append(h.Start, int32(len(h.Card)))
			n := 1 + int(min(r.ExpFloat64()*16, 400))
			if u%20 == 0 {
				n = int(min(60+r.ExpFloat64()*210, 500))
			}
			step := 30 * 86400 / n
			for k := range n {
				second := madeDay*86400 + k*step + r.IntN(step)
				flags, view := warehouse.Flag(0), nan
				if r.IntN(20) == 0 {
					flags, view = warehouse.Clicked, 12
				}
				h.Card, h.ShownAtMS, h.Day = append(h.Card, int32(z.Uint64())), append(h.ShownAtMS, int64(second)*1000), append(h.Day, int32(second/86400))
				h.Hour, h.Position, h.Show = append(h.Hour, uint8(second/3600%24)), append(h.Position, int32(k%10)), append(h.Show, 1)
				h.Flags, h.ViewSeconds, h.Swipes, h.SwipeViewSeconds = append(h.Flags, flags), append(h.ViewSeconds, view), append(h.Swipes, 0), append(h.SwipeViewSeconds, 0)
			}
		}
		h.Start = append(h.Start, int32(len(h.Card)))
		m.rows += int64(len(h.Card))
		if err := each(h); err != nil {
			return err
		}
	}
	return nil
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// kept is the state of one size for the benchmarks that only read it.
var kept = map[int]*State{}

func filled(tb testing.TB, users int) *State {
	if s := kept[users]; s != nil {
		return s
	}
	clear(kept)
	before := heap()
	m := &madeSource{users: users, cards: min(250_000, users)}
	s := New(Config{Clock: func() time.Time { return time.Unix((madeDay+30)*86400, 0) }})
	began := time.Now()
	if err := s.Fill(context.Background(), m, 0, nil); err != nil {
		tb.Fatal(err)
	}
	took := time.Since(began)
	bytes := heap() - before
	tb.Logf("%d users with %d rows: filled in %v, %d MB, %.0f bytes a user, %.1f a row; by its own count %d MB", users, m.rows, took.Round(time.Millisecond), bytes>>20,
		float64(bytes)/float64(users), float64(bytes)/float64(m.rows), s.Memory()>>20)
	kept[users] = s
	return s
}

var benchUsers = []int{100_000, 2_000_000}

func eachSize(b *testing.B, run func(b *testing.B, s *State, users int)) {
	for _, users := range benchUsers {
		b.Run(fmt.Sprintf("users=%d", users), func(b *testing.B) {
			s := filled(b, users)
			b.ReportAllocs()
			b.ResetTimer()
			run(b, s, users)
		})
	}
}

func BenchmarkState(b *testing.B) {
	eachSize(b, func(b *testing.B, s *State, users int) {
		b.Run("Rows", func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 2))
			h := new(warehouse.Histories)
			defer cpu(b)()
			for b.Loop() {
				s.RowsTo(h, madeKey(r.IntN(users)))
			}
		})
		b.Run("Apply", func(b *testing.B) { benchApply(b, s, users) })
		b.Run("Near", func(b *testing.B) {
			g := s.Generators()[2]
			h := []int32{1, 5, 9, 20, 45, 7, 2, 3, 80, 100}
			defer cpu(b)()
			for b.Loop() {
				g.Candidates(query(h), 100, nil)
			}
		})
		b.Run("Catalogue", func(b *testing.B) {
			defer cpu(b)()
			for b.Loop() {
				s.Catalogue()
			}
		})
		b.Run("Lists", func(b *testing.B) {
			defer cpu(b)()
			for b.Loop() {
				c := s.Catalogue()
				s.latest(c, listLength, nil)
				s.popular(c, listLength, nil)
			}
		})
		b.Run("FeedbackOfAnItem", func(b *testing.B) {
			defer cpu(b)()
			for b.Loop() {
				s.Feedback(context.Background(), FeedbackFilter{Item: fmt.Sprintf("card-%011d", s.ItemCount()-1), N: 1e6})
			}
		})
		b.Run("UsersByPrefix", func(b *testing.B) {
			defer cpu(b)()
			for b.Loop() {
				s.ListUsers("nobody", "", 10)
			}
		})
		dir := b.TempDir()
		b.Run("Save", func(b *testing.B) {
			defer cpu(b)()
			for b.Loop() {
				if err := s.Save(dir); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(s.SavePause().Microseconds())/1000, "ms-longest-wait")
		})
		b.Run("Load", func(b *testing.B) {
			defer cpu(b)()
			for b.Loop() {
				l, err := Load(dir, s.cfg)
				if err != nil {
					b.Fatal(err)
				}
				if l.UserCount() != s.UserCount() {
					b.Fatal("other users")
				}
			}
		})
	})
}

// benchApply has 1 click, 1 view and a tenth of a like for 10 impressions, in batches of 100, and reports events a second.
func benchApply(b *testing.B, s *State, users int) {
	r := rand.New(rand.NewPCG(1, 3))
	kinds := make([]stream.Kind, 0, 121)
	for range 10 {
		for range 10 {
			kinds = append(kinds, stream.Impression)
		}
		kinds = append(kinds, stream.Click, stream.View)
	}
	kinds = append(kinds, stream.Like)
	events := make([]stream.Stored, 100)
	n := 0
	var spent time.Duration
	second := int64((madeDay + 30) * 86400)
	var user, request string
	for b.Loop() {
		b.StopTimer()
		for k := range events {
			kind := kinds[n%len(kinds)]
			if n%12 == 0 {
				user, request = madeKey(r.IntN(users)), fmt.Sprint("request ", n)
			}
			e := stream.Event{ID: "x", Kind: kind, User: user, Request: request, Item: fmt.Sprintf("card-%011d", r.IntN(s.ItemCount())), AtMS: second*1000 + int64(n), Slot: ptr(n % 12)}
			if kind == stream.View {
				e.Value = ptr(7.5)
			}
			n++
			events[k] = stream.Stored{Seq: s.Seq() + 1 + uint64(k), Event: e}
		}
		b.StartTimer()
		began := cpuTime()
		s.Apply(events)
		spent += cpuTime() - began
	}
	b.ReportMetric(float64(b.N*100)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(b.N*100)/spent.Seconds(), "events/cpu-s")
}

func query(h []int32) *candidate.Query { return &candidate.Query{History: candidate.History{Item: h}} }

var nan = float32(math.NaN())

// cpu reports the time that was computed from now until it is called, besides the time that passed.
func cpu(b *testing.B) func() {
	began := cpuTime()
	return func() { b.ReportMetric(float64(cpuTime()-began)/float64(b.N), "cpu-ns/op") }
}
