// What only a simulator knows, written beside the log as Parquet: what users like, what cards are worth, and how likely
// every click was. Judges of models read it; models must not.

package village

import (
	"github.com/parquet-go/parquet-go"
)

// The truth's files: one for each table that has any, and the curve of examination.
const (
	truthImpressions = "impression_data.truth.parquet"
	truthUsers       = "user_demographics.truth.parquet"
	truthCards       = "mlog_demographics.truth.parquet"
	truthExamination = "examination.truth.parquet"
)

// ImpressionTruth is the truth of one impression, in the order of impression_data.csv.
type ImpressionTruth struct {
	User        int32   `parquet:"user"`         // UserTruth.User
	Card        int32   `parquet:"card"`         // CardTruth.Card
	ShownAtMS   int64   `parquet:"shown_at_ms"`  // milliseconds since 1970 UTC, impressTime
	Position    int32   `parquet:"position"`     // impressPosition
	ClickChance float32 `parquet:"click_chance"` // probability of the click, 0..1, given all but the click itself
	Examination float32 `parquet:"examination"`  // its factor that the slot has, 0..1
	Clicked     bool    `parquet:"clicked"`      // isClick
}

// UserTruth is what a user of the sample brings along; nothing in the month changes it.
type UserTruth struct {
	User        int32     `parquet:"user"`         // 0..users-1
	UserID      string    `parquet:"user_id"`      // as the log spells it
	Appetite    float64   `parquet:"appetite"`     // chance that a visit becomes browsing, 0..1
	Visits      float64   `parquet:"visits"`       // mean number of visits in the month after the first
	Depth       float64   `parquet:"depth"`        // mean number of screens below the first page
	ClickChance float64   `parquet:"click_chance"` // of a card of mean appeal and match in full view, 0..1
	Engagement  float64   `parquet:"engagement"`   // with the app as a whole, standardised
	Taste       []float32 `parquet:"taste,list"`   // standard normal but for the last, the leaning to what newcomers like
}

// CardTruth is what a card is worth. The match of a user with it is exp(taste . topic - norm).
type CardTruth struct {
	Card   int32     `parquet:"card"`       // 0..cards-1
	CardID string    `parquet:"card_id"`    // as the log spells it
	Appeal float32   `parquet:"appeal"`     // factor on the click chance of everybody
	Topic  []float32 `parquet:"topic,list"` // where it lies in the space of tastes
	Norm   float32   `parquet:"norm"`       // what keeps the mean match over users at 1
}

// ExaminationTruth is the chance that a card in a slot is looked at, of users who browse and of those who look in
// passing. Slots count from 0 at the top of the page, whatever number the log gives to the first.
type ExaminationTruth struct {
	Slot     int32   `parquet:"slot"`
	Browsing float64 `parquet:"browsing"`
	Passing  float64 `parquet:"passing"`
}

// truthFile is a Parquet file of rows of type T under way.
type truthFile[T any] struct{ w *parquet.GenericWriter[T] }

// truthRows is the rows of a row group: a writer holds one in memory, some 40 MB of impressions.
const truthRows = 1 << 20

// createTruth begins a truth file; the writing's finish completes it.
func createTruth[T any](w *writing, name string) (*truthFile[T], error) {
	o, err := w.create(name, "")
	if err != nil {
		return nil, err
	}
	t := &truthFile[T]{parquet.NewGenericWriter[T](o, parquet.Compression(&parquet.Zstd), parquet.MaxRowsPerRowGroup(truthRows))}
	o.complete = t.w.Close
	return t, nil
}

func (t *truthFile[T]) write(rows []T) error {
	_, err := t.w.Write(rows)
	return err
}

func userTruth(i int, u *person) UserTruth {
	taste := u.taste
	return UserTruth{User: int32(i), UserID: string(userIDs.append(nil, int64(i))), Appetite: u.appetit, Visits: u.visits, Depth: u.depth,
		ClickChance: u.click, Engagement: u.engaged, Taste: taste[:]}
}

func cardTruth(i int, c *card) CardTruth {
	return CardTruth{Card: int32(i), CardID: string(cardIDs.append(nil, int64(i))), Appeal: c.appeal, Topic: c.topic[:], Norm: c.logNorm}
}

func impressionTruth(user int, row *shown) ImpressionTruth {
	return ImpressionTruth{User: int32(user), Card: row.card, ShownAtMS: (monthStart + int64(row.at)) * 1000, Position: row.position,
		ClickChance: row.chance, Examination: row.examine, Clicked: row.flags&flagClick != 0}
}

// examinationTruth are the curves of m.
func (m *month) examinationTruth() []ExaminationTruth {
	out := make([]ExaminationTruth, len(m.examB))
	for k := range out {
		out[k] = ExaminationTruth{int32(k), m.examB[k], m.examG[min(k, len(m.examG)-1)]}
	}
	return out
}
