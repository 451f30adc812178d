package rank

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seguefeed/segue/village"
)

// TestViews cuts two users' sessions by hand.
func TestViews(t *testing.T) {
	l := &Log{
		// User 7: a page from 0 that goes on; then, in the same session, a page from 1 of two columns, left at once. User 8: a page; what she
		// clicked takes 40 minutes, so that the log ends her session, but she goes on below; a row without a slot; then a session that
		// begins below the top.
		User:    []int32{7, 7, 7, 7, 7, 7, 7, 8, 8, 8, 8, 8, 8},
		Slot:    []int32{0, 1, 4, 1, 2, 1, 2, 1, 2, 3, 6, -1, 9},
		AtMS:    []int64{0, 0, 5e3, 60e3, 60e3, 60e3, 60e3, 0, 0, 0, 2400e3, 2401e3, 1e9},
		Session: []int32{0, 7, 10, 12, 13},
	}
	l.Card, l.Clicked = make([]int32, 13), make([]bool, 13)
	if err := l.check(); err != nil {
		t.Fatal(err)
	}
	v := viewsOf(l)
	if want := []int32{0, 3, 7, 12, 13}; !slices.Equal(v.start, want) {
		t.Fatalf("views begin at %v, want %v", v.start, want)
	}
	if want := []Kind{Browsing, Passing, Browsing, Unplaced}; !slices.Equal(v.kind, want) {
		t.Errorf("kinds %v, want %v", v.kind, want)
	}
	if want := []int32{0, 1, 4, 0, 1, 0, 1, 0, 1, 2, 5, -1, -1}; !slices.Equal(v.offset, want) {
		t.Errorf("offsets %v, want %v", v.offset, want)
	}
}

// TestEffectsByHand fits two views of two slots. The first view has clicks in slot 0 twice and slot 1 once, as rows; with strata of equal
// make-up e[1]/e[0] is the ratio of clicks: 1/2.
func TestEffectsByHand(t *testing.T) {
	tab := &table{start: []int32{0, 4, 8}, slot: []uint16{0, 0, 1, 1, 0, 0, 1, 1}, group: make([]uint8, 8),
		clicked: []bool{true, false, false, true, true, false, false, false}, slots: 2}
	e, err := tab.fit(t.Context(), -1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r := e.slot[1] / e.slot[0]; math.Abs(r-.5) > 1e-4 {
		t.Errorf("slot 1 has %v of slot 0, want .5", r)
	}
}

// TestSlotWithoutAClick: it is worth nothing, and does not spoil what is known of the others, nor their intervals.
func TestSlotWithoutAClick(t *testing.T) {
	l := keenFeed(3000, 5, func(s int) float64 {
		if s == 2 {
			return 0
		}
		return 1
	})
	e, err := EstimateExamination(t.Context(), l, ExaminationConfig{MaxSlot: 6})
	if err != nil {
		t.Fatal(err)
	}
	if v := e.Browsing[2].Value.Value; v != 0 {
		t.Errorf("a slot without a click has %v", v)
	}
	for _, s := range []int{1, 3, 4} {
		if v := e.Browsing[s].Value; !(v.Low < 1 && 1 < v.High) {
			t.Errorf("slot %d: %v, truly 1", s, v)
		}
	}
}

// keenFeed is a feed in which only keen users go deep and good cards stand high: with examination e a click has chance
// e[slot] x keenness of the view x appeal of the card.
func keenFeed(users int, seed uint64, e func(slot int) float64) *Log {
	const cards, most = 400, 24
	r := rand.New(rand.NewPCG(seed, 4))
	appeal := make([]float64, cards)
	for c := range appeal {
		appeal[c] = math.Exp(.4*r.NormFloat64() - .08)
	}
	l := &Log{}
	for u := range users {
		at := int64(0)
		for range 1 + r.IntN(4) {
			keen := min(1.8, r.NormFloat64())
			depth := min(most, 5+int(4*math.Exp(1.1*keen)))
			page := r.Perm(cards)[:depth]
			noise := make(map[int]float64, depth)
			for _, c := range page {
				noise[c] = math.Log(appeal[c]) + .7*r.NormFloat64()
			}
			slices.SortFunc(page, func(a, b int) int { // better cards tend to come first
				if noise[a] != noise[b] {
					if noise[a] > noise[b] {
						return -1
					}
					return 1
				}
				return a - b
			})
			l.Session = append(l.Session, int32(len(l.User)))
			for s, c := range page {
				chance := .03 * math.Exp(1.1*keen) * appeal[c] * e(s) // stays below 1
				l.User, l.Card, l.Slot = append(l.User, int32(u)), append(l.Card, int32(c)), append(l.Slot, int32(s+1))
				l.AtMS, l.Clicked = append(l.AtMS, at+int64(s)*2000), append(l.Clicked, r.Float64() < chance)
			}
			at += 86_400_000
		}
	}
	l.Session = append(l.Session, int32(len(l.User)))
	return l
}

// TestExaminationRecoversThePlantedCurve plants a curve that the click-through rate by slot shows the wrong way round.
func TestExaminationRecoversThePlantedCurve(t *testing.T) {
	truth := func(s int) float64 { return .6 + .4*math.Exp(-float64(s)/4) }
	l := keenFeed(30_000, 1, truth)
	raw, err := EstimateExamination(t.Context(), l, ExaminationConfig{Method: Raw})
	if err != nil {
		t.Fatal(err)
	}
	if x := raw.Browsing[16].Value.Value; x < 1.1 {
		t.Errorf("the raw curve has %v in slot 16: the feed does not mislead it", x)
	}
	e, err := EstimateExamination(t.Context(), l, ExaminationConfig{})
	if err != nil {
		t.Fatal(err)
	}
	judged, covered := 0, 0
	for _, x := range e.Browsing[1:20] {
		want := truth(x.Slot) / truth(0)
		if x.Value.Low <= want && want <= x.Value.High {
			covered++
		}
		if x.Clicked < 700 {
			continue
		}
		judged++
		if math.Abs(x.Value.Value/want-1) > .1 {
			t.Errorf("slot %d: %v, truly %v", x.Slot, x.Value, want)
		}
	}
	// The slots share the error of the top, so that of one feed few intervals or many miss; most must not.
	if judged < 15 || covered < 13 {
		t.Errorf("%d slots have 700 clicks, %d of 19 intervals hold the truth", judged, covered)
	}
	// Without the cards the curve falls too far, since good ones stand high.
	cardless, err := EstimateExamination(t.Context(), l, ExaminationConfig{Method: Within})
	if err != nil {
		t.Fatal(err)
	}
	if x, want := cardless.Browsing[16].Value.Value, truth(16)/truth(0); x > .9*want {
		t.Errorf("within views alone slot 16 has %v, truly %v: the cards' order does not matter", x, want)
	}
}

// TestExaminationOfAVillage recovers the simulator's curves: that of browsing within 10% where there are a thousand clicks, and the top of a page in
// passing beside that in browsing.
func TestExaminationOfAVillage(t *testing.T) {
	dir := t.TempDir()
	if _, err := village.Write(t.Context(), dir, village.Config{Users: 25_000, Seed: 3, Truth: true}); err != nil {
		t.Fatal(err)
	}
	l, truth := logOfVillage(t, dir), examinationTruth(t, dir)
	e, err := EstimateExamination(t.Context(), l, ExaminationConfig{})
	if err != nil {
		t.Fatal(err)
	}
	judged := 0
	for _, x := range e.Browsing[1:] {
		if x.Clicked < 1000 {
			continue
		}
		judged++
		if want := truth[x.Slot].Browsing / truth[0].Browsing; math.Abs(x.Value.Value/want-1) > .1 {
			t.Errorf("browsing, slot %d: %v, truly %v", x.Slot, x.Value, want)
		}
	}
	if judged < 5 {
		t.Errorf("only %d slots have a thousand clicks", judged)
	}
	if len(e.Passing) != 4 {
		t.Fatalf("passing views have %d slots, want 4", len(e.Passing))
	}
	if x, want := e.Passing[1].Value, truth[1].Passing/truth[0].Passing; !(x.Low <= want && want <= x.High) {
		t.Errorf("passing, slot 1: %v, truly %v", x, want)
	}
	if want := truth[0].Passing / truth[0].Browsing; !(e.Level.Low <= want && want <= e.Level.High) {
		t.Errorf("passing has %v of browsing, truly %v", e.Level, want)
	}
	if at := e.At(Passing, 1); math.Abs(at-e.Level.Value*e.Passing[1].Value.Value) > 1e-12 {
		t.Errorf("examination of slot 1 in passing %v", at)
	}
}

func TestSameCurveWhateverTheThreads(t *testing.T) {
	l := keenFeed(500, 7, func(int) float64 { return 1 })
	var first []uint64
	for _, threads := range []int{1, 3} {
		e, err := EstimateExamination(t.Context(), l, ExaminationConfig{Threads: threads})
		if err != nil {
			t.Fatal(err)
		}
		if bits := asBits(e); first == nil {
			first = bits
		} else if !slices.Equal(first, bits) {
			t.Errorf("%d threads give another curve", threads)
		}
	}
}

// asBits are the curves as numbers that compare NaN with NaN.
func asBits(e *Examination) (out []uint64) {
	for _, x := range append(slices.Clone(e.Browsing), e.Passing...) {
		out = append(out, math.Float64bits(x.Value.Value), math.Float64bits(x.Value.Low), math.Float64bits(x.Value.High))
	}
	return out
}

func TestExaminationMethodsAgreeWithoutConfounding(t *testing.T) {
	l := keenFeed(3000, 2, func(s int) float64 { return 1 / (1 + float64(s)/8) })
	for _, m := range []Method{Within, Swaps, Paired} {
		e, err := EstimateExamination(t.Context(), l, ExaminationConfig{Method: m, MaxSlot: 10})
		if err != nil {
			t.Fatal(err)
		}
		if len(e.Browsing) != 11 {
			t.Fatalf("%s: %d slots, want 0 to 9 and one for those below", m, len(e.Browsing))
		}
		if x := e.Browsing[6].Value; !(x.Low > 0 && x.Low < x.Value && x.Value < x.High && x.High < 1) {
			t.Errorf("%s: slot 6 %v, want an interval below 1", m, x)
		}
	}
}

func TestExaminationErrors(t *testing.T) {
	good := keenFeed(20, 1, func(int) float64 { return 1 })
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)
	if _, err := EstimateExamination(ctx, good, ExaminationConfig{}); !errors.Is(err, why) {
		t.Errorf("a cancelled context gives %v", err)
	}
	for name, spoil := range map[string]func(l *Log, c *ExaminationConfig){
		"a missing column":   func(l *Log, c *ExaminationConfig) { l.Slot = l.Slot[1:] },
		"no sessions":        func(l *Log, c *ExaminationConfig) { l.Session = nil },
		"sessions that fall": func(l *Log, c *ExaminationConfig) { l.Session = []int32{0, 9, 5, int32(len(l.User))} },
		"an unknown method":  func(l *Log, c *ExaminationConfig) { c.Method = "guess" },
		"too deep a slot":    func(l *Log, c *ExaminationConfig) { c.MaxSlot = 1000 },
		"no slots":           func(l *Log, c *ExaminationConfig) { l.Slot = slices.Repeat([]int32{-1}, len(l.User)) },
		"no clicks":          func(l *Log, c *ExaminationConfig) { l.Clicked = make([]bool, len(l.User)) },
	} {
		l, c := *good, ExaminationConfig{}
		spoil(&l, &c)
		if _, err := EstimateExamination(t.Context(), &l, c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	empty := &Log{Session: []int32{0}}
	if _, err := EstimateExamination(t.Context(), empty, ExaminationConfig{}); !errors.Is(err, ErrNoSlots) {
		t.Errorf("an empty log gives %v", err)
	}
}
