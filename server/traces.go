// Traces for OpenTelemetry collectors: a span a request and one below it for the page that is made or the events that are stored, in their JSON over HTTP. The exporter of OpenTelemetry itself brings gRPC along, 12 MB of
// program; what is sent here is a few fields. Who wants more wraps the Server, which is an http.Handler, in an instrumentation of their own.

package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Tracer sends spans in batches from one goroutine. A nil *Tracer sends none. It holds at most tracerRoom spans, a few hundred bytes each; those beyond
// are dropped and counted, so that no request ever waits for a collector.
type Tracer struct {
	endpoint string
	headers  http.Header
	service  string
	client   *http.Client
	log      *slog.Logger
	queue    chan *span
	done     chan struct{}
	quit     chan struct{}
	sending  context.Context // of what is on its way; ended by cut
	cut      context.CancelFunc
	once     sync.Once
	dropped  atomic.Int64

	unsent int       // spans that were not taken since it was said; of run
	why    error     // that the last of them was not; of run
	said   time.Time // when spans were last said to be lost; of run
}

const (
	tracerRoom  = 8192
	tracerBatch = 512
	tracerEvery = 5 * time.Second
	tracerSays  = 10 * time.Second // at least, between two lines of the log that spans are lost
)

// TracerFromEnv makes a Tracer as the environment has it (getenv, such as os.Getenv): OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, or OTEL_EXPORTER_OTLP_ENDPOINT
// to which /v1/traces is added, OTEL_EXPORTER_OTLP_HEADERS (or ..._TRACES_HEADERS) and OTEL_SERVICE_NAME. nil without an endpoint, and where OTEL_SDK_DISABLED
// is true or OTEL_TRACES_EXPORTER none. No message holds what these say. Close it.
func TracerFromEnv(getenv func(string) string, log *slog.Logger) (*Tracer, error) {
	name := "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	endpoint := getenv(name)
	if endpoint == "" {
		name = "OTEL_EXPORTER_OTLP_ENDPOINT"
		if endpoint = getenv(name); endpoint != "" {
			endpoint = strings.TrimSuffix(endpoint, "/") + "/v1/traces"
		}
	}
	if endpoint == "" || strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") || getenv("OTEL_TRACES_EXPORTER") == "none" {
		return nil, nil
	}
	if orText(getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), getenv("OTEL_EXPORTER_OTLP_PROTOCOL")) == "grpc" {
		return nil, errors.New("server: OTEL_EXPORTER_OTLP_PROTOCOL is grpc; what is sent is http/json, which collectors take at their port for HTTP, 4318")
	}
	if u, err := url.Parse(endpoint); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("server: %s: an address such as http://localhost:4318 is expected", name)
	}
	t := &Tracer{
		endpoint: endpoint, headers: http.Header{}, service: orText(getenv("OTEL_SERVICE_NAME"), "segue"), log: log,
		// Headers may hold a key that is the collector's alone: nothing is sent on to where it redirects.
		client: &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		queue:  make(chan *span, tracerRoom), done: make(chan struct{}), quit: make(chan struct{}),
	}
	t.sending, t.cut = context.WithCancel(context.Background())
	if t.log == nil {
		t.log = slog.New(slog.DiscardHandler)
	}
	for pair := range strings.SplitSeq(orText(getenv("OTEL_EXPORTER_OTLP_TRACES_HEADERS"), getenv("OTEL_EXPORTER_OTLP_HEADERS")), ",") {
		key, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if plain, err := url.PathUnescape(value); ok && err == nil {
			t.headers.Set(key, plain)
		}
	}
	go t.run()
	return t, nil
}

// Close sends what waits, for at most ctx, and ends the goroutine. Requests after it leave no spans.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	t.once.Do(func() { close(t.quit) })
	defer t.client.CloseIdleConnections()
	defer t.cut()
	select {
	case <-t.done:
		return nil
	case <-ctx.Done():
		t.cut()
		<-t.done
		return ctx.Err()
	}
}

// span is a request as it is traced, or a part of it.
type span struct {
	t             *Tracer
	trace, parent string
	id            [8]byte
	part          string // "" is a whole request
	method, route string
	status        int
	request, key  string
	page          string // request_id of the page that was made
	events        int    // that were to be stored
	failed        bool
	began         time.Time
	took          time.Duration
}

// begin opens the span of r, under the sender's where it has a traceparent (W3C Trace Context) that is sampled or none at all.
func (t *Tracer) begin(r *http.Request, began time.Time) *span {
	if t == nil {
		return nil
	}
	s := &span{t: t, began: began, method: r.Method}
	if given := r.Header.Get("Traceparent"); given != "" {
		var sampled bool
		if s.trace, s.parent, sampled = parseTraceparent(given); s.trace != "" && !sampled {
			return nil
		}
	}
	if s.trace == "" {
		var id [16]byte
		rand.Read(id[:])
		s.trace = hex.EncodeToString(id[:])
	}
	rand.Read(s.id[:])
	return s
}

// parseTraceparent reads 00-<32 hex>-<16 hex>-<2 hex>; "" where it is none.
func parseTraceparent(v string) (trace, parent string, sampled bool) {
	parts := strings.Split(v, "-")
	if len(parts) < 4 || len(parts[0]) != 2 || parts[0] == "ff" || len(parts[1]) != 32 || len(parts[2]) != 16 || len(parts[3]) != 2 || parts[0] == "00" && len(parts) > 4 {
		return "", "", false
	}
	flags, err := strconv.ParseUint(parts[3], 16, 8)
	if err != nil || strings.Trim(parts[0]+parts[1]+parts[2]+parts[3], "0123456789abcdef") != "" || strings.Trim(parts[1], "0") == "" || strings.Trim(parts[2], "0") == "" {
		return "", "", false
	}
	return parts[1], parts[2], flags&1 == 1
}

func (s *span) end(pattern string, status int, v *visit, took time.Duration) {
	if s == nil {
		return
	}
	s.route, s.status, s.request, s.took, s.failed = routeOf(pattern), status, v.id, took, status >= 500
	if v.key != nil {
		s.key = v.key.name
	}
	s.send()
}

// below opens the span of a part of the request that ctx belongs to; nil where it is not traced.
func below(ctx context.Context, part string) *span {
	v := visitOf(ctx)
	if v == nil || v.span == nil {
		return nil
	}
	s := &span{t: v.span.t, trace: v.span.trace, parent: hex.EncodeToString(v.span.id[:]), part: part, request: v.id, began: time.Now()}
	rand.Read(s.id[:])
	return s
}

// endPart closes it. What a client did wrong is no failure of the part.
func (s *span) endPart(err error) {
	if s == nil {
		return
	}
	var event *EventError
	var input *InputError
	s.took, s.failed = time.Since(s.began), err != nil && !errors.As(err, &event) && !errors.As(err, &input)
	s.send()
}

// send hands the span over, or drops it.
func (s *span) send() {
	select {
	case <-s.t.quit:
	case s.t.queue <- s:
	default:
		s.t.dropped.Add(1)
	}
}

func (t *Tracer) run() {
	defer close(t.done)
	tick := time.NewTicker(tracerEvery)
	defer tick.Stop()
	var batch []*span
	send := func() {
		if len(batch) > 0 {
			t.send(batch)
			batch = nil
		}
	}
	for {
		select {
		case s := <-t.queue:
			if batch = append(batch, s); len(batch) == tracerBatch {
				send()
			}
		case <-tick.C:
			send()
		case <-t.quit:
			for {
				select {
				case s := <-t.queue:
					if batch = append(batch, s); len(batch) == tracerBatch {
						send()
					}
					continue
				default:
				}
				send()
				t.say()
				return
			}
		}
	}
}

// send posts a batch; one that is not taken is lost, which is said now and then.
func (t *Tracer) send(batch []*span) {
	body, err := json.Marshal(t.export(batch))
	if err == nil {
		err = t.post(body)
	}
	if err != nil {
		t.unsent += len(batch)
		t.why = err
	}
	if time.Since(t.said) > tracerSays {
		t.say()
	}
}

// say tells of spans that were lost.
func (t *Tracer) say() {
	dropped := t.dropped.Swap(0)
	if t.unsent == 0 && dropped == 0 {
		return
	}
	t.log.Warn("spans are lost", "not_sent", t.unsent, "no_room", dropped, "error", t.why)
	t.unsent, t.why, t.said = 0, nil, time.Now()
}

func (t *Tracer) post(body []byte) error {
	req, err := http.NewRequestWithContext(t.sending, http.MethodPost, t.endpoint, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = t.headers.Clone()
	req.Header.Set("Content-Type", "application/json")
	res, err := t.client.Do(req)
	if err != nil {
		var with *url.Error
		if errors.As(err, &with) {
			err = with.Err // the address may hold a key
		}
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16)); err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("the collector answers %s", res.Status)
	}
	return nil
}

type object = map[string]any

func attribute(key, value string) object {
	return object{"key": key, "value": object{"stringValue": value}}
}

func number(key string, value int) object {
	return object{"key": key, "value": object{"intValue": strconv.Itoa(value)}}
}

// export is a batch as the protocol's JSON has it.
func (t *Tracer) export(batch []*span) object {
	spans := make([]object, len(batch))
	for k, s := range batch {
		one := object{
			"traceId": s.trace, "spanId": hex.EncodeToString(s.id[:]),
			"startTimeUnixNano": strconv.FormatInt(s.began.UnixNano(), 10), "endTimeUnixNano": strconv.FormatInt(s.began.Add(s.took).UnixNano(), 10),
		}
		if s.part == "" {
			one["name"], one["kind"] = s.route, 2 // of a server
			one["attributes"] = []object{attribute("http.request.method", s.method), attribute("http.route", s.route), attribute("segue.request", s.request), attribute("segue.key", s.key),
				number("http.response.status_code", s.status)}
		} else {
			about := []object{attribute("segue.request", s.request)}
			if s.page != "" {
				about = append(about, attribute("segue.page", s.page))
			}
			if s.events > 0 {
				about = append(about, number("segue.events", s.events))
			}
			one["name"], one["kind"], one["attributes"] = s.part, 1, about // internal
		}
		if s.parent != "" {
			one["parentSpanId"] = s.parent
		}
		if s.failed {
			one["status"] = object{"code": 2}
		}
		spans[k] = one
	}
	return object{"resourceSpans": []object{{
		"resource":   object{"attributes": []object{attribute("service.name", t.service)}},
		"scopeSpans": []object{{"scope": object{"name": "segue/server"}, "spans": spans}},
	}}}
}
