package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
)

func post(g *gorse, method, target, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	g.ServeHTTP(w, httptest.NewRequest(method, target, strings.NewReader(body)))
	return w
}

// Whatever the body: it is taken whole and said to be, or refused and nothing of it is stored.
func FuzzGorseFeedback(f *testing.F) {
	for _, seed := range []string{
		`[{"FeedbackType":"t","UserId":"u","ItemId":"i","Value":1.5,"Timestamp":"2024-05-06","Comment":"c"},{"feedbacktype":"t","UserId":"u","ItemId":"j"}]`,
		`[{"FeedbackType":"t","UserId":"u","ItemId":"i","Timestamp":"9999-12-31T23:59:59Z"}]`, `[{"FeedbackType":"t","UserId":"u","ItemId":"i","Value":1e308},{"FeedbackType":"t","UserId":"u","ItemId":"i","Value":1e308}]`,
		`[]`, `[[]]`, `[null]`, `{}`, ``, `[{"UserId":"\u0000"}]`, "[{\"FeedbackType\":\"\xff\",\"UserId\":\"u\",\"ItemId\":\"i\"}]", `[{"Timestamp":{}}]`, `[{"Labels":[[[[]]]]}] []`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		g, fake := newTestGorse()
		w := post(g, "POST", "/api/feedback", body)
		switch w.Code {
		case 200:
			var rows []any
			if err := json.Unmarshal([]byte(body), &rows); err != nil {
				t.Fatalf("%q was taken: %v", body, err)
			}
			if want := fmt.Sprintf("{\"RowAffected\":%d}\n", len(rows)); w.Body.String() != want || len(fake.log) != len(rows) {
				t.Fatalf("%q: answered %s and stored %d events; want %s", body, w.Body, len(fake.log), want)
			}
		case 400, 413:
			if len(fake.log) != 0 {
				t.Fatalf("%q: refused, and %d events stored", body, len(fake.log))
			}
		default:
			t.Fatalf("%q: %d %s", body, w.Code, w.Body)
		}
	})
}

// What bulk requests store can be exported, and imported elsewhere to the same effect.
func FuzzGorseBulk(f *testing.F) {
	for _, seed := range []string{
		`{"UserId":"u","Labels":{"a":[1,null]},"Comment":"c"}` + "\n\n" + `{"UserId":"v"}`, `{"ItemId":"i","Categories":["x",""],"Timestamp":"2024-05-06 07:08","Labels":"<&>\u2028"}`,
		`{"ItemId":"i","Timestamp":"1900-01-01"}` + "\n" + `{"ItemId":"i","IsHidden":true}`, `{"FeedbackType":"t","UserId":"u","ItemId":"i","Value":-0.0}` + "\n{", "\ufeff{}", "\r\n", "[]", "null",
		`{"FeedbackType":"t","UserId":"u","ItemId":"i","Value":1e-320}`,
	} {
		for kind := range byte(3) {
			f.Add(kind, seed)
		}
	}
	f.Fuzz(func(t *testing.T, kind byte, body string) {
		target := "/api/bulk/" + []string{"users", "items", "feedback"}[kind%3]
		g, fake := newTestGorse()
		w := post(g, "POST", target, body)
		if w.Code != 200 && w.Code != 400 {
			t.Fatalf("%q: %d %s", body, w.Code, w.Body)
		}
		if lines := strings.Count(body, "\n") + 1; len(fake.log) > lines {
			t.Fatalf("%q: %d events of %d lines", body, len(fake.log), lines)
		}
		if w.Code == 200 && w.Body.String() != fmt.Sprintf("{\"RowAffected\":%d}\n", len(fake.log)) {
			t.Fatalf("%q: answered %s and stored %d events", body, w.Body, len(fake.log))
		}
		first := post(g, "GET", target, "")
		h, _ := newTestGorse()
		if w := post(h, "POST", target, first.Body.String()); first.Code != 200 || w.Code != 200 {
			t.Fatalf("%q: the export %d %s came to %d %s", body, first.Code, first.Body, w.Code, w.Body)
		}
		if second := post(h, "GET", target, ""); !bytes.Equal(second.Body.Bytes(), first.Body.Bytes()) {
			t.Fatalf("%q: exported %s, then %s", body, first.Body, second.Body)
		}
	})
}

func FuzzParseGorseTime(f *testing.F) {
	for _, seed := range []string{"2024-05-06", "2024-05-06T07:08:09.123+14:00", "1714953600", "0001-01-01T00:00:00Z", "Mon, 06 May 2024 07:08:09 GMT", "9999-12-31T23:59:59-23:59", "2006"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := parseGorseTime(text)
		if err != nil || at.set && (at.ms < -62e12 || at.ms > 1<<43) { // beyond the years 6 and 2248, which events do not have
			return
		}
		data, err := json.Marshal(at)
		if err != nil {
			t.Fatalf("%q: %+v cannot be written: %v", text, at, err)
		}
		var again gorseTime
		if err := json.Unmarshal(data, &again); err != nil || again != at {
			t.Fatalf("%q: %+v is written as %s and read as %+v, %v", text, at, data, again, err)
		}
	})
}
