package warehousetest

import (
	"context"
	"errors"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/seguefeed/segue/warehouse"
)

// testTold asks for what the live log said that no row of an impression holds.
func testTold(t *testing.T, open func(t *testing.T) warehouse.Warehouse) {
	ctx := context.Background()
	w := loaded(t, open)
	told := func() (cards []warehouse.ToldCard, users []warehouse.ToldUser, feedback []warehouse.ToldFeedback, deleted []warehouse.ToldDeleted) {
		t.Helper()
		var errs [4]error
		cards, errs[0] = w.ToldCards(ctx)
		users, errs[1] = w.ToldUsers(ctx)
		errs[2] = w.Feedback(ctx, func(rows []warehouse.ToldFeedback) error { feedback = append(feedback, rows...); return nil })
		deleted, errs[3] = w.Deleted(ctx)
		if err := errors.Join(errs[:]...); err != nil {
			t.Fatal(err)
		}
		return cards, users, feedback, deleted
	}
	if c, u, f, d := told(); len(c)+len(u)+len(f)+len(d) > 0 {
		t.Errorf("before anything was said: %v, %v, %v, %v", c, u, f, d)
	}
	card := func(kind warehouse.LiveKind, minute int, key, note string, traits warehouse.LiveTraits) warehouse.LiveRow {
		if traits.Type == 0 {
			traits.Type = -1
		}
		return warehouse.LiveRow{Kind: kind, AtMS: at(5, 8, minute), Card: key, Note: note, Traits: &traits}
	}
	user := func(minute int, key, note, labels string) warehouse.LiveRow {
		return warehouse.LiveRow{Kind: warehouse.LiveUser, AtMS: at(5, 8, minute), User: key, Note: note, Profile: &warehouse.LiveProfile{Age: -1, Months: -1, Follows: -1, Labels: labels}}
	}
	stars := func(minute int, user, card, kind string, value float64, note string) warehouse.LiveRow {
		r := did(warehouse.LiveFeedback, at(5, 8, minute), user, card, "")
		r.Type, r.Value, r.Note = kind, value, note
		return r
	}
	undo := did(warehouse.LiveUndo, at(5, 8, 30), "u1", "c2", "")
	undo.Type = "stars"
	appendLive(t, w,
		card(warehouse.LiveCard, 1, "c1", "first", warehouse.LiveTraits{Talk: "cats", Categories: []string{"a", "b"}, Labels: "{}", PublishedMS: at(2, 3, 4)}),
		card(warehouse.LiveCard, 9, "c1", "", warehouse.LiveTraits{Hidden: true, Categories: []string{"b"}, Song: "new song"}),
		card(warehouse.LiveCard, 5, "c1", "late", warehouse.LiveTraits{Labels: `{"late":1}`}), // said before the one above, which took its place
		card(warehouse.LiveCard, 1, "c2", "", warehouse.LiveTraits{Labels: "{}"}), card(warehouse.LiveCardDeleted, 2, "c2", "", warehouse.LiveTraits{}),
		card(warehouse.LiveCardDeleted, 1, "again", "", warehouse.LiveTraits{}), card(warehouse.LiveCard, 2, "again", "new", warehouse.LiveTraits{Talk: "cats", Labels: "{}"}),
		user(1, "u1", "", "{}"), user(2, "u1", "words", `{"x":1}`), user(1, "gone", "g", ""),
		stars(1, "u1", "c1", "stars", 2, "two"), stars(2, "u1", "c1", "stars", 3, ""), stars(1, "u1", "c1", "hearts", 1, ""), stars(1, "u1", "c2", "stars", 1, ""), undo,
		stars(1, "gone", "c1", "stars", 1, ""),
		warehouse.LiveRow{Kind: warehouse.LiveUserDeleted, AtMS: at(5, 9, 0), User: "gone"})
	keys, err := w.CardKeys(ctx)
	if err != nil {
		t.Fatal(err)
	}
	userKeys, err := w.UserKeys(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cards, users, feedback, deleted := told()
	byCard := map[string]warehouse.ToldCard{}
	for _, c := range cards {
		key := keys[c.Card]
		c.Card = 0
		byCard[key] = c
	}
	same(t, "cards", map[string]warehouse.ToldCard{
		"c1":    {AtMS: at(5, 8, 9), Hidden: true, PublishedMS: at(2, 3, 4), FirstMS: at(5, 8, 1), Categories: []string{"b"}},
		"c2":    {AtMS: at(5, 8, 2), Deleted: true},
		"again": {AtMS: at(5, 8, 2), FirstMS: at(5, 8, 2), Talk: "cats", Labels: "{}", Note: "new"},
	}, byCard, nil)
	u1, c1 := users[0].User, feedback[0].Card
	if userKeys[u1] != "u1" || keys[c1] != "c1" {
		t.Errorf("user %q, card %q", userKeys[u1], keys[c1])
	}
	same(t, "users", []warehouse.ToldUser{{User: u1, AtMS: at(5, 8, 2), Labels: `{"x":1}`, Note: "words"}}, users, nil)
	same(t, "feedback", []warehouse.ToldFeedback{{User: u1, Card: c1, Type: "hearts", Value: 1, AtMS: at(5, 8, 1)}, {User: u1, Card: c1, Type: "stars", Value: 5, AtMS: at(5, 8, 2)}}, feedback, nil)
	same(t, "deleted", []warehouse.ToldDeleted{{KeyHash: xxhash.Sum64String("gone"), AtMS: at(5, 9, 0)}}, deleted, nil)
	table, err := w.Cards(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for i, key := range keys {
		want := map[string]string{"c1": "new song", "c3": "s2"}[key] // nothing was said of c3
		if k := table.Song[i]; k >= 0 && table.Songs[k] != want || k < 0 && want != "" {
			t.Errorf("card %s has song %d of %v, want %q", key, k, table.Songs, want)
		}
		if k := table.Artist[i]; k >= 0 && table.Artists[k] != "a1" {
			t.Errorf("card %s has artist %d of %v", key, k, table.Artists)
		}
	}
	stop := errors.New("enough")
	if err := w.Feedback(ctx, func([]warehouse.ToldFeedback) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error of each: %v", err)
	}
}
