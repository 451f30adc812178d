// This file fills the record of each table from its fields.

package feedlog

import "math"

// cells reads the fields of one record by role, keeping the first error.
type cells struct {
	head   *header
	fields []string
	bad    *fieldError
}

func (c *cells) fail(role Role, found, want string) {
	if c.bad == nil {
		c.bad = &fieldError{role, found, want}
	}
}

// text returns a role's field, and whether the log has it and it is not null.
func (c *cells) text(role Role) (string, bool) {
	i, ok := c.head.index[role]
	if !ok || isNull(c.fields[i]) {
		return "", false
	}
	return c.fields[i], true
}

func (c *cells) id(role Role) string {
	s, ok := c.text(role)
	if !ok {
		c.fail(role, c.fields[c.head.index[role]], "an id; it may not be empty")
	}
	return s
}

func (c *cells) integer(role Role, low, high, null int64) int64 {
	s, ok := c.text(role)
	if !ok {
		return null
	}
	n, ok := parseInt(s, low, high)
	if !ok {
		c.fail(role, s, wantInt(low, high))
	}
	return n
}

// count reads a required count; a role the log lacks counts 0.
func (c *cells) count(role Role) int64 {
	i, ok := c.head.index[role]
	if !ok {
		return 0
	}
	n, ok := parseInt(c.fields[i], 0, math.MaxInt32)
	if !ok {
		c.fail(role, c.fields[i], "a count")
	}
	return n
}

func (c *cells) day(role Role) int16 {
	i, ok := c.head.index[role]
	if !ok {
		return 0
	}
	n, ok := parseInt(c.fields[i], 1, 31)
	if !ok {
		c.fail(role, c.fields[i], wantInt(1, 31))
	}
	return int16(n)
}

func wantInt(low, high int64) string {
	switch {
	case low == 0:
		return "a whole number from 0"
	case high > 1<<30:
		return "a whole number"
	}
	return "a whole number from " + itoa(int(low)) + " to " + itoa(int(high))
}

// impressionParser looks its fields up by position rather than by role: it reads the one table that is large.
type impressionParser struct {
	layout                                    *Layout
	user, card, time, clicked                 int
	day, position, view, list                 int // -1 where the log has no such column
	commented, visited, shared, viewed, liked int
	swipes                                    swipeParser
}

func newImpressionParser(l *Layout, h *header) rowParser[Impression] {
	at := func(r Role) int {
		if i, ok := h.index[r]; ok {
			return i
		}
		return -1
	}
	return &impressionParser{
		layout: l, user: at(ImpressionUser), card: at(ImpressionCard), time: at(ImpressionTime), clicked: at(ImpressionClicked),
		day: at(ImpressionDay), position: at(ImpressionPosition), view: at(ImpressionView), list: at(ImpressionSwipes),
		commented: at(ImpressionComment), visited: at(ImpressionVisit), shared: at(ImpressionShare), viewed: at(ImpressionRead), liked: at(ImpressionLike),
	}
}

func (p *impressionParser) reset() { p.swipes.arena = p.swipes.arena[:0] }

func (p *impressionParser) parse(f []string, rec *Impression) *fieldError {
	*rec = Impression{UserID: f[p.user], CardID: f[p.card], Position: -1, ViewSeconds: nan32}
	if isNull(rec.UserID) {
		return &fieldError{ImpressionUser, rec.UserID, "an id; it may not be empty"}
	}
	if isNull(rec.CardID) {
		return &fieldError{ImpressionCard, rec.CardID, "an id; it may not be empty"}
	}
	var ok bool
	if rec.ShownAtMS, ok = p.layout.parseTime(f[p.time]); !ok {
		return &fieldError{ImpressionTime, f[p.time], p.layout.wantTime()}
	}
	if rec.Clicked, ok = parseFlag(f[p.clicked]); !ok {
		return &fieldError{ImpressionClicked, f[p.clicked], "0 or 1"}
	}
	for _, flag := range [...]struct {
		at   int
		dst  *bool
		role Role
	}{
		{p.commented, &rec.Commented, ImpressionComment}, {p.visited, &rec.VisitedCreator, ImpressionVisit}, {p.shared, &rec.Shared, ImpressionShare},
		{p.viewed, &rec.ViewedComments, ImpressionRead}, {p.liked, &rec.Liked, ImpressionLike},
	} {
		if flag.at < 0 {
			continue
		}
		if *flag.dst, ok = parseFlag(f[flag.at]); !ok {
			return &fieldError{flag.role, f[flag.at], "0 or 1"}
		}
	}
	if p.day >= 0 && !isNull(f[p.day]) {
		n, ok := parseInt(f[p.day], 1, 31)
		if !ok {
			return &fieldError{ImpressionDay, f[p.day], wantInt(1, 31)}
		}
		rec.DT = int16(n)
	}
	if p.position >= 0 && !isNull(f[p.position]) {
		n, ok := parseInt(f[p.position], 0, math.MaxInt32)
		if !ok {
			return &fieldError{ImpressionPosition, f[p.position], "a whole number from 0"}
		}
		rec.Position = int32(n)
	}
	if p.view >= 0 && !isNull(f[p.view]) {
		if rec.ViewSeconds, ok = parseFloat(f[p.view]); !ok {
			return &fieldError{ImpressionView, f[p.view], "a number"}
		}
	}
	if p.list >= 0 && !isNull(f[p.list]) {
		swipes, found, want := p.swipes.parse(f[p.list])
		if want != "" {
			return &fieldError{ImpressionSwipes, found, want}
		}
		rec.HasSwipes, rec.Swipes = true, swipes
	}
	return nil
}

func (l *Layout) wantTime() string {
	switch l.Time {
	case EpochSeconds:
		return "a time in seconds since 1970"
	case EpochMicros:
		return "a time in microseconds since 1970"
	case TimeRFC3339:
		return "a time like 2019-11-29T06:39:36+08:00"
	case TimeLocal:
		return "a time like 2019-11-29 06:39:36"
	}
	return "a time in milliseconds since 1970"
}

type cardParser struct{ c cells }

func newCardParser(_ *Layout, h *header) rowParser[Card] { return &cardParser{cells{head: h}} }

func (p *cardParser) reset() {}

func (p *cardParser) parse(f []string, rec *Card) *fieldError {
	c := &p.c
	c.fields, c.bad = f, nil
	rec.CardID = c.id(CardID)
	rec.SongID, _ = c.text(CardSong)
	rec.ArtistID, _ = c.text(CardArtist)
	rec.CreatorID, _ = c.text(CardCreator)
	rec.AgeDays = int32(c.integer(CardAge, -100_000, 100_000, NullInt))
	rec.Type = int16(c.integer(CardType, 0, math.MaxInt8, 0))
	rec.TalkID = int32(c.integer(CardTalk, -1, math.MaxInt32, NullInt))
	rec.Content, _ = c.text(CardContent)
	return c.bad
}

type cardDayParser struct{ c cells }

func newCardDayParser(_ *Layout, h *header) rowParser[CardDay] { return &cardDayParser{cells{head: h}} }

func (p *cardDayParser) reset() {}

func (p *cardDayParser) parse(f []string, rec *CardDay) *fieldError {
	c := &p.c
	c.fields, c.bad = f, nil
	*rec = CardDay{
		CardID: c.id(CardDayID), DT: c.day(CardDayDay), Impressions: c.count(CardDayShown), Clicks: c.count(CardDayClicks),
		Likes: c.count(CardDayLikes), Comments: c.count(CardDayComment), Shares: c.count(CardDayShares), CommentViews: c.count(CardDayReads),
		CreatorVisits: c.count(CardDayVisits), CreatorFollows: c.count(CardDayFollows),
	}
	return c.bad
}

type creatorParser struct{ c cells }

func newCreatorParser(_ *Layout, h *header) rowParser[Creator] { return &creatorParser{cells{head: h}} }

func (p *creatorParser) reset() {}

func (p *creatorParser) parse(f []string, rec *Creator) *fieldError {
	c := &p.c
	c.fields, c.bad = f, nil
	rec.CreatorID = c.id(CreatorID)
	rec.Gender, _ = c.text(CreatorGender)
	rec.RegisteredMonths = int32(c.integer(CreatorMonths, 0, math.MaxInt16, NullInt))
	rec.Follows = c.integer(CreatorFollows, 0, math.MaxInt32, NullInt)
	rec.Followers = c.integer(CreatorFollowers, 0, math.MaxInt32, NullInt)
	rec.CreatorType = int32(c.integer(CreatorType, 0, math.MaxInt32, NullInt))
	rec.Level = int32(c.integer(CreatorLevel, 0, math.MaxInt8, NullInt))
	return c.bad
}

type creatorDayParser struct{ c cells }

func newCreatorDayParser(_ *Layout, h *header) rowParser[CreatorDay] {
	return &creatorDayParser{cells{head: h}}
}

func (p *creatorDayParser) reset() {}

func (p *creatorDayParser) parse(f []string, rec *CreatorDay) *fieldError {
	c := &p.c
	c.fields, c.bad = f, nil
	*rec = CreatorDay{CreatorID: c.id(CreatorDayID), DT: c.day(CreatorDayDay), Published: c.count(CreatorDayPublished)}
	return c.bad
}

type userParser struct{ c cells }

func newUserParser(_ *Layout, h *header) rowParser[User] { return &userParser{cells{head: h}} }

func (p *userParser) reset() {}

func (p *userParser) parse(f []string, rec *User) *fieldError {
	c := &p.c
	c.fields, c.bad = f, nil
	rec.UserID = c.id(UserID)
	rec.Province, _ = c.text(UserProvince)
	rec.Gender, _ = c.text(UserGender)
	rec.Age = int32(c.integer(UserAge, 0, 1000, NullInt))
	rec.RegisteredMonths = int32(c.integer(UserMonths, 0, math.MaxInt16, NullInt))
	rec.Follows = int32(c.integer(UserFollows, 0, math.MaxInt32, NullInt))
	rec.Level = int32(c.integer(UserLevel, 0, math.MaxInt8, NullInt))
	return c.bad
}
