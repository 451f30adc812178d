package feedlog

// Role is what a column means, whatever a file calls it. A log has a role when a loaded file has a
// column for it; questions that need a role the log lacks are switched off by that name.
type Role string

// Roles of an impression. The first four are required, whatever the product.
const (
	ImpressionUser    Role = "impression.user"
	ImpressionCard    Role = "impression.item"
	ImpressionTime    Role = "impression.time"
	ImpressionClicked Role = "impression.clicked"

	ImpressionDay      Role = "impression.day"      // day of the month, as the file states it
	ImpressionPosition Role = "impression.position" // slot in the feed
	ImpressionComment  Role = "impression.commented"
	ImpressionVisit    Role = "impression.creator_visited"
	ImpressionShare    Role = "impression.shared"
	ImpressionRead     Role = "impression.comments_viewed"
	ImpressionLike     Role = "impression.liked"
	ImpressionView     Role = "impression.view_seconds"
	ImpressionSwipes   Role = "impression.swipes" // the nested list
)

// Roles of a card.
const (
	CardID      Role = "item.id"
	CardSong    Role = "item.song"
	CardArtist  Role = "item.artist"
	CardCreator Role = "item.creator"
	CardAge     Role = "item.age_days"
	CardType    Role = "item.type"
	CardContent Role = "item.content" // a category, or three levels of a taxonomy as in "5000,5006,5036"
	CardTalk    Role = "item.talk"
)

// Roles of a card on a day.
const (
	CardDayID      Role = "item_day.item"
	CardDayDay     Role = "item_day.day"
	CardDayShown   Role = "item_day.impressions"
	CardDayClicks  Role = "item_day.clicks"
	CardDayLikes   Role = "item_day.likes"
	CardDayComment Role = "item_day.comments"
	CardDayShares  Role = "item_day.shares"
	CardDayReads   Role = "item_day.comment_views"
	CardDayVisits  Role = "item_day.creator_visits"
	CardDayFollows Role = "item_day.creator_follows"
)

// Roles of a creator, and of a creator on a day.
const (
	CreatorID        Role = "creator.id"
	CreatorGender    Role = "creator.gender"
	CreatorMonths    Role = "creator.registered_months"
	CreatorFollows   Role = "creator.follows"
	CreatorFollowers Role = "creator.followers"
	CreatorType      Role = "creator.type"
	CreatorLevel     Role = "creator.level"

	CreatorDayID        Role = "creator_day.creator"
	CreatorDayDay       Role = "creator_day.day"
	CreatorDayPublished Role = "creator_day.published"
)

// Roles of a user.
const (
	UserID       Role = "user.id"
	UserProvince Role = "user.province"
	UserAge      Role = "user.age"
	UserGender   Role = "user.gender"
	UserMonths   Role = "user.registered_months"
	UserFollows  Role = "user.follows"
	UserLevel    Role = "user.level"
)

// rolesOf lists a table's roles in the order of the reference file, with their headers there.
var rolesOf = [...][]Column{
	Impressions: {
		{Role: ImpressionSwipes, Header: "detailMlogInfoList"}, {Role: ImpressionDay, Header: "dt"},
		{Role: ImpressionPosition, Header: "impressPosition"}, {Role: ImpressionTime, Header: "impressTime"},
		{Role: ImpressionClicked, Header: "isClick"}, {Role: ImpressionComment, Header: "isComment"},
		{Role: ImpressionVisit, Header: "isIntoPersonalHomepage"}, {Role: ImpressionShare, Header: "isShare"},
		{Role: ImpressionRead, Header: "isViewComment"}, {Role: ImpressionLike, Header: "isLike"},
		{Role: ImpressionCard, Header: "mlogId"}, {Role: ImpressionView, Header: "mlogViewTime"}, {Role: ImpressionUser, Header: "userId"},
	},
	Cards: {
		{Role: CardID, Header: "mlogId"}, {Role: CardSong, Header: "songId"}, {Role: CardArtist, Header: "artistId"},
		{Role: CardCreator, Header: "creatorId"}, {Role: CardAge, Header: "publishTime"}, {Role: CardType, Header: "type"},
		{Role: CardContent, Header: "contentId"}, {Role: CardTalk, Header: "talkId"},
	},
	CardDays: {
		{Role: CardDayID, Header: "mlogId"}, {Role: CardDayDay, Header: "dt"}, {Role: CardDayShown, Header: "userImprssionCount"},
		{Role: CardDayClicks, Header: "userClickCount"}, {Role: CardDayLikes, Header: "userLikeCount"},
		{Role: CardDayComment, Header: "userCommentCount"}, {Role: CardDayShares, Header: "userShareCount"},
		{Role: CardDayReads, Header: "userViewCommentCount"}, {Role: CardDayVisits, Header: "userIntoPersonalHomepageCount"},
		{Role: CardDayFollows, Header: "userFollowCreatorCount"},
	},
	Creators: {
		{Role: CreatorID, Header: "creatorId"}, {Role: CreatorGender, Header: "gender"}, {Role: CreatorMonths, Header: "registeredMonthCnt"},
		{Role: CreatorFollows, Header: "follows"}, {Role: CreatorFollowers, Header: "followeds"},
		{Role: CreatorType, Header: "creatorType"}, {Role: CreatorLevel, Header: "level"},
	},
	CreatorDays: {
		{Role: CreatorDayID, Header: "creatorId"}, {Role: CreatorDayDay, Header: "dt"}, {Role: CreatorDayPublished, Header: "PushlishMlogCnt"},
	},
	Users: {
		{Role: UserID, Header: "userId"}, {Role: UserProvince, Header: "province"}, {Role: UserAge, Header: "age"},
		{Role: UserGender, Header: "gender"}, {Role: UserMonths, Header: "registeredMonthCnt"},
		{Role: UserFollows, Header: "followCnt"}, {Role: UserLevel, Header: "level"},
	},
}

// Required lists the roles without which a table cannot be read at all.
func Required(t Table) []Role {
	switch t {
	case Impressions:
		return []Role{ImpressionUser, ImpressionCard, ImpressionTime, ImpressionClicked}
	case Cards:
		return []Role{CardID}
	case CardDays:
		return []Role{CardDayID, CardDayDay, CardDayShown, CardDayClicks}
	case Creators:
		return []Role{CreatorID}
	case CreatorDays:
		return []Role{CreatorDayID, CreatorDayDay, CreatorDayPublished}
	}
	return []Role{UserID}
}

// Roles lists a table's roles in the order of the reference file.
func Roles(t Table) []Role {
	var roles []Role
	for _, c := range rolesOf[t] {
		roles = append(roles, c.Role)
	}
	return roles
}
