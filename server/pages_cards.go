// Cards: how each does, how it came and goes, and which are like it.

package server

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	cardRowsShown = 48
	similarShown  = 12
	lifeDays      = 60
)

type cardRow struct {
	Item, Short, Content, Topic, Creator, CreatorShort string
	Art                                                template.HTML
	Shows, Clicks, CTR, Rate, Published, Comment       string
	rate                                               float64
	RateMeter, Marker                                  string // of a bar, and where the mean of all stands on it
	Above                                              bool   // the mean
	PublishedMS                                        int64
	RateNumber, CTRNumber                              string // to sort by
	Hidden                                             bool
	Place                                              int // from 1, in the list; 0 for none
}

type cardsBody struct {
	Query, Order string
	List         bool // a table, not a gallery
	Rows         []cardRow
	Mean         string
	Next, CSV    string
	Gallery      string // addresses of the same as a gallery and as a table
	Table        string
	Empty        bool
	Hint         string
}

// rateScale is how many times the mean rate fills a bar, unless a card of the list has more.
const rateScale = 4

// rateBars puts the bars of a list on one scale.
func (s *site) rateBars(rows []cardRow) {
	mean, scale := s.more.MeanRate(), .1
	if mean > 0 {
		scale = min(rateScale*mean, 1)
	}
	for k := range rows {
		scale = max(scale, rows[k].rate)
	}
	for k := range rows {
		row := &rows[k]
		if row.RateMeter = meter(row.rate / scale); mean > 0 {
			row.Marker, row.Above = meter(mean/scale), row.rate > mean
		}
	}
}

func (s *site) cardRow(v *ItemView) cardRow {
	row := cardRow{Item: v.Item, Short: shortID(v.Item), Content: v.Content, Topic: topicText(v.Content), Creator: v.Creator, CreatorShort: shortID(v.Creator), Art: coverArt(v.Content, v.Creator, v.Item),
		Shows: numberText(v.Shows, 6), Clicks: numberText(v.Clicks, 6), CTR: "–", CTRNumber: "-1", Rate: shareText(v.Rate), RateNumber: numberText(v.Rate, 6), PublishedMS: v.PublishedMS, Comment: v.Comment, Hidden: v.Hidden, rate: v.Rate}
	if v.Shows > 0 {
		row.CTR, row.CTRNumber = shareText(v.Clicks/v.Shows), numberText(v.Clicks/v.Shows, 6)
	}
	if v.PublishedMS > 0 {
		row.Published = agoText(v.PublishedMS, s.now().In(s.zone))
	}
	return row
}

// scoredItems are items by their scores, with what is known of them.
func (s *site) scoredItems(ctx context.Context, list []Scored) ([]ItemView, error) {
	items := make([]ItemView, 0, len(list))
	for _, one := range list {
		switch v, err := s.b.Item(ctx, one.Item); {
		case err == nil:
			items = append(items, *v)
		case !errors.Is(err, ErrUnknownItem): // else it went meanwhile
			return nil, err
		}
	}
	return items, nil
}

func (s *site) scoredRows(r *http.Request, list []Scored) ([]cardRow, error) {
	items, err := s.scoredItems(r.Context(), list)
	rows := make([]cardRow, len(items))
	for k := range items {
		rows[k] = s.cardRow(&items[k])
	}
	s.rateBars(rows)
	return rows, err
}

// cardsList is a list of cards: those that hold the query, or all in an order.
type cardsList struct{ query, order string }

func (l *cardsList) settle() {
	switch {
	case l.query != "" || l.order == "all":
		l.order = "all"
	case l.order != "latest":
		l.order = "popular"
	}
}

// cardsOf gives n cards of a list, and where it goes on.
func (s *site) cardsOf(ctx context.Context, l cardsList, after string, n int) (items []ItemView, next string, err error) {
	if l.order == "all" {
		return s.b.Items(ctx, l.query, after, n)
	}
	offset, err := strconv.Atoi(after)
	if err != nil || offset < 0 {
		offset = 0
	}
	list := s.b.Popular
	if l.order == "latest" {
		list = s.b.Latest
	}
	scored, err := list(ctx, n, offset, nil, "")
	if err != nil {
		return nil, "", err
	}
	if len(scored) == n {
		next = strconv.Itoa(offset + n)
	}
	items, err = s.scoredItems(ctx, scored)
	return items, next, err
}

func (s *site) cards(r *http.Request) (*reply, error) {
	list := cardsList{query: strings.TrimSpace(r.FormValue("q")), order: r.FormValue("order")}
	list.settle()
	body := &cardsBody{Query: list.query, Order: list.order, List: r.FormValue("view") == "list", Hint: itemHint(r)}
	if mean := s.more.MeanRate(); mean > 0 {
		body.Mean = shareText(mean)
	}
	after := r.FormValue("after")
	items, next, err := s.cardsOf(r.Context(), list, after, cardRowsShown)
	if err != nil {
		return nil, err
	}
	place, _ := strconv.Atoi(after) // 0 where the cursor is none of places
	for k := range items {
		row := s.cardRow(&items[k])
		if list.order != "all" {
			row.Place = place + k + 1
		}
		body.Rows = append(body.Rows, row)
	}
	s.rateBars(body.Rows)
	address := func(path string, more ...string) string {
		v := url.Values{"order": {list.order}}
		if list.query != "" {
			v.Set("q", list.query)
		}
		for k := 0; k+1 < len(more); k += 2 {
			if more[k+1] != "" {
				v.Set(more[k], more[k+1])
			}
		}
		return path + "?" + v.Encode()
	}
	view := ""
	if body.List {
		view = "list"
	}
	if next != "" {
		body.Next = address("/cards", "after", next, "view", view)
	}
	body.CSV, body.Gallery, body.Table = address("/cards.csv"), address("/cards", "after", after), address("/cards", "after", after, "view", "list")
	body.Empty = len(body.Rows) == 0 && s.b.Stats().Items == 0
	return &reply{template: "cards", title: "Cards", nav: "/cards", body: body}, nil
}

// cardBody is one card's page.
type cardBody struct {
	cardRow
	Versus     string // the rate beside that of all
	Facts      []cardFact
	Categories []string
	Life       *lifeView
	LifeNote   string // what the days leave out
	Similar    []cardRow
	NoSimilar  string
}

// cardFact is what a card is; others that are so as well stand at To.
type cardFact struct {
	Name, Value, To string
	ID              bool // Value is an id
}

func (s *site) cardFacts(v *ItemView) []cardFact {
	found := func(q string) string { return "/cards?" + url.Values{"q": {q}}.Encode() }
	facts := []cardFact{{Name: "Known as", Value: v.Item, ID: true}, {Name: "Topic", Value: topicText(v.Content)}}
	if v.Content != "" {
		facts[1].To = found(v.Content)
		if topicText(v.Content) != v.Content {
			facts = append(facts, cardFact{Name: "Within", Value: strings.ReplaceAll(v.Content, ",", " › ")})
		}
	}
	if v.Creator != "" {
		facts = append(facts, cardFact{"Creator", v.Creator, found(v.Creator), true})
	}
	if v.Type != nil {
		facts = append(facts, cardFact{Name: "Kind", Value: kindText(*v.Type)})
	}
	for _, of := range []cardFact{{Name: "Song", Value: v.Song, ID: true}, {Name: "Artist", Value: v.Artist, ID: true}, {Name: "Subject", Value: v.Talk, ID: true}, {Name: "Comment", Value: v.Comment}} {
		if of.Value != "" {
			facts = append(facts, of)
		}
	}
	if v.PublishedMS > 0 {
		facts = append(facts, cardFact{Name: "Published", Value: time.UnixMilli(v.PublishedMS).In(s.zone).Format("2 January 2006")})
	}
	return facts
}

// kindText is a type of the reference log in words.
func kindText(kind int) string {
	switch kind {
	case 1:
		return "pictures"
	case 2:
		return "video"
	}
	return "type " + strconv.Itoa(kind)
}

func (s *site) card(r *http.Request) (*reply, error) {
	ctx, id := r.Context(), r.FormValue("id")
	v, err := s.b.Item(ctx, id)
	if err != nil {
		return nil, err
	}
	body := &cardBody{cardRow: s.cardRow(v), Categories: v.Categories, Facts: s.cardFacts(v)}
	if mean := s.more.MeanRate(); mean > 0 {
		body.Versus = timesText(v.Rate/mean) + " the mean of all cards, " + shareText(mean)
	}
	var published time.Time
	if v.PublishedMS > 0 {
		published = time.UnixMilli(v.PublishedMS).In(s.zone)
	}
	days, err := s.more.ItemDays(ctx, id, lifeDays)
	if err != nil {
		return nil, err
	}
	body.Life = lifeOf(days, s.more.MeanRate(), published)
	told := 0
	for _, d := range days {
		told += d.Shows
	}
	if all := int(v.Shows + .5); told < all && len(days) > 0 {
		body.LifeNote = "These days have " + countText(told) + " of its " + countOf(all, "show") + ": those before are not told, or not in time."
	}
	alike, err := s.b.Similar(ctx, id, similarShown, nil, "")
	switch {
	case errors.Is(err, ErrNotReady):
		body.NoSimilar = "Nothing tells yet which cards are like this one: no model is in use."
	case err != nil:
		return nil, err
	case len(alike) == 0:
		body.NoSimilar = "No card was seen to be like this one: too few people did anything with it."
	}
	if body.Similar, err = s.scoredRows(r, alike); err != nil {
		return nil, err
	}
	return &reply{template: "card", title: "Card " + body.Short, nav: "/cards", body: body}, nil
}
