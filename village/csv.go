// The six files' rows, spelled exactly as the reference distribution spells them:
// each file has its own habits of quoting and of line ends.

package village

import (
	"math"
	"strconv"

	"github.com/seguefeed/segue/internal/splitmix"
)

const (
	headImpressions = "detailMlogInfoList,dt,impressPosition,impressTime,isClick,isComment,isIntoPersonalHomepage,isShare,isViewComment,isLike,mlogId,mlogViewTime,userId\n"
	headUsers       = "userId,province,age,gender,registeredMonthCnt,followCnt,level\n"
	headCards       = "\"mlogId\",\"songId\",\"artistId\",\"creatorId\",\"publishTime\",\"type\",\"contentId\",\"talkId\"\r\n"
	headCardDays    = "mlogId,dt,userImprssionCount,userClickCount,userLikeCount,userCommentCount,userShareCount,userViewCommentCount,userIntoPersonalHomepageCount,userFollowCreatorCount\n"
	headCreators    = "\"creatorId\",\"gender\",\"registeredMonthCnt\",\"follows\",\"followeds\",\"creatorType\",\"level\"\r\n"
	headCreatorDays = "\"creatorId\",\"dt\",\"PushlishMlogCnt\"\r\n"
)

// speller writes rows of impression_data.
type speller struct {
	null   string // of impression_data
	quoted bool   // the nested list in CSV quotes
}

// impression writes the row of one impression of user number user. keys chooses
// the order of the keys in its nested list.
func (s *speller) impression(b []byte, user int64, row *shown, swipes []swipe, keys uint64) []byte {
	switch {
	case row.flags&flagSwipes == 0:
		b = append(b, s.null...)
	case s.quoted && len(swipes) > 1, s.quoted && len(swipes) == 1:
		b = append(b, '"')
		b = appendSwipes(b, swipes, keys)
		b = append(b, '"')
	default: // an empty list has no comma to quote
		b = appendSwipes(b, swipes, keys)
	}
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(row.at/daySeconds+1), 10)
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(row.position), 10)
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(monthStart)+int64(row.at), 10)
	b = append(b, "000,"...)
	for f := flagClick; f <= flagLike; f <<= 1 {
		b = append(b, '0'+bit(row.flags, f), ',')
	}
	b = cardIDs.append(b, int64(row.card))
	b = append(b, ',')
	if row.view == noView {
		b = append(b, s.null...)
	} else {
		b = appendHundredths(b, row.view)
	}
	b = append(b, ',')
	b = userIDs.append(b, user)
	return append(b, '\n')
}

func bit(flags, f uint8) byte {
	if flags&f != 0 {
		return 1
	}
	return 0
}

// swipeKeys are the keys of a swipe in the order that most lists have.
var swipeKeys = [...]string{"isZan", "isComment", "mlogId", "isIntoPersonalHomepage", "mlogViewTime", "isShare", "isViewComment", "position", "logtime"}

// appendSwipes writes a nested list as a Python literal.
func appendSwipes(b []byte, swipes []swipe, keys uint64) []byte {
	var order [len(swipeKeys)]int
	for i := range order {
		order[i] = i
	}
	if keys%8 == 0 { // one list in eight has an order of its own
		for i := len(order) - 1; i > 0; i-- {
			keys = splitmix.Mix(keys + uint64(i))
			j := int(keys % uint64(i+1))
			order[i], order[j] = order[j], order[i]
		}
	}
	b = append(b, '[')
	for i := range swipes {
		s := &swipes[i]
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, '{')
		for k, key := range order {
			if k > 0 {
				b = append(b, ", "...)
			}
			b = append(b, '\'')
			b = append(b, swipeKeys[key]...)
			b = append(b, "': '"...)
			switch key {
			case 0:
				b = append(b, '0'+bit(s.flags, flagLike))
			case 1:
				b = append(b, '0'+bit(s.flags, flagComment))
			case 2:
				b = cardIDs.append(b, int64(s.card))
			case 3:
				b = append(b, '0'+bit(s.flags, flagVisit))
			case 4:
				b = appendHundredths(b, s.view)
			case 5:
				b = append(b, '0'+bit(s.flags, flagShare))
			case 6:
				b = append(b, '0'+bit(s.flags, flagRead))
			case 7:
				b = strconv.AppendInt(b, int64(s.position), 10)
			case 8:
				b = strconv.AppendInt(b, int64(monthStart)+int64(s.at), 10)
				b = append(b, "000"...)
			}
			b = append(b, '\'')
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

// appendHundredths writes seconds with the decimals they need, at most two.
func appendHundredths(b []byte, v float32) []byte {
	h := int64(math.Round(float64(v) * 100))
	b = strconv.AppendInt(b, h/100, 10)
	if h%100 != 0 {
		b = append(b, '.', '0'+byte(h%100/10))
		if h%10 != 0 {
			b = append(b, '0'+byte(h%10))
		}
	}
	return b
}

// appendUser writes the row of user number i.
func appendUser(b []byte, p *params, i int64, u *person, level int8) []byte {
	b = userIDs.append(b, i)
	b = append(b, ',')
	b = append(b, p.People.Provinces[u.province].Name...)
	b = append(b, ',')
	if u.age > 0 {
		b = strconv.AppendInt(b, int64(u.age), 10)
	}
	b = append(b, ',')
	b = append(b, genderNames[u.gender]...)
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(u.months), 10)
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(u.follows), 10)
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(level), 10)
	return append(b, '\n')
}

// appendCard writes the row of card number i.
func appendCard(b []byte, cat *catalogue, i int64) []byte {
	c := &cat.cards[i]
	b = append(b, '"')
	b = cardIDs.append(b, i)
	b = append(b, `","`...)
	if c.artist == 0 {
		b = append(b, placeholderID+`","`+placeholderID+`","`...)
	} else {
		b = songIDs.append(b, c.song)
		b = append(b, `","`...)
		b = artistIDs.append(b, c.artist)
		b = append(b, `","`...)
	}
	b = creatorIDs.append(b, int64(c.creator))
	b = append(b, `",`...)
	b = strconv.AppendInt(b, int64(c.age), 10)
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(c.kind), 10)
	b = append(b, `,"`...)
	if c.content >= 0 {
		for k, l := range cat.contents[c.content].levels {
			if k > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendInt(b, int64(l), 10)
		}
	}
	b = append(b, `",`...)
	b = strconv.AppendInt(b, int64(c.talk), 10)
	return append(b, "\r\n"...)
}

// cardDay is one card on one day over all users of the app.
type cardDay struct {
	day                                                           int
	shown, clicks, likes, comments, shares, reads, visits, follow int
}

func appendCardDay(b []byte, i int64, s *cardDay) []byte {
	b = cardIDs.append(b, i)
	for _, v := range [...]int{s.day, s.shown, s.clicks, s.likes, s.comments, s.shares, s.reads, s.visits, s.follow} {
		b = append(b, ',')
		b = strconv.AppendInt(b, int64(v), 10)
	}
	return append(b, '\n')
}

// creator is one creator.
type creator struct {
	gender             uint8
	months             int32
	follows, followers int64
	kind               int16
	level              int8
	rate               float64 // share of days on which she publishes
}

func appendCreator(b []byte, i int64, c *creator) []byte {
	b = append(b, '"')
	b = creatorIDs.append(b, i)
	b = append(b, `","`...)
	b = append(b, genderNames[c.gender]...)
	b = append(b, '"')
	for _, v := range [...]int64{int64(c.months), c.follows, c.followers, int64(c.kind), int64(c.level)} {
		b = append(b, ',')
		b = strconv.AppendInt(b, v, 10)
	}
	return append(b, "\r\n"...)
}

func appendCreatorDay(b []byte, i int64, day, published int) []byte {
	b = append(b, '"')
	b = creatorIDs.append(b, i)
	b = append(b, `",`...)
	b = strconv.AppendInt(b, int64(day), 10)
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(published), 10)
	return append(b, "\r\n"...)
}
