// New cards: nothing is known of them but what they are of, and no method that learns from clicks will name them. Their rates are guessed
// from those of their creator's, topic's, content's and song's other cards, and they are ordered by what they may turn out to be
// (an upper confidence bound), since showing a card is how its rate is learned.

package candidate

// FreshConfig are the settings of FitFresh.
type FreshConfig struct {
	Source Source // "" means the app's where the statistics have it, else the sample's
	// Days is the age in days up to which a card is new. 0 means 7; below 0 age does not make a card new.
	Days int32
	// MaxShown makes cards new that were shown at most so often, whatever their age. 0 means 20; below 0 it does not.
	MaxShown int64
	// Z is how many standard errors the upper bound lies above the rate. 0 means 1; below 0 the rate itself orders.
	Z float64
	// Limit is the length of the list. 0 means 20,000.
	Limit int
}

// Fresh names the new cards that may be clicked most. Candidates costs the cards that it walks over: among them are those
// that q skips as not yet published. Memory: 12 bytes a card in the list.
type Fresh struct {
	List Ranked // a group is the field that speaks for a card, and its value
}

// freshFields are in the order in which they lift: the narrowest last, so that a creator is held against what her contents are
// clicked anyway.
var freshFields = []cardField{fieldContent, fieldTalk, fieldSong, fieldCreator}

// FitFresh lists the new cards of s. With a card's prior mean m of strength t, c clicks of n impressions, its rate is (c + m t)/(n + t),
// and its score the upper bound of Wilson's interval of that, of n + t impressions. (Bayes-UCB in spirit: Kaufmann, Cappe and
// Garivier, AISTATS 2012.) Linear in the cards.
func FitFresh(s *CardStats, cfg FreshConfig) (*Fresh, error) {
	if cfg.Days == 0 {
		cfg.Days = 7
	}
	if cfg.MaxShown == 0 {
		cfg.MaxShown = 20
	}
	if cfg.Z == 0 {
		cfg.Z = 1
	}
	if cfg.Limit == 0 {
		cfg.Limit = 20_000
	}
	from, err := s.source(cfg.Source)
	if err != nil {
		return nil, err
	}
	prior := newCardPrior(s, from, freshFields)
	t := best{k: cfg.Limit}
	for card := range s.Len() {
		young := cfg.Days > 0 && int64(s.Cards.Published[card]) > int64(s.AsOf)-int64(cfg.Days)
		if !s.Cards.Listed[card] || !s.servable(card) || !young && s.Shown[card] > cfg.MaxShown {
			continue
		}
		rate, weight := prior.posterior(s, card)
		c := Candidate{Item: int32(card), Score: float32(wilsonBound(rate, weight, max(cfg.Z, 0))), Group: -1}
		if f := prior.field[card]; f >= 0 {
			c.Group = groupOf(cardField(f), s.fieldValue(cardField(f), int32(card)))
		}
		t.offer(c)
	}
	cs := t.sorted()
	list := rankedOf(cs)
	list.Group = make([]int32, len(cs))
	for i, c := range cs {
		list.Group[i] = c.Group
	}
	return &Fresh{List: list}, nil
}

// Name implements Generator.
func (f *Fresh) Name() string { return "fresh" }

// Candidates implements Generator.
func (f *Fresh) Candidates(q *Query, k int, dst []Candidate) []Candidate {
	return f.List.walk(q, k, -1, dst)
}

// Reason implements Generator.
func (f *Fresh) Reason(c Candidate, n Names) string { return freshReason("new", c, n) }

// newForDays is for how long a card is called new.
const newForDays = 7

// ReasonAt implements Dated: what was new, or seldom shown, when the list was made is not new for ever.
func (f *Fresh) ReasonAt(c Candidate, n Names, days int64) string {
	if days > newForDays {
		return freshReason("little known", c, n)
	}
	return f.Reason(c, n)
}

func freshReason(known string, c Candidate, n Names) string {
	if c.Group < 0 {
		return known
	}
	switch field, value := ofGroup(c.Group); field {
	case fieldCreator:
		if name := n.Creator(value); name != "" {
			return known + " from " + name
		}
		return known + " from a creator whose cards are liked"
	case fieldContent:
		if name := n.Content(value); name != "" {
			return known + " in " + name
		}
		return known + " of a kind that is liked"
	case fieldSong:
		return known + " with a song that is liked"
	case fieldTalk:
		return known + " on a topic that is liked"
	}
	return known
}
