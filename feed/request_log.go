// A request made of a user's rows in a log.

package feed

import (
	"fmt"
	"time"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/feature"
	"github.com/seguefeed/segue/warehouse"
)

// noon is the hour of requests that are made of a log's rows: when they would come is not known.
const noon = 12

// Request is one for a page on a day after a user's rows, which hold at most one user, at noon. Facts says what is known of her. N is not set.
func (r *Recommender) Request(rows *warehouse.Histories, traits feature.Traits, day time.Time) (*Request, string, error) {
	q, err := r.RequestAt(rows, traits, feature.Moment{AtMS: day.UnixMilli() + noon*3600*1000, Day: feature.EpochDay(day), Hour: noon}, new(feature.Past))
	if err != nil {
		return nil, "", err
	}
	clicks := 0
	for _, f := range rows.Flags {
		if f&warehouse.Clicked != 0 {
			clicks++
		}
	}
	return q, Facts(traits, len(rows.Card), clicks), nil
}

// RequestAt is Request at a moment; one before the user's last row is taken for the one after it. What is known of her is put into past, whatever
// that held: a server uses its memory again once the page is made.
func (r *Recommender) RequestAt(rows *warehouse.Histories, traits feature.Traits, at feature.Moment, past *feature.Past) (*Request, error) {
	q := &Request{Traits: candidate.Traits{Gender: traits.Gender, Age: traits.Age, Province: traits.Province}, At: at, Past: r.Pairs.PastIn(past, traits)}
	if len(rows.User) > 0 {
		last := rows.ShownAtMS[len(rows.ShownAtMS)-1]
		if at.AtMS <= last { // the log's zone is east of UTC
			at.AtMS = last + 1
			q.At = at
		}
		q.Past.Observe(rows, 0)
		q.Past.Heed()
		var err error
		if q.History, err = candidate.EvidenceOf(rows, 0, at.AtMS, Evidence(r.Examination)); err != nil {
			return nil, err
		}
	}
	return q, nil
}

// Facts are what is known of a user, in a sentence.
func Facts(t feature.Traits, impressions, clicks int) string {
	who := "of unknown gender and age"
	switch known := t.Gender == "male" || t.Gender == "female"; {
	case known && t.Age >= 0:
		who = fmt.Sprintf("%s, %d years", t.Gender, t.Age)
	case known:
		who = t.Gender + ", of unknown age"
	}
	if t.Province != "" {
		who += ", " + t.Province
	}
	if impressions == 0 {
		return who + "; never seen before"
	}
	return fmt.Sprintf("%s; %d impressions and %d clicks before", who, impressions, clicks)
}
