package server

// Recommendations, lists and health in the Gorse interface.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/seguefeed/segue/stream"
)

// gorseMaxDelay bounds write-back-delay.
const gorseMaxDelay = 10 * 365 * 24 * time.Hour

// recommend answers with a page's cards, most wanted first: their ids, or ids and scores in version 2 of the interface.
func (c *gorseCall) recommend() error {
	n, offset, err := c.page(MaxN, maxOffset)
	if err != nil {
		return err
	}
	writeBack, err := c.writeBack()
	if err != nil {
		return err
	}
	page := &FeedPage{}
	if n > 0 {
		r := FeedRequest{User: c.r.PathValue("user"), N: n, Offset: offset, Categories: c.categories(), Unread: true}
		if page, err = c.b.Feed(c.r.Context(), r); err != nil {
			return err
		}
	}
	if writeBack != nil && len(page.Cards) > 0 {
		// The page is served though the log should refuse, as all pages are; the header tells whoever looks.
		if err := c.store(c.r.Context(), writeBack(page), noName); err != nil {
			c.w.Header().Del("Retry-After")
			c.w.Header().Set("X-Write-Back", "not stored")
		}
	}
	if c.r.Header.Get("X-API-Version") == "2" {
		return c.json(cardScores(page))
	}
	ids := make([]string, len(page.Cards))
	for k := range page.Cards {
		ids[k] = page.Cards[k].Item
	}
	return c.json(ids)
}

// writeBack reads what is to be written back, and gives what makes the events of a page; nil if nothing is asked for.
func (c *gorseCall) writeBack() (events func(*FeedPage) []stream.Event, err error) {
	kind, text := c.query.Get("write-back-type"), c.query.Get("write-back-delay")
	var delay time.Duration
	if text != "" {
		delay, err = time.ParseDuration(text)
		if err != nil || delay < 0 || delay > gorseMaxDelay {
			return nil, badRequest("write-back-delay: %.40q; a duration such as 1h10m30s is expected", text)
		}
	}
	if kind == "" {
		return nil, nil
	}
	at := c.now().Add(delay).UnixMilli()
	event := func(request string, k int, item string) stream.Event {
		return stream.Event{ID: fmt.Sprintf("gorse-back-%s-%d", request, k), Kind: stream.Feedback, AtMS: at, User: c.r.PathValue("user"), Item: item, Type: kind}
	}
	if sample := event("", 0, "item"); sample.Check() != nil {
		return nil, sample.Check()
	}
	return func(page *FeedPage) []stream.Event {
		all := make([]stream.Event, len(page.Cards))
		for k := range page.Cards {
			all[k] = event(page.Request, k, page.Cards[k].Item)
		}
		return all
	}, nil
}

func cardScores(page *FeedPage) []gorseScore {
	scores := make([]gorseScore, len(page.Cards))
	for k := range page.Cards {
		scores[k] = gorseScore{page.Cards[k].Item, page.Cards[k].Score}
	}
	return scores
}

// session recommends to someone of whom only the body's feedback is known. As in Gorse it does not matter whose that is, and nothing is stored.
func (c *gorseCall) session() error {
	n, offset, err := c.page(MaxN, maxOffset)
	if err != nil {
		return err
	}
	rows, err := decodeRows[gorseFeedback](c, MaxEvents)
	if err != nil {
		return err
	}
	events, now := make([]stream.Event, len(rows)), c.now().UnixMilli()
	for k := range rows {
		if rows[k].UserId == "" {
			rows[k].UserId = "session"
		}
		events[k] = rows[k].event(c.eventID(k), now, false)
		if err := events[k].Check(); err != nil {
			return rowError(err, rowName(k))
		}
	}
	return c.silent(FeedRequest{N: n, Offset: offset, Categories: c.categories(), Session: events, Unread: true})
}

// collaborative is what the user would be recommended, asked for its scores: it is no page that she sees, and is not logged as one.
func (c *gorseCall) collaborative() error {
	n, offset, err := c.page(MaxN, maxOffset)
	if err != nil {
		return err
	}
	return c.silent(FeedRequest{User: c.r.PathValue("user"), N: n, Offset: offset, Categories: c.categories(), Unread: true})
}

func (c *gorseCall) silent(r FeedRequest) error {
	if r.N == 0 {
		return c.json([]gorseScore{})
	}
	r.Silent = true
	page, err := c.b.Feed(c.r.Context(), r)
	if err != nil {
		return err
	}
	return c.json(cardScores(page))
}

func (c *gorseCall) latest() error  { return c.list(c.b.Latest) }
func (c *gorseCall) popular() error { return c.list(c.b.Popular) }

// nonPersonalized answers lists that Gorse's settings would define by name: those that say they are of new items are the latest, all others the popular.
func (c *gorseCall) nonPersonalized() error {
	name := strings.ToLower(c.r.PathValue("name"))
	for _, word := range []string{"latest", "newest", "recent", "fresh", "new_"} {
		if strings.Contains(name, word) {
			return c.latest()
		}
	}
	return c.popular()
}

func (c *gorseCall) list(of func(ctx context.Context, n, offset int, categories []string, forUser string) ([]Scored, error)) error {
	n, offset, err := c.page(gorseMaxN, gorseMaxOffset)
	if err != nil {
		return err
	}
	if n == 0 {
		return c.json([]gorseScore{})
	}
	scored, err := of(c.r.Context(), n, offset, c.categories(), c.query.Get("user-id"))
	if err != nil {
		return err
	}
	return c.json(scoresOf(scored))
}

// similar and neighbours of what nobody knows are none, as in Gorse.
func (c *gorseCall) similar() error {
	return c.near(ErrUnknownItem, func(n int) ([]Scored, error) {
		return c.b.Similar(c.r.Context(), c.r.PathValue("item"), n, c.categories(), c.query.Get("user-id"))
	})
}

func (c *gorseCall) neighbours() error {
	return c.near(ErrUnknownUser, func(n int) ([]Scored, error) { return c.b.Neighbours(c.r.Context(), c.r.PathValue("user"), n) })
}

func (c *gorseCall) near(unknown error, of func(n int) ([]Scored, error)) error {
	n, offset, err := c.page(gorseMaxN, gorseMaxOffset)
	if err != nil {
		return err
	}
	scored := []Scored{}
	if n > 0 && offset < gorseMaxN {
		scored, err = of(min(n+offset, gorseMaxN))
		if err != nil && !errors.Is(err, unknown) {
			return err
		}
	}
	return c.json(scoresOf(scored[min(offset, len(scored)):]))
}

func (c *gorseCall) live() error  { return c.health(http.StatusOK) }
func (c *gorseCall) ready() error { return c.health(http.StatusServiceUnavailable) }

// health maps what Gorse calls the data store to the event log, and the cache store to all that pages need. unready is the status where they cannot be made.
func (c *gorseCall) health(unready int) error {
	h := c.b.Health()
	answer := gorseHealth{Ready: h.Ready, DataStoreConnected: h.Events, CacheStoreConnected: h.Ready}
	why := strings.Join(h.Reasons, "; ")
	if !h.Events {
		answer.DataStoreError = &why
	}
	if !h.Ready {
		answer.CacheStoreError = &why
		return c.jsonStatus(unready, answer)
	}
	return c.json(answer)
}
