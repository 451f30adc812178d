// Music Square: the feed as its users would see it, and beside it what the system makes of what they do.

package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"html/template"
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
	squareReasons = 5  // of an activity score
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
	Reason                                             string
	Chance, Score, Propensity                          string
	Explored                                           bool
	Sources                                            []sourceRow
	Why                                                *whyView
	Cause, CauseTopic                                  string
	CauseArt                                           template.HTML
}

type sourceRow struct {
	Name string
	Rank int // from 1
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
	out.title, out.body = body.Believes.Title+" · Music Square", body
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
			out.Cards[k].CauseArt, out.Cards[k].CauseTopic = s.artOf(r.Context(), cause)
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
		Slot: c.Slot, Art: coverArt(c.Content, c.Creator, c.Item), Reason: reasonText(c), Chance: shareText(c.Click), Score: numberText(c.Score, 3), Propensity: shareText(c.Propensity), Explored: c.Explored, Cause: c.Cause}
	for _, from := range c.Sources {
		v.Sources = append(v.Sources, sourceRow{sourceText(from.Name), from.Rank + 1})
	}
	if c.Why != nil {
		v.Why = whyOf(c.Why, c.Click)
	}
	return v
}

// reasonText is a reason as people read it: cards, topics and creators that it names by their ids stand beside it.
func reasonText(c *FeedCard) string {
	reason := c.Reason
	if c.Cause != "" {
		reason = strings.ReplaceAll(reason, "card "+c.Cause, "this card")
	}
	if c.Creator != "" {
		reason = strings.ReplaceAll(reason, "creator "+c.Creator, "this creator")
	}
	if c.Content != "" {
		reason = strings.ReplaceAll(reason, "content "+c.Content, topicText(c.Content))
		if leaf := strings.TrimPrefix(topicText(c.Content), "Topic "); leaf != c.Content {
			reason = strings.ReplaceAll(reason, "content "+leaf, topicText(c.Content))
		}
	}
	if reason == "" {
		reason = "picked for this user"
	}
	return capital(reason)
}

// sources are generators in words.
var sources = map[string]string{"popular": "popular", "fresh": "new cards", "trending": "on the rise", "content": "same song, artist, creator or topic", "demographic": "popular with people like her", "watched": "watched in one visit",
	"ease": "clicked by the same people (EASE)", "ials": "latent tastes (iALS)", "shortlist": "the ranker's own list", "live popular": "popular now", "live latest": "the latest", "live near": "clicked by the same people lately"}

func sourceText(name string) string {
	if text := sources[name]; text != "" {
		return text
	}
	return name
}

// artOf is the picture and the topic of a card by its id. One that is gone has neither topic nor creator.
func (s *site) artOf(ctx context.Context, item string) (template.HTML, string) {
	v, err := s.b.Item(ctx, item)
	if err != nil {
		return coverArt("", "", item), ""
	}
	return coverArt(v.Content, v.Creator, item), topicText(v.Content)
}
