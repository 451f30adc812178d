package segue

import (
	"errors"
	"slices"
	"testing"

	"github.com/seguefeed/segue/warehouse"
)

// narrowed leaves out of a user's page what stands on it: a creator, a card, all contents but one.
func narrowed(t *testing.T, s *Segue, dir, user string) {
	t.Helper()
	page := func(opt ShowOptions) []ShownCard {
		t.Helper()
		opt.N = 20
		p, err := s.ShowPage(t.Context(), dir, "", user, opt)
		if err != nil {
			t.Fatal(err)
		}
		return p.Cards
	}
	whole := page(ShowOptions{Explain: true})
	for _, c := range whole {
		if c.Why == nil || len(c.Why.Of) == 0 {
			t.Fatalf("card %s has no explanation", c.Card)
		}
	}
	first := whole[slices.IndexFunc(whole, func(c ShownCard) bool { return c.Content != "" && c.Creator != "" })]
	for _, c := range page(ShowOptions{BlockedCreators: []string{first.Creator}}) {
		if c.Creator == first.Creator || c.Why != nil {
			t.Errorf("without creator %s the page has %+v", first.Creator, c)
		}
	}
	for _, c := range page(ShowOptions{Exclude: []string{whole[0].Card, first.Card}}) {
		if c.Card == whole[0].Card || c.Card == first.Card {
			t.Errorf("card %s was to be left out", c.Card)
		}
	}
	only := page(ShowOptions{Contents: []string{first.Content}})
	if len(only) == 0 {
		t.Errorf("there is no card of content %s, which was on the page", first.Content)
	}
	for _, c := range only {
		if c.Content != first.Content {
			t.Errorf("card %s is of content %q, not %q", c.Card, c.Content, first.Content)
		}
	}
	for kind, opt := range map[Known]ShowOptions{KnownCreator: {BlockedCreators: []string{first.Card}}, KnownContent: {Contents: []string{first.Content, "7"}}, KnownCard: {Exclude: []string{first.Creator}}} {
		opt.N = 5
		_, err := s.ShowPage(t.Context(), dir, "", user, opt)
		var u *UnknownError
		if !errors.As(err, &u) || u.Kind != kind || u.Of == 0 || len(u.Some) == 0 {
			t.Errorf("of a wrong %s: %v", kind, err)
		}
	}
}

func TestContentCodes(t *testing.T) {
	contents := []warehouse.ContentName{{Key: "1,10,100", Levels: [3]int32{1, 10, 100}}, {Key: "1,10,101", Levels: [3]int32{1, 10, 101}}, {Key: "2,20,200", Levels: [3]int32{2, 20, 200}}, {Key: "10", Levels: [3]int32{-1, -1, -1}}, {Key: "music", Levels: [3]int32{-1, -1, -1}}}
	for name, want := range map[string][]int32{
		"1,10,101":    {1},
		"content 200": {2}, // as reasons say
		" 1 ":         {0, 1},
		"101":         {1},
		"10":          {3}, // a spelling goes before a level
		"music":       {4},
		"-1":          nil, // no level is no name
		"":            nil,
		"content":     nil,
		"Music":       nil,
	} {
		if got := ContentCodes(contents, name); !slices.Equal(got, want) {
			t.Errorf("%q stands for %v, want %v", name, got, want)
		}
	}
}
