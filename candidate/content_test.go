package candidate

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/seguefeed/segue/warehouse"
)

// contentStats is 40 cards: card i by creator i/4, with content i%5, all clicked at 5%, of which the last of each creator is new.
func contentStats(t testing.TB) *CardStats {
	cards := plainCards(40)
	var counts [][2]int32
	for k := range 5 {
		cards.Contents = append(cards.Contents, warehouse.ContentName{Levels: [3]int32{1, int32(10 + k/2), int32(100 + k)}})
	}
	for i := range 40 {
		cards.Creator[i], cards.Content[i] = int32(i/4), int16(i%5)
		c := [2]int32{1000, 50}
		if i%4 == 3 {
			c = [2]int32{}
		}
		counts = append(counts, c)
	}
	return fittedStats(t, cards, usesOf(counts...), nil)
}

// TestContentNamesNewCardsOfHerCreators: a user of creators 2 and 7, whose other cards come first, those without an impression included.
func TestContentNamesNewCardsOfHerCreators(t *testing.T) {
	s := contentStats(t)
	c, err := FitContent(s, nil, ContentConfig{})
	if err != nil {
		t.Fatal(err)
	}
	got := c.Candidates(&Query{History: History{Item: []int32{28, 8, 29, 9}}}, 4, nil) // creators 7, 2, 7, 2; contents 3, 3, 4, 4
	named := map[int32]bool{}
	for _, d := range got {
		named[d.Item] = true
		want := "more from creator 2"
		if d.Item >= 28 {
			want = "more from creator 7"
		}
		if r := c.Reason(d, allNames{}); r != want {
			t.Errorf("card %d: reason %q", d.Item, r)
		}
		if r := c.Reason(d, noNames{}); r != "more from a creator you watched" {
			t.Errorf("card %d: reason without names %q", d.Item, r)
		}
		if cause := map[bool]int32{true: 29, false: 9}[d.Item >= 28]; d.Cause != cause {
			t.Errorf("card %d: cause %d, the last of its creator is %d", d.Item, d.Cause, cause)
		}
	}
	for _, item := range []int32{10, 11, 30, 31} {
		if !named[item] {
			t.Errorf("card %d is not among %v", item, itemsOf(got))
		}
	}
}

// TestContentByHand: a history of cards 0 (creator 0, content 0) and 1 (creator 0, content 1), no decay, likeness alone. Card 2 shares the creator, the top
// level and the type; 10 creators of 4 of 40 cards: idf log 10; the top level and the type are of all cards: idf 0.
func TestContentByHand(t *testing.T) {
	c, err := FitContent(contentStats(t), nil, ContentConfig{HalfLife: -1, Quality: -1})
	if err != nil {
		t.Fatal(err)
	}
	got := c.Candidates(&Query{History: History{Item: []int32{0, 1}}}, 40, nil)
	score := map[int32]float64{}
	for _, d := range got {
		score[d.Item] = float64(d.Score)
	}
	// Card 2: tf 2 x log 10. Card 5: middle level 10 (contents 0 and 1, 16 of 40): 2 x log 2.5; content 0, of 8 of 40, what it adds to that: 1 x log 2.
	for item, want := range map[int32]float64{2: 2 * math.Log(10), 5: 2*math.Log(2.5) + math.Log(2)} {
		if math.Abs(score[item]-math.Log(want)) > 1e-5 {
			t.Errorf("card %d: %v, want log %v", item, score[item], want)
		}
	}
	// A card passed over speaks against its creator: 1/1 x log 10 - 1/1 x log 10 for creator 0 leaves nothing of it.
	got = c.Candidates(&Query{History: History{Item: []int32{0, 1}, Value: []float32{1, -1}}}, 40, nil)
	for _, d := range got {
		if d.Item == 2 {
			t.Errorf("card 2 is named with %v", d.Score)
		}
	}
}

// liftLog has users who click at .04, four times as much where an earlier click was of the same creator, at all songs alike.
func liftLog() *memoryLog {
	r := rand.New(rand.NewPCG(7, 7))
	l := &memoryLog{cards: plainCards(120), profiles: &warehouse.Profiles{}}
	for i := range 120 {
		l.cards.Creator[i], l.cards.Song[i] = int32(r.IntN(20)), int32(r.IntN(20))
	}
	for u := range int32(1500) {
		l.profiles.Gender = append(l.profiles.Gender, "")
		clicked := map[int32]bool{}
		rate := .02 + .04*r.Float64()
		for k := range 50 {
			row := memoryRow{user: u, card: int32(r.IntN(120)), day: plantedDay - 1, hour: uint8(k / 60), minute: k % 60}
			chance := rate
			if clicked[l.cards.Creator[row.card]] {
				chance *= 4
			}
			if r.Float64() < chance {
				row.flags = warehouse.Clicked
				clicked[l.cards.Creator[row.card]] = true
			}
			l.rows = append(l.rows, row)
		}
	}
	return l
}

func TestLiftsAreRecovered(t *testing.T) {
	l := liftLog()
	s := l.stats(t)
	lifts, err := CountLifts(t.Context(), l, s, plantedDay-1, LiftConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if v := lifts.Lift[fieldCreator][1]; v < 3.2 || v > 4.8 {
		t.Errorf("one click of the creator lifts %.2f times; 4 is true", v)
	}
	if v := lifts.Lift[fieldSong][1]; v < .75 || v > 1.3 {
		t.Errorf("one click with the song lifts %.2f times; 1 is true", v)
	}
	for f, steps := range lifts.Lift {
		if steps[0] != 1 {
			t.Errorf("field %d: no click lifts %v times", f, steps[0])
		}
	}
	c, err := FitContent(s, lifts, ContentConfig{})
	if err != nil {
		t.Fatal(err)
	}
	q := &Query{History: History{Item: []int32{5}}}
	if got := firstItem(t, c.Candidates(q, 5, nil)); l.cards.Creator[got.Item] != l.cards.Creator[5] {
		t.Errorf("card %d first, by another creator", got.Item)
	}
}

// TestContentWithLiftsThatSayNothing: where sharing lifts nothing, there is no reason to name a card for what it shares.
func TestContentWithLiftsThatSayNothing(t *testing.T) {
	s := contentStats(t)
	s.Clicks[10] = 400
	lifts := &ContentLifts{}
	for f := range lifts.Lift {
		lifts.Lift[f] = [liftSteps]float64{1, 1, 1, 1}
	}
	c, err := FitContent(s, lifts, ContentConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Candidates(&Query{History: History{Item: []int32{8}}}, 5, nil); len(got) != 0 {
		t.Errorf("named for nothing: %v", got)
	}
}

// TestContentLiftsThatFall: steps 1.5, 1.2 and 2 by 30, 10 and 5 clicks: the first two are one, (30 log 1.5 + 10 log 1.2)/40; a step below none is none.
func TestContentLiftsThatFall(t *testing.T) {
	l := &ContentLifts{}
	for f := range l.Lift {
		l.Lift[f], l.Clicks[f] = [liftSteps]float64{1, 1, 1, 1}, [liftSteps]float64{9, 9, 9, 9}
	}
	l.Lift[2], l.Clicks[2] = [liftSteps]float64{1, 1.5, 1.2, 2}, [liftSteps]float64{100, 30, 10, 5}
	l.Lift[3] = [liftSteps]float64{1, .5, .6, .7}
	logs := l.logs()
	pooled := (30*math.Log(1.5) + 10*math.Log(1.2)) / 40
	for b, want := range [liftSteps]float64{0, pooled, pooled, math.Log(2)} {
		if got := float64(logs[2*liftSteps+b]); math.Abs(got-want) > 1e-6 {
			t.Errorf("step %d is %v; want %v", b, got, want)
		}
	}
	for b, got := range logs[3*liftSteps : 4*liftSteps] {
		if got != 0 {
			t.Errorf("step %d of a field that lessens clicks is %v; want 0", b, got)
		}
	}
}

// TestContentCausesAreTrue: without the card that is cited, and it alone, the likeness is less.
func TestContentCausesAreTrue(t *testing.T) {
	lifts := &ContentLifts{}
	for f := range lifts.Lift {
		lifts.Lift[f], lifts.Clicks[f] = [liftSteps]float64{1, 1.1, 1.2, 1.2}, [liftSteps]float64{50, 20, 20, 20}
	}
	for _, by := range []*ContentLifts{nil, lifts} {
		c, err := FitContent(contentStats(t), by, ContentConfig{Recent: 5})
		if err != nil {
			t.Fatal(err)
		}
		h := History{Item: []int32{3, 8, 1, 9, 28, 9, 2, 30}, Value: []float32{1, 1, -.2, 1, 1, -.1, 1, 2}}
		cited := 0
		for _, d := range c.Candidates(&Query{History: h}, 40, nil) {
			if d.Cause < 0 {
				continue
			}
			cited++
			var less History
			for k, i := range h.Item {
				if i != d.Cause {
					less.Item, less.Value = append(less.Item, i), append(less.Value, h.Value[k])
				}
			}
			for _, e := range c.Candidates(&Query{History: less}, 40, nil) {
				if e.Item == d.Item && !(e.Score < d.Score) {
					t.Errorf("card %d for card %d: score %v, and %v without it", d.Item, d.Cause, d.Score, e.Score)
				}
			}
		}
		if cited == 0 {
			t.Error("no card is cited")
		}
	}
}

// TestContentBearsAnyValue: values that are no finite number say nothing.
func TestContentBearsAnyValue(t *testing.T) {
	c, err := FitContent(contentStats(t), nil, ContentConfig{})
	if err != nil {
		t.Fatal(err)
	}
	inf := float32(math.Inf(1))
	odd := History{Item: []int32{0, 8, 4, 12}, Value: []float32{inf, 1, -inf, float32(math.NaN())}}
	for _, d := range c.Candidates(&Query{History: odd}, 40, nil) {
		if d.Cause != 8 || d.Score-d.Score != 0 {
			t.Errorf("%+v", d)
		}
	}
}

// TestLiftsKnowTheMoment: rows of one moment were on one screen, so that a click among them lifts none of the others.
func TestLiftsKnowTheMoment(t *testing.T) {
	l := &memoryLog{cards: plainCards(3), profiles: &warehouse.Profiles{Gender: make([]string, 1)}}
	for card := range int32(3) {
		l.cards.Creator[card] = 0
		l.rows = append(l.rows, memoryRow{card: card, day: plantedDay - 1, flags: warehouse.Clicked})
	}
	lifts, err := CountLifts(t.Context(), l, l.stats(t), plantedDay-1, LiftConfig{})
	if err != nil || lifts.Impressions != 0 {
		t.Errorf("%d impressions after a click, %v", lifts.Impressions, err)
	}
	l.rows = append(l.rows, memoryRow{card: 1, day: plantedDay - 1, minute: 1})
	if lifts, _ = CountLifts(t.Context(), l, l.stats(t), plantedDay-1, LiftConfig{}); lifts.Impressions != 1 {
		t.Errorf("%d impressions after a click, 1 is true", lifts.Impressions)
	}
}

func TestContentRefusesAndStops(t *testing.T) {
	l := plantedLog(8, 30, 30)
	s := l.stats(t)
	if _, err := FitContent(s, nil, ContentConfig{Fields: []float64{1}}); err == nil {
		t.Error("one weight for eight fields, and no error")
	}
	if _, err := CountLifts(t.Context(), l, s, plantedDay, LiftConfig{}); err == nil {
		t.Error("no day is left, and no error")
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errStopped)
	if _, err := CountLifts(ctx, l, s, 0, LiftConfig{}); err != errStopped {
		t.Errorf("stopped: %v", err)
	}
}
