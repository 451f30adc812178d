package feedlog

// Table is one of the six tables of a log.
type Table uint8

const (
	Impressions Table = iota
	Cards
	CardDays
	Creators
	CreatorDays
	Users
)

// Tables lists all tables in the order in which they are loaded: impressions tell the month, which cards and the daily tables need.
var Tables = []Table{Users, Creators, Impressions, Cards, CardDays, CreatorDays}

// String is the base name of the table's file in the reference distribution, without ".csv".
func (t Table) String() string {
	switch t {
	case Impressions:
		return "impression_data"
	case Cards:
		return "mlog_demographics"
	case CardDays:
		return "mlog_stats"
	case Creators:
		return "creator_demographics"
	case CreatorDays:
		return "creator_stats"
	case Users:
		return "user_demographics"
	}
	return "unknown table"
}

// ParseTable finds the table whose String is name.
func ParseTable(name string) (Table, bool) {
	for _, t := range Tables {
		if t.String() == name {
			return t, true
		}
	}
	return 0, false
}

// MarshalText writes the table's name, in JSON and elsewhere.
func (t Table) MarshalText() ([]byte, error) { return []byte(t.String()), nil }
