// This file takes decoded records in during a load and appends the rows of all tables but those of visits.go.

package duckdb

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/seguefeed/segue/feedlog"
)

// openDimensions opens the tables of users, creators and cards.
func (l *load) openDimensions() error {
	for _, d := range []struct {
		dim   *dimension
		name  string
		types []mapping.Type
	}{
		{l.users, "users", []mapping.Type{mapping.TypeVarchar, mapping.TypeSmallInt, mapping.TypeVarchar, mapping.TypeSmallInt, mapping.TypeInteger, mapping.TypeTinyInt}},
		{l.creators, "creators", []mapping.Type{mapping.TypeVarchar, mapping.TypeSmallInt, mapping.TypeBigInt, mapping.TypeBigInt, mapping.TypeInteger, mapping.TypeTinyInt}},
		{l.cards, "cards", []mapping.Type{mapping.TypeInteger, mapping.TypeInteger, mapping.TypeInteger, mapping.TypeDate, mapping.TypeTinyInt, mapping.TypeSmallInt, mapping.TypeInteger}},
	} {
		types := append([]mapping.Type{mapping.TypeUSmallInt, mapping.TypeInteger, mapping.TypeVarchar, mapping.TypeBoolean}, d.types...)
		var nullable []int
		for col := 4; col < len(types); col++ {
			nullable = append(nullable, col)
		}
		var err error
		if d.dim.table, err = l.w.open(d.name, types, nullable...); err != nil {
			return err
		}
	}
	return nil
}

func (l *load) addUsers(batch []feedlog.User) error {
	t := l.users.table
	for i := range batch {
		u := &batch[i]
		if !l.users.list(l.id, u.UserID) {
			continue
		}
		t.textOr(4, u.Province)
		putOr(t, 5, int16(u.Age), u.Age == feedlog.NullInt)
		t.textOr(6, u.Gender)
		putOr(t, 7, int16(u.RegisteredMonths), u.RegisteredMonths == feedlog.NullInt)
		putOr(t, 8, u.Follows, u.Follows == feedlog.NullInt)
		putOr(t, 9, int8(u.Level), u.Level == feedlog.NullInt)
		t.next()
	}
	return nil
}

func (l *load) addCreators(batch []feedlog.Creator) error {
	t := l.creators.table
	for i := range batch {
		c := &batch[i]
		if !l.creators.list(l.id, c.CreatorID) {
			continue
		}
		t.textOr(4, c.Gender)
		putOr(t, 5, int16(c.RegisteredMonths), c.RegisteredMonths == feedlog.NullInt)
		putOr(t, 6, c.Follows, c.Follows == feedlog.NullInt)
		putOr(t, 7, c.Followers, c.Followers == feedlog.NullInt)
		putOr(t, 8, c.CreatorType, c.CreatorType == feedlog.NullInt)
		putOr(t, 9, int8(c.Level), c.Level == feedlog.NullInt)
		t.next()
	}
	return nil
}

// addCards appends cards. A card's age counts back from the day after the month.
func (l *load) addCards(batch []feedlog.Card) error {
	t := l.cards.table
	after := dayNumber(l.month.Year(), l.month.Month()+1, 1) + l.visits.shift
	ref := func(col int, d *dictionary, key string) {
		if key == "" {
			t.null(col)
			return
		}
		put(t, col, d.id(key))
	}
	for i := range batch {
		c := &batch[i]
		if !l.cards.list(l.id, c.CardID) {
			continue
		}
		ref(4, l.songs, c.SongID)
		ref(5, l.artists, c.ArtistID)
		ref(6, l.creators.dictionary, c.CreatorID)
		putOr(t, 7, after-c.AgeDays, c.AgeDays == feedlog.NullInt)
		putOr(t, 8, int8(c.Type), c.Type == 0)
		content := int32(-1)
		if c.Content != "" {
			if content = l.contents.id(c.Content); content > math.MaxInt16 {
				return fmt.Errorf("load: more than 32,767 content categories, the last of them %q; is the mapping right?", c.Content)
			}
		}
		putOr(t, 9, int16(content), content < 0)
		putOr(t, 10, c.TalkID, c.TalkID == feedlog.NullInt)
		t.next()
	}
	return nil
}

// openDays opens the tables of daily statistics.
func (l *load) openDays() (err error) {
	l.cardDays, err = l.w.open("card_days", []mapping.Type{mapping.TypeUSmallInt, mapping.TypeInteger, mapping.TypeDate, mapping.TypeInteger, mapping.TypeInteger,
		mapping.TypeInteger, mapping.TypeInteger, mapping.TypeInteger, mapping.TypeInteger, mapping.TypeInteger, mapping.TypeInteger})
	if err != nil {
		return err
	}
	l.creatorDays, err = l.w.open("creator_days", []mapping.Type{mapping.TypeUSmallInt, mapping.TypeInteger, mapping.TypeDate, mapping.TypeInteger})
	return err
}

func (l *load) addCardDays(batch []feedlog.CardDay) error {
	t := l.cardDays
	for i := range batch {
		d := &batch[i]
		put(t, 0, l.id)
		put(t, 1, l.cards.id(d.CardID))
		put(t, 2, l.firstDay+int32(d.DT)-1)
		for j, n := range [...]int64{d.Impressions, d.Clicks, d.Likes, d.Comments, d.Shares, d.CommentViews, d.CreatorVisits, d.CreatorFollows} {
			put(t, 3+j, int32(n))
		}
		t.next()
	}
	return nil
}

func (l *load) addCreatorDays(batch []feedlog.CreatorDay) error {
	t := l.creatorDays
	for i := range batch {
		d := &batch[i]
		put(t, 0, l.id)
		put(t, 1, l.creators.id(d.CreatorID))
		put(t, 2, l.firstDay+int32(d.DT)-1)
		put(t, 3, int32(d.Published))
		t.next()
	}
	return nil
}

// addImpressions collects each user's rows; a user whose rows have passed may not come back unless the load sorts.
func (l *load) addImpressions(batch []feedlog.Impression) error {
	v := l.visits
	lastKey := ""
	user := int32(-1)
	var sums [64]uint64
	for i := range batch {
		rec := &batch[i]
		if i%len(sums) == 0 {
			ahead := batch[i:min(i+len(sums), len(batch))]
			for j := range ahead {
				sums[j] = xxhash.Sum64String(ahead[j].CardID)
			}
			l.cards.fetch(sums[:len(ahead)])
		}
		if rec.UserID != lastKey || user < 0 {
			lastKey = rec.UserID
			user = l.users.id(rec.UserID)
			if l.stages == nil && user != v.user {
				v.flush()
				if l.seen.has(user) {
					return errNotGrouped
				}
				l.seen.add(user)
				v.user = user
			}
		}
		r := v.shownOf(rec, l.cards.dictionary, sums[i%len(sums)])
		l.swipes += int64(len(rec.Swipes))
		if l.stages == nil {
			v.rows = append(v.rows, r)
			continue
		}
		if err := l.stages.add(user, r, v.list); err != nil {
			return err
		}
		v.list = v.list[:0]
	}
	return nil
}

// writeMentioned appends what rows have mentioned: ids that are not listed, songs, artists and contents; and ids listed twice.
func (l *load) writeMentioned() error {
	for _, d := range []*dimension{l.users, l.creators, l.cards} {
		d.mention(l.id)
	}
	for _, d := range []struct {
		name string
		dict *dictionary
	}{{"songs", l.songs}, {"artists", l.artists}} {
		t, err := l.w.open(d.name, []mapping.Type{mapping.TypeInteger, mapping.TypeVarchar})
		if err != nil {
			return err
		}
		for id := d.dict.base; id < d.dict.size(); id++ {
			put(t, 0, id)
			t.text(1, d.dict.key(id))
			t.next()
		}
	}
	if err := l.writeContents(); err != nil {
		return err
	}
	return l.writeDuplicates()
}

// writeContents appends content categories, with their levels where the key is three numbers.
func (l *load) writeContents() error {
	t, err := l.w.open("contents", []mapping.Type{mapping.TypeSmallInt, mapping.TypeVarchar, mapping.TypeInteger, mapping.TypeInteger, mapping.TypeInteger}, 2, 3, 4)
	if err != nil {
		return err
	}
	for id := l.contents.base; id < l.contents.size(); id++ {
		key := l.contents.key(id)
		put(t, 0, int16(id))
		t.text(1, key)
		levels := strings.Split(key, ",")
		for j := range 3 {
			n, err := int64(0), error(nil)
			if len(levels) == 3 {
				n, err = strconv.ParseInt(strings.TrimSpace(levels[j]), 10, 32)
			}
			putOr(t, 2+j, int32(n), len(levels) != 3 || err != nil)
		}
		t.next()
	}
	return nil
}

func (l *load) writeDuplicates() error {
	t, err := l.w.open("duplicates", []mapping.Type{mapping.TypeUSmallInt, mapping.TypeVarchar, mapping.TypeVarchar, mapping.TypeInteger})
	if err != nil {
		return err
	}
	write := func(table feedlog.Table, twice map[int32]int, d *dictionary) {
		for _, id := range sortedIDs(twice) {
			put(t, 0, l.id)
			t.text(1, table.String())
			t.text(2, d.key(id))
			put(t, 3, int32(twice[id]))
			t.next()
		}
	}
	write(feedlog.Users, l.users.twice, l.users.dictionary)
	write(feedlog.Creators, l.creators.twice, l.creators.dictionary)
	write(feedlog.Cards, l.cards.twice, l.cards.dictionary)
	return nil
}
