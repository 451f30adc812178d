// Pages: GET /v1/users/{id}/feed.

package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

type feedInput struct {
	ID       string           `path:"id" doc:"percent-encoded; a slash is %2F"`
	N        int              `query:"n" default:"20" minimum:"1" doc:"cards"`
	Columns  int              `query:"columns" minimum:"0" maximum:"10" doc:"of the page; 0: as the model has it"`
	Seed     optional[uint64] `query:"seed" doc:"the same seed, moment, state and model give the same page; drawn if left out"`
	Exclude  []string         `query:"exclude,explode" maxItems:"1000" doc:"items not to show"`
	Block    []string         `query:"block,explode" maxItems:"1000" doc:"creators whose items are not to be shown"`
	Content  []string         `query:"content,explode" maxItems:"100" doc:"contents: only items of these; one that the catalogue does not have is an error"`
	Category []string         `query:"category,explode" maxItems:"100" doc:"categories, which are senders' own words: only items in all of these, none where no item is"`
	Device   string           `query:"device" doc:"phone, tablet, web, ...: kept with the page"`
	AtMS     int64            `query:"at_ms" minimum:"0" maximum:"8796093022208" doc:"the moment, milliseconds since 1970 UTC; 0: now. What she did later does not count"`
	Explain  bool             `query:"explain" doc:"take the scores apart"`
	Offset   int              `query:"offset" minimum:"0" maximum:"2000" doc:"cards of the pages before: with the same n, offsets of 0, n, 2n, ... go on through one ranking"`
}

// Resolve implements huma.Resolver.
func (in *feedInput) Resolve(huma.Context) []error {
	var c checks
	c.id("path.id", in.ID)
	c.id("query.exclude", in.Exclude...)
	c.id("query.block", in.Block...)
	c.id("query.content", in.Content...)
	c.id("query.category", in.Category...)
	c.id("query.device", in.Device)
	return c
}

type feedOutput struct {
	Body *FeedPage
}

func (s *Server) feedRoutes() {
	huma.Register(s.api, s.operation(http.MethodGet, "/v1/users/{id}/feed", "feed", "feed", "A page for a user",
		"Cards in the order of slots, each with its score, its reason and its propensity. The page is logged as served: send its request_id with the events of it. "+
			"A user whom nobody knows gets a page too."), s.feed)
}

func (s *Server) feed(ctx context.Context, in *feedInput) (*feedOutput, error) {
	r := FeedRequest{
		User: in.ID, N: in.N, Columns: in.Columns, Offset: in.Offset, AtMS: in.AtMS, Exclude: in.Exclude, BlockedCreators: in.Block, Contents: in.Content,
		Categories: in.Category, Device: in.Device, Explain: in.Explain,
	}
	if in.Seed.Set {
		r.Seed = &in.Seed.Value
	}
	page, err := s.backend.Feed(ctx, r)
	if err != nil {
		return nil, s.answer(ctx, "query", err)
	}
	return &feedOutput{page}, nil
}
