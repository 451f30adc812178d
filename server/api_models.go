// Models, and the server's live figures.

package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

type modelsOutput struct {
	Body struct {
		Models []ModelView `json:"models"`
	} `nameHint:"ModelList"`
}

type activateInput struct {
	ID    string `path:"id" doc:"percent-encoded; a slash is %2F"`
	Force bool   `query:"force" doc:"also when the model did not pass the gate"`
}

// Resolve implements huma.Resolver.
func (in *activateInput) Resolve(huma.Context) []error { return resolveID(in.ID) }

type modelOutput struct {
	Body struct {
		Model string `json:"model" doc:"that pages are made with from now on"`
	} `nameHint:"ModelInUse"`
}

// LiveStats are Stats with what the server measured itself.
type LiveStats struct {
	Stats
	MedianMS float64 `json:"median_ms" doc:"of the last 2,048 pages, within the server; 0 while there were none"`
	P99MS    float64 `json:"p99_ms"`
}

type statsOutput struct{ Body LiveStats }

func (s *Server) modelRoutes() {
	huma.Register(s.api, s.operation(http.MethodGet, "/v1/models", "list-models", "models", "Versions of the model", ""), s.models)
	huma.Register(s.api, s.operation(http.MethodPost, "/v1/models/{id}/activate", "activate-model", "models", "Make pages with a version",
		"A version that cannot be used, or that did not pass the gate, is refused, and the old one goes on.", http.StatusNotFound, http.StatusConflict), s.activate)
	huma.Register(s.api, s.operation(http.MethodPost, "/v1/models/rollback", "roll-back-model", "models", "Go back to the version before",
		"", http.StatusNotFound, http.StatusConflict), s.rollback)
	huma.Register(s.api, s.operation(http.MethodGet, "/v1/stats", "stats", "server", "Live figures", ""), s.stats)
}

func (s *Server) models(ctx context.Context, _ *struct{}) (*modelsOutput, error) {
	out := &modelsOutput{}
	var err error
	if out.Body.Models, err = s.backend.Models(ctx); err != nil {
		return nil, s.answer(ctx, "query", err)
	}
	return out, nil
}

func (s *Server) activate(ctx context.Context, in *activateInput) (*modelOutput, error) {
	if err := s.backend.Activate(ctx, in.ID, in.Force); err != nil {
		if foreseen(err) {
			return nil, s.answer(ctx, "path", err)
		}
		s.log.WarnContext(ctx, "a model cannot be used", "model", in.ID, "error", err, "request", RequestID(ctx))
		return nil, problem(http.StatusConflict, "the model cannot be used, and the old one goes on: "+err.Error())
	}
	s.log.InfoContext(ctx, "a model was activated", "model", in.ID, "forced", in.Force, "request", RequestID(ctx))
	out := &modelOutput{}
	out.Body.Model = in.ID
	return out, nil
}

func (s *Server) rollback(ctx context.Context, _ *struct{}) (*modelOutput, error) {
	id, err := s.backend.Rollback(ctx)
	if err != nil {
		return nil, s.answer(ctx, "path", err)
	}
	s.log.InfoContext(ctx, "the model before is back", "model", id, "request", RequestID(ctx))
	out := &modelOutput{}
	out.Body.Model = id
	return out, nil
}

// Stats are the backend's, with the time that the last pages took.
func (s *Server) Stats() LiveStats {
	st := s.backend.Stats()
	return LiveStats{Stats: st, MedianMS: st.MedianMS, P99MS: st.P99MS}
}

func (s *Server) stats(context.Context, *struct{}) (*statsOutput, error) {
	return &statsOutput{s.Stats()}, nil
}
