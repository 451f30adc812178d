// Traces of a served feed, as an OpenTelemetry collector gets them.

package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// otlpSpan is a span in OTLP's JSON; ids are hexadecimal there, and numbers of 64 bits text.
type otlpSpan struct {
	TraceID           string          `json:"traceId"`
	SpanID            string          `json:"spanId"`
	ParentSpanID      string          `json:"parentSpanId"`
	Name              string          `json:"name"`
	Kind              int             `json:"kind"`
	StartTimeUnixNano string          `json:"startTimeUnixNano"`
	EndTimeUnixNano   string          `json:"endTimeUnixNano"`
	Attributes        []otlpAttribute `json:"attributes"`
	Status            struct {
		Code int `json:"code"`
	} `json:"status"`
}

type otlpAttribute struct {
	Key   string `json:"key"`
	Value struct {
		String *string `json:"stringValue"`
		Int    *string `json:"intValue"`
	} `json:"value"`
}

// about are its attributes as text.
func (s *otlpSpan) about() map[string]string {
	out := map[string]string{}
	for _, a := range s.Attributes {
		if a.Value.Int != nil {
			out[a.Key] = *a.Value.Int
		} else {
			out[a.Key] = *a.Value.String
		}
	}
	return out
}

// collector takes traces as OpenTelemetry's collectors do at their port for HTTP: what it does not know is an error.
type collector struct {
	*httptest.Server
	mu     sync.Mutex
	asked  int
	bodies string
	spans  []otlpSpan
}

func startCollector(t *testing.T) *collector {
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.asked++
		var body bytes.Buffer
		if _, err := body.ReadFrom(r.Body); err != nil || r.Method != "POST" || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Api-Token") != "secret" {
			t.Errorf("%s %s %v, %v", r.Method, r.URL, r.Header, err)
		}
		c.bodies += body.String()
		var sent struct {
			ResourceSpans []struct {
				Resource struct {
					Attributes []otlpAttribute `json:"attributes"`
				} `json:"resource"`
				ScopeSpans []struct {
					Scope struct {
						Name string `json:"name"`
					} `json:"scope"`
					Spans []otlpSpan `json:"spans"`
				} `json:"scopeSpans"`
			} `json:"resourceSpans"`
		}
		d := json.NewDecoder(&body)
		d.DisallowUnknownFields()
		if err := d.Decode(&sent); err != nil {
			t.Errorf("%v: %s", err, c.bodies)
			return
		}
		for _, r := range sent.ResourceSpans {
			if len(r.Resource.Attributes) != 1 || r.Resource.Attributes[0].Key != "service.name" || *r.Resource.Attributes[0].Value.String != "feed of a test" {
				t.Errorf("the resource is %+v", r.Resource)
			}
			for _, s := range r.ScopeSpans {
				c.spans = append(c.spans, s.Spans...)
			}
		}
	}))
	t.Cleanup(c.Close)
	return c
}

// TestServeTraces: each request is a span under the sender's, with its id, and the page and the events are spans below it. Nothing of who asked, or with which key.
func TestServeTraces(t *testing.T) {
	c := startCollector(t)
	dir := t.TempDir()
	s := serveWith(t, dir, []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + c.URL, "OTEL_EXPORTER_OTLP_HEADERS=api-token=secret", "OTEL_SERVICE_NAME=feed of a test"})
	s.must("PUT", "/v1/items/song", `{"content": "songs"}`)
	s.must("POST", "/v1/events", shown(t, "somebody", 0, 3))
	const trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	r, err := http.NewRequest("GET", s.url+"/v1/users/somebody/feed", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Traceparent", "00-"+trace+"-"+parent+"-01")
	r.Header.Set("X-Request-Id", "of-the-app")
	answer, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	var page struct {
		Request string `json:"request_id"`
		Cards   []any
	}
	err = json.NewDecoder(answer.Body).Decode(&page)
	answer.Body.Close()
	if err != nil || len(page.Cards) == 0 || answer.Header.Get("X-Request-Id") != "of-the-app" {
		t.Fatalf("the page: %s, %v: %+v", answer.Status, err, page)
	}
	if status, _ := s.ask("GET", "/v1/items/nothing", ""); status != http.StatusNotFound {
		t.Errorf("an item that is not there is answered %d", status)
	}
	s.end() // sends what waits

	c.mu.Lock()
	defer c.mu.Unlock()
	for _, secret := range []string{"somebody", "nothing", "secret"} {
		if strings.Contains(c.bodies, secret) || strings.Contains(s.said.String(), secret) {
			t.Errorf("%q is told: %s, %s", secret, c.bodies, &s.said)
		}
	}
	byName, byID := map[string]otlpSpan{}, map[string]otlpSpan{}
	hexadecimal := regexp.MustCompile(`^([0-9a-f]{32})([0-9a-f]{16})$`)
	for _, one := range c.spans {
		if !hexadecimal.MatchString(one.TraceID + one.SpanID) {
			t.Errorf("ids %q and %q", one.TraceID, one.SpanID)
		}
		byName[one.Name], byID[one.SpanID] = one, one
	}
	if len(byID) != 7 {
		t.Errorf("%d spans; of 4 requests, a page and two times events 7 are expected: %s", len(byID), c.bodies)
	}
	span := func(name string, kind, status int, attributes map[string]string) otlpSpan {
		t.Helper()
		one := byName[name]
		about := one.about()
		for key, want := range attributes {
			if about[key] != want {
				t.Errorf("%s: %s is %q; %q is expected", name, key, about[key], want)
			}
		}
		if one.Kind != kind || one.Status.Code != status {
			t.Errorf("%s is of kind %d with status %d", name, one.Kind, one.Status.Code)
		}
		return one
	}
	const server, internal = 2, 1
	feed := span("GET /v1/users/{id}/feed", server, 0, map[string]string{"segue.request": "of-the-app", "http.route": "GET /v1/users/{id}/feed", "http.request.method": "GET", "http.response.status_code": "200"})
	made := span("make page", internal, 0, map[string]string{"segue.request": "of-the-app", "segue.page": page.Request})
	if feed.TraceID != trace || feed.ParentSpanID != parent || made.TraceID != trace || made.ParentSpanID != feed.SpanID {
		t.Errorf("the page's spans hang together otherwise: %+v, %+v", feed, made)
	}
	if nano(t, feed.StartTimeUnixNano) > nano(t, made.StartTimeUnixNano) || nano(t, made.StartTimeUnixNano) > nano(t, made.EndTimeUnixNano) || nano(t, made.EndTimeUnixNano) > nano(t, feed.EndTimeUnixNano) {
		t.Errorf("the page was made outside of its request: %+v, %+v", feed, made)
	}
	events := span("POST /v1/events", server, 0, map[string]string{"http.response.status_code": "200"})
	stores := 0
	for _, one := range c.spans {
		if one.Name != "store events" {
			continue
		}
		stores++
		above := byID[one.ParentSpanID]
		if one.TraceID != above.TraceID || one.about()["segue.request"] != above.about()["segue.request"] || (above.SpanID == events.SpanID) != (one.about()["segue.events"] == "3") {
			t.Errorf("events were stored in %+v of %+v", one, above)
		}
	}
	if stores != 2 {
		t.Errorf("events were stored %d times, of 2", stores)
	}
	span("GET /v1/items/{id}", server, 0, map[string]string{"http.response.status_code": "404"})
	if events.ParentSpanID != "" || events.TraceID == trace {
		t.Errorf("a request that says nothing of traces begins one: %+v", events)
	}
}

func nano(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestServeNoTraces: without an endpoint, or told not to, nothing is sent.
func TestServeNoTraces(t *testing.T) {
	c := startCollector(t)
	for _, env := range [][]string{
		{"OTEL_SERVICE_NAME=feed of a test"},
		{"OTEL_SDK_DISABLED=true", "OTEL_EXPORTER_OTLP_ENDPOINT=" + c.URL},
		{"OTEL_TRACES_EXPORTER=none", "OTEL_EXPORTER_OTLP_ENDPOINT=" + c.URL},
	} {
		s := serveWith(t, t.TempDir(), env)
		s.must("PUT", "/v1/items/song", `{"content": "songs"}`)
		s.must("GET", "/v1/users/somebody/feed", "")
		if s.end(); strings.Contains(s.said.String(), "spans") {
			t.Errorf("%v: %s", env, &s.said)
		}
	}
	if c.asked > 0 {
		t.Errorf("the collector was asked %d times: %s", c.asked, c.bodies)
	}
}

// TestServeTracesLost: a collector that is gone, and one that takes what is sent and never answers, cost no page, and the end no more than the wait for them.
func TestServeTracesLost(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	asked, release := make(chan struct{}, 1000), make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-release
	}))
	defer silent.Close()
	defer close(release) // long after all pages
	for name, endpoint := range map[string]string{"gone": "http://" + gone.Addr().String(), "silent": silent.URL} {
		t.Run(name, func(t *testing.T) {
			s := serveWith(t, t.TempDir(), []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + endpoint, "OTEL_EXPORTER_OTLP_HEADERS=api-token=secret"}, "-q")
			s.must("PUT", "/v1/items/song", `{"content": "songs"}`)
			for k := range 600 { // more spans than are sent at once
				s.must("GET", fmt.Sprint("/v1/users/somebody", k, "/feed"), "")
			}
			if name == "silent" {
				<-asked // spans are on their way, and more pages are made
				for k := range 600 {
					s.must("GET", fmt.Sprint("/v1/users/somebody", k, "/feed"), "")
				}
			}
			if s.end(); !strings.Contains(s.said.String(), "spans are lost") || strings.Contains(s.said.String(), "secret") {
				t.Errorf("the log does not say what is lost: %s", &s.said)
			}
		})
	}
}
