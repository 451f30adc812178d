// Package warehousetest is the suite that every engine behind the warehouse port passes, and its fixture: a log small enough
// that every answer can be worked out by hand.
package warehousetest

import (
	"io"
	"strings"
	"time"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/warehouse"
)

// The fixture's month is November 2019, its zone UTC+8. 1572537600000 is 1 November, 00:00 there.
//
// Six users. Amy (u1) is seen on three days, Bo (u2) on one, Cy (u3) on two, Di (u4) on one, Eve (u5) is listed twice and never seen, and
// u6 is seen and not listed. Five cards, of which c5 is not listed; three creators.
//
//	u1  day 1, 08:00  c1 c2 c3 at slots 1 2 3; c2 clicked, 10 s, with two swipes (to c3, 5 s and liked; to c4, 15 s)
//	    day 1, 09:00  c4 at slot 1 (an hour later: another session), clicked, 20 s, liked
//	    day 2, 20:00  c1 at slot 1: a repeat
//	    day 30, 23:30 c1 at slot 1: a second repeat, clicked, view time null
//	u2  day 1, 08:30  c1 c2 at slots 1 2
//	u3  day 2, 21:00  c1 c5 at slots 1 2; c5 clicked, 4 s, comments viewed
//	    day 3, 21:00  c2 at slot 1
//	u4  day 3, 12:00  c3 at slot 0, clicked with an empty list, 30 s, shared
//	u6  day 3, 12:00  c1 at slot 1
const (
	fixtureImpressions = `detailMlogInfoList,dt,impressPosition,impressTime,isClick,isComment,isIntoPersonalHomepage,isShare,isViewComment,isLike,mlogId,mlogViewTime,userId
NA,30,1,1575127800000,1,0,0,0,0,0,c1,NA,u1
NA,1,1,1572566400000,0,0,0,0,0,0,c1,NA,u1
"[{'mlogId': 'c3', 'position': '1', 'logtime': '1572566420000', 'mlogViewTime': '5', 'isZan': '1', 'isComment': '0', 'isShare': '0', 'isViewComment': '0', 'isIntoPersonalHomepage': '0'}, {'mlogId': 'c4', 'position': '2', 'logtime': '1572566430000', 'mlogViewTime': '15', 'isZan': '0', 'isComment': '0', 'isShare': '0', 'isViewComment': '0', 'isIntoPersonalHomepage': '0'}]",1,2,1572566400000,1,0,0,0,0,0,c2,10,u1
NA,1,3,1572566400000,0,0,0,0,0,0,c3,NA,u1
NA,1,1,1572570000000,1,0,0,0,0,1,c4,20,u1
NA,2,1,1572696000000,0,0,0,0,0,0,c1,NA,u1
NA,1,1,1572568200000,0,0,0,0,0,0,c1,NA,u2
NA,1,2,1572568200000,0,0,0,0,0,0,c2,NA,u2
NA,2,1,1572699600000,0,0,0,0,0,0,c1,NA,u3
NA,2,2,1572699600000,1,0,0,0,1,0,c5,4,u3
NA,3,1,1572786000000,0,0,0,0,0,0,c2,NA,u3
[],3,0,1572753600000,1,0,0,1,0,0,c3,30,u4
NA,3,1,1572753600000,0,0,0,0,0,0,c1,NA,u6
`
	fixtureUsers = `userId,province,age,gender,registeredMonthCnt,followCnt,level
u1,guang dong,21,male,3,5,7
u2,bei jing,30,female,20,2,5
u3,guang dong,,female,90,1,7
u4,,25,,6,0,0
u5,shang hai,22,male,12,3,4
u5,shang hai,23,male,12,3,4
`
	fixtureCards = `"mlogId","songId","artistId","creatorId","publishTime","type","contentId","talkId"
"c1","s1","a1","k1",31,1,"5000,5001,5002",7
"c2","s1","a1","k1",40,2,"5000,5001,5003",-1
"c3","s2","a1","k2",1,2,"",8
"c4","","","k3",30,1,"5000,5001,5002",-1
`
	fixtureCreators = `"creatorId","gender","registeredMonthCnt","follows","followeds","creatorType","level"
"k1","male",54,29,28,0,8
"k2","",35,17,2000000,4,7
"k3","female",12,1,0,0,3
`
	fixtureCardDays = `mlogId,dt,userImprssionCount,userClickCount,userLikeCount,userCommentCount,userShareCount,userViewCommentCount,userIntoPersonalHomepageCount,userFollowCreatorCount
c1,1,100,5,1,0,0,1,0,0
c1,2,60,3,0,0,0,0,0,0
c3,30,40,4,1,1,1,1,1,1
`
	fixtureCreatorDays = `"creatorId","dt","PushlishMlogCnt"
"k1",1,1
"k1",2,0
"k1",30,0
"k2",1,2
"k2",30,1
"k3",1,0
"k3",30,0
`
)

// fixtureText is the fixture's file of each table.
var fixtureText = map[feedlog.Table]string{
	feedlog.Impressions: fixtureImpressions, feedlog.Users: fixtureUsers, feedlog.Cards: fixtureCards,
	feedlog.Creators: fixtureCreators, feedlog.CardDays: fixtureCardDays, feedlog.CreatorDays: fixtureCreatorDays,
}

// Fixture is the fixture as inputs of a load.
func Fixture() []warehouse.Input {
	var inputs []warehouse.Input
	for _, t := range feedlog.Tables {
		inputs = append(inputs, Input(t, t.String()+".csv", fixtureText[t]))
	}
	return inputs
}

// Input is a file that holds text.
func Input(t feedlog.Table, name, text string) warehouse.Input {
	return warehouse.Input{Table: t, Name: name, Bytes: int64(len(text)), Open: func(stored io.Writer) (io.ReadCloser, error) {
		return io.NopCloser(io.TeeReader(strings.NewReader(text), stored)), nil
	}}
}

// day is a day of the fixture's month.
func day(n int) time.Time { return time.Date(2019, time.November, n, 0, 0, 0, 0, time.UTC) }
