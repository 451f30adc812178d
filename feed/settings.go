// What can be set, with its defaults.

package feed

import "fmt"

// Diversity is a way to keep a page from being more of the same.
type Diversity string

// The ways.
const (
	// NoDiversity orders by value alone.
	NoDiversity Diversity = "none"
	// MMR is maximal marginal relevance: each next card is the best of Lambda x value - (1-Lambda) x likeness to the card most like it
	// on the page.
	MMR Diversity = "mmr"
	// DPP is a determinantal point process, by greedy inference: cards are weighed by value and by the volume they span together.
	DPP Diversity = "dpp"
)

// Settings direct how a page is made. A zero field switches its step off unless it says otherwise; Defaults has them all on.
type Settings struct {
	Candidates int // cards that are ranked, over all sources; 0 means 500
	// Shortlist is the share of the candidates that the ranker names itself, if it can; 0 switches that off.
	Shortlist float64
	Columns   int // of the page; 0 means 2
	Diversity Diversity
	Lambda    float64 // of MMR and DPP: the weight of value against diversity, 0..1; 0 means .7

	CreatorCap int // cards of one creator on a page; 0 means no cap
	TopicCap   int // cards of one topic (talk, or else content) on a page; 0 means no cap

	// Fatigue multiplies the value of a card for every time she was shown it and passed over within FatigueDays; cards shown DropAfter times
	// and never clicked are dropped. 0 switches each off.
	Fatigue     float64
	FatigueDays int // 0 means 7
	DropAfter   int
	// HideClicked drops cards that she clicked.
	HideClicked bool

	// FreshShare is the least share of a page's cards that are younger than FreshDays, as far as there are such candidates.
	FreshShare float64
	FreshDays  int // 0 means 3

	// Explore is the share of slots that explore in the mean, where the feed has an Explorer; 0 switches that off. Defaults leaves it off: a page that is
	// judged offline is the best one known. ServedExplore is what a server should take.
	Explore float64
}

// ServedExplore is the share of slots that explore where cards are served: below the explorer's cap of .1, so that pages seldom rest.
const ServedExplore = .08

// Defaults are the settings a feed has when nobody sets any.
func Defaults() Settings {
	return Settings{Candidates: 500, Shortlist: .5, Columns: 2, Diversity: MMR, Lambda: .85, CreatorCap: 2, TopicCap: 5, Fatigue: .5, FatigueDays: 7, DropAfter: 2,
		HideClicked: true, FreshShare: .1, FreshDays: 3}
}

// OrDefaults is s, or Defaults where s says nothing.
func (s Settings) OrDefaults() Settings {
	if s == (Settings{}) {
		return Defaults()
	}
	return s
}

// Check says what is wrong with the settings.
func (s Settings) Check() error { return s.settle() }

func (s *Settings) settle() error {
	if s.Candidates == 0 {
		s.Candidates = 500
	}
	if s.Columns == 0 {
		s.Columns = 2
	}
	if s.Diversity == "" {
		s.Diversity = NoDiversity
	}
	if s.Lambda == 0 {
		s.Lambda = .7
	}
	if s.FatigueDays == 0 {
		s.FatigueDays = 7
	}
	if s.FreshDays == 0 {
		s.FreshDays = 3
	}
	share := func(v float64) bool { return v >= 0 && v <= 1 }
	switch {
	case s.Candidates < 0 || s.Columns < 0 || s.CreatorCap < 0 || s.TopicCap < 0 || s.DropAfter < 0 || s.FatigueDays < 0 || s.FreshDays < 0:
		return fmt.Errorf("feed: settings hold a negative number; candidates, columns, caps, days and DropAfter are counts from 0")
	case s.Diversity != NoDiversity && s.Diversity != MMR && s.Diversity != DPP:
		return fmt.Errorf("feed: diversity %q; %s, %s or %s is expected", s.Diversity, NoDiversity, MMR, DPP)
	case !share(s.Lambda) || !share(s.Fatigue) || !share(s.FreshShare) || !share(s.Shortlist) || !share(s.Explore):
		return fmt.Errorf("feed: lambda %v, fatigue %v, fresh share %v, shortlist %v and exploring share %v are to be from 0 to 1", s.Lambda, s.Fatigue, s.FreshShare, s.Shortlist, s.Explore)
	}
	return nil
}
