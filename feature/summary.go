// A user's rows before the as-of, summed up once for all features.

package feature

import (
	"math"
	"slices"

	"github.com/seguefeed/segue/warehouse"
)

// User is what is known of one user: her rows in order of time, and her line of the user table.
type User struct {
	Rows     *warehouse.Histories // whose rows From to before To are hers
	From, To int32
	Province string // "" when null
	Gender   string
	Age      int16 // -1 when null, as the following
	Months   int16
	Follows  int32
}

// Summary is a user's rows before the as-of, summed up. Counts are float64 since features divide them.
type Summary struct {
	Impressions, Clicks, Comments, CreatorVisits, Shares, CommentViews, Likes float64
	ViewSeconds, Views                                                        float64 // of impressions with a view time
	SwipeLists, Swipes, SwipeViewSeconds                                      float64
	Days, ClickDays, GapSum, LongestGap                                       float64 // LongestGap is NaN for users of one day
	Sessions, Browsed, ClickSessions, DepthSum                                float64
	Screens, Scrolled                                                         float64 // moments at which cards were shown; sessions with several
	Recency, FirstSeen, FirstClick, ClickRecency                              float64 // the last two NaN without a click
	PositionSum, Positions, Deepest                                           float64
	Parts                                                                     [4]float64 // impressions by quarter of the day
	Repeats                                                                   float64
	SamePairs                                                                 float64 // pairs of impressions of one content, of those with one
	Contents                                                                  float64 // impressions with a content
	QualitySum, Qualities                                                     float64
	Expected, PlacedClicks                                                    float64 // clicks that the slots of her impressions give to all users, and hers there
	LastImpressions, LastClicks                                               float64 // of the last three days
	LateImpressions                                                           float64

	Province, Gender               int16
	Age, RegisteredMonths, Follows float64 // NaN when null
}

func (s *Summary) meanGap() float64 { return s.GapSum / (s.Days - 1) } // NaN for 0/0

func (s *Summary) breadth() float64 {
	return 1 - s.SamePairs/(s.Contents*(s.Contents-1)/2)
}

const (
	sessionGapMS = 30 * 60 * 1000 // a longer gap between a user's impressions begins another session
	firstPage    = 4              // the last position of the first page; sessions that go beyond browse
	dayMS        = 24 * 3600 * 1000
	lastDays     = 3
)

// scratch is what one goroutine needs to sum up users.
type scratch struct {
	count   []int32 // impressions by content, all 0 between users
	touched []int16
}

// Summarise sums up the rows of u that were shown before the as-of into s. Rows must be in order of time; those at or after
// the as-of count for LateImpressions only.
func (c *Context) Summarise(u *User, s *Summary, scr *scratch) {
	nan := math.NaN()
	*s = Summary{FirstClick: nan, ClickRecency: nan, LongestGap: nan, Deepest: nan, Province: c.provinceOf(u.Province), Gender: genderOf(u.Gender),
		Age: orNaN(float64(u.Age)), RegisteredMonths: orNaN(float64(u.Months)), Follows: orNaN(float64(u.Follows))}
	if len(scr.count) < c.contents {
		scr.count = make([]int32, c.contents)
	}
	h := u.Rows
	end := u.To
	for end > u.From && h.Day[end-1] >= c.AsOf {
		end--
		s.LateImpressions++
	}
	asOfMS := c.asOfMS(h, u.From, end)
	var lastMS, firstMS int64
	lastDay, clickDay := int32(math.MinInt32), int32(math.MinInt32)
	dayDepth, dayFrom := int32(-1), u.From
	depth, clicked, screens := int32(-1), false, 0
	closeSession := func() {
		if s.Sessions == 0 {
			return
		}
		if depth > firstPage {
			s.Browsed++
		}
		if clicked {
			s.ClickSessions++
		}
		if screens > 1 {
			s.Scrolled++
		}
		s.DepthSum += float64(max(depth, 0))
	}
	closeDay := func(to int32) {
		for k := dayFrom; k < to; k++ {
			s.Expected += c.slotRate(h.Position[k], dayDepth)
		}
		dayFrom, dayDepth = to, -1
	}
	for k := u.From; k < end; k++ {
		at, day, pos, flags := h.ShownAtMS[k], h.Day[k], h.Position[k], h.Flags[k]
		if k == u.From {
			firstMS = at
		}
		if day != lastDay {
			closeDay(k)
			if s.Days > 0 {
				gap := float64(day - lastDay)
				s.GapSum += gap
				if !(s.LongestGap >= gap) {
					s.LongestGap = gap
				}
			}
			s.Days++
			lastDay = day
		}
		if k == u.From || at-lastMS > sessionGapMS {
			closeSession()
			s.Sessions++
			depth, clicked, screens = -1, false, 0
		}
		if screens == 0 || at != lastMS {
			s.Screens++
			screens++
		}
		lastMS = at
		depth, dayDepth = max(depth, pos), max(dayDepth, pos)
		s.Impressions++
		if pos >= 0 {
			s.PositionSum += float64(pos)
			s.Positions++
			if !(s.Deepest >= float64(pos)) {
				s.Deepest = float64(pos)
			}
		}
		s.Parts[min(h.Hour[k]/6, 3)]++
		if h.Show[k] > 1 {
			s.Repeats++
		}
		last := day >= c.AsOf-lastDays
		if last {
			s.LastImpressions++
		}
		if content := c.content(h.Card[k]); content >= 0 {
			if scr.count[content] == 0 {
				scr.touched = append(scr.touched, content)
			}
			s.SamePairs += float64(scr.count[content])
			scr.count[content]++
			s.Contents++
		}
		if q := c.quality(h.Card[k], day); q >= 0 {
			s.QualitySum += q
			s.Qualities++
		}
		if v := h.ViewSeconds[k]; v == v { // some logs have one without a click
			s.ViewSeconds += float64(v)
			s.Views++
		}
		if flags == 0 && h.Swipes[k] == 0 {
			continue
		}
		if flags&warehouse.Clicked != 0 {
			s.Clicks++
			clicked = true
			if pos >= 0 {
				s.PlacedClicks++
			}
			if s.Clicks == 1 {
				s.FirstClick = float64(at-firstMS) / 1000
			}
			s.ClickRecency = float64(asOfMS-at) / dayMS
			if day != clickDay {
				s.ClickDays++
				clickDay = day
			}
			if last {
				s.LastClicks++
			}
		}
		s.Likes += bit(flags, warehouse.Liked)
		s.Comments += bit(flags, warehouse.Commented)
		s.Shares += bit(flags, warehouse.Shared)
		s.CommentViews += bit(flags, warehouse.ViewedComments)
		s.CreatorVisits += bit(flags, warehouse.VisitedCreator)
		if h.Swipes[k] > 0 {
			s.SwipeLists++
			s.Swipes += float64(h.Swipes[k])
			s.SwipeViewSeconds += float64(h.SwipeViewSeconds[k])
		}
	}
	closeSession()
	closeDay(end)
	if end > u.From {
		s.Recency, s.FirstSeen = float64(asOfMS-lastMS)/dayMS, float64(asOfMS-firstMS)/dayMS
	}
	for _, content := range scr.touched {
		scr.count[content] = 0
	}
	scr.touched = scr.touched[:0]
}

// asOfMS is the moment at which the as-of day begins, found from a row's own day and hour: days are local ones.
func (c *Context) asOfMS(h *warehouse.Histories, from, end int32) int64 {
	if end == from {
		return 0
	}
	k := end - 1
	const hourMS = 3600 * 1000
	within := h.ShownAtMS[k] % hourMS // zones differ from UTC by whole hours, or by parts that shift this by less than an hour
	midnight := h.ShownAtMS[k] - int64(h.Hour[k])*hourMS - within
	return midnight + int64(c.AsOf-h.Day[k])*dayMS
}

// provinceOf is the level of a province; that of none for one that the user table did not have.
func (c *Context) provinceOf(s string) int16 {
	level, ok := c.province[s]
	if !ok {
		level = c.province[unknown]
	}
	return int16(level)
}

func bit(flags, which warehouse.Flag) float64 {
	if flags&which != 0 {
		return 1
	}
	return 0
}

func orNaN(v float64) float64 {
	if v < 0 {
		return math.NaN()
	}
	return v
}

func sortedKeys(m map[string]bool) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
