// The interface under /v1: its routes are registered with their types, from which its description (OpenAPI 3.1) is made.

package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	xjson "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
	"github.com/seguefeed/segue/stream"
)

const schemaPrefix = "#/components/schemas/"

// apiRoutes registers all of /v1 and fixes the description.
func (s *Server) apiRoutes() {
	format := huma.Format{Marshal: s.marshal, Unmarshal: unmarshal} // "json" stands for what ends in +json
	cfg := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{Title: "segue", Version: orText(s.cfg.Version, "0"), Description: "" +
				"Pages of a feed, what happened on them, and what is believed of users and items. " +
				"Errors are problem details (RFC 9457) whose errors name the field. Ids are any UTF-8 of at most 512 bytes without NUL, percent-encoded in paths; the ids . and .. " +
				"need a client that leaves %2E as it is. A method that a path does not list is answered 405, with those that it has in Allow."},
			Tags: []*huma.Tag{{Name: "feed"}, {Name: "events"}, {Name: "users"}, {Name: "items"}, {Name: "models"}, {Name: "server"}},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry(schemaPrefix, huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"key":    {Type: "apiKey", In: "header", Name: "X-API-Key"},
					"bearer": {Type: "http", Scheme: "bearer"},
				},
			},
		},
		Formats:                      map[string]huma.Format{"application/json": format, "json": format},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{s.ownWords},
	}
	if len(s.keys) > 0 {
		cfg.Security = []map[string][]string{{"key": {}}, {"bearer": {}}}
	}
	s.api = humago.New(slashed{s.mux}, cfg)
	s.feedRoutes()
	s.eventRoutes()
	s.userRoutes()
	s.itemRoutes()
	s.modelRoutes()
	s.finishDescription()
}

// operation is what all operations of /v1 share.
func (s *Server) operation(method, path, id, tag, summary, description string, more ...int) huma.Operation {
	if len(s.keys) == 0 {
		more = append(slices.Clip(more), http.StatusMisdirectedRequest) // of a Host that is not loopback's
	}
	before := huma.Middlewares{s.once}
	if slices.Contains(more, http.StatusUnsupportedMediaType) {
		before = append(before, s.plainBody)
	}
	return huma.Operation{
		Method: method, Path: path, OperationID: id, Tags: []string{tag}, Summary: summary, Description: description,
		MaxBodyBytes: s.cfg.Limits.BodyBytes + 1, BodyReadTimeout: s.cfg.Timeouts.Read, Middlewares: before,
		Errors: append([]int{
			http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusServiceUnavailable,
		}, more...),
	}
}

// once refuses a query that gives a parameter twice that has one value: which of them was meant nobody knows, and the router takes the first.
func (s *Server) once(ctx huma.Context, next func(huma.Context)) {
	u := ctx.URL()
	if !strings.Contains(u.RawQuery, "&") {
		next(ctx)
		return
	}
	given := u.Query()
	var twice []error
	for _, p := range ctx.Operation().Parameters {
		if p.In == "query" && len(given[p.Name]) > 1 && p.Schema.Type != huma.TypeArray {
			twice = append(twice, &huma.ErrorDetail{Location: "query." + p.Name, Message: "it is given more than once; one value is expected"})
		}
	}
	if len(twice) > 0 {
		_ = huma.WriteErr(s.api, ctx, http.StatusUnprocessableEntity, routerSays["validation failed"], twice...)
		return
	}
	next(ctx)
}

// plainBody refuses a body that is packed, before one route takes it for damaged JSON, and another for what it would be unpacked.
func (s *Server) plainBody(ctx huma.Context, next func(huma.Context)) {
	if packed(ctx.Header("Content-Encoding")) {
		_ = huma.WriteErr(s.api, ctx, http.StatusUnsupportedMediaType, plainExpected)
		return
	}
	next(ctx)
}

const plainExpected = "a body without Content-Encoding is expected"

// packed says whether a Content-Encoding is one that this server does not read, which are all.
func packed(encoding string) bool { return encoding != "" && !strings.EqualFold(encoding, "identity") }

// finishDescription says what types alone do not: limits of this server, that lists are never null, and that errors do not echo what was sent.
func (s *Server) finishDescription() {
	doc := s.api.OpenAPI()
	for name, schema := range doc.Components.Schemas.Map() {
		notNull(schema)
		unsigned(doc.Components.Schemas.TypeFromRef(schemaPrefix+name), schema)
	}
	delete(doc.Components.Schemas.Map()["ErrorDetail"].Properties, "value")
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil {
				continue
			}
			if op.RequestBody != nil {
				for _, body := range op.RequestBody.Content {
					body.Schema.Nullable = body.Schema.Nullable && body.Schema.Type != huma.TypeArray // fields of a patch may be null
				}
			}
			for _, p := range op.Parameters {
				notNull(p.Schema)
				if p.In == "query" && p.Name == "n" {
					most := float64(s.cfg.Limits.N)
					p.Schema.Maximum = &most
					p.Schema.PrecomputeMessages()
				}
			}
		}
	}
	s.describe = sync.OnceValue(func() []byte {
		var b bytes.Buffer
		w := json.NewEncoder(&b)
		w.SetEscapeHTML(false)
		if err := w.Encode(doc); err != nil {
			s.log.Error("the interface cannot be described", "error", err)
		}
		return b.Bytes()
	})
}

func notNull(schema *huma.Schema) {
	if schema == nil {
		return
	}
	if schema.Type == huma.TypeArray {
		schema.Nullable = false
	}
	notNull(schema.Items)
	for _, p := range schema.Properties {
		notNull(p)
	}
}

// formatUint64 is of numbers up to 18,446,744,073,709,551,615: as int64, which the library calls them, half of the seeds could not be read.
const formatUint64 = "uint64"

// unsigned says of the fields of schema, which t is described by, how large they may be.
func unsigned(t reflect.Type, schema *huma.Schema) {
	if t == nil || t.Kind() != reflect.Struct {
		return
	}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if p := schema.Properties[name]; p != nil && f.Type.Kind() == reflect.Uint64 {
			p.Format = formatUint64
		}
	}
}

// ownWords keeps errors from sending back what was sent, and has a body that turns out too large while it is read refused as one that says so before.
func (s *Server) ownWords(_ huma.Context, _ string, v any) (any, error) {
	if p, ok := v.(*huma.ErrorModel); ok {
		inOurWords(p)
		if p.Status == http.StatusRequestEntityTooLarge && len(p.Errors) == 0 { // the router's; routes name what there is too much of
			p.Detail = tooLarge(s.cfg.Limits.BodyBytes)
		}
		for _, f := range p.Errors {
			if f != nil {
				f.Value = nil
			}
		}
		const most = 50
		p.Errors = slices.DeleteFunc(p.Errors, func(f *huma.ErrorDetail) bool { return f == nil })
		p.Errors = p.Errors[:min(len(p.Errors), most)]
	}
	return v, nil
}

// buffers of answers, none kept above 1 MB.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// legacy: as encoding/json has it, but lists are [] where they are nil, and text that is not UTF-8 is mended.
var legacy = xjson.JoinOptions(jsonv1.OmitEmptyWithLegacySemantics(true), jsontext.AllowInvalidUTF8(true), xjson.Deterministic(true))

// marshal writes an answer whole or, where it cannot be written as JSON (a number that is none), an error in its place.
func (s *Server) marshal(w io.Writer, v any) error {
	b := buffers.Get().(*bytes.Buffer)
	defer func() {
		if b.Cap() <= 1<<20 {
			b.Reset()
			buffers.Put(b)
		}
	}()
	var err error
	if page, ok := v.(*FeedPage); ok {
		err = writePage(b, page)
	} else {
		err = xjson.MarshalWrite(b, v, legacy)
	}
	if err != nil {
		s.log.Error("an answer cannot be written", "type", fmt.Sprintf("%T", v), "error", err)
		if res, ok := w.(*response); ok && !res.sent {
			writeProblem(res, problem(http.StatusInternalServerError, "the answer cannot be written; the server's log says why"))
			return nil
		}
		return err
	}
	b.WriteByte('\n')
	_, err = w.Write(b.Bytes())
	if err != nil {
		return nil // the client is gone
	}
	return nil
}

// unmarshal reads strictly: names as they are written, each once, text in UTF-8. Its errors are in words for who wrote the data.
func unmarshal(data []byte, v any) error {
	err := inWordsOf(xjson.Unmarshal(data, v))
	var wrong *stream.FieldError
	if errors.As(err, &wrong) {
		return errors.New(wrong.Field + fieldMark + wrong.Problem)
	}
	return err
}

// optional is a parameter that may be left out, where zero says something else.
type optional[T any] struct {
	Value T
	Set   bool
}

// Schema implements huma.SchemaProvider.
func (o optional[T]) Schema(r huma.Registry) *huma.Schema {
	schema := huma.SchemaFromType(r, reflect.TypeFor[T]())
	if reflect.TypeFor[T]().Kind() == reflect.Uint64 {
		schema.Format = formatUint64
	}
	return schema
}

// Receiver implements huma.ParamWrapper.
func (o *optional[T]) Receiver() reflect.Value { return reflect.ValueOf(o).Elem().Field(0) }

// OnParamSet implements huma.ParamReactor.
func (o *optional[T]) OnParamSet(set bool, _ any) { o.Set = set }

// checkID says what is wrong with an id that stands at a place of a request, "" being allowed where it may be left out.
func checkID(place, id string) *huma.ErrorDetail {
	switch {
	case len(id) > stream.MaxID:
		return field(place, fmt.Sprintf("%d bytes; at most %d are expected", len(id), stream.MaxID))
	case !utf8.ValidString(id):
		return field(place, "text in UTF-8 is expected")
	case strings.ContainsRune(id, 0):
		return field(place, "text without NUL is expected")
	}
	return nil
}

// checks collects what checkID found.
type checks []error

func (c *checks) id(place string, ids ...string) {
	for _, id := range ids {
		if f := checkID(place, id); f != nil {
			*c = append(*c, f)
			return
		}
	}
}

// idInput is a path's id and nothing else.
type idInput struct {
	ID string `path:"id" doc:"percent-encoded; a slash is %2F"`
}

// Resolve implements huma.Resolver.
func (in *idInput) Resolve(huma.Context) []error { return resolveID(in.ID) }

func resolveID(id string) []error {
	var c checks
	c.id("path.id", id)
	return c
}

func orText(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
