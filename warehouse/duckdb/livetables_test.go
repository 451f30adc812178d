package duckdb

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seguefeed/segue/warehouse"
)

// What a sender calls feedback of its own, pages that were served and the senders' words are kept in tables that people and later questions read.
func TestLiveTables(t *testing.T) {
	ctx := t.Context()
	e := openWith(t)
	stars := func(seq uint64, atMS int64, typ string, value float64, replace bool) warehouse.LiveRow {
		return warehouse.LiveRow{Seq: seq, Kind: warehouse.LiveFeedback, AtMS: atMS, User: "u", Card: "c", Type: typ, Value: value, Replace: replace, Note: fmt.Sprint(seq)}
	}
	undo := func(seq uint64, atMS int64, typ string) warehouse.LiveRow {
		return warehouse.LiveRow{Seq: seq, Kind: warehouse.LiveUndo, AtMS: atMS, User: "u", Card: "c", Type: typ}
	}
	read := func(q string) []string { t.Helper(); return linesOf(t, e, q) }
	const feedback = "select user_key || ' ' || card_key || ' ' || type || ' ' || value || ' from ' || first_at_ms || ' to ' || last_at_ms || ', ' || note " +
		"from feedback join users using (user_id) join cards using (card_id) order by type"
	for _, step := range []struct {
		rows []warehouse.LiveRow
		want []string
	}{
		{[]warehouse.LiveRow{stars(1, 1000, "stars", 2, false), stars(2, 2000, "stars", 3, false)}, []string{"u c stars 5.0 from 1000 to 2000, 2"}},
		{[]warehouse.LiveRow{stars(3, 3000, "stars", 4, true), stars(4, 1000, "hearts", 1, false)}, []string{"u c hearts 1.0 from 1000 to 1000, 4", "u c stars 4.0 from 3000 to 3000, 3"}},
		{[]warehouse.LiveRow{stars(5, 2500, "stars", 9, false)}, []string{"u c hearts 1.0 from 1000 to 1000, 4", "u c stars 4.0 from 3000 to 3000, 3"}}, // late: before what took its place
		{[]warehouse.LiveRow{undo(6, 4000, "stars")}, []string{"u c hearts 1.0 from 1000 to 1000, 4"}},
		{[]warehouse.LiveRow{stars(7, 3500, "stars", 1, false), stars(8, 5000, "stars", 6, false)}, []string{"u c hearts 1.0 from 1000 to 1000, 4", "u c stars 6.0 from 5000 to 5000, 8"}},
		{[]warehouse.LiveRow{undo(9, 6000, "")}, nil},
	} {
		if err := e.AppendLive(ctx, warehouse.LiveBatches(warehouse.LiveBatch{Rows: step.rows})); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(step.want, read(feedback)); d != "" {
			t.Errorf("after event %d (-want +got)\n%s", step.rows[len(step.rows)-1].Seq, d)
		}
	}
	err := e.AppendLive(ctx, warehouse.LiveBatches(warehouse.LiveBatch{Rows: []warehouse.LiveRow{
		{Seq: 10, Kind: warehouse.LiveServed, AtMS: 7000, User: "u", Request: "r", Page: &warehouse.LivePage{Model: "m1", Cards: []warehouse.LiveServedCard{
			{Card: "a", Score: 2, Propensity: .75, By: "popular"}, {Card: "b", Score: 1, Propensity: .25, Explored: true, By: "fresh"}}}},
		{Seq: 11, Kind: warehouse.LiveCard, AtMS: 7000, Card: "a", Note: "n", Traits: &warehouse.LiveTraits{Type: -1, Talk: "cats", Categories: []string{`x "y"`, "z"}, Labels: `{"k":1}`}},
	}}))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"r m1 0 a 0.75 false popular", "r m1 1 b 0.25 true fresh"},
		read("select concat_ws(' ', request, model, slot, card_key, propensity, explored, source) from live_pages join cards using (card_id) order by slot")); d != "" {
		t.Errorf("pages (-want +got)\n%s", d)
	}
	if d := cmp.Diff([]string{`cats ["x \"y\"","z"] {"k":1} n `}, read("select concat_ws(' ', talk, categories, labels, note, '') || coalesce(talk_id::varchar, '') from live_traits join cards using (card_id)")); d != "" {
		t.Errorf("traits (-want +got)\n%s", d)
	}
}
