// More of what she liked: cards by the creators, songs, artists, topics and contents of her clicks. It needs nothing of a card
// but its row, so that cards nobody has seen yet are named, and nothing of a user but a few clicks.

package candidate

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// ContentConfig are the settings of FitContent.
type ContentConfig struct {
	Source Source // "" means the app's where the statistics have it, else the sample's
	// Lists is how many cards, the best first, each value of a field names. 0 means 100.
	Lists int
	// Recent is how many entries of a history count, from the last. 0 means 50.
	Recent int
	// HalfLife is after how many entries one weighs half in tf-idf. 0 means 20; below 0 they do not decay.
	HalfLife float64
	// Quality is the power of a card's expected rate that its likeness is multiplied by. 0 means 1; below 0 likeness alone counts.
	Quality float64
	// Fields are weights of creator, song, artist, talk, content, middle and top level, and type in tf-idf. nil means 1 each.
	Fields []float64
}

// Content names cards that share something with the history. Candidates costs the cards of the lists that it walks, at most
// contentValues x ContentConfig.Lists. Memory: 40 bytes a card, 4 an entry of the lists, and 4 a card and value for each query under way.
type Content struct {
	Cards    int
	Value    []int32   // Cards x 8: the value of each field; -1 for none
	Quality  []float32 // by card: what likeness is multiplied by, as a logarithm
	Servable []bool    // by card: whether it may be named
	Lists    [fieldCount]ContentLists
	Lift     []float32 // 8 x 4: log lifts of each field by the number of clicks that share the value; nil: likeness by tf-idf
	Weight   []float32 // 8: of fields in tf-idf
	Recent   int
	HalfLife float64 // entries; 0: no decay

	pool contentPool
}

// ContentLists are the cards of each value of a field, best first: value v has Start[v] to before Start[v+1].
type ContentLists struct {
	Start []int32 // one longer than there are values
	Card  []int32
	Rare  []float32 // by value: log(cards/cards with it), the inverse document frequency; of levels, what they add to the wider
}

// contentValues bounds the values whose lists are walked, those of the largest tf x idf first.
const contentValues = 48

// FitContent makes the lists. With lifts (CountLifts), a card's score is its expected rate times the lifts of what it shares with the
// history; without, times the sum over shared values of tf x idf (Salton and Buckley, Information Processing & Management 24,
// 1988), where tf is the decayed weight of the entries with the value. Either way tf x idf says whose lists are walked.
// Linear in the cards, but for sorting.
func FitContent(s *CardStats, lifts *ContentLifts, cfg ContentConfig) (*Content, error) {
	if cfg.Lists == 0 {
		cfg.Lists = 100
	}
	if cfg.Recent == 0 {
		cfg.Recent = 50
	}
	if cfg.HalfLife == 0 {
		cfg.HalfLife = 20
	}
	if cfg.Quality == 0 {
		cfg.Quality = 1
	}
	if cfg.Fields != nil && len(cfg.Fields) != int(fieldCount) {
		return nil, fmt.Errorf("candidate: content: weights of %d fields; %d are expected", len(cfg.Fields), fieldCount)
	}
	from, err := s.source(cfg.Source)
	if err != nil {
		return nil, err
	}
	c := &Content{Cards: s.Len(), Recent: cfg.Recent, HalfLife: max(cfg.HalfLife, 0), Weight: make([]float32, fieldCount)}
	for f := range c.Weight {
		c.Weight[f] = 1
		if cfg.Fields != nil {
			c.Weight[f] = float32(cfg.Fields[f])
		}
	}
	if lifts != nil {
		c.Lift = lifts.logs()
	}
	c.Value = contentFields(s)
	prior := newCardPrior(s, from, freshFields)
	c.Quality, c.Servable = make([]float32, c.Cards), make([]bool, c.Cards)
	order := make([]Candidate, 0, c.Cards)
	for card := range c.Cards {
		rate, _ := prior.posterior(s, card)
		c.Quality[card] = float32(max(cfg.Quality, 0) * math.Log(max(rate/prior.pooled, 1e-6)))
		if c.Servable[card] = s.Cards.Listed[card] && s.servable(card); c.Servable[card] {
			order = append(order, Candidate{Item: int32(card), Score: float32(rate)})
		}
	}
	orderRanked(order)
	for f := range c.Lists {
		c.Lists[f] = contentLists(c.Value, cardField(f), order, cfg.Lists)
	}
	c.nest(fieldContent, fieldMiddle)
	c.nest(fieldMiddle, fieldTop)
	return c, nil
}

// nest lessens the weights of a level of the taxonomy's values by those of the next wider level, which the same cards share too, so that a
// content alone in its level does not count twice.
func (c *Content) nest(level, wider cardField) {
	rare := c.Lists[level].Rare
	done := make([]bool, len(rare))
	for at := 0; at < len(c.Value); at += int(fieldCount) {
		v, w := c.Value[at+int(level)], c.Value[at+int(wider)]
		if v >= 0 && w >= 0 && !done[v] {
			rare[v] = max(rare[v]-c.Lists[wider].Rare[w], 0)
			done[v] = true
		}
	}
}

// contentFields is the values of every card, those of the levels as codes.
func contentFields(s *CardStats) []int32 {
	code := map[[2]int32]int32{}
	level := make([][2]int32, len(s.Cards.Contents)) // middle and top of each content
	var next [2]int32
	for k, name := range s.Cards.Contents {
		for at, depth := range []int{1, 0} {
			level[k][at] = -1
			if number := name.Levels[depth]; number >= 0 {
				key := [2]int32{int32(depth), number}
				if _, ok := code[key]; !ok {
					code[key] = next[at]
					next[at]++
				}
				level[k][at] = code[key]
			}
		}
	}
	value := make([]int32, s.Len()*int(fieldCount))
	for card := range s.Len() {
		row := value[card*int(fieldCount):][:fieldCount]
		for f := range fieldCount {
			row[f] = max(s.fieldValue(f, int32(card)), -1)
		}
		if content := row[fieldContent]; content >= 0 && int(content) < len(level) {
			row[fieldMiddle], row[fieldTop] = level[content][0], level[content][1]
		}
	}
	return value
}

// contentLists cuts the cards in order into the lists of one field's values.
func contentLists(value []int32, f cardField, order []Candidate, limit int) ContentLists {
	most := int32(-1)
	for at := int(f); at < len(value); at += int(fieldCount) {
		most = max(most, value[at])
	}
	size := make([]int32, most+1)
	for _, c := range order {
		if v := value[int(c.Item)*int(fieldCount)+int(f)]; v >= 0 {
			size[v]++
		}
	}
	l := ContentLists{Start: make([]int32, most+2), Rare: make([]float32, most+1)}
	for v, n := range size {
		l.Start[v+1] = l.Start[v] + min(n, int32(limit))
		if n > 0 {
			l.Rare[v] = float32(math.Log(float64(len(order)) / float64(n)))
		}
	}
	l.Card = make([]int32, l.Start[most+1])
	next := slices.Clone(l.Start)
	for _, c := range order {
		if v := value[int(c.Item)*int(fieldCount)+int(f)]; v >= 0 && next[v] < l.Start[v+1] {
			l.Card[next[v]] = c.Item
			next[v]++
		}
	}
	return l
}

// Name implements Generator.
func (c *Content) Name() string { return "content" }

// Candidates implements Generator. A candidate's cause is the card of the history without which it would be least like her, as far as one card
// makes a difference, and its group the field that they share which speaks most, with its value.
func (c *Content) Candidates(q *Query, k int, dst []Candidate) []Candidate {
	if k <= 0 || c.Cards == 0 {
		return dst
	}
	w := c.pool.take(c)
	defer c.pool.put(w)
	defer w.clear()
	w.profile(c, &q.History)
	if len(w.touched) == 0 {
		return dst
	}
	known := takeKnown(&q.History)
	defer known.release()
	// The lists of the values that pull most come first, ties in a fixed order.
	slices.SortFunc(w.touched, func(a, b contentTouch) int {
		if a.pull != b.pull {
			return cmp.Compare(b.pull, a.pull)
		}
		return cmp.Or(int(a.field)-int(b.field), int(a.value)-int(b.value))
	})
	from := len(dst)
	t := best{k: min(k, c.Cards), heap: dst[from:]}
	ceiling := w.ceiling(c)
	for i, at := range w.touched {
		if i == contentValues || at.pull <= 0 {
			break
		}
		l := &c.Lists[at.field]
		for _, card := range l.Card[l.Start[at.value]:l.Start[at.value+1]] {
			if len(t.heap) == t.k && ceiling+c.Quality[card] < t.heap[0].Score {
				break // the rest of the list is no better
			}
			if w.met(card) || known.has(card) {
				continue
			}
			score, ok := w.score(c, card)
			if !ok || len(t.heap) == t.k && score < t.heap[0].Score || q.Skip != nil && q.Skip(card) {
				continue
			}
			t.offer(Candidate{Item: card, Score: score, Cause: -1, Group: -1})
		}
	}
	dst = append(dst[:from], t.sorted()...)
	for i := from; i < len(dst); i++ {
		w.reason(c, &dst[i])
	}
	return dst
}

// Reason implements Generator.
func (c *Content) Reason(d Candidate, n Names) string {
	if d.Group < 0 {
		return "like what you watched"
	}
	after := ""
	if d.Cause >= 0 {
		if name := n.Card(d.Cause); name != "" {
			after = " of " + name
		}
	}
	switch field, value := ofGroup(d.Group); field {
	case fieldCreator:
		if name := n.Creator(value); name != "" {
			return "more from " + name
		}
		if after == "" {
			return "more from a creator you watched"
		}
		return "more from the creator" + after
	case fieldSong:
		if after == "" {
			return "with a song you watched"
		}
		return "with the song" + after
	case fieldArtist:
		if after == "" {
			return "by an artist you watched"
		}
		return "by the artist" + after
	case fieldTalk:
		if after == "" {
			return "on a topic you watched"
		}
		return "on the topic" + after
	case fieldContent:
		if name := n.Content(value); name != "" {
			return "more of " + name
		}
	}
	return "more of a kind you watched"
}
