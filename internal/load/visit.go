// What users do on a page.

package load

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"
)

// servedPage is what a visit reads of a page.
type servedPage struct {
	Request string `json:"request_id"`
	Cards   []struct {
		Item  string  `json:"item"`
		Slot  int     `json:"slot"`
		Click float64 `json:"click"`
	} `json:"cards"`
}

// event is what the driver sends.
type event struct {
	ID      string   `json:"id"`
	Kind    string   `json:"kind"`
	AtMS    int64    `json:"at_ms"`
	User    string   `json:"user"`
	Item    string   `json:"item"`
	Request string   `json:"request,omitempty"`
	Slot    *int     `json:"slot,omitempty"`
	Value   *float64 `json:"value,omitempty"`
}

func (d *driver) page(ctx context.Context, user string, due time.Time) (*servedPage, bool) {
	body, status, err := d.send(ctx, http.MethodGet, fmt.Sprintf("/v1/users/%s/feed?n=%d", url.PathEscape(user), d.c.N), nil)
	if !d.record(due, status, err, http.StatusOK) {
		return nil, false
	}
	if d.c.Kind != Visits {
		return nil, true
	}
	p := new(servedPage)
	return p, json.Unmarshal(body, p) == nil
}

// looked is the chance that a user looks at the next card, having looked at one.
const looked = .9

// done is what a user does on a page: she looks at cards from the top, and clicks some by the chance that the server gives them.
func (d *driver) done(rng *rand.Rand, user string, p *servedPage) []event {
	var out []event
	now := time.Now().UnixMilli()
	id := d.n.Add(1)
	add := func(kind string, k int, value *float64) {
		c := p.Cards[k]
		out = append(out, event{ID: fmt.Sprintf("load-%s-%d-%d", d.run, id, len(out)), Kind: kind, AtMS: now + int64(len(out)), User: user, Item: c.Item, Request: p.Request, Slot: &c.Slot, Value: value})
	}
	for k := range p.Cards {
		if k > 0 && rng.Float64() > looked {
			break
		}
		add("impression", k, nil)
		if rng.Float64() < p.Cards[k].Click {
			add("click", k, nil)
			seconds := 1 + 60*rng.ExpFloat64()
			add("view", k, &seconds)
		}
	}
	return out
}

// madeUp is a batch of events of nobody in particular: nine impressions and a click.
func (d *driver) madeUp(rng *rand.Rand) []event {
	out := make([]event, d.c.Batch)
	now, id := time.Now().UnixMilli(), d.n.Add(1)
	for k := range out {
		kind := "impression"
		if k%10 == 9 {
			kind = "click"
		}
		slot := k % 20
		out[k] = event{ID: fmt.Sprintf("load-%s-%d-%d", d.run, id, k), Kind: kind, AtMS: now, User: d.users[rng.IntN(len(d.users))], Item: d.items[rng.IntN(len(d.items))], Slot: &slot}
	}
	return out
}

func (d *driver) sendEvents(ctx context.Context, events []event, due time.Time) {
	if len(events) == 0 {
		return
	}
	body, err := json.Marshal(events)
	if err != nil {
		return
	}
	answer, status, err := d.send(ctx, http.MethodPost, "/v1/events", body)
	if !d.record(due, status, err, http.StatusOK) {
		return
	}
	var taken struct{ Accepted, Duplicates int }
	if json.Unmarshal(answer, &taken) != nil {
		return
	}
	if due.UnixNano() >= d.from.Load() {
		d.events.Add(int64(taken.Accepted))
	}
	if d.c.Acked != nil {
		ids := make([]string, len(events))
		for k, e := range events {
			ids[k] = e.ID
		}
		d.c.Acked(ids)
	}
}
