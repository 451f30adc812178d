// What the system makes of a user, and of what a score is made: for the panel of Music Square, the page of a user, and the reasons of a card.

package server

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
)

// believes is what is shown of a user.
type believes struct {
	User, Title, Facts string // Facts: what Title does not say
	Named              bool   // Title is a name, not her id
	Segment            string
	SegmentStep        int // from 0, of SegmentSteps
	SegmentSteps       []string
	SegmentMeans       string
	Impressions        string
	Clicks             string
	Rate               string
	Tastes             []tasteBar
	More               int    // tastes that are not shown
	Activity           string // a percentage; "" when it is not known
	ActivityMeter      string
	ActivityWhy        *whyView
	Scores             bool // an activity model is in use
	Doings             []doingRow
	Fresh              bool // nothing is known of what she likes
	Last               string
}

type tasteBar struct {
	Content, Topic, Meter, Lift, Detail string
	Marker                              string // where 1× stands
	Up                                  bool
}

type doingRow struct {
	Item, Short, Topic, Did, Ago string
	Art                          template.HTML
	Passed                       bool
}

// partRow is what one feature, or those of a kind, adds to a chance.
type partRow struct {
	Means, Value string
	Change       string // of the odds
	Up           bool
	Left, Width  string // of the bar, in hundredths
}

// whyView is a chance taken apart.
type whyView struct {
	Base, Chance string    // where it starts, and where all parts together bring it; "" where that is not known
	Themes       []partRow // of all features, by what they are about
	Parts        []partRow // of the features that add most
	Rest         *partRow  // of all others
	Off          bool      // the chance shown is another, since it was calibrated afterwards
}

// restLeast is the share of log-odds below which what is left over is not told.
const restLeast = .01

func whyOf(w *Why, chance float64) *whyView {
	sum := w.Base + w.Rest
	for _, p := range w.Parts {
		sum += p.Adds
	}
	v := &whyView{Base: shareText(chanceOf(w.Base)), Chance: shareText(chanceOf(sum)), Off: math.Abs(chanceOf(sum)-chance) > .002}
	scale := scaleOf(w.Parts, w.Rest)
	for _, t := range w.Themes {
		scale = max(scale, math.Abs(t.Adds))
	}
	for _, t := range w.Themes {
		if math.Abs(t.Adds) >= restLeast {
			v.Themes = append(v.Themes, partOf(Part{Means: t.Theme, Adds: t.Adds}, scale))
		}
	}
	v.Parts, v.Rest = partRows(w.Parts, w.Rest, scale, len(w.Parts))
	return v
}

func scaleOf(parts []Part, rest float64) float64 {
	scale := max(.05, math.Abs(rest))
	for _, p := range parts {
		scale = max(scale, math.Abs(p.Adds))
	}
	return scale
}

// partRows are parts as factors of the odds, those that add most first, most at most, on a scale that scale fills; and what is left over.
func partRows(parts []Part, rest, scale float64, most int) (rows []partRow, left *partRow) {
	parts = slices.Clone(parts)
	slices.SortStableFunc(parts, func(a, b Part) int { return cmp.Compare(math.Abs(b.Adds), math.Abs(a.Adds)) })
	for _, p := range parts {
		if math.Abs(p.Adds) < restLeast && len(rows) > 0 || len(rows) >= most {
			rest += p.Adds
			continue
		}
		rows = append(rows, partOf(p, scale))
	}
	if math.Abs(rest) >= restLeast {
		row := partOf(Part{Means: "all that is smaller, together", Adds: rest}, scale)
		left = &row
	}
	return rows, left
}

func partOf(p Part, scale float64) partRow {
	row := partRow{Means: meansText(p), Change: changeText(p.Adds), Up: p.Adds >= 0}
	if p.Value != "" {
		row.Value = valueText(p.Feature, p.Value)
	}
	half := math.Abs(p.Adds) / scale / 2
	row.Width, row.Left = meter(half), meter(.5)
	if !row.Up {
		row.Left = meter(.5 - half)
	}
	return row
}

// liftScale is the lift that fills a bar of tastes, unless a larger one is there.
const liftScale = 3

func (s *site) believesOf(ctx context.Context, u *UserView) *believes {
	out := &believes{User: u.User, Title: titleText(u), Named: inventedName(u) != "", Segment: u.Segment, SegmentStep: segmentRank(u.Segment), SegmentSteps: segmentsOf, SegmentMeans: segmentMeans[u.Segment],
		Impressions: countText(u.Impressions), Clicks: countText(u.Clicks), Rate: "–", Last: agoText(u.LastMS, s.now().In(s.zone)), Fresh: u.Clicks == 0, Scores: s.scores}
	if out.Facts = strings.Join(sinceText(u), ", "); out.Named {
		out.Facts = factsText(u)
	}
	if u.Impressions > 0 {
		out.Rate = shareText(float64(u.Clicks) / float64(u.Impressions))
	}
	scale := float64(liftScale)
	for _, t := range u.Tastes {
		scale = max(scale, t.Lift)
	}
	for k, t := range u.Tastes {
		if k == squareTastes {
			out.More = len(u.Tastes) - k
			break
		}
		out.Tastes = append(out.Tastes, tasteBar{Content: t.Content, Topic: topicText(t.Content), Meter: meter(t.Lift / scale), Marker: meter(1 / scale), Lift: timesText(t.Lift),
			Detail: fmt.Sprintf("%s of %s clicked", countText(t.Clicks), countText(t.Shown)), Up: t.Lift >= 1})
	}
	if a := u.Activity; a != nil {
		out.Activity, out.ActivityMeter = shareText(a.Score), meter(a.Score)
		if len(a.Why) > 0 {
			out.ActivityWhy = &whyView{}
			out.ActivityWhy.Parts, out.ActivityWhy.Rest = partRows(a.Why, a.Rest, scaleOf(a.Why, a.Rest), squareReasons)
		}
	}
	for _, d := range u.History {
		did, passed := didText(d)
		row := doingRow{Item: d.Item, Short: shortID(d.Item), Did: capital(did), Passed: passed, Ago: agoText(d.AtMS, s.now().In(s.zone))}
		row.Art, row.Topic = s.artOf(ctx, d.Item)
		out.Doings = append(out.Doings, row)
	}
	return out
}
