package feature

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/seguefeed/segue/internal/partfile"
)

// Card 0 is shown 3 times on the day before the first and twice, with a click, on that before the third; card 1 never; card 2 on the last day.
func TestCardSumsByHand(t *testing.T) {
	counts := make([]cardCount, 3*5)
	counts[1] = cardCount{shown: 3}
	counts[3] = cardCount{shown: 2, clicks: 1}
	counts[2*5+4] = cardCount{appShown: 7}
	s := sumsOf(counts, 5)
	if want := (cardSums{first: []int64{0, 2, 2, 3}, since: []int32{1, 3, 4}, at: []cardCount{{shown: 3}, {shown: 3 + 2, clicks: 1}, {appShown: 7}}}); !reflect.DeepEqual(s, want) {
		t.Fatalf("%+v; %+v is expected", s, want)
	}
	for card, want := range [][5]float32{{0, 3, 3, 5, 5}, {}, {0, 0, 0, 0, 7}} {
		for k, shown := range want {
			if n := s.of(int32(card), int32(k)); n.shown+n.appShown != shown {
				t.Errorf("card %d as of day %d: %+v; shown %v times is expected", card, k, *n, shown)
			}
		}
	}
	if err := s.valid(3, 5); err != nil {
		t.Error(err)
	}
}

// denseOf are the sums by card*days+k, as older files have them.
func denseOf(c *PairContext) (dense []cardCount) {
	for card := range c.attrs {
		for k := range c.days {
			dense = append(dense, *c.cards.of(int32(card), int32(k)))
		}
	}
	return dense
}

// Whatever happens on which days, sums are those of adding day after day.
func TestCardSumsAreRunningSums(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for range 50 {
		cards, days := r.IntN(9), 1+r.IntN(40)
		often := r.Float64()
		counts := make([]cardCount, cards*days)
		for i := range counts {
			if r.Float64() < often {
				counts[i] = cardCount{shown: float32(1 + r.IntN(9)), appLikes: float32(r.IntN(3))}
			}
		}
		s := sumsOf(slices.Clone(counts), days)
		for card := range cards {
			var sum cardCount
			for k := range days {
				sum.plus(&counts[card*days+k])
				if got := *s.of(int32(card), int32(k)); got != sum {
					t.Fatalf("card %d as of day %d: %+v; %+v is expected", card, k, got, sum)
				}
			}
		}
	}
}

// Files of the two kinds that were written before give the same features.
func TestOlderFiles(t *testing.T) {
	l := madeLog(60, 80, 6, true)
	c := madeContext(t, l, 6)
	want := featureBits(c, l, 9)
	dense := denseOf(c)
	sums := []any{partfile.Records(&dense, countBytes, encodeCount, decodeCount)}
	for kind, parts := range map[string][]any{pairsOfOld: c.parts(sums), pairsWithGaps: append([]any{&c.logged}, c.parts(sums)...)} {
		var file bytes.Buffer
		if err := pairFile.Write(&file, kind, parts); err != nil {
			t.Fatal(err)
		}
		got, err := LoadPairContext(&file)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if !reflect.DeepEqual(got.cards, c.cards) || !reflect.DeepEqual(featureBits(got, l, 9), want) {
			t.Errorf("%s: other sums or features", kind)
		}
	}
	dense = dense[1:]
	var file bytes.Buffer
	if err := pairFile.Write(&file, pairsOfOld, c.parts(sums)); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadPairContext(&file); err == nil {
		t.Error("a sum too few is taken")
	}
}
