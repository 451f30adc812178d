// Music Square: the feed as its users would see it, and beside it what the system makes of what they do.

package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/seguefeed/segue/stream"
)

const (
	squareCards   = 20 // of a page
	squareHistory = 12 // doings that the panel shows
	squareTastes  = 8
	squareFound   = 12 // users that a search shows
	squareSome    = 6  // users that are proposed
)

// squareBody is what the page of Music Square shows: who can be picked, or a user's feed.
type squareBody struct {
	User     string
	Believes *believes
	Cards    *cardsPart

	Query string // of the search for users
	Found []personRow
	None  bool // the search found nobody
	Some  []personRow
	// Provinces are as known users have them, since only the same spelling makes someone invented like them.
	Provinces []string
	Empty     bool // there are no users at all
}

// believes is what the panel shows of a user.
type believes struct {
	User, Name, Facts string
	Segment           string
	SegmentStep       int // from 0, of SegmentSteps
	SegmentSteps      []string
	Impressions       string
	Clicks            string
	Rate              string
	Tastes            []tasteBar
	More              int // tastes that are not shown
	Marker            string
	Activity          string // a percentage; "" when it is not known
	ActivityMeter     string
	ActivityWhy       []partRow
	Doings            []doingRow
	Fresh             bool // nothing is known of what she likes
	Last              string
}

type tasteBar struct {
	Content, Topic, Meter, Lift, Detail string
	Up                                  bool
}

type doingRow struct {
	Item, Short, Topic, Did, Ago string
	Art                          template.HTML
	Passed                       bool
}

// partRow is what one feature adds to a chance.
type partRow struct {
	Means, Value string
	Factor       string // of the odds
	Up           bool
	Left, Width  string // of the bar, in hundredths
}

// cardsPart is a page of cards.
type cardsPart struct {
	Request, Model string
	Columns        int
	Rested         bool
	Cards          []cardView
	Hint           string // what to do when there are none
	Hints          []string
}

type cardView struct {
	Item, Short, Content, Topic, Creator, CreatorShort string
	CreatorHue                                         int
	Slot                                               int
	Art                                                template.HTML
	Reason, By                                         string
	Chance, ChanceMeter, Score, Propensity             string
	Explored                                           bool
	Sources                                            []Source
	Why                                                *whyView
	Cause                                              string
	CauseArt                                           template.HTML
}

type whyView struct {
	Base, Chance string
	Parts        []partRow
	Rest         int
}

func (s *site) square(r *http.Request) (*reply, error) {
	ctx, user := r.Context(), r.FormValue("user")
	out := &reply{template: "square", title: "Music Square", nav: "/"}
	if user == "" {
		return s.pick(r, out)
	}
	view, err := s.b.User(ctx, user, squareHistory)
	if err != nil {
		return nil, userError(r, user, err)
	}
	cards, err := s.cardsFor(r, user)
	if err != nil {
		return nil, err
	}
	body := &squareBody{User: user, Believes: s.believesOf(ctx, view), Cards: cards}
	out.title, out.body = body.Believes.Name+" · Music Square", body
	return out, nil
}

// userError lets failure name the user, whatever the parameter that named her.
func userError(r *http.Request, user string, err error) error {
	if r.Form != nil {
		r.Form.Set("id", user)
	}
	return err
}

// pick shows whom one can be.
func (s *site) pick(r *http.Request, out *reply) (*reply, error) {
	ctx := r.Context()
	body := &squareBody{Query: strings.TrimSpace(r.FormValue("q"))}
	if body.Query != "" {
		found, _, err := s.b.Users(ctx, body.Query, "", squareFound)
		if err != nil {
			return nil, err
		}
		if err := s.complete(ctx, found); err != nil {
			return nil, err
		}
		body.Found, body.None = s.peopleRows(found), len(found) == 0
	}
	some, err := s.more.SomeUsers(ctx, 60)
	if err != nil {
		return nil, err
	}
	for _, u := range some {
		if u.Province != "" && !slices.Contains(body.Provinces, u.Province) {
			body.Provinces = append(body.Provinces, u.Province)
		}
	}
	slices.Sort(body.Provinces)
	some = some[:min(len(some), squareSome)]
	if err := s.complete(ctx, some); err != nil {
		return nil, err
	}
	body.Some = s.peopleRows(some)
	body.Empty = len(some) == 0 && len(body.Found) == 0
	out.body = body
	return out, nil
}

func (s *site) randomUser(r *http.Request) (*reply, error) {
	some, err := s.more.SomeUsers(r.Context(), 1)
	if err != nil {
		return nil, err
	}
	if len(some) == 0 {
		return &reply{to: "/"}, nil
	}
	return &reply{to: "/?user=" + url.QueryEscape(some[0].User)}, nil
}

// invent makes a user who has done nothing yet.
func (s *site) invent(r *http.Request) (*reply, error) {
	text := func(field string, most int) (string, error) {
		v := strings.TrimSpace(r.PostFormValue(field))
		if len(v) > most {
			return "", &InputError{field, fmt.Sprintf("at most %d bytes are expected", most)}
		}
		return v, nil
	}
	name, err := text("name", 100)
	if err != nil {
		return nil, err
	}
	if name == "" {
		name = "Someone"
	}
	profile := &stream.Profile{Months: new(int)}
	if profile.Gender, err = text("gender", 100); err != nil {
		return nil, err
	}
	if profile.Province, err = text("province", 100); err != nil {
		return nil, err
	}
	if age := strings.TrimSpace(r.PostFormValue("age")); age != "" {
		n, err := strconv.Atoi(age)
		if err != nil || n < 0 || n > 120 {
			return nil, &InputError{"age", "a number of years from 0 to 120 is expected"}
		}
		profile.Age = &n
	}
	id := "invented-" + slugOf(name) + newToken(3)
	event := stream.Event{ID: id + "-is-" + newToken(8), Kind: stream.User, AtMS: s.now().UnixMilli(), User: id, Comment: name, Profile: profile}
	if _, err := s.b.Append(r.Context(), []stream.Event{event}); err != nil {
		return nil, err
	}
	return &reply{to: "/?user=" + url.QueryEscape(id)}, nil
}

// heroArt is a wall of covers.
func heroArt() []template.HTML {
	var wall []template.HTML
	for k := range 25 {
		wall = append(wall, coverArt(fmt.Sprint("wall ", k), "segue", fmt.Sprint(k)))
	}
	return wall
}

// slugOf makes of a name what reads well in an id.
func slugOf(name string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(name) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			b.WriteRune(c)
		}
	}
	if b.Len() > 0 {
		b.WriteByte('-')
	}
	return b.String()
}

func newToken(n int) string {
	data := make([]byte, n)
	rand.Read(data)
	return hex.EncodeToString(data)
}

// squareCards is a page of cards for more or other cards; exclude names those that stand there already.
func (s *site) squareCards(r *http.Request) (*reply, error) {
	user := r.FormValue("user")
	if user == "" {
		return nil, &InputError{"user", "an id is expected"}
	}
	cards, err := s.cardsFor(r, user)
	if err != nil {
		return nil, err
	}
	return &reply{template: "cards-part", part: true, body: cards}, nil
}

func (s *site) squareBelieves(r *http.Request) (*reply, error) {
	user := r.FormValue("user")
	view, err := s.b.User(r.Context(), user, squareHistory)
	if err != nil {
		return nil, userError(r, user, err)
	}
	return &reply{template: "believes-part", part: true, body: s.believesOf(r.Context(), view)}, nil
}

func (s *site) cardsFor(r *http.Request, user string) (*cardsPart, error) {
	exclude := r.Form["exclude"]
	page, err := s.b.Feed(r.Context(), FeedRequest{User: user, N: squareCards, Columns: 2, Exclude: exclude, Device: "web", Explain: true})
	if err != nil {
		return nil, err
	}
	out := &cardsPart{Request: page.Request, Model: page.Model, Columns: max(page.Columns, 1), Rested: page.Rested, Cards: make([]cardView, len(page.Cards))}
	for k := range page.Cards {
		out.Cards[k] = cardOf(&page.Cards[k])
		if cause := page.Cards[k].Cause; cause != "" {
			out.Cards[k].CauseArt, _ = s.artOf(r.Context(), cause)
		}
	}
	if len(out.Cards) > 0 {
		return out, nil
	}
	switch stats := s.b.Stats(); {
	case len(exclude) > 0:
		out.Hint = "That was all: there is nothing more to show this user now."
	case stats.Items == 0:
		out.Hint = "There are no cards yet. Send some:"
		out.Hints = []string{itemHint(r)}
	case page.Model == "":
		out.Hint = "No model is in use, and nothing is popular yet. Load a log and train a recommender:"
		out.Hints = []string{"segue recommend train"}
	default:
		out.Hint = "The recommender has nothing to show this user now: every card was hidden, or shown too often."
	}
	return out, nil
}

// itemHint is a command that sends a first card to this server.
func itemHint(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return fmt.Sprintf(`curl -X POST %s://%s/v1/items -H 'Content-Type: application/json' -d '[{"item":"first-song","content":"folk","creator":"mira"}]'`, scheme, r.Host)
}

func cardOf(c *FeedCard) cardView {
	v := cardView{Item: c.Item, Short: shortID(c.Item), Content: c.Content, Topic: topicText(c.Content), Creator: c.Creator, CreatorShort: shortID(c.Creator), CreatorHue: int(hashOf("avatar", c.Creator) % 8),
		Slot: c.Slot, Art: coverArt(c.Content, c.Creator, c.Item), Reason: c.Reason, By: c.By, Chance: shareText(c.Click), ChanceMeter: meter(math.Sqrt(c.Click)), Score: numberText(c.Score, 3),
		Propensity: shareText(c.Propensity), Explored: c.Explored, Sources: c.Sources, Cause: c.Cause}
	if v.Reason == "" {
		v.Reason = "picked for this user"
	}
	if c.Why != nil {
		v.Why = &whyView{Base: shareText(chanceOf(c.Why.Base))}
		sum := c.Why.Base
		for _, p := range c.Why.Parts {
			sum += p.Adds
		}
		v.Why.Chance = shareText(chanceOf(sum))
		v.Why.Parts, v.Why.Rest = partRows(c.Why.Parts, 8)
	}
	return v
}

// partRows are the parts that add most, as factors of the odds, on a scale that the largest fills; rest is how many are left out.
func partRows(parts []Part, most int) (rows []partRow, rest int) {
	parts = slices.Clone(parts)
	slices.SortStableFunc(parts, func(a, b Part) int {
		switch {
		case math.Abs(a.Adds) > math.Abs(b.Adds):
			return -1
		case math.Abs(a.Adds) < math.Abs(b.Adds):
			return 1
		}
		return 0
	})
	rest = max(0, len(parts)-most)
	parts = parts[:len(parts)-rest]
	scale := .05
	for _, p := range parts {
		scale = max(scale, math.Abs(p.Adds))
	}
	for _, p := range parts {
		row := partRow{Means: p.Means, Value: p.Value, Factor: timesText(math.Exp(p.Adds)), Up: p.Adds >= 0}
		if row.Means == "" {
			row.Means = strings.ReplaceAll(p.Feature, "_", " ")
		}
		half := math.Abs(p.Adds) / scale / 2
		row.Width, row.Left = meter(half), meter(.5)
		if !row.Up {
			row.Left = meter(.5 - half)
		}
		rows = append(rows, row)
	}
	return rows, rest
}

// liftScale is the lift that fills a bar of tastes, unless a larger one is there.
const liftScale = 3

func (s *site) believesOf(ctx context.Context, u *UserView) *believes {
	out := &believes{User: u.User, Name: nameOf(u), Facts: factsText(u), Segment: u.Segment, SegmentStep: segmentRank(u.Segment), SegmentSteps: segmentsOf,
		Impressions: countText(u.Impressions), Clicks: countText(u.Clicks), Rate: "–", Last: agoText(u.LastMS, s.now().In(s.zone)), Fresh: u.Clicks == 0}
	if u.Impressions > 0 {
		out.Rate = shareText(float64(u.Clicks) / float64(u.Impressions))
	}
	scale := float64(liftScale)
	for _, t := range u.Tastes {
		scale = max(scale, t.Lift)
	}
	out.Marker = meter(1 / scale)
	for k, t := range u.Tastes {
		if k == squareTastes {
			out.More = len(u.Tastes) - k
			break
		}
		out.Tastes = append(out.Tastes, tasteBar{Content: t.Content, Topic: topicText(t.Content), Meter: meter(t.Lift / scale), Lift: timesText(t.Lift),
			Detail: fmt.Sprintf("%s of %s clicked", countText(t.Clicks), countText(t.Shown)), Up: t.Lift >= 1})
	}
	if a := u.Activity; a != nil {
		out.Activity, out.ActivityMeter = shareText(a.Score), meter(a.Score)
		out.ActivityWhy, _ = partRows(a.Why, 5)
	}
	for _, d := range u.History {
		did, passed := didText(d)
		row := doingRow{Item: d.Item, Short: shortID(d.Item), Did: did, Passed: passed, Ago: agoText(d.AtMS, s.now().In(s.zone))}
		row.Art, row.Topic = s.artOf(ctx, d.Item)
		out.Doings = append(out.Doings, row)
	}
	return out
}

// artOf is the picture and the topic of a card by its id. One that is gone has neither topic nor creator.
func (s *site) artOf(ctx context.Context, item string) (template.HTML, string) {
	v, err := s.b.Item(ctx, item)
	if err != nil {
		return coverArt("", "", item), ""
	}
	return coverArt(v.Content, v.Creator, item), topicText(v.Content)
}

// nameOf is what a user is called: by the sender's words where they are short enough to be a name, else by her id.
func nameOf(u *UserView) string {
	if n := len(u.Comment); n > 0 && n <= 40 && strings.HasPrefix(u.User, "invented-") {
		return u.Comment
	}
	return shortID(u.User)
}
