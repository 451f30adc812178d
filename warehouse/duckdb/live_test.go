package duckdb

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/village"
	"github.com/seguefeed/segue/warehouse"
	"github.com/seguefeed/segue/warehouse/warehousetest"
)

// liveFrom is the first day of the month that comes as live events.
const liveFrom = 26

// villageLog is a log of November 2019 cut before day liveFrom.
type villageLog struct {
	rest       []warehouse.Input // the tables of users, cards and creators
	all, early string            // impression_data
	cardDays   string            // mlog_stats of the early days
	laterDays  string            // card days of the others, counted from the impressions: what the live log adds
	later      []feedlog.Impression
	records    []feedlog.Impression
}

func cutVillage(t testing.TB, users int) *villageLog {
	t.Helper()
	dir := t.TempDir()
	if _, err := village.Write(context.Background(), dir, village.Config{Users: users, Seed: 11}); err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	v := &villageLog{all: read("impression_data.csv")}
	_, err := feedlog.DecodeImpressions(context.Background(), strings.NewReader(v.all), feedlog.Options{}, func(batch []feedlog.Impression) error {
		for _, r := range batch {
			r.Swipes = append([]feedlog.Swipe(nil), r.Swipes...)
			v.records = append(v.records, r)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var early strings.Builder
	in := bufio.NewScanner(strings.NewReader(v.all))
	in.Buffer(nil, 1<<22)
	for i := -1; in.Scan(); i++ {
		if i >= 0 && v.records[i].DT >= liveFrom {
			v.later = append(v.later, v.records[i])
			continue
		}
		early.WriteString(in.Text() + "\n")
	}
	v.early = early.String()
	var cardDays strings.Builder
	for i, line := range strings.SplitAfter(read("mlog_stats.csv"), "\n") {
		day := 0
		if i > 0 && line != "" {
			fmt.Sscan(strings.Split(line, ",")[1], &day)
		}
		if day < liveFrom {
			cardDays.WriteString(line)
		}
	}
	v.cardDays = cardDays.String()
	v.laterDays = strings.SplitAfter(v.cardDays, "\n")[0] + countedDays(v.later)
	for _, in := range inputsOf(t, dir) {
		if in.Table != feedlog.Impressions && in.Table != feedlog.CardDays {
			v.rest = append(v.rest, in)
		}
	}
	return v
}

// countedDays are lines of mlog_stats counted from impressions, as gain in liveusers.go counts.
func countedDays(impressions []feedlog.Impression) string {
	type key struct {
		card string
		day  int
	}
	counts := map[key]*[7]int{}
	at := func(card string, ms int64) *[7]int {
		k := key{card, time.UnixMilli(ms).In(feedlog.China).Day()}
		if counts[k] == nil {
			counts[k] = &[7]int{}
		}
		return counts[k]
	}
	add := func(n *[7]int, did ...bool) {
		for i, d := range did {
			if d {
				n[i]++
			}
		}
	}
	for i := range impressions {
		r := &impressions[i]
		add(at(r.CardID, r.ShownAtMS), true, r.Clicked, r.Liked, r.Commented, r.Shared, r.ViewedComments, r.VisitedCreator)
		for k := range r.Swipes {
			if s := &r.Swipes[k]; s.Liked || s.Commented || s.Shared || s.ViewedComments || s.VisitedCreator {
				add(at(s.CardID, s.SwipedAtMS), false, false, s.Liked, s.Commented, s.Shared, s.ViewedComments, s.VisitedCreator)
			}
		}
	}
	var b strings.Builder
	for k, n := range counts {
		fmt.Fprintf(&b, "%s,%d,%d,%d,%d,%d,%d,%d,%d,0\n", k.card, k.day, n[0], n[1], n[2], n[3], n[4], n[5], n[6])
	}
	return b.String()
}

// openWith opens a new database and loads the inputs, a load each list.
func openWith(t testing.TB, loads ...[]warehouse.Input) *Engine {
	t.Helper()
	ctx := context.Background()
	e, err := Open(ctx, filepath.Join(t.TempDir(), "live.duckdb"), Config{MemoryMB: 500})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	for _, inputs := range loads {
		if _, err := e.Load(ctx, inputs, warehouse.LoadOptions{Month: time.Date(2019, 11, 1, 0, 0, 0, 0, time.UTC)}); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

func november(day int) time.Time { return time.Date(2019, 11, day, 0, 0, 0, 0, time.UTC) }

// compare holds all answers of one database against those of another, but the questions that are passed over.
func compare(t *testing.T, want, got *Engine, over ...string) {
	t.Helper()
	ctx := context.Background()
	w, err := warehousetest.Answers(ctx, want, november(1), november(30))
	if err != nil {
		t.Fatal(err)
	}
	g, err := warehousetest.Answers(ctx, got, november(1), november(30))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range over {
		delete(w, name)
		delete(g, name)
	}
	for name := range w {
		within := 1e-9
		if name == "SwipeTotals" { // seconds of a day's swipes are summed in single precision, in the order in which they stand
			within = 1e-6
		}
		if d := cmp.Diff(w[name], g[name], cmpopts.EquateEmpty(), cmpopts.EquateNaNs(), cmpopts.EquateApprox(within, 1e-9)); d != "" {
			t.Errorf("%s (-want +got)\n%s", name, d[:min(len(d), 3000)])
		}
	}
}

// appendAll appends rows in batches of size.
func appendAll(t testing.TB, e *Engine, rows []warehouse.LiveRow, size int) {
	t.Helper()
	for len(rows) > 0 {
		n := min(size, len(rows))
		if err := e.AppendLive(context.Background(), warehouse.LiveBatches(warehouse.LiveBatch{Rows: rows[:n]})); err != nil {
			t.Fatal(err)
		}
		rows = rows[n:]
	}
}

func impressionsInput(name, text string) []warehouse.Input {
	return []warehouse.Input{warehousetest.Input(feedlog.Impressions, name, text)}
}

// The last days of a village, sent as events in the order of time or in any other, leave a database that answers as one that loaded them from files.
func TestLiveIsAsIfLoaded(t *testing.T) {
	v := cutVillage(t, 1500)
	days := func(name, text string) warehouse.Input { return warehousetest.Input(feedlog.CardDays, name, text) }
	whole := openWith(t, v.rest, append(impressionsInput("all.csv", v.all), days("stats.csv", v.cardDays), days("later.csv", v.laterDays)))
	rows := warehousetest.LiveRowsOf(v.later)
	t.Logf("%d impressions, %d of them live, %d events", len(v.records), len(v.later), len(rows))
	early := func() *Engine {
		return openWith(t, v.rest, append(impressionsInput("early.csv", v.early), days("stats.csv", v.cardDays)))
	}
	t.Run("in order", func(t *testing.T) {
		e := early()
		appendAll(t, e, rows, 4000)
		compare(t, whole, e)
		seq, err := e.LiveOffset(t.Context())
		if err != nil || seq != uint64(len(rows)) {
			t.Errorf("offset %d, %v; want %d", seq, err, len(rows))
		}
	})
	t.Run("some rows at a time, all batches at once", func(t *testing.T) {
		defer func(amb float64, changed int) { rowsAMB, changedTogether = amb, changed }(rowsAMB, changedTogether)
		rowsAMB, changedTogether = .5, 4000 // of 2,000 MB: a thousand rows of some users; changes of several of these parts together
		e := early()
		if err := e.AppendLive(t.Context(), func(yield func(warehouse.LiveBatch, error) bool) {
			for part := range slices.Chunk(rows, 777) {
				if !yield(warehouse.LiveBatch{Rows: part}, nil) {
					return
				}
			}
		}); err != nil {
			t.Fatal(err)
		}
		compare(t, whole, e)
	})
	t.Run("a sequence that breaks off", func(t *testing.T) {
		e := early()
		broken := errors.New("broken")
		err := e.AppendLive(t.Context(), func(yield func(warehouse.LiveBatch, error) bool) {
			if yield(warehouse.LiveBatch{Rows: rows[:500]}, nil) {
				yield(warehouse.LiveBatch{}, broken)
			}
		})
		if seq, offsetErr := e.LiveOffset(t.Context()); !errors.Is(err, broken) || seq != 0 || offsetErr != nil {
			t.Errorf("offset %d, %v, %v; nothing is to be in, and the error told", seq, err, offsetErr)
		}
		appendAll(t, e, rows, len(rows))
		compare(t, whole, e)
	})
	t.Run("a user at a time", func(t *testing.T) {
		defer func(was float64) { readOneNS = was }(readOneNS)
		readOneNS = math.Inf(-1)
		e := early()
		appendAll(t, e, rows, 4000)
		compare(t, whole, e)
	})
	t.Run("shuffled", func(t *testing.T) {
		e := early()
		mixed := append([]warehouse.LiveRow(nil), rows...)
		rand.New(rand.NewPCG(3, 4)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		appendAll(t, e, warehousetest.Numbered(mixed), 9000)
		compare(t, whole, e)
	})
}

// A database that another process has open says so, and which.
func TestOpenOfALockedDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "held.duckdb")
	child := exec.Command(os.Args[0], "-test.run", "^TestHoldingChild$")
	child.Env = append(os.Environ(), "SEGUE_HELD_DB="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer child.Wait()
	defer in.Close()
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "open\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	for _, readOnly := range []bool{false, true} {
		e, err := Open(t.Context(), path, Config{ReadOnly: readOnly})
		if err == nil {
			e.Close()
			t.Fatal("two processes have one database")
		}
		for _, want := range []string{"another process is using this database", fmt.Sprintf("process %d)", child.Process.Pid), "stop it"} {
			if !strings.Contains(err.Error(), want) && runtime.GOOS == "linux" {
				t.Errorf("%v; want it to say %q", err, want)
			}
		}
	}
}

// TestHoldingChild is the process that TestOpenOfALockedDatabase starts.
func TestHoldingChild(t *testing.T) {
	path := os.Getenv("SEGUE_HELD_DB")
	if path == "" {
		t.Skip("only TestOpenOfALockedDatabase starts it")
	}
	e, err := Open(context.Background(), path, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	fmt.Println("open")
	io.Copy(io.Discard, os.Stdin) // until the other closes it
}

// A database that begins with live events, what is known of users and cards coming as events too, answers as one that loaded the same from files.
func TestLiveFromNothing(t *testing.T) {
	v := cutVillage(t, 500)
	var rows []warehouse.LiveRow
	first := november(1).UnixMilli()
	whole := openWith(t, v.knownInputs(t, &rows, first), append(impressionsInput("all.csv", v.all),
		warehousetest.Input(feedlog.CardDays, "stats.csv", strings.SplitAfter(v.cardDays, "\n")[0]+countedDays(v.records))))
	rows = warehousetest.Numbered(append(rows, warehousetest.LiveRowsOf(v.records)...))
	e := openWith(t)
	appendAll(t, e, rows, 10_000)
	compare(t, whole, e, "Describe")
	// Events tell no levels, where the file has an empty column of them; all else is the same.
	want, err := whole.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want.Absent, want.Loads = append([]feedlog.Role{feedlog.UserLevel}, want.Absent...), nil
	got, err := e.Describe(t.Context())
	got.Loads = nil
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("Describe: %v (-want +got)\n%s", err, d)
	}
	path := e.path
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(t.Context(), path, Config{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	compare(t, whole, again, "Describe")
	if err := again.AppendLive(t.Context(), warehouse.LiveBatches(warehouse.LiveBatch{Last: 1 << 40})); err == nil {
		t.Error("appended to a database that is open for reading only")
	}
}

// knownInputs are the tables of users and cards, without what events do not tell (levels), and the same as events of one moment.
func (v *villageLog) knownInputs(t *testing.T, rows *[]warehouse.LiveRow, atMS int64) []warehouse.Input {
	t.Helper()
	users, cards := strings.Builder{}, strings.Builder{}
	users.WriteString("userId,province,age,gender,registeredMonthCnt,followCnt,level\n")
	cards.WriteString("mlogId,songId,artistId,creatorId,publishTime,type,contentId,talkId\n")
	number := func(n int32) string {
		if n == feedlog.NullInt {
			return ""
		}
		return fmt.Sprint(n)
	}
	for _, in := range v.rest {
		r, err := in.Open(io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		switch in.Table {
		case feedlog.Users:
			_, err = feedlog.DecodeUsers(t.Context(), r, feedlog.Options{}, func(batch []feedlog.User) error {
				for _, u := range batch {
					fmt.Fprintf(&users, "%s,%s,%s,%s,%s,%s,\n", u.UserID, u.Province, number(u.Age), u.Gender, number(u.RegisteredMonths), number(u.Follows))
					*rows = append(*rows, warehouse.LiveRow{Kind: warehouse.LiveUser, AtMS: atMS, User: strings.Clone(u.UserID),
						Profile: &warehouse.LiveProfile{Province: u.Province, Gender: u.Gender, Age: max(u.Age, -1), Months: max(u.RegisteredMonths, -1), Follows: max(u.Follows, -1)}})
				}
				return nil
			})
		case feedlog.Cards:
			_, err = feedlog.DecodeCards(t.Context(), r, feedlog.Options{}, func(batch []feedlog.Card) error {
				for _, c := range batch {
					fmt.Fprintf(&cards, "%s,%s,%s,%s,%s,%d,\"%s\",%s\n", c.CardID, c.SongID, c.ArtistID, c.CreatorID, number(c.AgeDays), c.Type, c.Content, number(c.TalkID))
					traits := &warehouse.LiveTraits{Song: c.SongID, Artist: c.ArtistID, Creator: c.CreatorID, Content: c.Content, Talk: number(c.TalkID), Type: int32(c.Type)}
					if c.AgeDays != feedlog.NullInt { // ages count back from the day after the month
						traits.PublishedMS = time.Date(2019, 12, 1-int(c.AgeDays), 12, 0, 0, 0, feedlog.China).UnixMilli()
					}
					*rows = append(*rows, warehouse.LiveRow{Kind: warehouse.LiveCard, AtMS: atMS, Card: strings.Clone(c.CardID), Traits: traits})
				}
				return nil
			})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return []warehouse.Input{warehousetest.Input(feedlog.Users, "users.csv", users.String()), warehousetest.Input(feedlog.Cards, "cards.csv", cards.String())}
}
