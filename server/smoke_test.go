package server

import (
	"net/http/httptest"
	"strings"
	"testing"
)

var testKeys = []Key{
	{Name: "reader", Role: RoleRead, Secret: "reader-secret-0123456789"},
	{Name: "writer", Role: RoleWrite, Secret: "writer-secret-0123456789"},
}

func TestSmoke(t *testing.T) {
	s, err := New(Config{Backend: newFake()})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ m, u, b string }{
		{"GET", "/v1/users/a%2Fb/feed?n=2&explain=true", ""},
		{"GET", "/v1/users/a%2Fb/feed?n=0&x=1&at_ms=h", ""},
		{"GET", "/v1/users/%2e%2e/feed?n=1", ""},
		{"POST", "/v1/events", `{"id":"1","kind":"click","at_ms":5,"user":"u","item":"i"}`},
		{"POST", "/v1/events", `[{"id":"2","kind":"click","at_ms":5,"user":"u","item":"i"},{"id":"2","kind":"clic","at_ms":5,"user":"u"}]`},
		{"POST", "/v1/events", `{"id":"1","kind":"click","at_ms":"5","user":"u","item":"i"}`},
		{"POST", "/v1/events", `{"id":`},
		{"GET", "/health/live", ""}, {"GET", "/health/ready", ""}, {"GET", "/v1/stats", ""}, {"GET", "/v1/models", ""}, {"DELETE", "/v1/stats", ""}, {"GET", "/nope", ""},
		{"PUT", "/v1/users/u1", `{"gender":"F","age":"x"}`}, {"PUT", "/v1/users/u1", `{"gender":"F","age":31,"labels":{"a":[1]}}`}, {"PATCH", "/v1/users/u1", `{"age":null,"province":"Hunan"}`},
		{"PATCH", "/v1/users/u1", `{"agee":null}`}, {"PATCH", "/v1/users/u1", `{"age":"x"}`}, {"PATCH", "/v1/users/u1", `[1]`},
		{"GET", "/v1/users/u1", ""}, {"POST", "/v1/users", `[{"user":"u2","age":3},{"user":"u3","age":-3}]`},
		{"GET", "/metrics", ""}, {"GET", "/openapi.json", ""},
	} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(c.m, "http://localhost"+c.u, strings.NewReader(c.b)))
		t.Log(c.m, c.u, w.Code, w.Header().Get("Content-Type"), w.Body.String()[:min(w.Body.Len(), 900)])
	}
}
