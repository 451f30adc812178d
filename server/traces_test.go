package server

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestTracerFromEnv(t *testing.T) {
	noneLeft(t)
	for _, test := range []struct {
		env      map[string]string
		endpoint string // "": no tracer
		bad      bool
	}{
		{nil, "", false},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, "http://c:4318/v1/traces", false},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318/x/"}, "http://c:4318/x/v1/traces", false},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://d/t"}, "https://d/t", false},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_SDK_DISABLED": "true"}, "", false},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_TRACES_EXPORTER": "none"}, "", false},
		{map[string]string{"OTEL_EXPORTER_OTLP_HEADERS": "a=b", "OTEL_SERVICE_NAME": "mine"}, "", false},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "", true},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json"}, "http://c/v1/traces", false},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "c:4318"}, "", true},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "ftp://c"}, "", true},
	} {
		tracer, err := TracerFromEnv(func(k string) string { return test.env[k] }, nil)
		if (err != nil) != test.bad || (tracer != nil) != (test.endpoint != "") || tracer != nil && tracer.endpoint != test.endpoint {
			t.Errorf("%v: %+v, %v", test.env, tracer, err)
		}
		if err := tracer.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

func TestParseTraceparent(t *testing.T) {
	const trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	for v, want := range map[string]bool{
		"00-" + trace + "-" + parent + "-01": true, "00-" + trace + "-" + parent + "-00": true, "cc-" + trace + "-" + parent + "-01-later": true,
		"00-" + trace + "-" + parent + "-01-later": false, "ff-" + trace + "-" + parent + "-01": false, "00-" + strings.Repeat("0", 32) + "-" + parent + "-01": false, "00-" + trace + "-" + strings.Repeat("0", 16) + "-01": false,
		"00-" + strings.ToUpper(trace) + "-" + parent + "-01": false, "00-" + trace + "-" + parent: false, "": false, "00-" + trace[1:] + "-" + parent + "-01": false, "00-" + trace + "-" + parent + "-0x": false,
	} {
		gotTrace, gotParent, sampled := parseTraceparent(v)
		if (gotTrace == trace && gotParent == parent) != want || want && sampled != strings.Contains(v, "-01") {
			t.Errorf("%q: %q %q %v", v, gotTrace, gotParent, sampled)
		}
	}
}

// A collector gets one span a request, with the sender's trace where there is one, and no key or path.
func TestTraces(t *testing.T) {
	noneLeft(t)
	var mu sync.Mutex
	var bodies []string
	status := http.StatusOK
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Api-Token") != "a b" {
			t.Errorf("%s %v: %v", r.URL, r.Header, err)
		}
		mu.Lock()
		defer mu.Unlock()
		bodies = append(bodies, string(data))
		w.WriteHeader(status)
	}))
	defer collector.Close()
	env := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL, "OTEL_EXPORTER_OTLP_HEADERS": "api-token=a%20b,broken", "OTEL_SERVICE_NAME": "mine"}
	start := func(log *slog.Logger) (*client, *Tracer) {
		tracer, err := TracerFromEnv(func(k string) string { return env[k] }, log)
		if err != nil {
			t.Fatal(err)
		}
		return newClient(t, Config{Backend: newScripted(), Keys: testKeys, Traces: tracer}), tracer
	}
	c, tracer := start(nil)
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	c.ask("GET", "/v1/users/somebody/feed", "", "X-API-Key", readSecret, "Traceparent", "00-"+trace+"-00f067aa0ba902b7-01", "X-Request-Id", "r1")
	c.ask("GET", "/v1/stats", "", "X-API-Key", readSecret, "Traceparent", "00-"+trace+"-00f067aa0ba902b7-00") // not sampled
	c.ask("GET", "/v1/stats", "")
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := tracer.Close(ctx); err != nil {
		t.Fatal(err)
	}
	c.ask("GET", "/v1/stats", "") // after the end: no span, no harm
	if len(bodies) != 1 || strings.Contains(bodies[0], readSecret) || strings.Contains(bodies[0], "somebody") {
		t.Fatalf("the collector got %q", bodies)
	}
	var sent struct {
		ResourceSpans []struct {
			Resource   struct{ Attributes []map[string]any }
			ScopeSpans []struct {
				Spans []struct {
					TraceID, SpanID, ParentSpanID, Name string
					StartTimeUnixNano, EndTimeUnixNano  string
					Attributes                          []struct {
						Key   string
						Value map[string]string
					}
				}
			}
		}
	}
	if err := json.NewDecoder(bytes.NewReader([]byte(bodies[0]))).Decode(&sent); err != nil {
		t.Fatal(err)
	}
	spans := sent.ResourceSpans[0].ScopeSpans[0].Spans
	if len(spans) != 3 { // a part of a request ends before it
		t.Fatalf("%d spans", len(spans))
	}
	part, first, second := spans[0], spans[1], spans[2]
	if part.Name != "make page" || part.TraceID != trace || part.ParentSpanID != first.SpanID || part.SpanID == first.SpanID {
		t.Errorf("the span of making the page is %+v", part)
	}
	if first.TraceID != trace || first.ParentSpanID != "00f067aa0ba902b7" || first.Name != feedRoute || first.StartTimeUnixNano >= first.EndTimeUnixNano {
		t.Errorf("the first span is %+v", first)
	}
	values := map[string]string{}
	for _, a := range first.Attributes {
		for _, v := range a.Value {
			values[a.Key] = v
		}
	}
	if values["segue.request"] != "r1" || values["segue.key"] != "reader" || values["http.response.status_code"] != "200" || values["http.request.method"] != "GET" {
		t.Errorf("its attributes are %v", values)
	}
	if id, err := hex.DecodeString(second.TraceID); err != nil || len(id) != 16 || second.TraceID == trace || second.ParentSpanID != "" || second.Name != "none" {
		t.Errorf("the second span is %+v", second)
	}

	var out syncBuffer
	status = http.StatusBadGateway
	c, tracer = start(slog.New(slog.NewTextHandler(&out, nil)))
	c.ask("GET", "/v1/stats", "")
	if err := tracer.Close(ctx); err != nil || !strings.Contains(out.String(), "502 Bad Gateway") {
		t.Errorf("a collector that refuses: %v, %s", err, out.String())
	}
}

// A collector that never answers holds up nobody: spans beyond the room are dropped, and an end in time breaks off what is on its way.
func TestTracesDead(t *testing.T) {
	noneLeft(t)
	asked, release := make(chan struct{}, 1), make(chan struct{})
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // else the server would not see that the client is gone
		asked <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer collector.Close()
	defer close(release)
	var out syncBuffer
	tracer, err := TracerFromEnv(func(k string) string {
		return map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": collector.URL + "/?key=secret"}[k]
	}, slog.New(slog.NewTextHandler(&out, nil)))
	if err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequest("GET", "/", nil)
	end := func(n int) {
		for range n {
			tracer.begin(request, time.Now()).end("GET /", 200, &visit{id: "r"}, time.Millisecond)
		}
	}
	end(tracerBatch)
	<-asked                // a batch is on its way, and stays there
	end(tracerRoom + 1000) // none of these waits
	if dropped := tracer.dropped.Load(); dropped != 1000 {
		t.Errorf("%d spans were dropped; of %d there is room for %d", dropped, tracerRoom+1000, tracerRoom)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := tracer.Close(ended); err != context.Canceled {
		t.Errorf("it ends with %v", err)
	}
	// 512 that were on their way, and the 8,192 that waited
	if text := out.String(); !strings.Contains(text, "no_room=1000") || !strings.Contains(text, "not_sent=") || strings.Contains(text, "secret") {
		t.Errorf("the log says %s", text)
	}
}

// The headers for a collector may hold a key: nothing is sent on to where it redirects.
func TestTracesRedirected(t *testing.T) {
	noneLeft(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("it is asked for %s with %v", r.URL, r.Header) }))
	defer elsewhere.Close()
	collector := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer collector.Close()
	var out syncBuffer
	tracer, err := TracerFromEnv(func(k string) string {
		return map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL, "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "api-token=secret"}[k]
	}, slog.New(slog.NewTextHandler(&out, nil)))
	if err != nil {
		t.Fatal(err)
	}
	tracer.begin(httptest.NewRequest("GET", "/", nil), time.Now()).end("GET /", 200, &visit{id: "r"}, time.Millisecond)
	if err := tracer.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if text := out.String(); !strings.Contains(text, "307") || strings.Contains(text, "secret") {
		t.Errorf("the log says %s", text)
	}
}
