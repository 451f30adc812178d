// Running sums of cards, without the days on which nothing was done with them.

package feature

import "fmt"

// cardCount is a card's running sums before a day.
type cardCount struct {
	shown, clicks, expected          float32 // of the sample; expected: clicks that such slots give to all cards
	appShown, appClicks              float32
	appLikes, appShares, appComments float32 // comments opened
}

// plus adds o.
func (n *cardCount) plus(o *cardCount) {
	n.shown += o.shown
	n.clicks += o.clicks
	n.expected += o.expected
	n.appShown += o.appShown
	n.appClicks += o.appClicks
	n.appLikes += o.appLikes
	n.appShares += o.appShares
	n.appComments += o.appComments
}

// cardSums are the running sums of cards as of each day. A card is shown on some of its days: of 252,955 cards over 30 days, on half of them.
type cardSums struct {
	first []int64     // by card: its first entry; one more, where those of the last end
	since []int32     // by entry: the k from which on it holds, ascending within a card
	at    []cardCount // by entry
}

// sumsOf are the running sums of counts, which are by card*days+k what the day before the k-th adds, and are overwritten.
func sumsOf(counts []cardCount, days int) cardSums {
	for from := 0; from < len(counts); from += days {
		for k := from + 1; k < from+days; k++ {
			counts[k].plus(&counts[k-1])
		}
	}
	return packed(counts, days)
}

// packed is sums, which are by card*days+k running ones.
func packed(sums []cardCount, days int) cardSums {
	changes := func(do func(k int, sum *cardCount), end func()) {
		for from := 0; from < len(sums); from += days {
			before := &noCount
			for k := range days {
				if sum := &sums[from+k]; *sum != *before {
					do(k, sum)
					before = sum
				}
			}
			end()
		}
	}
	entries := 0
	changes(func(int, *cardCount) { entries++ }, func() {})
	s := cardSums{first: make([]int64, 1, len(sums)/days+1), since: make([]int32, 0, entries), at: make([]cardCount, 0, entries)}
	changes(func(k int, sum *cardCount) {
		s.since, s.at = append(s.since, int32(k)), append(s.at, *sum)
	}, func() { s.first = append(s.first, int64(len(s.at))) })
	return s
}

var noCount cardCount

// of are the sums of a card that there is, before the k-th day. They are not to be changed.
func (s *cardSums) of(card, k int32) *cardCount {
	from, to := s.first[card], s.first[card+1]
	if from == to || s.since[from] > k {
		return &noCount
	}
	if s.since[to-1] <= k { // the day that is asked for most
		return &s.at[to-1]
	}
	for to-from > 1 { // from holds before the k-th, to only after it
		if half := (from + to) / 2; s.since[half] <= k {
			from = half
		} else {
			to = half
		}
	}
	return &s.at[from]
}

// valid says why s cannot be asked about so many cards and days.
func (s *cardSums) valid(cards, days int) error {
	if len(s.first) != cards+1 || s.first[0] != 0 || s.first[cards] != int64(len(s.at)) || len(s.since) != len(s.at) {
		return fmt.Errorf("%d sums, from %d days on, of %d of %d cards", len(s.at), len(s.since), len(s.first)-1, cards)
	}
	for card := range cards {
		from, to := s.first[card], s.first[card+1]
		if from > to || to > int64(len(s.at)) {
			return fmt.Errorf("card %d has the sums from %d to %d of %d", card, from, to, len(s.at))
		}
		before := int32(-1)
		for i := from; i < to; i++ {
			if s.since[i] <= before || int(s.since[i]) >= days {
				return fmt.Errorf("card %d has sums from day %d on after those from day %d on, of %d days", card, s.since[i], before, days)
			}
			before = s.since[i]
			n := &s.at[i]
			if sum := n.shown + n.clicks + n.expected + n.appShown + n.appClicks + n.appLikes + n.appShares + n.appComments; sum-sum != 0 {
				return fmt.Errorf("card %d has sums that are not finite, or too large", card)
			}
		}
	}
	return nil
}
