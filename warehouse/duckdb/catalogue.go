// This file hands out what there is to recommend: the card table with its codes, what the app did with each card, and the swipe
// sessions, through the C interface as training.go does.

package duckdb

import (
	"context"
	"slices"
	"time"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/seguefeed/segue/warehouse"
)

// Cards implements warehouse.Catalogue.
func (e *Engine) Cards(ctx context.Context) (*warehouse.Cards, error) {
	n, err := e.Describe(ctx)
	if err != nil {
		return nil, err
	}
	cards := int(n.Cards)
	c := &warehouse.Cards{Listed: make([]bool, cards), Published: make([]int32, cards), Type: make([]int8, cards), Content: make([]int16, cards),
		Song: make([]int32, cards), Artist: make([]int32, cards), Creator: make([]int32, cards), Talk: make([]int32, cards),
		CreatorKeys: make([]string, n.Creators), Followers: make([]int64, n.Creators)}
	err = e.scan(ctx, "catalogue_cards", func(chunk mapping.DataChunk, n int) error {
		listed, published, kind := column[bool](chunk, 1, n), column[int32](chunk, 2, n), column[int8](chunk, 3, n)
		content, song, artist := column[int16](chunk, 4, n), column[int32](chunk, 5, n), column[int32](chunk, 6, n)
		creator, talk := column[int32](chunk, 7, n), column[int32](chunk, 8, n)
		for i, id := range column[int32](chunk, 0, n) {
			c.Listed[id], c.Published[id], c.Type[id], c.Content[id] = listed[i], published[i], kind[i], content[i]
			c.Song[id], c.Artist[id], c.Creator[id], c.Talk[id] = song[i], artist[i], creator[i], talk[i]
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	c.Talks = codes(c.Talk)
	err = e.scan(ctx, "catalogue_contents", func(chunk mapping.DataChunk, n int) error {
		key := texts(chunk, 1, n)
		for i, id := range column[int16](chunk, 0, n) {
			for len(c.Contents) <= int(id) {
				c.Contents = append(c.Contents, warehouse.ContentName{Levels: [3]int32{-1, -1, -1}})
			}
			c.Contents[id].Key = string(key.at(i))
			for l := range 3 {
				c.Contents[id].Levels[l] = column[int32](chunk, 2+l, n)[i]
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, names := range []struct {
		query string
		keys  *[]string
	}{{"catalogue_songs", &c.Songs}, {"catalogue_artists", &c.Artists}} {
		err = e.scan(ctx, names.query, func(chunk mapping.DataChunk, n int) error {
			*names.keys = append(*names.keys, textColumn(chunk, 1, n)...) // dense from 0
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	err = e.scan(ctx, "catalogue_creators", func(chunk mapping.DataChunk, n int) error {
		key, followers := texts(chunk, 1, n), column[int64](chunk, 2, n)
		for i, id := range column[int32](chunk, 0, n) {
			c.CreatorKeys[id], c.Followers[id] = string(key.at(i)), followers[i]
		}
		return nil
	})
	return c, err
}

// codes replaces the numbers in v, of which those below 0 mean none, by codes from 0 in their order, and returns the number of each code.
func codes(v []int32) (numbers []int32) {
	numbers = slices.Clone(v)
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	first, _ := slices.BinarySearch(numbers, 0)
	numbers = slices.Clone(numbers[first:])
	for i, x := range v {
		if v[i] = -1; x >= 0 {
			at, _ := slices.BinarySearch(numbers, x)
			v[i] = int32(at)
		}
	}
	return numbers
}

// CardKeys implements warehouse.Catalogue.
func (e *Engine) CardKeys(ctx context.Context) ([]string, error) {
	c, err := e.Describe(ctx)
	if err != nil {
		return nil, err
	}
	keys := make([]string, c.Cards)
	err = e.scan(ctx, "catalogue_card_keys", func(chunk mapping.DataChunk, n int) error {
		key := texts(chunk, 1, n)
		for i, id := range column[int32](chunk, 0, n) {
			keys[id] = string(key.at(i))
		}
		return nil
	})
	return keys, err
}

// CardDays implements warehouse.Catalogue.
func (e *Engine) CardDays(ctx context.Context, from, to time.Time) ([]warehouse.CardDay, error) {
	var out []warehouse.CardDay
	err := e.scan(ctx, "catalogue_card_days", func(chunk mapping.DataChunk, n int) error {
		var cols [10][]int32
		for j := range cols {
			cols[j] = column[int32](chunk, j, n)
		}
		for i := range n {
			out = append(out, warehouse.CardDay{Card: cols[0][i], Day: cols[1][i], Impressions: cols[2][i], Clicks: cols[3][i], Likes: cols[4][i],
				Comments: cols[5][i], Shares: cols[6][i], CommentViews: cols[7][i], CreatorVisits: cols[8][i], CreatorFollows: cols[9][i]})
		}
		return nil
	}, epochDay(from), epochDay(to))
	return out, err
}

// SwipeLists implements warehouse.Catalogue.
func (e *Engine) SwipeLists(ctx context.Context, from, to time.Time, each func(*warehouse.SwipeLists) error) error {
	c, err := e.Describe(ctx)
	if err != nil {
		return err
	}
	for first := int64(0); first < c.Users; first += historyUsers {
		s := &warehouse.SwipeLists{}
		impression := int64(-1)
		err := e.scan(ctx, "catalogue_swipe_lists", func(chunk mapping.DataChunk, n int) error {
			user, opened, day := column[int32](chunk, 0, n), column[int32](chunk, 2, n), column[int32](chunk, 3, n)
			for i, id := range column[int64](chunk, 1, n) {
				if id != impression {
					impression = id
					s.User, s.Opened, s.Day = append(s.User, user[i]), append(s.Opened, opened[i]), append(s.Day, day[i])
					s.Start = append(s.Start, int32(len(s.Card)+i))
				}
			}
			s.Card = append(s.Card, column[int32](chunk, 4, n)...)
			for _, f := range column[uint8](chunk, 5, n) {
				s.Flags = append(s.Flags, warehouse.Flag(f)&^warehouse.Clicked)
			}
			s.ViewSeconds = append(s.ViewSeconds, column[float32](chunk, 6, n)...)
			return nil
		}, epochDay(from), epochDay(to), first, first+historyUsers-1)
		if err != nil {
			return err
		}
		if len(s.User) == 0 {
			continue
		}
		s.Start = append(s.Start, int32(len(s.Card)))
		if err := each(s); err != nil {
			return err
		}
	}
	return nil
}
