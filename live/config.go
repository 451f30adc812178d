// The settings of a state and its bounds.

package live

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/seguefeed/segue/internal/setting"
)

// Config are the settings of a State; the zero value means the documented defaults.
type Config struct {
	// Location is where days begin. nil means UTC.
	Location *time.Location
	// Clock says what time it is: which day is today. nil means time.Now.
	Clock func() time.Time

	// Positive are the types of foreign feedback that count as a click on the item, none of them in Read. nil means all that are not there.
	Positive []string
	// Read are those that count as an impression of it. nil means read, view and impression.
	Read []string

	// MaxRows is how many records of a user are kept, the last ones. 0 means 512, which is the most.
	MaxRows int
	// MaxUsers is about how many users are kept; beyond, those go whose last doing is longest ago. 0 means 4,000,000.
	MaxUsers int
	// MaxCards is how many items there can be; beyond, events that name new ones are left out and counted in Left. 0 means 1,000,000.
	MaxCards int
	// MaxText bounds the labels and comments of users, items and feedback together, in bytes; beyond, new ones are left out and counted
	// in Left. 0 means 256 MB.
	MaxText int64
	// Late is how late an event may come, after the last of its user, to be put where it belongs as if it had come in time; later ones
	// may be put to another row of their card. Users who do much in that time cost more memory. 0 means 6 hours.
	Late time.Duration
	// Examination is the chance that each slot is looked at, relative to the first: what a show without a click says of a card. nil means 1 each;
	// slots beyond its end are looked at as the last is.
	Examination []float64
}

const (
	maxRecords = 512
	shardCount = 256
)

// Check says what in c cannot be: a type that is to count as both. New takes it for an impression.
func (c Config) Check() error {
	read := c.withDefaults().Read
	for _, name := range c.Positive {
		if slices.Contains(read, name) {
			return setting.Wrong("live", "Positive", "%q counts as an impression, as %s do; each type is expected in one list", name, strings.Join(read, ", "))
		}
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Location == nil {
		c.Location = time.UTC
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Read == nil {
		c.Read = []string{"read", "view", "impression"}
	}
	if c.MaxRows <= 0 || c.MaxRows > maxRecords {
		c.MaxRows = maxRecords
	}
	if c.MaxUsers <= 0 {
		c.MaxUsers = 4_000_000
	}
	if c.MaxCards <= 0 || c.MaxCards > math.MaxInt32/2 {
		c.MaxCards = 1_000_000
	}
	if c.MaxText <= 0 {
		c.MaxText = 256 << 20
	}
	if c.Late <= 0 {
		c.Late = 6 * time.Hour
	}
	return c
}

// zone tells days and hours in a place. It remembers the offset in force, so that it serves one goroutine at a time.
type zone struct {
	loc      *time.Location
	from, to int64 // seconds in which off holds; from > to at first
	off      int64
}

func zoneOf(loc *time.Location) zone { return zone{loc: loc, from: 1, to: 0} }

// at is the day, in days since 1970-01-01, and the hour of a second since 1970 UTC.
func (z *zone) at(second int64) (day int32, hour uint8) {
	if second < z.from || second >= z.to {
		t := time.Unix(second, 0).In(z.loc)
		_, off := t.Zone()
		begin, end := t.ZoneBounds()
		z.from, z.to, z.off = math.MinInt64, math.MaxInt64, int64(off)
		if !begin.IsZero() {
			z.from = begin.Unix()
		}
		if !end.IsZero() {
			z.to = end.Unix()
		}
	}
	local := second + z.off
	day = int32(local / 86400)
	rest := local % 86400
	if rest < 0 {
		day--
		rest += 86400
	}
	return day, uint8(rest / 3600)
}
