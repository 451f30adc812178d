// Cards: how each does, how it came and goes, and which are like it.

package server

import (
	"errors"
	"fmt"
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
	Shows, Clicks, Rate, RateMeter, Published, Comment string
	Hidden                                             bool
	Score                                              string
}

type cardsBody struct {
	Query, Order string
	Rows         []cardRow
	Next         string
	Empty        bool
	Hint         string
}

func (s *site) cardRow(v *ItemView) cardRow {
	row := cardRow{Item: v.Item, Short: shortID(v.Item), Content: v.Content, Topic: topicText(v.Content), Creator: v.Creator, CreatorShort: shortID(v.Creator), Art: coverArt(v.Content, v.Creator, v.Item),
		Shows: numberText(v.Shows, 6), Clicks: numberText(v.Clicks, 6), Rate: shareText(v.Rate), RateMeter: meter(v.Rate * 4), Comment: v.Comment, Hidden: v.Hidden}
	if v.PublishedMS > 0 {
		row.Published = agoText(v.PublishedMS, s.now().In(s.zone))
	}
	return row
}

// scoredRows are items by their scores, with what is known of them.
func (s *site) scoredRows(r *http.Request, list []Scored) ([]cardRow, error) {
	rows := make([]cardRow, 0, len(list))
	for _, one := range list {
		v, err := s.b.Item(r.Context(), one.Item)
		if errors.Is(err, ErrUnknownItem) {
			continue // it went meanwhile
		}
		if err != nil {
			return nil, err
		}
		row := s.cardRow(v)
		row.Score = numberText(one.Score, 2)
		rows = append(rows, row)
	}
	return rows, nil
}

func (s *site) cards(r *http.Request) (*reply, error) {
	ctx := r.Context()
	body := &cardsBody{Query: strings.TrimSpace(r.FormValue("q")), Order: r.FormValue("order")}
	next := url.Values{}
	if body.Query != "" || body.Order == "all" {
		body.Order = "all"
		items, on, err := s.b.Items(ctx, body.Query, r.FormValue("after"), cardRowsShown)
		if err != nil {
			return nil, err
		}
		for k := range items {
			body.Rows = append(body.Rows, s.cardRow(&items[k]))
		}
		if on != "" {
			next.Set("after", on)
			if body.Query != "" {
				next.Set("q", body.Query)
			}
		}
	} else {
		offset, err := strconv.Atoi(r.FormValue("from"))
		if err != nil || offset < 0 {
			offset = 0
		}
		list := s.b.Popular
		if body.Order == "latest" {
			list = s.b.Latest
		} else {
			body.Order = "popular"
		}
		scored, err := list(ctx, cardRowsShown, offset, nil, "")
		if err != nil {
			return nil, err
		}
		if body.Rows, err = s.scoredRows(r, scored); err != nil {
			return nil, err
		}
		if len(scored) == cardRowsShown {
			next.Set("from", strconv.Itoa(offset+cardRowsShown))
		}
	}
	if len(next) > 0 {
		next.Set("order", body.Order)
		body.Next = "/cards?" + next.Encode()
	}
	body.Hint = itemHint(r)
	body.Empty = len(body.Rows) == 0 && s.b.Stats().Items == 0
	return &reply{template: "cards", title: "Cards", nav: "/cards", body: body}, nil
}

// cardBody is one card's page.
type cardBody struct {
	cardRow
	Facts      []factRow
	Categories []string
	Life       *lifeView
	Similar    []cardRow
	NoSimilar  string
}

func (s *site) card(r *http.Request) (*reply, error) {
	ctx, id := r.Context(), r.FormValue("id")
	v, err := s.b.Item(ctx, id)
	if err != nil {
		return nil, err
	}
	body := &cardBody{cardRow: s.cardRow(v), Categories: v.Categories}
	body.Facts = []factRow{{"Known as", v.Item}, {"Topic", topicText(v.Content)}}
	if v.Content != "" && topicText(v.Content) != v.Content {
		body.Facts = append(body.Facts, factRow{"Content", v.Content})
	}
	if v.Creator != "" {
		body.Facts = append(body.Facts, factRow{"Creator", v.Creator})
	}
	if v.PublishedMS > 0 {
		body.Facts = append(body.Facts, factRow{"Published", time.UnixMilli(v.PublishedMS).In(s.zone).Format("2 January 2006")})
	}
	if v.Comment != "" {
		body.Facts = append(body.Facts, factRow{"Comment", v.Comment})
	}
	days, err := s.more.ItemDays(ctx, id, lifeDays)
	if err != nil {
		return nil, err
	}
	body.Life = lifeOf(days)
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

// lifeView is a card's life as a picture: a bar of shows a day, and in it the clicks.
type lifeView struct {
	Width, Height int
	Bars          []lifeBar
	Top           string // shows of the tallest bar
	From, To      string
	Summary       string
}

type lifeBar struct {
	X, Y, W, H, ClickY, ClickH string
	Title                      string
}

const (
	lifeWidth  = 640
	lifeHeight = 150
)

func lifeOf(days []ItemDay) *lifeView {
	if len(days) == 0 {
		return nil
	}
	first, last := days[0].Day, days[len(days)-1].Day
	span := int(last.Sub(first).Hours()/24+.5) + 1
	most, shows, clicks, best := 1, 0, 0, days[0]
	for _, d := range days {
		most = max(most, d.Shows)
		shows, clicks = shows+d.Shows, clicks+d.Clicks
		if d.Shows > best.Shows {
			best = d
		}
	}
	v := &lifeView{Width: lifeWidth, Height: lifeHeight, Top: countOf(most, "show"), From: first.Format("2 Jan"), To: last.Format("2 Jan")}
	step := min(float64(lifeWidth)/float64(span), 64)
	at := func(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }
	for _, d := range days {
		k := float64(int(d.Day.Sub(first).Hours()/24 + .5))
		h, c := float64(d.Shows)/float64(most)*lifeHeight, float64(min(d.Clicks, d.Shows))/float64(most)*lifeHeight
		v.Bars = append(v.Bars, lifeBar{X: at(k*step + step*.1), W: at(step * .8), Y: at(lifeHeight - h), H: at(h), ClickY: at(lifeHeight - c), ClickH: at(c),
			Title: fmt.Sprintf("%s: %s shows, %s clicks", d.Day.Format("2 January"), countText(d.Shows), countText(d.Clicks))})
	}
	v.Summary = countOf(shows, "show") + " and " + countOf(clicks, "click")
	if span == 1 {
		v.To, v.Summary = "", v.Summary+" on "+first.Format("2 January")
	} else {
		v.Summary += fmt.Sprintf(" between %s and %s; most on %s, with %s", v.From, v.To, best.Day.Format("2 January"), countOf(best.Shows, "show"))
	}
	v.Summary += "."
	if clicks > 0 {
		v.Summary += " " + shareText(float64(clicks)/float64(max(shows, 1))) + " of the shows were clicked."
	}
	return v
}
