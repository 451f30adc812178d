package feedlog

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const impressionHeader = "detailMlogInfoList,dt,impressPosition,impressTime,isClick,isComment,isIntoPersonalHomepage,isShare,isViewComment,isLike,mlogId,mlogViewTime,userId"

// readImpressions decodes text with small options and keeps everything.
func readImpressions(t *testing.T, text string, opt Options) ([]Impression, []*RowError, error) {
	t.Helper()
	opt.Name = "impression_data.csv"
	var rows []Impression
	var bad []*RowError
	opt.Reject = func(e *RowError) error { bad = append(bad, e); return nil }
	_, err := DecodeImpressions(context.Background(), strings.NewReader(text), opt, func(batch []Impression) error {
		for _, r := range batch {
			r.Swipes = append([]Swipe(nil), r.Swipes...)
			rows = append(rows, r)
		}
		return nil
	})
	return rows, bad, err
}

var sameFloats = cmp.Options{cmpopts.EquateNaNs(), cmpopts.EquateEmpty()}

// wantList is what every spelling of list must read as.
var wantList = []Swipe{
	{CardID: "KC", SwipedAtMS: 1574684787000, Position: 7, ViewSeconds: 1.44, Liked: true},
	{CardID: "GC", SwipedAtMS: 1574684622000, Position: 2, ViewSeconds: 42.74},
}

const (
	python = `[{'isZan': '1', 'isComment': '0', 'mlogId': 'KC', 'isIntoPersonalHomepage': '0', 'mlogViewTime': '1.44', 'isShare': '0', 'isViewComment': '0', 'position': '7', 'logtime': '1574684787000'}, ` +
		`{'position': '2', 'mlogId': 'GC', 'isIntoPersonalHomepage': '0', 'isZan': '0', 'isComment': '0', 'mlogViewTime': '42.74', 'isShare': '0', 'isViewComment': '0', 'logtime': '1574684622000'}]`
	json = `[{"isZan":1,"isComment":0,"mlogId":"KC","isIntoPersonalHomepage":"0","mlogViewTime":1.44,"isShare":false,"isViewComment":null,"position":7,"logtime":1574684787000},` +
		`{"position":2,"mlogId":"GC","isZan":0,"isComment":0,"mlogViewTime":42.74,"isShare":0,"isViewComment":0,"logtime":1574684622000}]`
)

func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

func TestEverySpellingOfTheListReadsTheSame(t *testing.T) {
	const tail = ",29,3,1574980776000,1,0,0,0,0,1,NC,12.5,PC"
	want := Impression{UserID: "PC", CardID: "NC", ShownAtMS: 1574980776000, DT: 29, Position: 3, Clicked: true, Liked: true,
		ViewSeconds: 12.5, HasSwipes: true, Swipes: wantList}
	for name, list := range map[string]string{
		"python quoted": quoted(python), "python bare": python, "json quoted": quoted(json), "json bare": json,
	} {
		rows, bad, err := readImpressions(t, impressionHeader+"\n"+list+tail, Options{})
		if err != nil || len(bad) > 0 || len(rows) != 1 {
			t.Errorf("%s: %d rows, rejects %v, error %v", name, len(rows), bad, err)
			continue
		}
		if d := cmp.Diff(want, rows[0], sameFloats); d != "" {
			t.Errorf("%s: (-want +got)\n%s", name, d)
		}
	}
}

func TestNullsLineEndsAndOrder(t *testing.T) {
	plain := Impression{UserID: "u", CardID: "c", ShownAtMS: 5, DT: 1, Position: 2, ViewSeconds: nan32}
	with := func(change func(*Impression)) Impression { i := plain; change(&i); return i }
	for _, c := range []struct {
		name, text string
		want       []Impression
	}{
		{"NA", impressionHeader + "\nNA,1,2,5,0,0,0,0,0,0,c,NA,u\n", []Impression{plain}},
		{"empty", impressionHeader + "\n,1,2,5,0,0,0,0,0,0,c,,u\n", []Impression{plain}},
		{"NULL and backslash N", impressionHeader + "\nNULL,1,2,5,0,0,0,0,0,0,c,\\N,u\n", []Impression{plain}},
		{"null day and position", impressionHeader + "\nNA,NA,NA,5,0,0,0,0,0,0,c,NA,u\n", []Impression{with(func(i *Impression) { i.DT, i.Position = 0, -1 })}},
		{"empty list", impressionHeader + "\n[],1,2,5,0,0,0,0,0,0,c,NA,u\n", []Impression{with(func(i *Impression) { i.HasSwipes = true })}},
		{"quoted empty list", impressionHeader + "\n\"[ ]\",1,2,5,0,0,0,0,0,0,c,NA,u\n", []Impression{with(func(i *Impression) { i.HasSwipes = true })}},
		{"CRLF, BOM, no last line end", "\ufeff" + impressionHeader + "\r\nNA,1,2,5,0,0,0,0,0,0,c,NA,u\r\nNA,1,2,5,1,0,0,0,0,0,c,3,u", []Impression{plain, with(func(i *Impression) { i.Clicked, i.ViewSeconds = true, 3 })}},
		{"blank lines", impressionHeader + "\n\nNA,1,2,5,0,0,0,0,0,0,c,NA,u\n\n\n", []Impression{plain}},
		{"other order of columns, list last", "userId,mlogId,isClick,impressTime,dt,impressPosition,isComment,isIntoPersonalHomepage,isShare,isViewComment,isLike,mlogViewTime,detailMlogInfoList\n" +
			"u,c,1,5,1,2,0,0,0,0,0,7," + python + "\n", []Impression{with(func(i *Impression) { i.Clicked, i.ViewSeconds, i.HasSwipes, i.Swipes = true, 7, true, wantList })}},
		{"quoted ids with a comma and a line end", impressionHeader + "\nNA,1,2,5,0,0,0,0,0,0,\"c,\"\"1\nx\",NA,u\nNA,1,2,5,0,0,0,0,0,0,c,NA,u\n",
			[]Impression{with(func(i *Impression) { i.CardID = "c,\"1\nx" }), plain}},
		{"negative time and view time are data", impressionHeader + "\nNA,1,2,-5,0,0,0,0,0,0,c,-1.5,u\n", []Impression{with(func(i *Impression) { i.ShownAtMS, i.ViewSeconds = -5, -1.5 })}},
	} {
		rows, bad, err := readImpressions(t, c.text, Options{Workers: 1})
		if err != nil || len(bad) > 0 {
			t.Errorf("%s: rejects %v, error %v", c.name, bad, err)
			continue
		}
		if d := cmp.Diff(c.want, rows, sameFloats); d != "" {
			t.Errorf("%s: (-want +got)\n%s", c.name, d)
		}
	}
}

func TestRejectsSayWhere(t *testing.T) {
	row := func(list, dt, pos, time, click, card, view, user string) string {
		return strings.Join([]string{list, dt, pos, time, click, "0,0,0,0,0", card, view, user}, ",")
	}
	for _, c := range []struct{ name, line, want string }{
		{"number", row("NA", "1", "2", "5", "1", "c", "1.2.3", "u"), `impression_data.csv:3: column mlogViewTime: "1.2.3" is not a number`},
		{"infinite", row("NA", "1", "2", "5", "1", "c", "Inf", "u"), `impression_data.csv:3: column mlogViewTime: "Inf" is not a number`},
		{"flag", row("NA", "1", "2", "5", "2", "c", "NA", "u"), `impression_data.csv:3: column isClick: "2" is not 0 or 1`},
		{"day", row("NA", "32", "2", "5", "0", "c", "NA", "u"), `impression_data.csv:3: column dt: "32" is not a whole number from 1 to 31`},
		{"position", row("NA", "1", "-2", "5", "0", "c", "NA", "u"), `impression_data.csv:3: column impressPosition: "-2" is not a whole number from 0`},
		{"time", row("NA", "1", "2", "yesterday", "0", "c", "NA", "u"), `impression_data.csv:3: column impressTime: "yesterday" is not a time in milliseconds since 1970`},
		{"no user", row("NA", "1", "2", "5", "0", "c", "NA", ""), `impression_data.csv:3: column userId: "" is not an id: text that is not empty, in UTF-8`},
		{"no card", row("NA", "1", "2", "5", "0", "NA", "NA", "u"), `impression_data.csv:3: column mlogId: "NA" is not an id: text that is not empty, in UTF-8`},
		{"too few", "NA,1,2", `impression_data.csv:3: 3 fields, expected 13 fields`},
		{"list open", row("[{'mlogId': 'a'}", "1", "2", "5", "1", "c", "1", "u"), `impression_data.csv:3: column detailMlogInfoList: "" is not a comma or the end of the list`},
		{"list key", row("[{'mlogid': 'a'}]", "1", "2", "5", "1", "c", "1", "u"), `impression_data.csv:3: column detailMlogInfoList: "mlogid" is not a key of a list entry`},
		{"list value", row(quoted("[{'mlogId': 'a', 'isZan': 'x'}]"), "1", "2", "5", "1", "c", "1", "u"), `impression_data.csv:3: column detailMlogInfoList: "x" is not 0 or 1 (key isZan of a list entry)`},
		{"broken quote", `"NA,1,2,5,0,0,0,0,0,0,c,NA,u`, `impression_data.csv:3: column detailMlogInfoList: "\"NA,1,2,5,0,0,0,0,0,0,c,NA,u" is not a field whose quote is closed`},
	} {
		good := "NA,1,2,5,0,0,0,0,0,0,c,NA,u"
		rows, bad, err := readImpressions(t, impressionHeader+"\n"+good+"\n"+c.line+"\n"+good+"\n", Options{Workers: 1})
		if err != nil || len(bad) != 1 || len(rows) != 2 {
			t.Errorf("%s: %d rows, rejects %v, error %v; want 2 rows and 1 reject", c.name, len(rows), bad, err)
			continue
		}
		if got := bad[0].Error(); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
		if bad[0].Raw != c.line {
			t.Errorf("%s: raw %q, want the line as it stood", c.name, bad[0].Raw)
		}
	}
}

func TestHeaderErrorsNameTheColumns(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "impression_data.csv:1: the file is empty, expected a header line"},
		{"a,b\n", "missing column \"detailMlogInfoList\""},
		{strings.Replace(impressionHeader, "isLike", "liked", 1), `missing column "isLike"; unexpected column "liked"`},
		{impressionHeader + ",userId", `column twice: "userId"`},
		{impressionHeader + ",device", "another product's log needs a mapping file"},
		{strings.ReplaceAll(impressionHeader, ",", ";"), `they seem to be separated by ";", which a mapping file can say: separator = ";"`},
		{strings.ReplaceAll(impressionHeader, ",", "\t"), `separator = "\t"`},
	} {
		_, _, err := readImpressions(t, c.text, Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("header %q: error %v, want it to say %s", clip(c.text, 30), err, c.want)
		}
	}
}

func TestHeaderErrorsOfAMappedLogSpeakOfItsMapping(t *testing.T) {
	layout := ReferenceLayout(Impressions)
	for header, want := range map[string]string{
		impressionHeader + ",device":                          "ignore_extra = true passes over others",
		strings.Replace(impressionHeader, "isLike", "x", 1):   "as the mapping names them",
		strings.TrimSuffix(impressionHeader, ",userId"):       `missing column "userId" (expected the columns of impression_data; as the mapping names them)`,
		strings.ReplaceAll(impressionHeader, ",", "|") + "|x": `separator = "|"`,
	} {
		_, _, err := readImpressions(t, header, Options{Layout: layout})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "another product") {
			t.Errorf("header %q: %v, want it to say %s", header, err, want)
		}
	}
}

// repeatReader makes a long input without holding it.
type repeatReader struct {
	parts []string
	at    int
	left  string
}

func (r *repeatReader) Read(p []byte) (int, error) {
	for r.left == "" {
		if r.at == len(r.parts) {
			return 0, io.EOF
		}
		r.left = r.parts[r.at]
		r.at++
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

func TestALineOf100MBIsARejectAndNotMemory(t *testing.T) {
	chunk := strings.Repeat("x", 1<<20)
	parts := []string{impressionHeader + "\nNA,1,2,5,0,0,0,0,0,0,c,NA,u\n"}
	for range 100 {
		parts = append(parts, chunk)
	}
	parts = append(parts, "\nNA,1,2,6,0,0,0,0,0,0,c,NA,u\n")
	var rows, rejected int
	var longest int
	opt := Options{Name: "f.csv", Workers: 2, Reject: func(e *RowError) error {
		rejected++
		longest = len(e.Raw)
		if want := "f.csv:3: 104857600 bytes in one record, expected at most 4194304"; e.Error() != want {
			t.Errorf("got %s, want %s", e.Error(), want)
		}
		if !e.Partial {
			t.Error("the reject does not say that its raw record is cut")
		}
		return nil
	}}
	_, err := DecodeImpressions(context.Background(), &repeatReader{parts: parts}, opt, func(b []Impression) error { rows += len(b); return nil })
	if err != nil {
		t.Fatal(err)
	}
	if rows != 2 {
		t.Errorf("%d rows around the long line, want 2", rows)
	}
	if rejected != 1 || longest > rawOfTooLong {
		t.Errorf("%d rejects, raw of %d bytes; want 1 of at most %d", rejected, longest, rawOfTooLong)
	}
}

func TestManyBlocksKeepOrderAndLineNumbers(t *testing.T) {
	var text bytes.Buffer
	text.WriteString(impressionHeader + "\n")
	const n = 60_000 // about 6 MB: several blocks
	wantBad := []int64{}
	for i := range n {
		switch {
		case i%7919 == 5: // a broken row
			wantBad = append(wantBad, int64(i+2+i/5000))
			fmt.Fprintf(&text, "NA,1,2,x,0,0,0,0,0,0,card%d,NA,user\n", i)
		case i%5000 == 4999: // a record of two lines: later ones stand one line further down
			fmt.Fprintf(&text, "NA,1,2,%d,0,0,0,0,0,0,\"card\n%d\",NA,user\n", i, i)
		case i%3 == 0:
			fmt.Fprintf(&text, "%s,1,2,%d,1,0,0,0,0,0,card%d,1,user\n", quoted(python), i, i)
		default:
			fmt.Fprintf(&text, "NA,1,2,%d,0,0,0,0,0,0,card%d,NA,user\n", i, i)
		}
	}
	for _, workers := range []int{1, 2, 5} {
		rows, bad, err := readImpressions(t, text.String(), Options{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		if len(rows)+len(bad) != n {
			t.Fatalf("%d workers: %d rows and %d rejects of %d records", workers, len(rows), len(bad), n)
		}
		for i := 1; i < len(rows); i++ {
			if rows[i].ShownAtMS <= rows[i-1].ShownAtMS {
				t.Fatalf("%d workers: row %d out of order", workers, i)
			}
		}
		var got []int64
		for _, e := range bad {
			got = append(got, e.Line)
		}
		if d := cmp.Diff(wantBad, got); d != "" {
			t.Errorf("%d workers: lines of rejects (-want +got)\n%s", workers, d)
		}
	}
}

func TestCancelAndEmitErrorsStop(t *testing.T) {
	text := impressionHeader + "\n" + strings.Repeat("NA,1,2,5,0,0,0,0,0,0,c,NA,u\n", 200_000)
	stop := fmt.Errorf("enough")
	_, err := DecodeImpressions(context.Background(), strings.NewReader(text), Options{}, func([]Impression) error { return stop })
	if err != stop {
		t.Errorf("emit's error came back as %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	_, err = DecodeImpressions(ctx, strings.NewReader(text), Options{}, func([]Impression) error { cancel(); return nil })
	if err != context.Canceled {
		t.Errorf("a cancelled decoding returned %v", err)
	}
}

func TestTheOtherTables(t *testing.T) {
	ctx := context.Background()
	check := func(want, got any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
	}
	var cards []Card
	_, err := DecodeCards(ctx, strings.NewReader(`"mlogId","songId","artistId","creatorId","publishTime","type","contentId","talkId"
"NC","PC","MC","LC",35,1,"5000,5006,5036",13003
"MC","","","",105,2,"",-1
`), Options{}, func(b []Card) error { cards = append(cards, b...); return nil })
	check([]Card{
		{CardID: "NC", SongID: "PC", ArtistID: "MC", CreatorID: "LC", AgeDays: 35, Type: 1, Content: "5000,5006,5036", TalkID: 13003},
		{CardID: "MC", AgeDays: 105, Type: 2, TalkID: -1},
	}, cards, err)

	var days []CardDay
	_, err = DecodeCardDays(ctx, strings.NewReader(`mlogId,dt,userImprssionCount,userClickCount,userLikeCount,userCommentCount,userShareCount,userViewCommentCount,userIntoPersonalHomepageCount,userFollowCreatorCount
KC,26,7907,71,1,2,3,4,5,6
`), Options{}, func(b []CardDay) error { days = append(days, b...); return nil })
	check([]CardDay{{"KC", 26, 7907, 71, 1, 2, 3, 4, 5, 6}}, days, err)

	var creators []Creator
	_, err = DecodeCreators(ctx, strings.NewReader(`"creatorId","gender","registeredMonthCnt","follows","followeds","creatorType","level"
"JC","male",54,29,28,0,8
"NC","",,,3600000,,
`), Options{}, func(b []Creator) error { creators = append(creators, b...); return nil })
	check([]Creator{{"JC", "male", 54, 29, 28, 0, 8}, {"NC", "", NullInt, NullInt, 3600000, NullInt, NullInt}}, creators, err)

	var published []CreatorDay
	_, err = DecodeCreatorDays(ctx, strings.NewReader("\"creatorId\",\"dt\",\"PushlishMlogCnt\"\n\"PC\",8,1256\n"), Options{}, func(b []CreatorDay) error { published = append(published, b...); return nil })
	check([]CreatorDay{{"PC", 8, 1256}}, published, err)

	var users []User
	_, err = DecodeUsers(ctx, strings.NewReader("userId,province,age,gender,registeredMonthCnt,followCnt,level\nMC,an hui,21,male,608,44,9\nNC,,,,,,\nOC,wei zhi,19.0,unknown,3,0,0\n"), Options{},
		func(b []User) error { users = append(users, b...); return nil })
	check([]User{{"MC", "an hui", 21, "male", 608, 44, 9}, {"NC", "", NullInt, "", NullInt, NullInt, NullInt}, {"OC", "wei zhi", 19, "unknown", 3, 0, 0}}, users, err)
}

// TestPublicHeads reads the first rows of the real files. They may not be shipped; SEGUE_NCM_HEADS names a directory
// that holds them as NAME_10000.csv.
func TestPublicHeads(t *testing.T) {
	dir := os.Getenv("SEGUE_NCM_HEADS")
	if dir == "" {
		t.Skip("SEGUE_NCM_HEADS is not set: the heads of the real files may not be shipped with the tests")
	}
	for _, table := range Tables {
		f, err := os.Open(filepath.Join(dir, table.String()+"_10000.csv"))
		if err != nil {
			t.Fatal(err)
		}
		stats, err := decodeAny(context.Background(), f, table, Options{Name: f.Name(), Reject: func(e *RowError) error { t.Error(e); return nil }})
		f.Close()
		if err != nil || stats.Rows != 10_000 {
			t.Errorf("%s: %d rows, error %v; want 10000", table, stats.Rows, err)
		}
	}
}

// decodeAny runs the decoder of a table and drops the rows.
func decodeAny(ctx context.Context, r io.Reader, table Table, opt Options) (Stats, error) {
	switch table {
	case Impressions:
		return DecodeImpressions(ctx, r, opt, func([]Impression) error { return nil })
	case Cards:
		return DecodeCards(ctx, r, opt, func([]Card) error { return nil })
	case CardDays:
		return DecodeCardDays(ctx, r, opt, func([]CardDay) error { return nil })
	case Creators:
		return DecodeCreators(ctx, r, opt, func([]Creator) error { return nil })
	case CreatorDays:
		return DecodeCreatorDays(ctx, r, opt, func([]CreatorDay) error { return nil })
	}
	return DecodeUsers(ctx, r, opt, func([]User) error { return nil })
}

func TestNumbers(t *testing.T) {
	for s, want := range map[string]float64{"0": 0, "1.44": 1.44, "-1.5": -1.5, "1e3": 1000, "12345678.25": 12345678.25, ".5": .5, "5.": 5} {
		if got, ok := parseFloat(s); !ok || got != float32(want) {
			t.Errorf("parseFloat(%q) = %v, %v; want %v", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "NaN", "Inf", "0x1p3", "1_000", "1.2.3", "--1", "1e99", "."} {
		if got, ok := parseFloat(s); ok {
			t.Errorf("parseFloat(%q) = %v; want it refused", s, got)
		}
	}
	for s, want := range map[string]int64{"0": 0, "-7": -7, "19.0": 19, "1574980776000": 1574980776000, "007": 7} {
		if got, ok := parseInt(s, math.MinInt64, math.MaxInt64); !ok || got != want {
			t.Errorf("parseInt(%q) = %v, %v; want %v", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "-", "1.5", "1e3", "9999999999999999999", "0x10", " 1", "+1"} {
		if got, ok := parseInt(s, math.MinInt64, math.MaxInt64); ok {
			t.Errorf("parseInt(%q) = %v; want it refused", s, got)
		}
	}
}

func TestTimeFormats(t *testing.T) {
	// 1574980776 s after 1970 is 2019-11-28 22:39:36 UTC, 2019-11-29 06:39:36 in China
	const want = 1574980776000
	for format, s := range map[TimeFormat]string{"": "1574980776000", EpochSeconds: "1574980776", EpochMicros: "1574980776000999",
		TimeRFC3339: "2019-11-29T06:39:36+08:00", TimeLocal: "2019-11-29 06:39:36"} {
		l := &Layout{Time: format}
		if got, ok := l.parseTime(s); !ok || got != want {
			t.Errorf("%q as %q: %d, %v; want %d", s, format, got, ok, int64(want))
		}
		if got, ok := l.parseTime("soon"); ok {
			t.Errorf("\"soon\" as %q: %d; want it refused", format, got)
		}
	}
}
