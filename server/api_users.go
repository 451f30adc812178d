// Users: /v1/users.

package server

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/seguefeed/segue/stream"
)

type usersInput struct {
	Cursor string `query:"cursor" doc:"next of the answer before; left out: from the start"`
	N      int    `query:"n" default:"20" minimum:"1" doc:"rows"`
	Prefix string `query:"prefix" doc:"what ids begin with"`
}

// Resolve implements huma.Resolver.
func (in *usersInput) Resolve(huma.Context) []error {
	var c checks
	c.id("query.cursor", in.Cursor)
	c.id("query.prefix", in.Prefix)
	return c
}

type usersOutput struct {
	Body struct {
		Users []UserView `json:"users"`
		Next  string     `json:"next" doc:"cursor of what follows; empty at the end"`
	} `nameHint:"UserList"`
}

type userInput struct {
	ID      string `path:"id" doc:"percent-encoded; a slash is %2F"`
	History int    `query:"history" default:"50" minimum:"0" maximum:"1000" doc:"doings to list, latest first"`
}

// Resolve implements huma.Resolver.
func (in *userInput) Resolve(huma.Context) []error { return resolveID(in.ID) }

type userOutput struct{ Body *UserView }

type putUserInput struct {
	ID   string `path:"id" doc:"percent-encoded; a slash is %2F"`
	Body userBody
}

// Resolve implements huma.Resolver.
func (in *putUserInput) Resolve(huma.Context) []error { return resolveID(in.ID) }

type patchInput struct {
	ID   string `path:"id" doc:"percent-encoded; a slash is %2F"`
	Body patch
}

// Resolve implements huma.Resolver.
func (in *patchInput) Resolve(huma.Context) []error { return resolveID(in.ID) }

// keyedUser is a user in a list.
type keyedUser struct {
	User string `json:"user" minLength:"1"`
	stream.Profile
	Comment string `json:"comment,omitempty"`
}

type postUsersInput struct{ Body []keyedUser }

func (s *Server) userRoutes() {
	const tag = "users"
	huma.Register(s.api, s.operation(http.MethodGet, "/v1/users", "list-users", tag, "Known users",
		"Not by id: in 256 parts by a hash of the id, and in each in the order in which they were first known. Who is known from the first page of a list to the last is in it once."), s.users)
	huma.Register(s.api, s.operation(http.MethodPost, "/v1/users", "upsert-users", tag, "Tell who users are",
		fmt.Sprintf("At most %d, all or none; what was known of each is replaced.", s.cfg.Limits.Events), upsertErrors...), s.postUsers)
	huma.Register(s.api, s.operation(http.MethodGet, "/v1/users/{id}", "get-user", tag, "What is believed of a user", "", http.StatusNotFound), s.user)
	huma.Register(s.api, s.operation(http.MethodPut, "/v1/users/{id}", "put-user", tag, "Tell who a user is", "What was known is replaced.", upsertErrors...), s.putUser)
	op := s.operation(http.MethodPatch, "/v1/users/{id}", "patch-user", tag, "Tell more of a user",
		"Fields that are given replace those that were, null takes them away; labels are replaced whole.", append(upsertErrors, http.StatusNotFound)...)
	op.SkipValidateBody = true // by patched
	op.RequestBody = patchBody[userBody](s.api.OpenAPI().Components.Schemas, "UserBody")
	huma.Register(s.api, op, s.patchUser)
	huma.Register(s.api, s.operation(http.MethodDelete, "/v1/users/{id}", "delete-user", tag, "Forget a user", "With all that she did.", http.StatusNotFound), s.deleteUser)
}

func (s *Server) users(ctx context.Context, in *usersInput) (*usersOutput, error) {
	out := &usersOutput{}
	var err error
	if out.Body.Users, out.Body.Next, err = s.backend.Users(ctx, in.Prefix, in.Cursor, in.N); err != nil {
		return nil, s.answer(ctx, "query", err)
	}
	return out, nil
}

func (s *Server) user(ctx context.Context, in *userInput) (*userOutput, error) {
	u, err := s.backend.User(ctx, in.ID, in.History)
	if err != nil {
		return nil, s.answer(ctx, "query", err)
	}
	return &userOutput{u}, nil
}

func (s *Server) putUser(ctx context.Context, in *putUserInput) (*takenOutput, error) {
	return s.upsert(ctx, in.ID, userEvent(in.ID, in.Body))
}

// upsert stores what is told of one user or item.
func (s *Server) upsert(ctx context.Context, id string, e stream.Event) (*takenOutput, error) {
	lock := s.upserting(id)
	lock.Lock()
	defer lock.Unlock()
	return s.upsertLocked(ctx, e)
}

func (s *Server) upsertLocked(ctx context.Context, e stream.Event) (*takenOutput, error) {
	taken, err := s.store(ctx, []stream.Event{e}, func(int) string { return "body" })
	if err != nil {
		return nil, err
	}
	return &takenOutput{taken}, nil
}

func (s *Server) patchUser(ctx context.Context, in *patchInput) (*takenOutput, error) {
	lock := s.upserting(in.ID)
	lock.Lock()
	defer lock.Unlock()
	profile, comment, err := s.backend.Profile(ctx, in.ID)
	if err != nil {
		return nil, s.answer(ctx, "path", err)
	}
	next, err := patched(userBody{*profile, comment}, in.Body)
	if err != nil {
		return nil, s.answer(ctx, "body", err)
	}
	return s.upsertLocked(ctx, userEvent(in.ID, next))
}

func (s *Server) deleteUser(ctx context.Context, in *idInput) (*struct{}, error) {
	lock := s.upserting(in.ID)
	lock.Lock()
	defer lock.Unlock()
	if _, _, err := s.backend.Profile(ctx, in.ID); err != nil {
		return nil, s.answer(ctx, "path", err)
	}
	_, err := s.upsertLocked(ctx, stream.Event{Kind: stream.UserDeleted, User: in.ID})
	return nil, err
}

func (s *Server) postUsers(ctx context.Context, in *postUsersInput) (*takenOutput, error) {
	if err := s.few(len(in.Body)); err != nil {
		return nil, err
	}
	events := make([]stream.Event, len(in.Body))
	for k, u := range in.Body {
		events[k] = userEvent(u.User, userBody{u.Profile, u.Comment})
	}
	return s.upsertAll(ctx, events)
}

// upsertAll stores a list, or answers that it is empty.
func (s *Server) upsertAll(ctx context.Context, events []stream.Event) (*takenOutput, error) {
	if len(events) == 0 {
		return &takenOutput{}, nil
	}
	taken, err := s.store(ctx, events, func(k int) string { return fmt.Sprintf("body[%d]", k) })
	if err != nil {
		return nil, err
	}
	return &takenOutput{taken}, nil
}

// few holds the rows of a list to the limit.
func (s *Server) few(n int) error {
	if n > s.cfg.Limits.Events {
		return problem(http.StatusRequestEntityTooLarge, fmt.Sprintf("at most %d rows are expected", s.cfg.Limits.Events), field("body", "too many rows"))
	}
	return nil
}
