package server

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// reflected is what encoding/json writes of p, with lists in place of nil.
func reflected(t interface{ Fatal(...any) }, p FeedPage) string {
	if p.Cards == nil {
		p.Cards = []FeedCard{}
	}
	for k := range p.Cards {
		c := &p.Cards[k]
		if c.Sources == nil {
			c.Sources = []Source{}
		}
		if c.Why != nil && c.Why.Parts == nil {
			c.Why.Parts = []Part{}
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(p); err != nil {
		t.Fatal(err)
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

func pageGen() *rapid.Generator[FeedPage] {
	text := rapid.OneOf(rapid.String(), rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) }),
		rapid.SampledFrom([]string{"", "<&>", "\u2028\u2029", "\"\\/\b\f\n\r\t\x00\x1f\x7f", "♫\xf0\x9f", "\ufffd"}))
	number := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1e-6, 9.9999e-7, 1e21, 1e20, -1e-9, 5e-324, math.MaxFloat64, .1}))
	return rapid.Custom(func(t *rapid.T) FeedPage {
		p := FeedPage{Request: text.Draw(t, "request"), User: text.Draw(t, "user"), Model: text.Draw(t, "model"), AtMS: rapid.Int64().Draw(t, "at"), Seed: rapid.Uint64().Draw(t, "seed"),
			Columns: rapid.Int().Draw(t, "columns"), Rested: rapid.Bool().Draw(t, "rested")}
		for range rapid.IntRange(0, 3).Draw(t, "cards") {
			c := FeedCard{Item: text.Draw(t, "item"), Slot: rapid.Int().Draw(t, "slot"), Column: rapid.Int().Draw(t, "column"), Score: number.Draw(t, "score"), Click: number.Draw(t, "click"),
				Propensity: number.Draw(t, "propensity"), Explored: rapid.Bool().Draw(t, "explored"), Reason: text.Draw(t, "reason"), By: text.Draw(t, "by"), Cause: text.Draw(t, "cause"),
				Content: text.Draw(t, "content"), Creator: text.Draw(t, "creator")}
			for range rapid.IntRange(0, 2).Draw(t, "sources") {
				c.Sources = append(c.Sources, Source{text.Draw(t, "name"), rapid.Int().Draw(t, "rank")})
			}
			if rapid.Bool().Draw(t, "explained") {
				c.Why = &Why{Base: number.Draw(t, "base"), Rest: number.Draw(t, "rest")}
				for range rapid.IntRange(0, 2).Draw(t, "themes") {
					c.Why.Themes = append(c.Why.Themes, Theme{text.Draw(t, "theme"), number.Draw(t, "adds")})
				}
				for range rapid.IntRange(0, 2).Draw(t, "parts") {
					c.Why.Parts = append(c.Why.Parts, Part{text.Draw(t, "feature"), text.Draw(t, "value"), number.Draw(t, "adds"), text.Draw(t, "means")})
				}
			}
			p.Cards = append(p.Cards, c)
		}
		return p
	})
}

// The page is written as encoding/json writes it, byte for byte.
func TestPageJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := pageGen().Draw(t, "page")
		var b bytes.Buffer
		if err := writePage(&b, &p); err != nil {
			t.Fatal(err)
		}
		if want := reflected(t, p); b.String() != want {
			t.Fatalf("written %s\nwant    %s", b.String(), want)
		}
	})
}

// A number that JSON does not have is an answer of its own, not half a page.
func TestPageWithoutNumber(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		f := newScripted()
		f.page = pageOf("u", 3)
		f.page.Cards[1].Score = v
		w := newClient(t, Config{Backend: f}).ask("GET", "/v1/users/u/feed", "")
		if _, all := problemOf(t, w); w.Code != 500 {
			t.Errorf("%v: %d %s", v, w.Code, all)
		}
	}
	var b bytes.Buffer
	if err := writePage(&b, &FeedPage{Cards: []FeedCard{{Why: &Why{Parts: []Part{{Adds: math.NaN()}}}}}}); err == nil || b.Len() > 0 {
		t.Errorf("%v, %s", err, b.String())
	}
}

// BenchmarkPageJSON is the hand-kept writer beside encoding/json, 20 cards.
func BenchmarkPageJSON(b *testing.B) {
	p := pageOf("u1", 20)
	b.Run("by=hand", func(b *testing.B) {
		b.ReportAllocs()
		var buf bytes.Buffer
		for b.Loop() {
			buf.Reset()
			if err := writePage(&buf, p); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("by=reflection", func(b *testing.B) {
		b.ReportAllocs()
		var buf bytes.Buffer
		e := json.NewEncoder(&buf)
		for b.Loop() {
			buf.Reset()
			if err := e.Encode(p); err != nil {
				b.Fatal(err)
			}
		}
	})
}
