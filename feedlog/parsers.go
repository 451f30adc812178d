// This file fills the record of each table from its fields.

package feedlog

import "math"

// What a field should have been, as a RowError says it.
const (
	wantID     = "an id: text that is not empty, in UTF-8"
	wantText   = "text in UTF-8"
	wantFlag   = "0 or 1"
	wantNumber = "a number"
)

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
	if !validText(c.fields[i]) {
		c.fail(role, c.fields[i], wantText)
	}
	return c.fields[i], true
}

func (c *cells) id(role Role) string {
	s, ok := c.text(role)
	if !ok {
		c.fail(role, c.fields[c.head.index[role]], wantID) // required: the column is there
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
	layout                    *Layout
	user, card, time, clicked int
	day, position, view, list int    // -1 where the log has no such column
	actions                   [5]int // fields of actionRoles; -1 likewise
	swipes                    swipeParser
}

var actionRoles = [5]Role{ImpressionComment, ImpressionVisit, ImpressionShare, ImpressionRead, ImpressionLike}

func newImpressionParser(l *Layout, h *header) rowParser[Impression] {
	at := func(r Role) int {
		if i, ok := h.index[r]; ok {
			return i
		}
		return -1
	}
	p := &impressionParser{
		layout: l, user: at(ImpressionUser), card: at(ImpressionCard), time: at(ImpressionTime), clicked: at(ImpressionClicked),
		day: at(ImpressionDay), position: at(ImpressionPosition), view: at(ImpressionView), list: at(ImpressionSwipes),
	}
	for i, r := range actionRoles {
		p.actions[i] = at(r)
	}
	return p
}

func (p *impressionParser) reset() { p.swipes.arena = p.swipes.arena[:0] }

func (p *impressionParser) parse(f []string, rec *Impression) *fieldError {
	user, card := f[p.user], f[p.card]
	if isNull(user) || !validText(user) {
		return &fieldError{ImpressionUser, user, wantID}
	}
	if isNull(card) || !validText(card) {
		return &fieldError{ImpressionCard, card, wantID}
	}
	shown, ok := p.layout.parseTime(f[p.time])
	if !ok {
		return &fieldError{ImpressionTime, f[p.time], p.layout.wantTime()}
	}
	clicked, ok := parseFlag(f[p.clicked])
	if !ok {
		return &fieldError{ImpressionClicked, f[p.clicked], wantFlag}
	}
	var did [len(actionRoles)]bool
	for i, at := range p.actions {
		if at < 0 {
			continue
		}
		if did[i], ok = parseFlag(f[at]); !ok {
			return &fieldError{actionRoles[i], f[at], wantFlag}
		}
	}
	day := int64(0)
	if p.day >= 0 && !isNull(f[p.day]) {
		if day, ok = parseInt(f[p.day], 1, 31); !ok {
			return &fieldError{ImpressionDay, f[p.day], wantInt(1, 31)}
		}
	}
	position := int64(-1)
	if p.position >= 0 && !isNull(f[p.position]) {
		if position, ok = parseInt(f[p.position], 0, math.MaxInt32); !ok {
			return &fieldError{ImpressionPosition, f[p.position], wantInt(0, math.MaxInt32)}
		}
	}
	view := nan32
	if p.view >= 0 && !isNull(f[p.view]) {
		if view, ok = parseFloat(f[p.view]); !ok {
			return &fieldError{ImpressionView, f[p.view], wantNumber}
		}
	}
	*rec = Impression{
		UserID: user, CardID: card, ShownAtMS: shown, DT: int16(day), Position: int32(position), Clicked: clicked,
		Commented: did[0], VisitedCreator: did[1], Shared: did[2], ViewedComments: did[3], Liked: did[4], ViewSeconds: view,
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
