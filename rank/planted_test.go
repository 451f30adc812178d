package rank

import (
	"math"
	"math/rand/v2"

	"github.com/seguefeed/segue/feature"
)

// planted is a feed whose truth is known. The chance of a click is
//
//	e[slot] x .12 exp(.8 quality + .4 keen - .4), at most .9
//
// with e[s] = 1/(1+s): quality is the card's, keen the user's. Cards stand by show, which has nothing to do with clicks, so that
// who takes clicks as they are takes show for a virtue. A mood that nobody sees makes visits go on below the first page.
type planted struct {
	set    *feature.PairSet
	chance []float64 // of each row, in full view
}

const plantedColumns = 6 // quality, show, keen, noise with gaps, a category, the slot

func plant(users int, seed uint64) *planted {
	r := rand.New(rand.NewPCG(seed, 9))
	s := &feature.PairSet{Columns: []feature.PairColumn{{Name: "quality", Unit: "ratio"}, {Name: "show"}, {Name: "keen", Unit: "ratio"}, {Name: "noise"},
		{Name: "colour", Levels: []string{"red", "green", "blue"}}, {Name: "slot", Rule: feature.SlotShown}}}
	p := &planted{set: s}
	nan := float32(math.NaN())
	for u := range users {
		keen := r.NormFloat64()
		at := int64(u) * 1000
		for range 3 {
			s.Session = append(s.Session, int32(s.Rows))
			cards := 6 + r.IntN(6)
			type card struct{ quality, show float64 }
			page := make([]card, cards)
			for k := range page {
				page[k] = card{r.NormFloat64(), r.NormFloat64()}
			}
			for k := range page { // the more show, the higher, as a rule
				for o := k + 1; o < cards; o++ {
					if page[o].show+.5*r.NormFloat64() > page[k].show+.5*r.NormFloat64() {
						page[k], page[o] = page[o], page[k]
					}
				}
			}
			for k, c := range page {
				full := min(.9, .12*math.Exp(.8*c.quality+.4*keen-.4))
				p.chance = append(p.chance, full)
				noise := float32(r.NormFloat64())
				if r.IntN(5) == 0 {
					noise = nan
				}
				s.X = append(s.X, float32(c.quality), float32(c.show), float32(keen), noise, float32(r.IntN(3)), float32(k))
				clicked := r.Float64() < full/float64(1+k)
				s.User, s.Card, s.Slot = append(s.User, int32(u)), append(s.Card, int32(r.IntN(500))), append(s.Slot, int32(k))
				s.Depth, s.AtMS = append(s.Depth, int32(cards-1)), append(s.AtMS, at+int64(k/3)*5000) // three cards a screen
				s.Day, s.Show, s.Clicked = append(s.Day, 1), append(s.Show, 1), append(s.Clicked, clicked)
				s.Liked = append(s.Liked, clicked && r.Float64() < 1/(1+math.Exp(1-2*c.show)))
				s.Shared = append(s.Shared, clicked && r.IntN(100) == 0)
				view := 0.0
				if clicked {
					view = math.Expm1(max(0, 2+.7*c.show+.3*r.NormFloat64()))
				}
				s.ViewSeconds = append(s.ViewSeconds, float32(view))
				s.Rows++
			}
			at += 86_400_000
		}
	}
	s.Session = append(s.Session, int32(s.Rows))
	return p
}

// page is rows of features of one user and candidates of every quality and show, and whether the first of a pair is truly better.
func page(n int, seed uint64) (x []float32, quality []float64) {
	r := rand.New(rand.NewPCG(seed, 10))
	nan := float32(math.NaN())
	for range n {
		q := r.NormFloat64()
		quality = append(quality, q)
		x = append(x, float32(q), float32(r.NormFloat64()), .2, nan, 1, nan)
	}
	return x, quality
}

// concordance is the share of pairs that score orders as truth does.
func concordance(score []float32, truth []float64) float64 {
	right, pairs := 0.0, 0.0
	for i := range score {
		for j := range i {
			pairs++
			if score[i] != score[j] && (score[i] > score[j]) == (truth[i] > truth[j]) {
				right++
			}
		}
	}
	return right / pairs
}
