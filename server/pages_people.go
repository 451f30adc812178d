// Users: who is known, what is believed of them, and lists of them to take along.

package server

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/seguefeed/segue/stream"
)

const (
	peopleRowsShown = 50
	peopleLooked    = 20_000    // users that one page looks through for those of a segment
	rowsExported    = 1_000_000 // of a list
	reasonsExported = 3
	doingsShown     = 100
	neighboursShown = 8
)

type personRow struct {
	User, Short, Title, Facts, Segment string // Facts: what Title does not say
	Named                              bool   // she was invented here
	SegmentStep                        int
	Activity, ActivityMeter            string
	Reasons                            []partRow
	Impressions, Clicks, Rate, Last    string
	Score, CTR                         string // as numbers, to sort by
	LastMS                             int64
	Likes                              []string // the contents most liked
	Hue                                int
	Initial                            string
}

type segmentRow struct {
	Name, Means, Users, Share, Meter, Left string // Left: of a bar in which all segments stand beside each other
	Here                                   bool
	Step                                   int
}

type peopleBody struct {
	Query, Segment string
	Segments       []segmentRow
	Total          string // known users
	Rows           []personRow
	Next           string // address of the next rows
	Looked         string // how many were looked through, when that was the end of the patience
	CSV, Export    string // where the list is to be had, and how many it has
	Scores         bool   // an activity model is in use, or someone has a score all the same
	Empty          bool
}

func (s *site) peopleRows(users []UserView) []personRow {
	rows := make([]personRow, len(users))
	for k := range users {
		u := &users[k]
		row := personRow{User: u.User, Short: shortID(u.User), Title: titleText(u), Named: inventedName(u) != "", Facts: strings.Join(sinceText(u), ", "), Segment: u.Segment, SegmentStep: segmentRank(u.Segment),
			Impressions: countText(u.Impressions), Clicks: countText(u.Clicks), Rate: "–", Last: agoText(u.LastMS, s.now().In(s.zone)), LastMS: u.LastMS, Hue: int(hashOf("avatar", u.User) % 8), Score: "-1", CTR: "-1"}
		if row.Named {
			row.Facts = factsText(u)
		}
		for _, c := range row.Title {
			row.Initial = strings.ToUpper(string(c))
			break
		}
		if u.Impressions > 0 {
			rate := float64(u.Clicks) / float64(u.Impressions)
			row.Rate, row.CTR = shareText(rate), numberText(rate, 6)
		}
		if a := u.Activity; a != nil {
			row.Activity, row.ActivityMeter, row.Score = shareText(a.Score), meter(a.Score), numberText(a.Score, 6)
			row.Reasons, _ = partRows(a.Why, 0, scaleOf(a.Why, 0), 2)
		}
		for _, t := range u.Tastes {
			if t.Lift > 1 && len(row.Likes) < 2 {
				row.Likes = append(row.Likes, topicText(t.Content))
			}
		}
		rows[k] = row
	}
	return rows
}

func (s *site) users(r *http.Request) (*reply, error) {
	ctx := r.Context()
	body := &peopleBody{Query: strings.TrimSpace(r.FormValue("q")), Segment: r.FormValue("segment"), Scores: s.scores, Export: "these users"}
	counts, err := s.more.Segments(ctx)
	if err != nil {
		return nil, err
	}
	body.Segments = segmentRows(counts, body.Segment)
	if n := s.b.Stats().Users; n > 0 {
		body.Total = countText(n)
		if body.Query == "" && body.Segment == "" {
			body.Export = countOf(n, "user")
		}
	}
	for k := range counts {
		if body.Query == "" && counts[k].Name == body.Segment {
			body.Export = countOf(counts[k].Users, "user")
		}
	}
	users, next, looked, err := s.usersOf(ctx, body.Query, body.Segment, r.FormValue("after"), peopleRowsShown, peopleLooked)
	if err != nil {
		return nil, err
	}
	body.Rows = s.peopleRows(users)
	body.Scores = body.Scores || slices.ContainsFunc(body.Rows, func(r personRow) bool { return r.Activity != "" })
	listed := url.Values{}
	for name, v := range map[string]string{"q": body.Query, "segment": body.Segment} {
		if v != "" {
			listed.Set(name, v)
		}
	}
	body.CSV = "/users.csv?" + listed.Encode()
	if next != "" {
		listed.Set("after", next)
		body.Next = "/users?" + listed.Encode()
		if len(users) < peopleRowsShown {
			body.Looked = countText(looked)
		}
	}
	body.Empty = len(users) == 0 && next == "" && body.Query == "" && body.Segment == "" && r.FormValue("after") == ""
	return &reply{template: "users", title: "Users", nav: "/users", body: body}, nil
}

func segmentRows(counts []SegmentView, here string) []segmentRow {
	if len(counts) == 0 {
		for _, name := range segmentsOf {
			counts = append(counts, SegmentView{Name: name})
		}
	}
	total := 0
	for _, c := range counts {
		total += c.Users
	}
	rows := make([]segmentRow, len(counts))
	before := 0.
	for k, c := range counts {
		rows[k] = segmentRow{Name: c.Name, Means: segmentMeans[c.Name], Here: c.Name == here, Step: segmentRank(c.Name)}
		if total > 0 {
			share := float64(c.Users) / float64(total)
			rows[k].Users, rows[k].Share, rows[k].Meter, rows[k].Left = countText(c.Users), shareText(share), meter(share), meter(before)
			before += share
		}
	}
	return rows
}

// usersOf lists n users of a segment, "" for all, or some more, and looks through most users for them. Cursors belong to the backend: next goes on behind
// the last that was looked at.
func (s *site) usersOf(ctx context.Context, prefix, segment, after string, n, most int) (users []UserView, next string, looked int, err error) {
	for {
		some, on, err := s.b.Users(ctx, prefix, after, min(n, MaxN))
		if err != nil {
			return nil, "", looked, err
		}
		looked += len(some)
		for _, u := range some {
			if segment == "" || u.Segment == segment {
				users = append(users, u)
			}
		}
		if on == "" || len(users) >= n || looked >= most || len(some) == 0 {
			return users, on, looked, s.complete(ctx, users)
		}
		after = on
	}
}

// complete adds what lists may leave out: scores and tastes. Who has gone meanwhile stays as listed.
func (s *site) complete(ctx context.Context, users []UserView) error {
	for k := range users {
		if users[k].Activity != nil || len(users[k].Tastes) > 0 || users[k].Impressions == 0 {
			continue
		}
		switch full, err := s.b.User(ctx, users[k].User, 0); {
		case err == nil:
			users[k] = *full
		case !errors.Is(err, ErrUnknownUser):
			return err
		}
	}
	return nil
}

// personBody is one user's page.
type personBody struct {
	*believes
	Profile    []factRow
	Days       *lifeView // of the doings that are listed
	Neighbours []neighbourRow
	Labels     string
}

type factRow struct{ Name, Value string }

type neighbourRow struct{ User, Short, Title, Segment, Share, Meter string }

func (s *site) user(r *http.Request) (*reply, error) {
	ctx, id := r.Context(), r.FormValue("id")
	view, err := s.b.User(ctx, id, doingsShown)
	if err != nil {
		return nil, err
	}
	body := &personBody{believes: s.believesOf(ctx, view), Labels: string(view.Labels), Days: s.daysOf(view.History)}
	moment := func(ms int64) string {
		if ms <= 0 {
			return "never"
		}
		return time.UnixMilli(ms).In(s.zone).Format("2 January 2006, 15:04")
	}
	body.Profile = []factRow{{"Known as", view.User}, {"First seen", moment(view.FirstMS)}, {"Last seen", moment(view.LastMS)}}
	if facts := factsText(view); facts != "" {
		body.Profile = append([]factRow{{"Who", capital(facts)}}, body.Profile...)
	}
	if view.Comment != "" && !body.Named {
		body.Profile = append(body.Profile, factRow{"Comment", view.Comment})
	}
	alike, err := s.b.Neighbours(ctx, id, neighboursShown)
	if err != nil {
		return nil, err
	}
	for _, n := range alike {
		row := neighbourRow{User: n.Item, Short: shortID(n.Item), Title: "Someone", Share: shareText(n.Score), Meter: meter(n.Score)}
		switch other, err := s.b.User(ctx, n.Item, 0); {
		case err == nil:
			row.Title, row.Segment = titleText(other), other.Segment
		case !errors.Is(err, ErrUnknownUser):
			return nil, err
		}
		body.Neighbours = append(body.Neighbours, row)
	}
	return &reply{template: "user", title: body.Title, nav: "/users", body: body}, nil
}

// daysOf counts doings by day: what was seen, and what was clicked.
func (s *site) daysOf(doings []Doing) *lifeView {
	var days []ItemDay
	for k := len(doings) - 1; k >= 0; k-- { // the latest come first
		year, month, day := time.UnixMilli(doings[k].AtMS).In(s.zone).Date()
		at := time.Date(year, month, day, 0, 0, 0, 0, s.zone)
		if n := len(days); n == 0 || !days[n-1].Day.Equal(at) {
			days = append(days, ItemDay{Day: at})
		}
		d := &days[len(days)-1]
		d.Shows++
		if slices.Contains(doings[k].Did, string(stream.Click)) {
			d.Clicks++
		}
	}
	return lifeOf(days, 0, time.Time{})
}
