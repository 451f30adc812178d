// Users: who is known, what is believed of them, and lists of them to take along.

package server

import (
	"context"
	"encoding/csv"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	peopleRowsShown = 50
	peopleLooked    = 20_000 // users that one page looks through for those of a segment
	peopleExported  = 1_000_000
	neighboursShown = 8
)

type personRow struct {
	User, Name, Facts, Segment      string
	SegmentStep                     int
	Activity, ActivityMeter         string
	Reasons                         []string
	Impressions, Clicks, Rate, Last string
	Likes                           []string // the contents most liked
	Hue                             int
	Initial                         string
}

type segmentRow struct {
	Name, Users, Share, Meter string
	Here                      bool
	Step                      int
}

type peopleBody struct {
	Query, Segment string
	Segments       []segmentRow
	Total          string // known users
	Rows           []personRow
	Next           string // address of the next rows
	Looked         string // how many were looked through, when that was the end of the patience
	CSV            string
	Empty          bool
}

func (s *site) peopleRows(users []UserView) []personRow {
	rows := make([]personRow, len(users))
	for k := range users {
		u := &users[k]
		row := personRow{User: u.User, Name: nameOf(u), Facts: factsText(u), Segment: u.Segment, SegmentStep: segmentRank(u.Segment), Impressions: countText(u.Impressions), Clicks: countText(u.Clicks),
			Rate: "–", Last: agoText(u.LastMS, s.now().In(s.zone)), Hue: int(hashOf("avatar", u.User) % 8)}
		for _, c := range row.Name {
			row.Initial = strings.ToUpper(string(c))
			break
		}
		if u.Impressions > 0 {
			row.Rate = shareText(float64(u.Clicks) / float64(u.Impressions))
		}
		if a := u.Activity; a != nil {
			row.Activity, row.ActivityMeter = shareText(a.Score), meter(a.Score)
			why, _ := partRows(a.Why, 2)
			for _, p := range why {
				reason := p.Means
				if p.Value != "" {
					reason += ": " + p.Value
				}
				row.Reasons = append(row.Reasons, reason+", "+p.Factor)
			}
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
	body := &peopleBody{Query: strings.TrimSpace(r.FormValue("q")), Segment: r.FormValue("segment")}
	counts, err := s.more.Segments(ctx)
	if err != nil {
		return nil, err
	}
	body.Segments = segmentRows(counts, body.Segment)
	if n := s.b.Stats().Users; n > 0 {
		body.Total = countText(n)
	}
	users, next, looked, err := s.usersOf(ctx, body.Query, body.Segment, r.FormValue("after"), peopleRowsShown, peopleLooked)
	if err != nil {
		return nil, err
	}
	body.Rows = s.peopleRows(users)
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
	for k, c := range counts {
		rows[k] = segmentRow{Name: c.Name, Here: c.Name == here, Step: segmentRank(c.Name)}
		if total > 0 {
			share := float64(c.Users) / float64(total)
			rows[k].Users, rows[k].Share, rows[k].Meter = countText(c.Users), shareText(share), meter(share)
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

// usersCSV writes the listed users as they are read, at most peopleExported. A cell that a spreadsheet would take for a formula begins with a quote.
func (s *site) usersCSV(w http.ResponseWriter, r *http.Request) {
	ctx, prefix, segment, after := r.Context(), strings.TrimSpace(r.FormValue("q")), r.FormValue("segment"), ""
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	name := "users"
	if segment != "" {
		name += "-" + strings.TrimSuffix(slugOf(strings.ReplaceAll(segment, " ", "")), "-")
	}
	h.Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
	out := csv.NewWriter(w)
	if err := out.Write([]string{"user", "segment", "activity_score", "impressions", "clicks", "click_through_rate", "last_seen", "gender", "age", "province", "likes"}); err != nil {
		return
	}
	deadline := http.NewResponseController(w)
	for rows := 0; rows < peopleExported; {
		if err := deadline.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil && !errors.Is(err, http.ErrNotSupported) { // for each batch: the whole list may take longer
			return
		}
		users, next, _, err := s.usersOf(ctx, prefix, segment, after, MaxN, peopleLooked)
		if err != nil {
			s.log.ErrorContext(ctx, "a list of users could not be written", "error", err)
			panic(http.ErrAbortHandler) // so that the file is seen to be cut
		}
		for k := range users {
			if err := out.Write(csvRow(&users[k])); err != nil {
				return
			}
		}
		out.Flush()
		rows += len(users)
		if after = next; next == "" || out.Error() != nil {
			return
		}
	}
}

func csvRow(u *UserView) []string {
	row := []string{u.User, u.Segment, "", strconv.Itoa(u.Impressions), strconv.Itoa(u.Clicks), "", "", u.Gender, "", u.Province, ""}
	if u.Activity != nil {
		row[2] = strconv.FormatFloat(u.Activity.Score, 'f', 4, 64)
	}
	if u.Impressions > 0 {
		row[5] = strconv.FormatFloat(float64(u.Clicks)/float64(u.Impressions), 'f', 4, 64)
	}
	if u.LastMS > 0 {
		row[6] = time.UnixMilli(u.LastMS).UTC().Format(time.RFC3339)
	}
	if u.Age != nil {
		row[8] = strconv.Itoa(*u.Age)
	}
	var likes []string
	for _, t := range u.Tastes {
		if t.Lift > 1 && len(likes) < 3 {
			likes = append(likes, t.Content)
		}
	}
	row[10] = strings.Join(likes, "; ")
	for k, cell := range row {
		if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
			row[k] = "'" + cell
		}
	}
	return row
}

// personBody is one user's page.
type personBody struct {
	*believes
	Profile    []factRow
	Neighbours []neighbourRow
	Labels     string
}

type factRow struct{ Name, Value string }

type neighbourRow struct{ User, Short, Score, Meter string }

func (s *site) user(r *http.Request) (*reply, error) {
	ctx, id := r.Context(), r.FormValue("id")
	view, err := s.b.User(ctx, id, 100)
	if err != nil {
		return nil, err
	}
	body := &personBody{believes: s.believesOf(ctx, view), Labels: string(view.Labels)}
	moment := func(ms int64) string {
		if ms <= 0 {
			return "never"
		}
		return time.UnixMilli(ms).In(s.zone).Format("2 January 2006, 15:04")
	}
	body.Profile = []factRow{{"Known as", view.User}, {"First seen", moment(view.FirstMS)}, {"Last seen", moment(view.LastMS)}}
	if body.Facts != "" {
		body.Profile = append([]factRow{{"Who", body.Facts}}, body.Profile...)
	}
	if view.Comment != "" && view.Comment != body.Name {
		body.Profile = append(body.Profile, factRow{"Comment", view.Comment})
	}
	alike, err := s.b.Neighbours(ctx, id, neighboursShown)
	if err != nil {
		return nil, err
	}
	top := 0.0
	for _, n := range alike {
		top = max(top, n.Score)
	}
	for _, n := range alike {
		body.Neighbours = append(body.Neighbours, neighbourRow{n.Item, shortID(n.Item), numberText(n.Score, 2), meter(n.Score / max(top, 1e-9))})
	}
	return &reply{template: "user", title: body.Name, nav: "/users", body: body}, nil
}
