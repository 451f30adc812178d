// Items: /v1/items.

package server

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/seguefeed/segue/stream"
)

type itemsInput struct {
	Cursor string `query:"cursor" doc:"next of the answer before; left out: from the start"`
	N      int    `query:"n" default:"20" minimum:"1" doc:"rows"`
	Q      string `query:"q" doc:"text that the id, creator, content, categories, labels or comment hold"`
}

// Resolve implements huma.Resolver.
func (in *itemsInput) Resolve(huma.Context) []error {
	var c checks
	c.id("query.cursor", in.Cursor)
	c.id("query.q", in.Q)
	return c
}

type itemsOutput struct {
	Body struct {
		Items []ItemView `json:"items"`
		Next  string     `json:"next" doc:"cursor of what follows; empty at the end"`
	} `nameHint:"ItemList"`
}

type itemOutput struct{ Body *ItemView }

type putItemInput struct {
	ID   string `path:"id" doc:"percent-encoded; a slash is %2F"`
	Body itemBody
}

// Resolve implements huma.Resolver.
func (in *putItemInput) Resolve(huma.Context) []error { return resolveID(in.ID) }

// keyedItem is an item in a list.
type keyedItem struct {
	Item string `json:"item" minLength:"1"`
	stream.Card
	Comment string `json:"comment,omitempty"`
}

type postItemsInput struct{ Body []keyedItem }

type scoredOutput struct {
	Body struct {
		Items []Scored `json:"items" doc:"best first"`
	} `nameHint:"ScoredItems"`
}

type similarInput struct {
	ID       string   `path:"id" doc:"percent-encoded; a slash is %2F"`
	N        int      `query:"n" default:"20" minimum:"1" doc:"items"`
	Category []string `query:"category,explode" maxItems:"100" doc:"categories: only items in all of these"`
}

// Resolve implements huma.Resolver.
func (in *similarInput) Resolve(huma.Context) []error {
	var c checks
	c.id("path.id", in.ID)
	c.id("query.category", in.Category...)
	return c
}

type rankedInput struct {
	N        int      `query:"n" default:"20" minimum:"1" doc:"items"`
	Offset   int      `query:"offset" minimum:"0" maximum:"10000" doc:"items to leave out first"`
	Category []string `query:"category,explode" maxItems:"100" doc:"categories: only items in all of these"`
	User     string   `query:"user" doc:"leave out what this user has seen"`
}

// Resolve implements huma.Resolver.
func (in *rankedInput) Resolve(huma.Context) []error {
	var c checks
	c.id("query.category", in.Category...)
	c.id("query.user", in.User)
	return c
}

func (s *Server) itemRoutes() {
	const tag = "items"
	huma.Register(s.api, s.operation(http.MethodGet, "/v1/items", "list-items", tag, "Items", "In the order in which they were first known, not by id."), s.items)
	huma.Register(s.api, s.operation(http.MethodPost, "/v1/items", "upsert-items", tag, "Tell what items are",
		fmt.Sprintf("At most %d, all or none; what was known of each is replaced.", s.cfg.Limits.Events), upsertErrors...), s.postItems)
	huma.Register(s.api, s.operation(http.MethodGet, "/v1/items/latest", "latest-items", tag, "The newest items", ""), s.ranked(s.backend.Latest))
	huma.Register(s.api, s.operation(http.MethodGet, "/v1/items/popular", "popular-items", tag, "The items that are clicked most", ""), s.ranked(s.backend.Popular))
	huma.Register(s.api, s.operation(http.MethodGet, "/v1/items/{id}", "get-item", tag, "What is known of an item",
		"An item that is called latest or popular is found by the list alone.", http.StatusNotFound), s.item)
	huma.Register(s.api, s.operation(http.MethodGet, "/v1/items/{id}/similar", "similar-items", tag, "Items that the same users like",
		"Where there are not enough of these, as for a new item, items of its content or its creator follow, with a score of 0.", http.StatusNotFound), s.similar)
	huma.Register(s.api, s.operation(http.MethodPut, "/v1/items/{id}", "put-item", tag, "Tell what an item is", "What was known is replaced.", upsertErrors...), s.putItem)
	op := s.operation(http.MethodPatch, "/v1/items/{id}", "patch-item", tag, "Tell more of an item",
		"Fields that are given replace those that were, null takes them away; lists and labels are replaced whole.", append(upsertErrors, http.StatusNotFound)...)
	op.SkipValidateBody = true // by patched
	op.RequestBody = patchBody[itemBody](s.api.OpenAPI().Components.Schemas, "ItemBody")
	huma.Register(s.api, op, s.patchItem)
	huma.Register(s.api, s.operation(http.MethodDelete, "/v1/items/{id}", "delete-item", tag, "Take an item out",
		"It is not shown any more.", http.StatusNotFound), s.deleteItem)
}

func (s *Server) items(ctx context.Context, in *itemsInput) (*itemsOutput, error) {
	out := &itemsOutput{}
	var err error
	if out.Body.Items, out.Body.Next, err = s.backend.Items(ctx, in.Q, in.Cursor, in.N); err != nil {
		return nil, s.answer(ctx, "query", err)
	}
	return out, nil
}

// ranking is a list of the backend's.
type ranking func(ctx context.Context, n, offset int, categories []string, forUser string) ([]Scored, error)

func (s *Server) ranked(list ranking) func(context.Context, *rankedInput) (*scoredOutput, error) {
	return func(ctx context.Context, in *rankedInput) (*scoredOutput, error) {
		out := &scoredOutput{}
		var err error
		if out.Body.Items, err = list(ctx, in.N, in.Offset, in.Category, in.User); err != nil {
			return nil, s.answer(ctx, "query", err)
		}
		return out, nil
	}
}

func (s *Server) similar(ctx context.Context, in *similarInput) (*scoredOutput, error) {
	out := &scoredOutput{}
	var err error
	if out.Body.Items, err = s.backend.Similar(ctx, in.ID, in.N, in.Category, ""); err != nil {
		return nil, s.answer(ctx, "query", err)
	}
	return out, nil
}

func (s *Server) item(ctx context.Context, in *idInput) (*itemOutput, error) {
	i, err := s.backend.Item(ctx, in.ID)
	if err != nil {
		return nil, s.answer(ctx, "path", err)
	}
	return &itemOutput{i}, nil
}

func (s *Server) putItem(ctx context.Context, in *putItemInput) (*takenOutput, error) {
	return s.upsert(ctx, in.ID, itemEvent(in.ID, in.Body))
}

func (s *Server) patchItem(ctx context.Context, in *patchInput) (*takenOutput, error) {
	lock := s.upserting(in.ID)
	lock.Lock()
	defer lock.Unlock()
	card, comment, err := s.backend.Card(ctx, in.ID)
	if err != nil {
		return nil, s.answer(ctx, "path", err)
	}
	next, err := patched(itemBody{*card, comment}, in.Body)
	if err != nil {
		return nil, s.answer(ctx, "body", err)
	}
	return s.upsertLocked(ctx, itemEvent(in.ID, next))
}

func (s *Server) deleteItem(ctx context.Context, in *idInput) (*struct{}, error) {
	lock := s.upserting(in.ID)
	lock.Lock()
	defer lock.Unlock()
	if _, _, err := s.backend.Card(ctx, in.ID); err != nil {
		return nil, s.answer(ctx, "path", err)
	}
	_, err := s.upsertLocked(ctx, stream.Event{Kind: stream.ItemDeleted, Item: in.ID})
	return nil, err
}

func (s *Server) postItems(ctx context.Context, in *postItemsInput) (*takenOutput, error) {
	if err := s.few(len(in.Body)); err != nil {
		return nil, err
	}
	events := make([]stream.Event, len(in.Body))
	for k, i := range in.Body {
		events[k] = itemEvent(i.Item, itemBody{i.Card, i.Comment})
	}
	return s.upsertAll(ctx, events)
}
