// This file takes decoded records in during a load and appends the rows of all tables but those of visits.go.

package duckdb

import (
	"strconv"
	"strings"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/seguefeed/segue/feedlog"
)

func (l *load) addUsers(batch []feedlog.User) error {
	for _, u := range batch {
		u.Province, u.Gender = l.texts.keep(u.Province), l.texts.keep(u.Gender)
		key := u.UserID
		u.UserID = ""
		l.users.list(key, u)
	}
	return nil
}

func (l *load) addCreators(batch []feedlog.Creator) error {
	for _, c := range batch {
		c.Gender = l.texts.keep(c.Gender)
		key := c.CreatorID
		c.CreatorID = ""
		l.creators.list(key, c)
	}
	return nil
}

// addCards gives the ids a card mentions their integers, which stand in its texts' place until it is written.
func (l *load) addCards(batch []feedlog.Card) error {
	for _, c := range batch {
		if c.CreatorID != "" {
			l.creators.id(c.CreatorID)
		}
		key := c.CardID
		c.CardID = ""
		c.SongID, c.ArtistID, c.CreatorID = strings.Clone(c.SongID), strings.Clone(c.ArtistID), strings.Clone(c.CreatorID)
		c.Content = l.texts.keep(c.Content)
		l.cards.list(key, c)
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
	for i := range batch {
		rec := &batch[i]
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
		r := v.shownOf(rec, l.cards.dictionary)
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

// writeDimensions appends users, creators, cards and what cards mention.
func (l *load) writeDimensions() error {
	if err := l.writeUsers(); err != nil {
		return err
	}
	if err := l.writeCards(); err != nil { // before creators: a card's creator may be new
		return err
	}
	if err := l.writeCreators(); err != nil {
		return err
	}
	for _, d := range []struct {
		name string
		dict *dictionary
	}{{"songs", l.songs}, {"artists", l.artists}} {
		t, err := l.w.open(d.name, []mapping.Type{mapping.TypeInteger, mapping.TypeVarchar})
		if err != nil {
			return err
		}
		for i, key := range d.dict.keys {
			put(t, 0, d.dict.base+int32(i))
			t.text(1, key)
			t.next()
		}
	}
	if err := l.writeContents(); err != nil {
		return err
	}
	return l.writeDuplicates()
}

func (l *load) writeUsers() error {
	t, err := l.w.open("users", []mapping.Type{mapping.TypeUSmallInt, mapping.TypeInteger, mapping.TypeVarchar, mapping.TypeBoolean, mapping.TypeVarchar,
		mapping.TypeSmallInt, mapping.TypeVarchar, mapping.TypeSmallInt, mapping.TypeInteger, mapping.TypeTinyInt}, 4, 5, 6, 7, 8, 9)
	if err != nil {
		return err
	}
	l.users.each(func(id int32, key string, u feedlog.User, listed bool) {
		put(t, 0, l.id)
		put(t, 1, id)
		t.text(2, key)
		put(t, 3, listed)
		t.textOr(4, u.Province)
		putOr(t, 5, int16(u.Age), !listed || u.Age == feedlog.NullInt)
		t.textOr(6, u.Gender)
		putOr(t, 7, int16(u.RegisteredMonths), !listed || u.RegisteredMonths == feedlog.NullInt)
		putOr(t, 8, u.Follows, !listed || u.Follows == feedlog.NullInt)
		putOr(t, 9, int8(u.Level), !listed || u.Level == feedlog.NullInt)
		t.next()
	})
	return nil
}

func (l *load) writeCreators() error {
	t, err := l.w.open("creators", []mapping.Type{mapping.TypeUSmallInt, mapping.TypeInteger, mapping.TypeVarchar, mapping.TypeBoolean, mapping.TypeVarchar,
		mapping.TypeSmallInt, mapping.TypeBigInt, mapping.TypeBigInt, mapping.TypeInteger, mapping.TypeTinyInt}, 4, 5, 6, 7, 8, 9)
	if err != nil {
		return err
	}
	l.creators.each(func(id int32, key string, c feedlog.Creator, listed bool) {
		put(t, 0, l.id)
		put(t, 1, id)
		t.text(2, key)
		put(t, 3, listed)
		t.textOr(4, c.Gender)
		putOr(t, 5, int16(c.RegisteredMonths), !listed || c.RegisteredMonths == feedlog.NullInt)
		putOr(t, 6, c.Follows, !listed || c.Follows == feedlog.NullInt)
		putOr(t, 7, c.Followers, !listed || c.Followers == feedlog.NullInt)
		putOr(t, 8, c.CreatorType, !listed || c.CreatorType == feedlog.NullInt)
		putOr(t, 9, int8(c.Level), !listed || c.Level == feedlog.NullInt)
		t.next()
	})
	return nil
}

// writeCards appends cards. A card's age counts back from the day after the month.
func (l *load) writeCards() error {
	t, err := l.w.open("cards", []mapping.Type{mapping.TypeUSmallInt, mapping.TypeInteger, mapping.TypeVarchar, mapping.TypeBoolean, mapping.TypeInteger,
		mapping.TypeInteger, mapping.TypeInteger, mapping.TypeDate, mapping.TypeTinyInt, mapping.TypeSmallInt, mapping.TypeInteger}, 4, 5, 6, 7, 8, 9, 10)
	if err != nil {
		return err
	}
	after := dayNumber(l.month.Year(), l.month.Month()+1, 1)
	ref := func(col int, d *dictionary, key string) {
		if key == "" {
			t.null(col)
			return
		}
		put(t, col, d.id(key))
	}
	l.cards.each(func(id int32, key string, c feedlog.Card, listed bool) {
		put(t, 0, l.id)
		put(t, 1, id)
		t.text(2, key)
		put(t, 3, listed)
		ref(4, l.songs, c.SongID)
		ref(5, l.artists, c.ArtistID)
		ref(6, l.creators.dictionary, c.CreatorID)
		putOr(t, 7, after-c.AgeDays, !listed || c.AgeDays == feedlog.NullInt)
		putOr(t, 8, int8(c.Type), c.Type == 0)
		if c.Content == "" {
			t.null(9)
		} else {
			put(t, 9, int16(l.contents.id(c.Content)))
		}
		putOr(t, 10, c.TalkID, !listed || c.TalkID == feedlog.NullInt)
		t.next()
	})
	return nil
}

// writeContents appends content categories, with their levels where the key is three numbers.
func (l *load) writeContents() error {
	t, err := l.w.open("contents", []mapping.Type{mapping.TypeSmallInt, mapping.TypeVarchar, mapping.TypeInteger, mapping.TypeInteger, mapping.TypeInteger}, 2, 3, 4)
	if err != nil {
		return err
	}
	for i, key := range l.contents.keys {
		put(t, 0, int16(l.contents.base)+int16(i))
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
		if len(twice) == 0 {
			return
		}
		keys := map[int32]string{}
		for key, id := range d.ids {
			if twice[id] > 0 {
				keys[id] = key
			}
		}
		for _, id := range sortedIDs(twice) {
			put(t, 0, l.id)
			t.text(1, table.String())
			t.text(2, keys[id])
			put(t, 3, int32(twice[id]))
			t.next()
		}
	}
	write(feedlog.Users, l.users.twice, l.users.dictionary)
	write(feedlog.Creators, l.creators.twice, l.creators.dictionary)
	write(feedlog.Cards, l.cards.twice, l.cards.dictionary)
	return nil
}
