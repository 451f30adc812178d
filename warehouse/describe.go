package warehouse

import (
	"context"
	"time"

	"github.com/seguefeed/segue/feedlog"
)

// Describer says what the warehouse holds.
type Describer interface {
	Describe(ctx context.Context) (Contents, error)
}

// Contents is what a warehouse holds.
type Contents struct {
	Impressions, Swipes                      int64
	Users, Cards, Creators                   int64 // distinct ids seen anywhere
	ListedUsers, ListedCards, ListedCreators int64 // with a row of their own
	CardDays, CreatorDays                    int64
	FirstDay, LastDay                        time.Time // of impressions, in the log's zone; midnight UTC stands for the day
	Zone                                     string
	ShiftDays                                int            // by which loads were moved: see LoadOptions
	Absent                                   []feedlog.Role // roles that no loaded file has
	Loads                                    []LoadedFile
}

// Days is the number of days from FirstDay to LastDay, both counted; 0 when there are none.
func (c Contents) Days() int {
	if c.Impressions == 0 {
		return 0
	}
	return int(c.LastDay.Sub(c.FirstDay)/(24*time.Hour)) + 1
}

// Has reports whether every one of the roles was in the log.
func (c Contents) Has(roles ...feedlog.Role) bool {
	for _, r := range roles {
		for _, a := range c.Absent {
			if a == r {
				return false
			}
		}
	}
	return true
}

// LoadedFile is one line of the list of loads.
type LoadedFile struct {
	Table    feedlog.Table
	Name     string
	Rows     int64
	Rejected int64
	LoadedAt time.Time
}

// Checker looks for what is wrong with the data that could be read.
type Checker interface {
	// Checks runs every data check, in a fixed order.
	Checks(ctx context.Context) ([]DataCheck, error)
}

// DataCheck is one check and what it found.
type DataCheck struct {
	ID       string   `json:"id"`                 // "impressions-without-user"
	Title    string   `json:"title"`              // "impressions of a user without a row in the user table"
	Count    int64    `json:"count"`              // offending rows (or ids, as the title says)
	Of       int64    `json:"of"`                 // rows (or ids) looked at
	Examples []string `json:"examples,omitempty"` // up to 5, each naming the row in the log's own ids
	Off      string   `json:"off,omitempty"`      // why the check could not run; "" when it ran
}
