package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/seguefeed/segue/stream"
)

// From nothing: no model, no items, no users. Pages are empty, questions have answers or errors of their own, and the first item is on the next page.
func TestEngineFromNothing(t *testing.T) {
	ctx := context.Background()
	r := newRig(t, rigOf{})
	q := FeedRequest{User: "first", Exclude: []string{"x"}, BlockedCreators: []string{"y"}, Categories: []string{"z"}, Explain: true, Session: []stream.Event{r.did(stream.Click, "u", "x")}}
	if p := r.page(q); len(p.Cards) != 0 || p.Cards == nil || p.Model != "" {
		t.Errorf("a page of nothing: %+v", p)
	}
	if h := r.Health(); !h.Ready || !h.Events || !strings.Contains(strings.Join(h.Reasons, "; "), "catalogue is empty") {
		t.Errorf("%+v", h)
	}
	_, errUser := r.User(ctx, "nobody", 5)
	_, _, errProfile := r.Profile(ctx, "nobody")
	_, errItem := r.Item(ctx, "nothing")
	_, _, errCard := r.Card(ctx, "nothing")
	_, errSimilar := r.Similar(ctx, "nothing", 5, nil, "")
	_, errDays := r.ItemDays(ctx, "nothing", 5)
	for _, e := range []struct{ got, want error }{{errUser, ErrUnknownUser}, {errProfile, ErrUnknownUser}, {errItem, ErrUnknownItem}, {errCard, ErrUnknownItem}, {errSimilar, ErrUnknownItem}, {errDays, ErrUnknownItem}} {
		if !errors.Is(e.got, e.want) {
			t.Errorf("%v; %v is expected", e.got, e.want)
		}
	}
	for name, list := range map[string]func() (int, error){
		"latest":  func() (int, error) { l, err := r.Latest(ctx, 5, 0, nil, "nobody"); return len(l), err },
		"popular": func() (int, error) { l, err := r.Popular(ctx, 5, 0, []string{"c"}, ""); return len(l), err },
		"near":    func() (int, error) { l, err := r.Neighbours(ctx, "nobody", 5); return len(l), err },
		"users":   func() (int, error) { l, _, err := r.Users(ctx, "", "", 5); return len(l), err },
		"items":   func() (int, error) { l, _, err := r.Items(ctx, "", "", 5); return len(l), err },
		"models":  func() (int, error) { l, err := r.Models(ctx); return len(l), err },
		"fed":     func() (int, error) { l, _, err := r.Feedback(ctx, FeedbackFilter{N: 5}); return len(l), err },
		"some":    func() (int, error) { l, err := r.SomeUsers(ctx, 5); return len(l), err },
	} {
		if n, err := list(); n != 0 || err != nil {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
	if err := r.Activate(ctx, "x", true); !errors.Is(err, ErrUnknownModel) {
		t.Errorf("activating nothing: %v", err)
	}
	if s := r.Stats(); s.Items != 0 || s.Impressions != 0 {
		t.Errorf("%+v", s)
	}
	if taken, err := r.Append(ctx, nil); err != nil || taken != (Taken{}) {
		t.Errorf("no events: %+v, %v", taken, err)
	}

	r.send(r.did(stream.Item, "", "one", ofCard(stream.Card{})))
	if p := r.page(FeedRequest{User: "first"}); len(p.Cards) != 1 || p.Cards[0].Item != "one" {
		t.Errorf("the first item: %+v", p.Cards)
	}
	r.send(r.did(stream.Click, "first", "one"))
	if p := r.page(FeedRequest{User: "first"}); len(p.Cards) != 0 {
		t.Errorf("she clicked all there is: %+v", p.Cards)
	}
	if p := r.page(FeedRequest{User: "second"}); len(p.Cards) != 1 {
		t.Errorf("somebody else: %+v", p.Cards)
	}
	r.send(r.did(stream.ItemDeleted, "", "one"))
	if p := r.page(FeedRequest{User: "second"}); len(p.Cards) != 0 {
		t.Errorf("nothing is left: %+v", p.Cards)
	}
}

// An event that cannot be taken is named by its place, and nothing of its batch is taken.
func TestEngineNamesTheWrongEvent(t *testing.T) {
	r := newRig(t, rigOf{log: newLog(1, false)})
	bad := r.did(stream.Click, "u", "")
	_, err := r.Append(context.Background(), []stream.Event{r.did(stream.Click, "u", "a"), bad, r.did(stream.Click, "u", "b")})
	var of *EventError
	var field *stream.FieldError
	if !errors.As(err, &of) || of.Index != 1 || !errors.As(err, &field) || field.Field != "item" {
		t.Errorf("%v", err)
	}
	if s := r.log.Status(); s.Last != 0 {
		t.Errorf("%d events are in the log", s.Last)
	}
}

// Events come again, late and in any order: each counts once, and what is believed at the end is the same.
func TestEngineLateAndDoubleEvents(t *testing.T) {
	ctx := context.Background()
	r := newRig(t, rigOf{model: "a", log: newLog(1, false), engine: calm})
	var events []stream.Event
	p := r.page(FeedRequest{User: "orderly", Silent: true})
	for k, c := range p.Cards {
		events = append(events, r.did(stream.Impression, "orderly", c.Item, onPage(p, k)))
		if k%3 == 0 {
			events = append(events, r.did(stream.Click, "orderly", c.Item, onPage(p, k)), r.did(stream.Like, "orderly", c.Item, onPage(p, k)))
		}
	}
	of := func(user string) []stream.Event {
		own := slices.Clone(events)
		for k := range own {
			own[k].User, own[k].ID = user, user+" "+own[k].ID
		}
		return own
	}
	if taken := r.send(of("orderly")...); taken != (Taken{Accepted: len(events)}) {
		t.Errorf("%+v of %d events", taken, len(events))
	}
	late := of("late")
	slices.Reverse(late)
	r.clock.pass(time.Hour)
	for k := range late { // one by one, each twice, and each once more in a batch of its own twice
		if a, b := r.send(late[k]), r.send(late[k]); a.Accepted != 1 || a.Duplicates != 0 || b.Accepted != 0 || b.Duplicates != 1 {
			t.Fatalf("%+v, then %+v", a, b)
		}
	}
	if taken := r.send(append(late, late...)...); taken != (Taken{Duplicates: 2 * len(late)}) {
		t.Errorf("all again, twice: %+v", taken)
	}
	fresh := r.did(stream.Impression, "late", "card 1")
	fresh.User = "other"
	if taken := r.send(fresh, fresh); taken != (Taken{Accepted: 1, Duplicates: 1}) {
		t.Errorf("one event twice in a batch: %+v", taken)
	}
	orderly, err := r.User(ctx, "orderly", 100)
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.User(ctx, "late", 100)
	if err != nil {
		t.Fatal(err)
	}
	got.User = orderly.User
	if diff := gocmp.Diff(orderly, got); diff != "" || got.Clicks != 4 || got.Impressions != 10 { // slots 0, 3, 6 and 9
		t.Errorf("%d clicks of %d impressions (-orderly +late):\n%s", got.Clicks, got.Impressions, diff)
	}
	seed := uint64(1)
	if diff := gocmp.Diff(r.page(FeedRequest{User: "orderly", Seed: &seed}).items(), r.page(FeedRequest{User: "late", Seed: &seed}).items()); diff != "" {
		t.Errorf("the next page (-orderly +late):\n%s", diff)
	}
}

// Many senders, each event sent by two of them: all are stored once, and of each one sender is told that it is new.
func TestEngineManySenders(t *testing.T) {
	r := newRig(t, rigOf{model: "a", log: newLog(1, false)})
	const senders, batches, size = 8, 10, 5
	var all sync.WaitGroup
	var accepted, duplicates atomic.Int64
	for s := range senders {
		all.Go(func() {
			for b := range batches {
				var batch []stream.Event
				for k := range size {
					batch = append(batch, stream.Event{ID: fmt.Sprint(s/2, b, k), Kind: stream.Click, AtMS: r.clock.now().UnixMilli(), User: userKey(s / 2), Item: cardKey(b*size + k)})
				}
				taken, err := r.Append(context.Background(), batch)
				if err != nil {
					t.Error(err)
				}
				accepted.Add(int64(taken.Accepted))
				duplicates.Add(int64(taken.Duplicates))
				if _, err := r.Feed(context.Background(), FeedRequest{User: userKey(s / 2), N: 5}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if a, d := accepted.Load(), duplicates.Load(); a != senders/2*batches*size || d != a { // each came twice
		t.Errorf("senders were told of %d new events and %d that came again; %d of each were sent", a, d, senders/2*batches*size)
	}
	ids := map[string]int{}
	if err := r.log.Read(context.Background(), 0, 0, func(events []stream.Stored) error {
		for _, e := range events {
			if e.Kind == stream.Click {
				ids[e.ID]++
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(ids) != senders/2*batches*size {
		t.Errorf("%d events are in the log; %d were sent", len(ids), senders/2*batches*size)
	}
	for id, n := range ids {
		if n != 1 {
			t.Errorf("%s is there %d times", id, n)
		}
	}
}

// A clock that is ahead does not keep off what is told later of a user or an item.
func TestEngineToldAhead(t *testing.T) {
	r := newRig(t, rigOf{model: "a", log: newLog(1, false)})
	ahead := r.did(stream.Item, "", "one", ofCard(stream.Card{}))
	ahead.AtMS += 3_600_000
	sent := ahead.AtMS
	events := []stream.Event{ahead}
	r.send(events...)
	if events[0].AtMS != sent {
		t.Error("the sender's event is changed")
	}
	r.send(r.did(stream.Item, "", "one", ofCard(stream.Card{Hidden: true})))
	if i, err := r.Item(t.Context(), "one"); err != nil || !i.Hidden {
		t.Errorf("%+v, %v", i, err)
	}
}

// While the log refuses, senders are told, pages go on, and health says why.
func TestEngineWhenEventsAreRefused(t *testing.T) {
	ctx := context.Background()
	r := newRig(t, rigOf{model: "a", log: newLog(1, false), engine: calm, stream: func(c *stream.Config) { c.MaxBytes = 64 << 10 }})
	if h := r.Health(); !h.Events || len(h.Reasons) > 0 {
		t.Fatalf("%+v", h)
	}
	var err error
	acked := 0
	for _, size := range []int{20, 1} { // when there is no room for 20, there may be for one
		err = nil
		for k := 0; err == nil && k < 1000; k++ {
			var batch []stream.Event
			for range size {
				batch = append(batch, r.did(stream.Impression, "filler", cardKey(k%logCards)))
			}
			if _, err = r.Append(ctx, batch); err == nil {
				acked += len(batch)
			}
		}
	}
	if !errors.Is(err, stream.ErrRefused) || acked == 0 {
		t.Fatalf("after %d events: %v", acked, err)
	}
	before := r.page(FeedRequest{User: userKey(1)})
	r.page(FeedRequest{User: "filler"})
	eventually(t, "health does not say that pages were lost", func() bool { return strings.Contains(strings.Join(r.Health().Reasons, "; "), "could not be logged") })
	h := r.Health()
	if !h.Ready || h.Events || !slices.Contains(h.Reasons, "events are refused: the log, or the disk that it is on, is full") {
		t.Errorf("%+v", h)
	}
	c := newClient(t, Config{Backend: r.Engine})
	if w := c.ask("POST", "/v1/events", strings.Replace(click, `"at_ms":5`, fmt.Sprintf(`"at_ms":%d`, r.clock.now().UnixMilli()), 1)); w.Code != 503 || !strings.Contains(w.Body.String(), `"detail":"new events are refused: the log, or the disk that it is on, is full"`) {
		t.Errorf("what a client is told: %d %s", w.Code, w.Body)
	}
	if _, err := r.Append(ctx, []stream.Event{r.did(stream.Click, userKey(1), before.Cards[0].Item)}); !errors.Is(err, stream.ErrRefused) {
		t.Errorf("one event more: %v", err)
	}
	if p := r.page(FeedRequest{User: userKey(1)}); !slices.Contains(p.items(), before.Cards[0].Item) {
		t.Errorf("a click that was refused counts")
	}

	if err := r.log.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Append(ctx, []stream.Event{r.did(stream.Click, userKey(1), "card 1")}); !errors.Is(err, stream.ErrClosed) {
		t.Errorf("when the log is closed: %v", err)
	}
	r.page(FeedRequest{User: userKey(1)})
}

// Served pages that find no room are counted, and no page waits for the log.
func TestEngineJournalDoesNotHoldPages(t *testing.T) {
	block := make(chan struct{})
	j := newJournal(slowLog{block}, slog.New(slog.DiscardHandler))
	for range journalRoom + 2*journalBatch {
		j.add(stream.Event{ID: "x"})
	}
	if lost := j.lost.Load(); lost < journalBatch {
		t.Errorf("%d lost; %d have no room", lost, journalBatch)
	}
	close(block)
	j.close()
	j.close()
	before := j.lost.Load()
	if j.add(stream.Event{ID: "late"}); j.lost.Load() != before+1 {
		t.Error("a page after the end is not counted as lost")
	}
}

// slowLog takes nothing until block is closed.
type slowLog struct{ block chan struct{} }

func (l slowLog) Append(_ context.Context, events []stream.Event) ([]uint64, error) {
	<-l.block
	return make([]uint64, len(events)), nil
}
