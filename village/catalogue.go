// The catalogue: every card, its creator, and the chance that each day's feed
// shows it. It is made once, before any user comes, and is read-only after.

package village

import (
	"math"

	"github.com/seguefeed/segue/internal/splitmix"
)

// monthDays is the length of the month, day 1 to day 30.
const monthDays = 30

// card is one card. Its exposure is in catalogue.front and catalogue.deep.
type card struct {
	creator int32
	song    int64 // number of the song's id; 0 for the placeholder of own recordings
	artist  int64
	age     int16 // days from publication to 31 November
	kind    int16 // 1 pictures, 2 video
	content int16 // index into contents; -1 null
	talk    int32 // -1 none
	appeal  float32
	topic   [tasteDims]float32 // where it lies in the space of tastes
	logNorm float32            // what keeps its mean taste match at 1
}

// content is one triple of the content taxonomy.
type content struct {
	levels [3]int16
	weight float64
	lift   float64 // of log appeal
	topic  [tasteDims]float32
}

// catalogue is all cards and the daily lotteries from which the feed draws.
type catalogue struct {
	cards    []card
	contents []content
	creators int
	front    [monthDays]lottery
	deep     [monthDays]lottery
}

// lottery draws cards alive on one day.
type lottery struct {
	alias
	id []int32   // alive cards; nil when all are
	w  []float32 // chance of each
}

// contentRanges are the leaves under each middle level, from the taxonomy's
// own numbering: leaf numbers run on through the middle levels.
var contentRanges = []struct{ top, middle, from, to int16 }{
	{5000, 5005, 5029, 5035}, {5000, 5006, 5036, 5039}, {5000, 5007, 5040, 5043}, {5000, 5008, 5044, 5046}, {5000, 5009, 5047, 5049},
	{5001, 5010, 5050, 5055}, {5001, 5011, 5056, 5065}, {5001, 5012, 5066, 5076},
	{5002, 5013, 5077, 5083}, {5002, 5014, 5084, 5088}, {5002, 5015, 5089, 5094}, {5002, 5016, 5095, 5098}, {5002, 5017, 5099, 5103},
	{5002, 5018, 5104, 5106}, {5002, 5019, 5107, 5109}, {5002, 5020, 5110, 5114},
	{5003, 5021, 5115, 5120}, {5003, 5022, 5121, 5125}, {5003, 5023, 5126, 5129}, {5003, 5024, 5130, 5132}, {5003, 5025, 5133, 5137},
	{5004, 5026, 5138, 5143}, {5004, 5027, 5144, 5151}, {5004, 5028, 5152, 5152},
}

// commonContents are the contents most cards have, commonest first; the rest
// follow in order of their numbers. Source B.
var commonContents = []int16{5054, 5036, 5077, 5033, 5035, 5074, 5065, 5147, 5146, 5068, 5083, 5044, 5048, 5050, 5040, 5116, 5038, 5082, 5069, 5120}

// clickedContents have the largest shares of clicks. Source A 2.4.
var clickedContents = map[int16]bool{1026: true, 5031: true, 5115: true}

// newcomerContents are those that new users favour. Source A 2.4.
var newcomerContents = map[int16]bool{5094: true}

func makeContents(p *params, r *rng) []content {
	var cs []content
	add := func(a, b, c int16) { cs = append(cs, content{levels: [3]int16{a, b, c}}) }
	add(1003, 3000, 1026)
	for _, g := range contentRanges {
		for l := g.from; l <= g.to; l++ {
			if l == 5062 || l == 5064 || l == 5098 { // never seen
				continue
			}
			add(g.top, g.middle, l)
		}
	}
	rank := make(map[int16]int)
	for i, l := range commonContents {
		rank[l] = i
	}
	groups := make(map[int16][tasteDims]float32)
	next := len(commonContents)
	for i := range cs {
		c := &cs[i]
		k, ok := rank[c.levels[2]]
		if !ok {
			k = next
			next++
		}
		c.weight = math.Pow(float64(k)+2, -1.5)
		if clickedContents[c.levels[2]] {
			c.lift, c.weight = p.Cards.ContentLift, 0.012
		}
		group, ok := groups[c.levels[0]]
		if !ok {
			for d := 0; d < tasteDims-1; d++ {
				group[d] = float32(r.normal())
			}
			groups[c.levels[0]] = group
		}
		for d := 0; d < tasteDims-1; d++ {
			c.topic[d] = 0.6*group[d] + 0.8*float32(r.normal())
		}
		c.topic[tasteDims-1] = float32(0.5 * r.normal())
		if newcomerContents[c.levels[2]] {
			c.topic[tasteDims-1] = 3
		}
	}
	return cs
}

// newCatalogue makes the cards of a village of the given number of users.
func newCatalogue(p *params, seed uint64, users int) *catalogue {
	r := newRNG()
	n := max(400, int(math.Round(p.Cards.PerUser*float64(users))))
	cat := &catalogue{cards: make([]card, n), creators: max(150, int(math.Round(p.Creators.PerUser*float64(users))))}
	r.seed(seed, streamContent, 0)
	cat.contents = makeContents(p, r)
	cw := make([]float64, len(cat.contents))
	for i, c := range cat.contents {
		cw[i] = c.weight
	}
	ca := newAlias(cw)

	// Creators own cards in proportion to a Pareto weight; each has one at least
	// as long as there are cards enough.
	r.seed(seed, streamCreator, math.MaxUint64)
	ow := make([]float64, cat.creators)
	for i := range ow {
		ow[i] = math.Pow(1-r.float(), -1/p.Creators.CardsTail)
	}
	own := newAlias(ow)

	base := make([]float64, n)
	for i := range cat.cards {
		c := &cat.cards[i]
		r.seed(seed, streamCard, uint64(i))
		if i < cat.creators {
			c.creator = int32(i)
		} else {
			c.creator = int32(own.draw(r))
		}
		c.age = int16(math.Floor(p.Cards.Age.at(r.float())))
		c.kind = 2
		if r.float() < p.Cards.Pictures {
			c.kind = 1
		}
		if r.float() >= p.Cards.Original {
			c.artist = 1 + int64(float64(n)*0.6*math.Pow(r.float(), 2))
			c.song = c.artist*8 + int64(r.intn(8))
		}
		switch t := r.float(); {
		case t < p.Cards.NoTalk:
			c.talk = -1
		case t < p.Cards.NoTalk+p.Cards.TopTalk:
			c.talk = 1307098
		default:
			c.talk = talkID(int(math.Pow(1-r.float(), -1/0.75)))
		}
		merit := r.normal()
		c.appeal = float32(math.Exp(p.Click.AppealSD*merit - p.Click.AppealSD*p.Click.AppealSD/2))
		weight := p.Cards.WeightSD * (p.Cards.Merit*merit + math.Sqrt(1-p.Cards.Merit*p.Cards.Merit)*r.normal())
		k := ca.draw(r)
		ct := &cat.contents[k]
		c.content = int16(k)
		if r.float() < p.Cards.NoContent {
			c.content = -1
		} else {
			c.appeal *= float32(math.Exp(ct.lift))
		}
		// A card's topic is its content's, with a spread of its own. Their
		// lengths are scaled so that the log match has spread TasteSD.
		scale := float32(p.Click.TasteSD / math.Sqrt(tasteDims*1.25))
		half := 0.0 // of the square of the topic's length, without the newcomers' dimension
		for d := range c.topic {
			c.topic[d] = scale * (ct.topic[d] + 0.5*float32(r.normal()))
			if d < tasteDims-1 {
				half += float64(c.topic[d]*c.topic[d]) / 2
			}
		}
		base[i] = saturate(math.Exp(weight), math.Exp(p.Cards.WeightCap), p.Cards.WeightEdge)
		c.logNorm = float32(half + math.Log(meanLeaning(p, float64(c.topic[tasteDims-1]))))
	}

	for d := 0; d < monthDays; d++ {
		var id []int32
		var w []float64
		for i := range cat.cards {
			age := float64(d+1) - float64(31-int(cat.cards[i].age)) // days since publication
			if age < 0 {
				continue
			}
			r.seed(seed, streamDayNoise, uint64(i)*monthDays+uint64(d))
			id = append(id, int32(i))
			w = append(w, base[i]*math.Exp(p.Cards.DaySD*r.normal())*math.Pow(1+age/p.Cards.Young, -p.Cards.Life))
		}
		cat.front[d] = newLottery(id, w, p.Cards.FrontPower)
		cat.deep[d] = newLottery(id, w, p.Cards.DeepPower)
	}
	cat.levelAppeals()
	return cat
}

// levelAppeals scales the appeals so that their mean over what is looked at is 1: how much is clicked must not hang on how
// many cards there are, or on which of them fame fell. Most of it is looked at while browsing, and since nobody is shown a
// card twice there, those who browse most get past the famous ones: hence the flatter weights.
func (cat *catalogue) levelAppeals() {
	const flatter = .85 // the power for which clicks of villages with different cards differ least
	var sum, shown float64
	for d := range monthDays {
		l := &cat.deep[d]
		var s, n float64
		for i, id := range l.id {
			w := math.Pow(float64(l.w[i]), flatter)
			s += w * float64(cat.cards[id].appeal)
			n += w
		}
		sum, shown = sum+s/n, shown+1
	}
	for i := range cat.cards {
		cat.cards[i].appeal *= float32(shown / sum)
	}
}

// newLottery draws id in proportion to w to the given power.
func newLottery(id []int32, w []float64, power float64) lottery {
	l := lottery{id: id, w: make([]float32, len(w))}
	raised, total := make([]float64, len(w)), 0.0
	for i, v := range w {
		raised[i] = math.Pow(v, power)
		total += raised[i]
	}
	for i, v := range raised {
		l.w[i] = float32(v / total)
	}
	l.alias = newAlias(raised)
	return l
}

func (l *lottery) draw(r *rng) int32 { return l.id[l.alias.draw(r)] }

// talkID spreads topic ranks over numbers like the log's own.
func talkID(rank int) int32 {
	rank = min(rank, 20000)
	return 1000 + int32(splitmix.Mix(uint64(rank))%1_500_000)
}

// leaning is a user's leaning towards what newcomers like.
func leaning(months float64) float64 { return 2*math.Exp(-months/6) - 0.5 }

// meanLeaning is the mean over users of exp(topic x leaning).
func meanLeaning(p *params, topic float64) float64 {
	var sum, users float64
	for m, w := range p.People.Tenure {
		sum += w * math.Exp(topic*leaning(float64(m)))
		users += w
	}
	return sum / users
}

// match is the taste match of a user with a card: its mean over users is 1 for each card.
func match(u *person, c *card) float64 {
	s := -c.logNorm
	for d := 0; d < tasteDims; d++ {
		s += u.taste[d] * c.topic[d]
	}
	return math.Exp(float64(s))
}
