// The page a user would get now, what is to be left out of it, and why its cards stand there.

package segue

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/warehouse"
)

// ShowOptions direct what page is made. Ids are the log's own; one that the version's catalogue does not hold is an *UnknownError.
type ShowOptions struct {
	N               int                  // cards of the page, at least 1
	Settings        func(*feed.Settings) // changes those of the version; nil: nothing
	BlockedCreators []string             // no card of these
	Contents        []string             // only cards of these content categories; nil: of all, and of none too. See ContentCodes
	Exclude         []string             // cards not to show
	Explain         bool                 // take the ranker's score of each card apart
}

// Known is a kind of thing that a catalogue holds.
type Known string

// The kinds that ShowOptions names.
const (
	KnownCreator Known = "creator"
	KnownContent Known = "content category"
	KnownCard    Known = "card"
)

// UnknownError is given for an id that a version's catalogue does not hold.
type UnknownError struct {
	Kind  Known
	ID    string
	Model string   // id of the version
	Some  []string // a few of those that there are
	Of    int      // how many there are
}

func (e *UnknownError) Error() string {
	text := fmt.Sprintf("the catalogue of version %s has no %s %q", e.Model, e.Kind, e.ID)
	if e.Of == 0 {
		return text + ", nor any other"
	}
	return fmt.Sprintf("%s; it has %d, such as %s", text, e.Of, strings.Join(e.Some, "; "))
}

// ShownPage is a page made for a user of the log.
type ShownPage struct {
	User  string
	Facts string // what is known of her, in a sentence
	At    time.Time
	Model string // id of the version
	*feed.Page
	Cards []ShownCard // of the page, with names
}

// ShownCard is a card of a ShownPage, by the log's own ids.
type ShownCard struct {
	feed.Placed
	Card    string
	Content string
	Creator string
	Why     *feed.Explanation // nil unless asked for
}

// ShowPage makes the page that a user, by the log's own id, would get at the end of the log, by a version under dir ("" is the current one). A user
// whom the log does not know gets that of someone new.
func (s *Segue) ShowPage(ctx context.Context, dir, version, user string, opt ShowOptions) (*ShownPage, error) {
	v, rec, err := feed.OpenRecommender(dir, version, runtime.GOMAXPROCS(0))
	if err != nil {
		return nil, err
	}
	f := rec.Feed
	if opt.Settings != nil {
		own := f.Settings()
		opt.Settings(&own)
		if f, err = f.With(own); err != nil {
			return nil, err
		}
	}
	r, facts, err := s.request(ctx, rec, user)
	if err != nil {
		return nil, err
	}
	r.N = opt.N
	if err := opt.narrow(r, rec, v.ID); err != nil {
		return nil, err
	}
	page, err := f.Page(ctx, r)
	if err != nil {
		return nil, err
	}
	out := &ShownPage{User: user, Facts: facts, At: time.UnixMilli(r.At.AtMS).UTC(), Model: v.ID, Page: page}
	for _, c := range page.Cards {
		x := ShownCard{Placed: c, Card: rec.CardKeys[c.Item]}
		if k := rec.Cards.Content[c.Item]; k >= 0 {
			x.Content = rec.Cards.Contents[k].Key
		}
		if k := rec.Cards.Creator[c.Item]; k >= 0 {
			x.Creator = rec.Cards.CreatorKeys[k]
		}
		if opt.Explain {
			if x.Why, err = rec.Explain(ctx, r, c.Item); err != nil {
				return nil, err
			}
		}
		out.Cards = append(out.Cards, x)
	}
	return out, nil
}

// narrow puts what o leaves out into a request.
func (o *ShowOptions) narrow(r *feed.Request, rec *feed.Recommender, version string) (err error) {
	if r.BlockedCreators, err = numbersOf(o.BlockedCreators, rec.Cards.CreatorKeys, KnownCreator, version); err != nil {
		return err
	}
	if r.Exclude, err = numbersOf(o.Exclude, rec.CardKeys, KnownCard, version); err != nil {
		return err
	}
	for _, name := range o.Contents {
		codes := ContentCodes(rec.Cards.Contents, name)
		if codes == nil {
			keys := make([]string, len(rec.Cards.Contents))
			for k, c := range rec.Cards.Contents {
				keys[k] = c.Key
			}
			return unknown(KnownContent, name, version, keys)
		}
		r.Contents = append(r.Contents, codes...)
	}
	return nil
}

// numbersOf are the places of ids among keys.
func numbersOf(ids, keys []string, kind Known, version string) ([]int32, error) {
	var out []int32
	for _, id := range ids {
		k := slices.Index(keys, id)
		if k < 0 {
			return nil, unknown(kind, id, version, keys)
		}
		out = append(out, int32(k))
	}
	return out, nil
}

// knownShown is how many ids that there are an UnknownError names.
const knownShown = 5

func unknown(kind Known, id, version string, keys []string) *UnknownError {
	return &UnknownError{Kind: kind, ID: id, Model: version, Some: slices.Clone(keys[:min(knownShown, len(keys))]), Of: len(keys)}
}

// ContentCodes are the codes of the categories that a name stands for: the one that is spelled so in the log ("1003,3000,1026"), or all that
// have the number at one of their levels, with or without the word before it that reasons have ("content 1026" is the narrowest, "1003" all beneath
// the widest). nil: none.
func ContentCodes(contents []warehouse.ContentName, name string) []int32 {
	name = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(name), "content "))
	var out []int32
	level, err := strconv.ParseInt(name, 10, 32)
	for k, c := range contents {
		if c.Key == name {
			return []int32{int32(k)}
		}
		if err == nil && level >= 0 && slices.Contains(c.Levels[:], int32(level)) {
			out = append(out, int32(k))
		}
	}
	return out
}

// request is a user's at the end of the log: the hour after its last day.
func (s *Segue) request(ctx context.Context, rec *feed.Recommender, user string) (*feed.Request, string, error) {
	contents, err := s.engine.Describe(ctx)
	if err != nil {
		return nil, "", err
	}
	keys, err := s.engine.UserKeys(ctx)
	if err != nil {
		return nil, "", err
	}
	profiles, err := s.engine.Profiles(ctx)
	if err != nil {
		return nil, "", err
	}
	id := int32(-1)
	for k, key := range keys {
		if key == user {
			id = int32(k)
		}
	}
	rows := &warehouse.Histories{}
	if id >= 0 {
		if rows, err = s.engine.HistoryOf(ctx, id, contents.FirstDay, contents.LastDay); err != nil {
			return nil, "", err
		}
	}
	return rec.Request(rows, feature.TraitsOf(profiles, id), contents.LastDay.AddDate(0, 0, 1))
}
