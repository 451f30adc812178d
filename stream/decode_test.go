package stream

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestDecodeEvent: what is refused, and which field is named.
func TestDecodeEvent(t *testing.T) {
	const like = `"v":1,"id":"x","kind":"like","at_ms":1,"user":"u","item":"i"`
	for _, c := range []struct{ data, field, says string }{
		{``, "", "JSON is expected"},
		{`nope`, "", "JSON is expected"},
		{`[]`, "", "an object is expected, not an array"},
		{`{` + like + `} {}`, "", "JSON is expected"},
		{`{` + like, "", "JSON is expected"},
		{`{"v":2,` + like[6:] + `,"mood":3}`, "v", "schema version 2; this program knows versions up to 1"},
		{`{` + like + `,"mood":3}`, "mood", "no field of an event has this name"},
		{`{` + like + `,"ID":"y"}`, "ID", "no field of an event has this name"},
		{`{` + like + `,"id":"y"}`, "id", "duplicate"},
		{`{` + like + `,"page":{"cards":[{"item":"a","propensity":.5}]}}`, "page.cards[0].propensity", "JSON is expected"},
		{`{` + like + `,"page":{"cards":[{"item":"a","propensity":0.5,"x":1}]}}`, "page.cards[0].x", "no field"},
		{`{` + like + `,"page":{"cards":[{"item":"a","propensity":"1"}]}}`, "page.cards[0].propensity", "a number is expected, not text"},
		{`{` + like + `,"page":{"cards":[{"item":"a","propensity":0}]}}`, "page.cards[0].propensity", "above 0"},
		{`{` + like + `,"slot":1.5}`, "slot", "a whole number is expected, not this number"},
		{`{` + like + `,"slot":1e99}`, "slot", "a whole number is expected"},
		{`{` + like + `,"slot":-1}`, "slot", "from 0 to 32767"},
		{`{` + like + `,"value":1e999}`, "value", "a number is expected"},
		{`{` + like + `,"card":{"labels":{"a":1,"a":2}}}`, "card.labels.a", "duplicate"},
		{`{"id":"x","kind":"like","user":"u","item":"i"}`, "at_ms", "a moment is expected"},
		{`{"id":"","kind":"like","at_ms":1,"user":"u","item":"i"}`, "id", "an id is expected"},
		{`{"id":"x","kind":"sing","at_ms":1}`, "kind", `"sing" is no kind`},
		{`{"id":7,"kind":"like","at_ms":1}`, "id", "text is expected, not this number"},
		{"{\"id\":\"\xff\",\"kind\":\"like\",\"at_ms\":1}", "id", "UTF-8"},
		{`{` + like + `,"comment":"` + strings.Repeat("x", MaxComment+1) + `"}`, "comment", "4097 bytes"},
		{strings.Repeat(" ", MaxEvent+1), "event", "at most 524288"},
	} {
		_, err := DecodeEvent([]byte(c.data))
		var field *FieldError
		if !errors.Is(err, ErrEvent) || !errors.As(err, &field) || field.Field != c.field || !strings.Contains(field.Problem, c.says) {
			t.Errorf("%.200s: %v; field %q and %q are expected", c.data, err, c.field, c.says)
		}
	}
	e, err := DecodeEvent([]byte(`{"id":"x","kind":"view","at_ms":1,"user":"u","item":"i","value":2}`))
	if err != nil || e.Version != Version || *e.Value != 2 {
		t.Errorf("%+v, %v", e, err)
	}
}

// TestWhatIsWrittenIsRead: whatever Check lets pass can be read again and is the same, since an event that cannot be read would block the log.
func TestWhatIsWrittenIsRead(t *testing.T) {
	rare := func(t *rapid.T) bool { return rapid.IntRange(0, 60).Draw(t, "rare") == 0 } // so that most events are good
	text := func(most int) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			if rare(t) {
				return rapid.SampledFrom([]string{"\x00", "\xff", ""}).Draw(t, "bad")
			}
			return rapid.OneOf(rapid.StringMatching(`[a-zA-Z\x01-\x1f<&>"\\ü-ÿ\x{2028}]{1,8}`), rapid.Just("\u2028<&>\"\\\x01")).Draw(t, "good")
		})
	}
	number := rapid.Custom(func(t *rapid.T) float64 {
		if rare(t) {
			return rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), 0, -1}).Draw(t, "bad")
		}
		return rapid.Float64Range(1e-300, 1).Draw(t, "good")
	})
	kindsOf := []Kind{Served, Click, View, Feedback, User, Item, Follow, Share, "sing"}
	odd := func(t *rapid.T, n int) int { // rarely
		if rare(t) {
			return n
		}
		return 0
	}
	taken := 0
	rapid.Check(t, func(t *rapid.T) {
		e := Event{Version: rapid.SampledFrom([]int{0, 1, odd(t, 2), odd(t, -1)}).Draw(t, "v"), ID: rapid.OneOf(rapid.Just("x"), text(8)).Draw(t, "id"), Kind: rapid.SampledFrom(kindsOf).Draw(t, "kind"), AtMS: rapid.Int64Range(0, 1<<43).Draw(t, "at"),
			User: text(16).Draw(t, "user"), Item: text(16).Draw(t, "item"), Request: text(8).Draw(t, "request"), From: text(8).Draw(t, "from"), Type: text(8).Draw(t, "type"), Comment: text(40).Draw(t, "comment"),
			Replace: rapid.Bool().Draw(t, "replace")}
		if e.Kind == View || rapid.Bool().Draw(t, "has value") {
			v := number.Draw(t, "value")
			e.Value = &v
		}
		if e.Kind == Served || rapid.Bool().Draw(t, "has page") {
			e.Page = &Page{Model: text(8).Draw(t, "model"), Seed: rapid.Uint64().Draw(t, "seed"), Columns: odd(t, -1)}
			for range rapid.IntRange(0, 2).Draw(t, "cards") {
				e.Page.Cards = append(e.Page.Cards, ServedCard{Item: text(8).Draw(t, "card"), Score: number.Draw(t, "score"), Propensity: number.Draw(t, "propensity"), By: text(8).Draw(t, "by")})
			}
		}
		if rapid.Bool().Draw(t, "has card") {
			good := []string{``, `null`, ` {"a": [1, "\n"]} `, strings.Repeat("[", 8000) + strings.Repeat("]", 8000)}
			labels := rapid.SampledFrom(slices.Concat(good, good, good, []string{`{"a":1,"a":2}`, "\"\xff\"", `{`, `1 2`, `"\ud800"`})).Draw(t, "labels")
			e.Card = &Card{Creator: text(8).Draw(t, "creator"), Labels: json.RawMessage(labels), Categories: rapid.SliceOfN(text(8), 0, 2).Draw(t, "categories")}
		}
		data, err := encode(&e)
		if err != nil {
			if !errors.Is(err, ErrEvent) {
				t.Fatalf("%v is no ErrEvent", err)
			}
			return
		}
		taken++
		if strings.Contains(string(data), "\n") {
			t.Fatalf("more than a line: %q", data)
		}
		got, err := DecodeEvent(data)
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		again, err := encode(&got)
		if err != nil || string(again) != string(data) {
			t.Fatalf("%s is read as %s, %v", data, again, err)
		}
	})
	if taken == 0 && !testing.Short() { // of 100 events; a fifth is taken and more
		t.Error("no event was taken: the test shows nothing")
	}
}

func FuzzDecodeEvent(f *testing.F) {
	for _, seed := range []string{`{"v":1,"id":"x","kind":"like","at_ms":1,"user":"u","item":"i"}`, `{"v":9}`, `{"id":"x","kind":"served","at_ms":1,"user":"u","page":{"model":"m","seed":1,"columns":2,"cards":[{"item":"a","score":1,"propensity":0.5}]}}`,
		`{"id":"x","kind":"item","at_ms":1,"item":"u","card":{"labels":{"a":1},"categories":["a"],"type":1}}`, `{"a/b":{"~":1}}`, "[\xff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := DecodeEvent(data)
		if err != nil {
			if !errors.Is(err, ErrEvent) {
				t.Fatalf("%v is no ErrEvent", err)
			}
			return
		}
		first, err := encode(&e)
		if err != nil {
			if len(data) < MaxEvent/6 { // beyond, escapes may have made it too large
				t.Fatalf("%q was read and is not taken: %v", data, err)
			}
			return
		}
		again, err := DecodeEvent(first)
		if err != nil {
			t.Fatalf("%q was written as %q: %v", data, first, err)
		}
		if second, err := encode(&again); err != nil || string(second) != string(first) {
			t.Fatalf("%q, then %q, %v", first, second, err)
		}
	})
}

func FuzzDecodeGroup(f *testing.F) {
	f.Add("1", "1", "1", []byte(`{"v":1,"id":"x","kind":"like","at_ms":1,"user":"u","item":"i"}`))
	f.Add("7", "18446744073709551615", "1000", []byte("\n\n"))
	f.Fuzz(func(t *testing.T, msg, first, count string, data []byte) {
		g, err := readGroup(msg, first, count, data)
		if err != nil {
			return
		}
		whole := g
		events, err := g.next(g.left())
		if err == nil && (len(events) != g.count || g.count < 1 || g.left() != 0) {
			t.Fatalf("%d events, count %d", len(events), g.count)
		}
		for k, e := range events {
			if e.Seq != g.first+uint64(k) || e.Seq == 0 {
				t.Fatalf("event %d has seq %d, the first %d", k, e.Seq, g.first)
			}
		}
		if n := len(events); n > 1 { // the rest, read alone, is the same
			whole.skip(whole.first + uint64(n) - 1)
			if last, err := whole.next(1); err != nil || last[0].Seq != events[n-1].Seq || last[0].ID != events[n-1].ID {
				t.Fatalf("%v, %v after a skip; %v is expected", last, err, events[n-1])
			}
		}
	})
}
