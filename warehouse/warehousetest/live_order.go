package warehousetest

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seguefeed/segue/warehouse"
)

// testLiveOrder sends random events of few users on few cards, with everything that may meet, once in the order of time and at once, and once in
// another order and cut into batches at random: the warehouses answer alike.
func testLiveOrder(t *testing.T, open func(t *testing.T) warehouse.Warehouse) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 1))
		rows := randomRows(r, 150)
		inTime := loaded(t, open)
		appendLive(t, inTime, rows...)
		r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		mixed := loaded(t, open)
		for left := rows; len(left) > 0; {
			n := min(len(left), 1+r.IntN(40))
			appendLive(t, mixed, left[:n]...)
			left = left[n:]
		}
		want, got := byKeys(t, inTime), byKeys(t, mixed)
		same(t, "what there is to ask of", slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)), nil)
		for name := range want {
			same(t, fmt.Sprint("seed ", seed, ", ", name), want[name], got[name], nil)
		}
		if seed == 0 && len(want["history of u1"].([]string)) < 8 {
			t.Errorf("the random events leave u1 with %v: they show too little", want["history of u1"])
		}
	}
}

// randomRows are n events at moments of their own on days 28 to 30.
func randomRows(r *rand.Rand, n int) []warehouse.LiveRow {
	kinds := []warehouse.LiveKind{warehouse.LiveImpression, warehouse.LiveImpression, warehouse.LiveImpression, warehouse.LiveClick, warehouse.LiveClick, warehouse.LiveSwipe,
		warehouse.LiveSwipe, warehouse.LiveLike, warehouse.LiveComment, warehouse.LiveReadComments, warehouse.LiveShare, warehouse.LiveVisit, warehouse.LiveView,
		warehouse.LiveView, warehouse.LiveFollow, warehouse.LiveUndo, warehouse.LiveUser, warehouse.LiveCard}
	when := r.Perm(2 * 24 * 60)[:n]
	slices.Sort(when)
	rows := make([]warehouse.LiveRow, n)
	for i := range rows {
		rows[i] = warehouse.LiveRow{Kind: kinds[r.IntN(len(kinds))], AtMS: at(28, 20, 0) + int64(when[i])*30_000, User: fmt.Sprint("u", 1+r.IntN(3)), Card: fmt.Sprint("c", 1+r.IntN(4)),
			Request: []string{"", "a", "b"}[r.IntN(3)], Slot: int32(r.IntN(4)) - 1, From: fmt.Sprint("c", 1+r.IntN(4)), Value: float64(r.IntN(9)),
			Profile: &warehouse.LiveProfile{Age: int32(r.IntN(40)) - 1, Months: -1, Follows: int32(r.IntN(9)) - 1, Province: []string{"", "bei jing"}[r.IntN(2)]},
			Traits:  &warehouse.LiveTraits{Type: int32(r.IntN(3)) - 1, Hidden: r.IntN(4) == 0, Creator: []string{"", "k1", "k2"}[r.IntN(3)]}}
		switch {
		case rows[i].Kind == warehouse.LiveUndo:
			rows[i].Type = []string{"", "click", "view", "stars"}[r.IntN(4)]
		case i == n/2:
			rows[i].Kind = warehouse.LiveUserDeleted
			rows[i].User = "u3"
		}
	}
	return rows
}

// byKeys are answers that do not hang on the numbers of users and cards.
func byKeys(t *testing.T, w warehouse.Warehouse) map[string]any {
	t.Helper()
	ctx := context.Background()
	out := map[string]any{}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	users, err := w.UserKeys(ctx)
	must(err)
	profiles, err := w.Profiles(ctx)
	must(err)
	for i, key := range users {
		if key[0] != 'u' {
			continue // she was deleted
		}
		out["history of "+key] = history(t, w, key)
		out["profile of "+key] = fmt.Sprint(profiles.Listed[i], profiles.Province[i], profiles.Age[i], profiles.Follows[i], profiles.Gender[i])
	}
	keys, err := w.CardKeys(ctx)
	must(err)
	cards, err := w.Cards(ctx)
	must(err)
	for i, key := range keys {
		out["card "+key] = fmt.Sprint(cards.Listed[i], cards.Published[i], cards.Type[i], cards.Creator[i])
	}
	days, err := w.CardDays(ctx, day(1), day(30))
	must(err)
	for _, d := range days {
		name := fmt.Sprint("card day ", keys[d.Card], " ", d.Day)
		d.Card = 0
		out[name] = d
	}
	use, err := w.UseByDay(ctx)
	must(err)
	triples, err := w.UserTriples(ctx)
	must(err)
	sizes, err := w.SessionSizes(ctx)
	must(err)
	swipes, err := w.SwipeTotals(ctx)
	must(err)
	out["days"], out["triples"], out["sessions"], out["swipes"] = use, triples, sizes, swipes
	return out
}
