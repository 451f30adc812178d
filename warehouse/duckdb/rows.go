// This file takes decoded records in during a load and appends the rows of all tables but those of visits.go.

package duckdb

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/seguefeed/segue/feedlog"
)

// userAttrs, creatorAttrs and cardAttrs are records with their texts as numbers: they hold no pointers, and no part of the input.
type (
	userAttrs struct {
		province, gender uint16
		age, months      int32
		follows, level   int32
	}
	creatorAttrs struct {
		gender             uint16
		months             int32
		follows, followers int64
		kind, level        int32
	}
	cardAttrs struct {
		song, artist, creator int32 // -1 when null
		content               int32 // -1 when null
		age, talk             int32
		kind                  int16
	}
)

// text gives a province or gender its number.
func (l *load) text(s string) (uint16, error) {
	n, ok := l.texts.number(s)
	if !ok {
		return 0, fmt.Errorf("load: more than 65,535 different provinces and genders, the last of them %q; is the mapping right?", s)
	}
	return n, nil
}

func (l *load) addUsers(batch []feedlog.User) error {
	for i := range batch {
		u := &batch[i]
		a := userAttrs{age: u.Age, months: u.RegisteredMonths, follows: u.Follows, level: u.Level}
		var err error
		if a.province, err = l.text(u.Province); err != nil {
			return err
		}
		if a.gender, err = l.text(u.Gender); err != nil {
			return err
		}
		l.users.list(u.UserID, a)
	}
	return nil
}

func (l *load) addCreators(batch []feedlog.Creator) error {
	for i := range batch {
		c := &batch[i]
		gender, err := l.text(c.Gender)
		if err != nil {
			return err
		}
		l.creators.list(c.CreatorID, creatorAttrs{gender, c.RegisteredMonths, c.Follows, c.Followers, c.CreatorType, c.Level})
	}
	return nil
}

func (l *load) addCards(batch []feedlog.Card) error {
	ref := func(d *dictionary, key string) int32 {
		if key == "" {
			return -1
		}
		return d.id(key)
	}
	for i := range batch {
		c := &batch[i]
		a := cardAttrs{ref(l.songs, c.SongID), ref(l.artists, c.ArtistID), ref(l.creators.dictionary, c.CreatorID), ref(l.contents, c.Content), c.AgeDays, c.TalkID, c.Type}
		if a.content > math.MaxInt16 {
			return fmt.Errorf("load: more than 32,767 content categories, the last of them %q; is the mapping right?", c.Content)
		}
		l.cards.list(c.CardID, a)
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
	if err := l.writeCards(); err != nil {
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

func (l *load) writeUsers() error {
	t, err := l.w.open("users", []mapping.Type{mapping.TypeUSmallInt, mapping.TypeInteger, mapping.TypeVarchar, mapping.TypeBoolean, mapping.TypeVarchar,
		mapping.TypeSmallInt, mapping.TypeVarchar, mapping.TypeSmallInt, mapping.TypeInteger, mapping.TypeTinyInt}, 4, 5, 6, 7, 8, 9)
	if err != nil {
		return err
	}
	l.users.each(func(id int32, key string, u *userAttrs, listed bool) {
		put(t, 0, l.id)
		put(t, 1, id)
		t.text(2, key)
		put(t, 3, listed)
		t.textOr(4, l.texts.texts[u.province])
		putOr(t, 5, int16(u.age), !listed || u.age == feedlog.NullInt)
		t.textOr(6, l.texts.texts[u.gender])
		putOr(t, 7, int16(u.months), !listed || u.months == feedlog.NullInt)
		putOr(t, 8, u.follows, !listed || u.follows == feedlog.NullInt)
		putOr(t, 9, int8(u.level), !listed || u.level == feedlog.NullInt)
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
	l.creators.each(func(id int32, key string, c *creatorAttrs, listed bool) {
		put(t, 0, l.id)
		put(t, 1, id)
		t.text(2, key)
		put(t, 3, listed)
		t.textOr(4, l.texts.texts[c.gender])
		putOr(t, 5, int16(c.months), !listed || c.months == feedlog.NullInt)
		putOr(t, 6, c.follows, !listed || c.follows == feedlog.NullInt)
		putOr(t, 7, c.followers, !listed || c.followers == feedlog.NullInt)
		putOr(t, 8, c.kind, !listed || c.kind == feedlog.NullInt)
		putOr(t, 9, int8(c.level), !listed || c.level == feedlog.NullInt)
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
	l.cards.each(func(id int32, key string, c *cardAttrs, listed bool) {
		put(t, 0, l.id)
		put(t, 1, id)
		t.text(2, key)
		put(t, 3, listed)
		putOr(t, 4, c.song, !listed || c.song < 0)
		putOr(t, 5, c.artist, !listed || c.artist < 0)
		putOr(t, 6, c.creator, !listed || c.creator < 0)
		putOr(t, 7, after-c.age, !listed || c.age == feedlog.NullInt)
		putOr(t, 8, int8(c.kind), c.kind == 0)
		putOr(t, 9, int16(c.content), !listed || c.content < 0)
		putOr(t, 10, c.talk, !listed || c.talk == feedlog.NullInt)
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
