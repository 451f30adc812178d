package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What PUT leaves out and PATCH sets to null is known no more: on an engine, where the log alone says what is known.
func TestUpsertsTakeAwayOnAnEngine(t *testing.T) {
	r := newRig(t, rigOf{log: newLog(1, false)})
	s, err := New(Config{Backend: r.Engine})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path, body string) string {
		t.Helper()
		q := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
		q.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, q); w.Code != http.StatusOK {
			t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
		return w.Body.String()
	}
	ask("PATCH", "/v1/items/card%203", `{"creator":null,"comment":"c","labels":[1]}`)
	if got := ask("GET", "/v1/items/card%203", ""); strings.Contains(got, "creator") || !strings.Contains(got, `"content":"1,1,3"`) || !strings.Contains(got, `"labels":[1]`) {
		t.Errorf("an item without its creator is %s", got)
	}
	ask("PATCH", "/v1/items/card%203", `{"comment":null,"labels":null}`)
	if got := ask("GET", "/v1/items/card%203", ""); strings.Contains(got, "comment") || strings.Contains(got, "labels") {
		t.Errorf("an item without comment and labels is %s", got)
	}
	ask("PUT", "/v1/users/user%203", `{"province":"hai nan"}`)
	if got := ask("GET", "/v1/users/user%203", ""); strings.Contains(got, "gender") || strings.Contains(got, `"age"`) || !strings.Contains(got, `"province":"hai nan"`) {
		t.Errorf("a user of whom a province is told is %s", got)
	}
}
