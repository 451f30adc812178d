package warehousetest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/warehouse"
)

// Answers asks a warehouse every question of the port about the days from..to and returns the answers by question, so that two warehouses can be
// held against each other. Of the list of loads it keeps nothing, since it tells how the rows came in.
func Answers(ctx context.Context, w warehouse.Warehouse, from, to time.Time) (map[string]any, error) {
	out := map[string]any{}
	var failed error
	put := func(name string, answer any, err error) {
		if err != nil && failed == nil {
			failed = fmt.Errorf("%s: %w", name, err)
		}
		out[name] = answer
	}
	answer(put, "Checks", func() ([]warehouse.DataCheck, error) { return checksOf(ctx, w) })
	answer(put, "UserPairs", func() ([]warehouse.UserPair, error) { return w.UserPairs(ctx) })
	answer(put, "WindowPairs", func() ([]warehouse.WindowPair, error) { return w.WindowPairs(ctx, 7) })
	answer(put, "UseByLevel", func() ([]warehouse.LevelUse, error) { return w.UseByLevel(ctx, .1) })
	answer(put, "TopClickers", func() ([]warehouse.Clicker, error) { return w.TopClickers(ctx, 50) })
	answer(put, "UsersByDaysActive", func() ([]warehouse.DaysActive, error) { return w.UsersByDaysActive(ctx) })
	answer(put, "Returns", func() ([]warehouse.Return, error) { return w.Returns(ctx) })
	answer(put, "Retention", func() ([]warehouse.CohortDay, error) { return w.Retention(ctx) })
	answer(put, "ActiveTwice", func() ([]warehouse.ActiveTwice, error) { return w.ActiveTwice(ctx, to, .1, .1) })
	answer(put, "SplitPairs", func() ([]warehouse.SplitPair, error) { return w.SplitPairs(ctx, to) })
	answer(put, "UseByContent", func() ([]warehouse.ContentUse, error) { return w.UseByContent(ctx, 6) })
	answer(put, "ContentBreadth", func() ([]warehouse.Breadth, error) { return w.ContentBreadth(ctx, 6) })
	answer(put, "UseByCardType", func() ([]warehouse.CardTypeUse, error) { return w.UseByCardType(ctx) })
	answer(put, "CreatorTotals", func() ([]warehouse.CreatorTotal, error) { return w.CreatorTotals(ctx) })
	answer(put, "UseByPosition", func() ([]warehouse.PositionUse, error) { return w.UseByPosition(ctx, 30) })
	answer(put, "SwipeTotals", func() (warehouse.SwipeTotals, error) { return w.SwipeTotals(ctx) })
	answer(put, "UserTriples", func() ([]warehouse.UserTriple, error) { return w.UserTriples(ctx) })
	answer(put, "UseByShow", func() ([]warehouse.ShowUse, error) { return w.UseByShow(ctx) })
	answer(put, "RepeatsWithinUsers", func() ([]warehouse.RepeatSums, error) { return w.RepeatsWithinUsers(ctx) })
	answer(put, "UseByAge", func() ([]warehouse.AgeUse, error) { return w.UseByAge(ctx, 30) })
	answer(put, "PublishedByDay", func() ([]warehouse.PublishedDay, error) { return w.PublishedByDay(ctx) })
	answer(put, "CreatorsWhoStop", func() ([]warehouse.CreatorStop, error) { return w.CreatorsWhoStop(ctx) })
	answer(put, "UsersByTraits", func() ([]warehouse.TraitUse, error) { return w.UsersByTraits(ctx, .1, 80) })
	answer(put, "UsersByMonths", func() ([]warehouse.MonthUse, error) { return w.UsersByMonths(ctx, .1) })
	for _, m := range []warehouse.Measure{warehouse.UserImpressions, warehouse.UserClicks, warehouse.UserFollows, warehouse.UserViewSeconds, warehouse.UserMeanPosition} {
		answer(put, fmt.Sprint("UsersByMeasure ", m), func() ([]warehouse.MeasureUse, error) { return w.UsersByMeasure(ctx, m, .1, 6) })
	}
	answer(put, "HoursByGroup", func() ([]warehouse.GroupHour, error) { return w.HoursByGroup(ctx) })
	answer(put, "SessionsByGroup", func() ([]warehouse.GroupSessions, error) { return w.SessionsByGroup(ctx) })
	answer(put, "ClicksByContent", func() ([]warehouse.ContentClicks, error) { return w.ClicksByContent(ctx, 6) })
	answer(put, "LifeByAge", func() ([]warehouse.AgeLife, error) { return w.LifeByAge(ctx, 30) })
	answer(put, "UseByDay", func() ([]warehouse.DayUse, error) { return w.UseByDay(ctx) })
	answer(put, "UseByHour", func() ([]warehouse.HourUse, error) { return w.UseByHour(ctx) })
	answer(put, "UsersByHour", func() ([]warehouse.HourUsers, error) { return w.UsersByHour(ctx) })
	answer(put, "SessionSizes", func() ([]warehouse.SessionSize, error) { return w.SessionSizes(ctx) })
	answer(put, "SessionsByHour", func() ([]warehouse.SessionHour, error) { return w.SessionsByHour(ctx) })
	answer(put, "Describe", func() (warehouse.Contents, error) {
		c, err := w.Describe(ctx)
		c.Loads = nil
		return c, err
	})
	columns(ctx, w, from, to, put)
	return out, failed
}

// answer puts what ask returns.
func answer[T any](put func(string, any, error), name string, ask func() (T, error)) {
	v, err := ask()
	put(name, v, err)
}

func checksOf(ctx context.Context, w warehouse.Warehouse) ([]warehouse.DataCheck, error) {
	checks, err := w.Checks(ctx)
	for i := range checks {
		checks[i].Examples = nil // any five
	}
	return checks, err
}

// columns puts the answers by id of users and cards.
func columns(ctx context.Context, w warehouse.Warehouse, from, to time.Time, put func(string, any, error)) {
	var histories []warehouse.Histories
	err := w.Histories(ctx, from, to, func(h *warehouse.Histories) error {
		histories = append(histories, *h)
		return nil
	})
	put("Histories", histories, err)
	var swipes []warehouse.SwipeLists
	err = w.SwipeLists(ctx, from, to, func(s *warehouse.SwipeLists) error {
		inOrder(s)
		swipes = append(swipes, *s)
		return nil
	})
	put("SwipeLists", swipes, err)
	answer(put, "LoggedDays", func() ([]int32, error) { return w.LoggedDays(ctx, from, to) })
	answer(put, "Profiles", func() (*warehouse.Profiles, error) { return w.Profiles(ctx) })
	answer(put, "WindowTotals", func() (*warehouse.WindowTotals, error) { return w.WindowTotals(ctx, from, to) })
	first, last, err := w.Spans(ctx)
	put("Spans", [][]int32{first, last}, err)
	use, err := w.CardUse(ctx, from, to)
	byCard := map[[2]int32][2]int32{}
	for _, u := range use {
		byCard[[2]int32{u.Card, u.Day}] = [2]int32{u.Impressions, u.Clicks}
	}
	put("CardUse", byCard, err)
	answer(put, "CardContents", func() ([]int16, error) { return w.CardContents(ctx) })
	answer(put, "SlotUse", func() ([]warehouse.SlotUse, error) { return w.SlotUse(ctx, from, to) })
	answer(put, "UserKeys", func() ([]string, error) { return w.UserKeys(ctx) })
	answer(put, "Cards", func() (*warehouse.Cards, error) { return w.Cards(ctx) })
	answer(put, "CardKeys", func() ([]string, error) { return w.CardKeys(ctx) })
	answer(put, "CardDays", func() ([]warehouse.CardDay, error) { return w.CardDays(ctx, from, to) })
}

// inOrder orders the rows of each list by card, time spent and what was done: files have them in an order of their own, and the live log in that of time.
func inOrder(s *warehouse.SwipeLists) {
	for k := range s.User {
		type row struct {
			card  int32
			flags warehouse.Flag
			view  float32
		}
		var rows []row
		for i := s.Start[k]; i < s.Start[k+1]; i++ {
			rows = append(rows, row{s.Card[i], s.Flags[i], s.ViewSeconds[i]})
		}
		slices.SortFunc(rows, func(a, b row) int {
			return cmp.Or(cmp.Compare(a.card, b.card), cmp.Compare(a.view, b.view), cmp.Compare(a.flags, b.flags))
		})
		for i, r := range rows {
			at := int(s.Start[k]) + i
			s.Card[at], s.Flags[at], s.ViewSeconds[at] = r.card, r.flags, r.view
		}
	}
}

// LiveRowsOf are the events of impressions, in the order of time, numbered from 1: the impressions, and one, two, ... milliseconds after each what the user did; the
// swipes at their own times. Each has a request of its own,
// since a log may show a card twice at one moment.
func LiveRowsOf(impressions []feedlog.Impression) []warehouse.LiveRow {
	var rows []warehouse.LiveRow
	for i := range impressions {
		r := &impressions[i]
		base := warehouse.LiveRow{User: r.UserID, Card: r.CardID, Request: fmt.Sprint("request ", i), Slot: r.Position}
		at := r.ShownAtMS
		add := func(row warehouse.LiveRow, kind warehouse.LiveKind, value float64) {
			row.Kind, row.AtMS, row.Value = kind, at, value
			rows = append(rows, row)
			at++
		}
		did := func(row warehouse.LiveRow, liked, commented, read, shared, visited bool, view float32) {
			for _, a := range []struct {
				did  bool
				kind warehouse.LiveKind
			}{{liked, warehouse.LiveLike}, {commented, warehouse.LiveComment}, {read, warehouse.LiveReadComments}, {shared, warehouse.LiveShare}, {visited, warehouse.LiveVisit}} {
				if a.did {
					add(row, a.kind, 0)
				}
			}
			if view == view {
				add(row, warehouse.LiveView, float64(view))
			}
		}
		add(base, warehouse.LiveImpression, 0)
		if r.Clicked {
			add(base, warehouse.LiveClick, 0)
		}
		did(base, r.Liked, r.Commented, r.ViewedComments, r.Shared, r.VisitedCreator, r.ViewSeconds)
		for k := range r.Swipes {
			s := &r.Swipes[k]
			row := base
			row.Card, row.Slot, row.From = s.CardID, s.Position, r.CardID
			at = s.SwipedAtMS
			add(row, warehouse.LiveSwipe, 0)
			row.From, row.Slot = "", -1
			at--
			did(row, s.Liked, s.Commented, s.ViewedComments, s.Shared, s.VisitedCreator, s.ViewSeconds)
		}
	}
	slices.SortStableFunc(rows, func(a, b warehouse.LiveRow) int { return cmp.Compare(a.AtMS, b.AtMS) })
	return Numbered(rows)
}

// Numbered numbers rows from 1.
func Numbered(rows []warehouse.LiveRow) []warehouse.LiveRow {
	for i := range rows {
		rows[i].Seq = uint64(i + 1)
	}
	return rows
}
