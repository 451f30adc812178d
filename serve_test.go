package segue

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seguefeed/segue/activity"
	"github.com/seguefeed/segue/live"
	"github.com/seguefeed/segue/server"
	"github.com/seguefeed/segue/stream"
)

// served is a server under test.
type served struct {
	*testing.T
	s     *Segue
	home  string
	end   context.CancelFunc
	ended chan error
	sent  int
}

// serve starts a server and waits for it to answer.
func serve(t *testing.T, s *Segue, opt ServeOptions) *served {
	t.Helper()
	opt.Listen = "127.0.0.1:0"
	at := make(chan net.Addr, 1)
	opt.Started = func(a net.Addr) { at <- a }
	ctx, cancel := context.WithCancel(context.Background())
	v := &served{T: t, s: s, end: cancel, ended: make(chan error, 1)}
	go func() { v.ended <- s.Serve(ctx, opt) }()
	select {
	case a := <-at:
		v.home = "http://" + a.String()
	case err := <-v.ended:
		t.Fatal(err)
	}
	t.Cleanup(func() { v.end() })
	return v
}

// stop ends it as SIGTERM does.
func (v *served) stop() {
	v.Helper()
	v.end()
	if err := <-v.ended; err != nil {
		v.Fatalf("the server ends with %v", err)
	}
}

func (v *served) get(path string) (int, string) {
	v.Helper()
	r, err := http.Get(v.home + path)
	if err != nil {
		v.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		v.Fatal(err)
	}
	return r.StatusCode, string(b)
}

// send sends so many impressions, each of a card of its own, and gives the status.
func (v *served) send(n int) int {
	v.Helper()
	var events []stream.Event
	now := time.Now().UnixMilli()
	for k := range n {
		at := v.sent + k
		events = append(events, stream.Event{ID: fmt.Sprint("e", at), Kind: stream.Impression, AtMS: now, User: fmt.Sprint("visitor ", at%50), Item: fmt.Sprint("thing ", at)})
	}
	status, _ := v.post("/v1/events", events)
	if status == http.StatusOK || status == http.StatusCreated || status == http.StatusAccepted {
		v.sent += n
	}
	return status
}

func (v *served) post(path string, what any) (int, string) {
	v.Helper()
	b, err := json.Marshal(what)
	if err != nil {
		v.Fatal(err)
	}
	r, err := http.Post(v.home+path, "application/json", bytes.NewReader(b))
	if err != nil {
		v.Fatal(err)
	}
	defer r.Body.Close()
	answer, err := io.ReadAll(r.Body)
	if err != nil {
		v.Fatal(err)
	}
	return r.StatusCode, string(answer)
}

// until asks again and again.
func (v *served) until(what string, ok func() bool) {
	v.Helper()
	for range 3000 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	v.Fatalf("%s: not within half a minute", what)
}

// offset is how many events the database has.
func (v *served) offset() uint64 {
	v.Helper()
	n, err := v.s.engine.LiveOffset(context.Background())
	if err != nil {
		v.Fatal(err)
	}
	return n
}

// impressions counts those of a database in which each card was shown once.
func impressions(t *testing.T, s *Segue) int64 {
	t.Helper()
	contents, err := s.engine.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cards, err := s.engine.CardKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(cards)) != contents.Impressions {
		t.Errorf("%d impressions of %d cards, each of which was shown once", contents.Impressions, len(cards))
	}
	return contents.Impressions
}

func emptyDatabase(t *testing.T, dir string) *Segue {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Config{Path: filepath.Join(dir, "new.duckdb"), MemoryMB: 300})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// A server that is told to end does not wait for the database; the next one goes on where it stopped.
func TestServeEndsAndGoesOn(t *testing.T) {
	dir := t.TempDir()
	s := emptyDatabase(t, dir)
	opt := ServeOptions{Dir: filepath.Join(dir, "serve"), WarehouseEvery: time.Hour, SnapshotEvery: time.Hour, Drain: -1}
	v := serve(t, s, opt)
	for range 5 {
		if status := v.send(100); status >= 300 {
			t.Fatalf("status %d", status)
		}
	}
	v.stop()
	if got := v.offset(); got != 0 {
		t.Errorf("without time for it the database has got %d events", got)
	}
	state, err := live.Load(filepath.Join(opt.Dir, "state"), live.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if state.Seq() != 500 || state.UserCount() != 50 {
		t.Errorf("the snapshot has %d events of %d users; 500 of 50 were sent", state.Seq(), state.UserCount())
	}
	opt.WarehouseEvery, opt.Drain = 10*time.Millisecond, 0
	v = serve(t, s, opt)
	v.until("the events of the first server go into the database", func() bool { return v.offset() == 500 })
	v.sent = 500
	opt.WarehouseEvery = time.Hour
	v.stop()
	v = serve(t, s, opt)
	v.sent = 500
	v.send(100)
	v.stop() // with time for them
	if got := v.offset(); got != 600 {
		t.Errorf("the database has %d events at the end of the third server; 600 were sent", got)
	}
	if n := impressions(t, s); n != 600 {
		t.Errorf("the database has %d impressions of 600", n)
	}
}

// The log gives up what the database and a snapshot have: more goes through it than it holds. What the database does not have stays.
func TestServeKeepsTheLogSmall(t *testing.T) {
	dir := t.TempDir()
	s := emptyDatabase(t, dir)
	opt := ServeOptions{Dir: filepath.Join(dir, "serve"), WarehouseEvery: time.Hour, SnapshotEvery: 5 * time.Millisecond, Drain: -1, Stream: stream.Config{MaxBytes: 100_000}}
	v := serve(t, s, opt)
	refused := 0
	for range 400 {
		if refused = v.send(20); refused >= 300 {
			break
		}
	}
	if refused != http.StatusServiceUnavailable || v.sent < 200 {
		t.Fatalf("a full log whose events the database does not have answers %d after %d events", refused, v.sent)
	}
	sent := v.sent
	v.stop()

	opt.WarehouseEvery, opt.SnapshotEvery, opt.Drain = 10*time.Millisecond, time.Hour, 0 // a crowded log asks for snapshots itself
	v = serve(t, s, opt)
	v.sent = sent
	for range 150 { // some four times what it holds
		v.until("an event is taken", func() bool { return v.send(20) < 300 })
	}
	v.stop()
	if v.sent != sent+3000 || v.offset() != uint64(v.sent) {
		t.Errorf("%d events were taken, the database has %d", v.sent, v.offset())
	}
	if n := impressions(t, s); n != int64(v.sent) {
		t.Errorf("the database has %d impressions of %d", n, v.sent)
	}
	l, err := stream.Open(t.Context(), stream.Config{Dir: filepath.Join(opt.Dir, "events"), MaxBytes: opt.Stream.MaxBytes, After: v.offset()})
	if err != nil {
		t.Fatal(err)
	}
	status := l.Status()
	if err := l.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if status.First == 1 || status.Last != uint64(v.sent) || status.Bytes > opt.Stream.MaxBytes {
		t.Errorf("the log has events %d to %d in %d bytes", status.First, status.Last, status.Bytes)
	}
	// What is believed needs none of what was given up.
	v = serve(t, s, opt)
	defer v.stop()
	if code, body := v.get("/v1/users/visitor%200"); code != http.StatusOK || !strings.Contains(body, fmt.Sprintf(`"impressions":%d,`, (v.offset()+49)/50)) {
		t.Errorf("status %d: %s", code, body)
	}
}

// The report is made while events come, and an hour is not over before the next request.
func TestServeTheReport(t *testing.T) {
	s, _ := loadedVillage(t, 800)
	dir := t.TempDir()
	v := serve(t, s, ServeOptions{Dir: dir, WarehouseEvery: 10 * time.Millisecond})
	code, body := v.get("/report/")
	if code != http.StatusOK || !strings.Contains(body, "The report is being made") {
		t.Fatalf("status %d: %.300s", code, body)
	}
	ready := func() {
		t.Helper()
		v.until("the report is there", func() bool {
			if status := v.send(10); status >= 300 {
				t.Fatalf("an event is answered %d", status)
			}
			_, body = v.get("/report/")
			if strings.Contains(body, "could not be made") {
				t.Fatal(body)
			}
			return !strings.Contains(body, "is being made")
		})
	}
	ready()
	page, err := os.ReadFile(filepath.Join(dir, "report", "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	if body != string(page) || !strings.Contains(body, "What matters") {
		t.Errorf("/report/ is not what stands in %s", dir)
	}
	if code, body := v.get("/report/report.json"); code != http.StatusOK || !json.Valid([]byte(body)) {
		t.Errorf("report.json: status %d", code)
	}
	// Asked for anew it has what came since: impressions of today, years after the others.
	v.until("events go into the database", func() bool { return v.offset() > 0 })
	if r, err := http.Post(v.home+"/report/", "", nil); err != nil || r.StatusCode != http.StatusOK { // of the page that it leads to
		t.Fatalf("asked for anew: %v, %v", r, err)
	}
	ready()
	if again, _ := os.ReadFile(filepath.Join(dir, "report", "index.html")); body != string(again) || bytes.Equal(page, again) {
		t.Error("asked for anew, the report is the same")
	}
	if _, body := v.get("/overview"); strings.Count(body, `href="/report/"`) != 2 { // in the menu and on the page
		t.Error("the report is not one click away")
	}
	v.stop()

	empty := serve(t, emptyDatabase(t, dir), ServeOptions{Dir: filepath.Join(dir, "other")})
	defer empty.stop()
	empty.until("the reason is told", func() bool {
		_, body := empty.get("/report/")
		return strings.Contains(body, "holds no impressions yet")
	})
}

// Live rows have moments in whole seconds and times of views within some thousandths, so that scores are not those of the database to the last digit.
func TestServeActivity(t *testing.T) {
	s, _ := loadedVillage(t, 4000)
	dir := t.TempDir()
	file := filepath.Join(dir, "v.predictor")
	p, err := s.TrainPredictor(t.Context(), file, PredictOptions{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	set, keys, err := s.scoring(t.Context(), p, PredictOptions{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{}
	if err := p.Scores(t.Context(), set, keys, nil, func(scores []activity.Score) error {
		for _, sc := range scores {
			want[sc.User] = sc.Probability
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	v := serve(t, s, ServeOptions{Dir: filepath.Join(dir, "serve"), Activity: file})
	defer v.stop()
	user := func(key string) (u server.UserView) {
		t.Helper()
		code, body := v.get("/v1/users/" + key)
		if err := json.Unmarshal([]byte(body), &u); err != nil || code != http.StatusOK {
			t.Fatalf("status %d: %v: %s", code, err, body)
		}
		return u
	}
	near, early, late := 0, 0, 0
	for i, key := range keys {
		if i%9 != 0 {
			continue
		}
		u := user(key)
		score, seen := want[key]
		switch {
		case u.Impressions == 0 || u.Impressions > 512: // never seen, or her first rows are kept no more
			if u.Activity != nil {
				t.Errorf("user %s with %d impressions has %+v", key, u.Impressions, u.Activity)
			}
		case !seen:
			late++ // her first days are over for years
			if u.Activity == nil {
				t.Errorf("user %s, first seen later, has no score", key)
			}
		case u.Activity == nil || len(u.Activity.Why) == 0:
			t.Errorf("user %s has %+v, in the file %v", key, u.Activity, score)
		default:
			early++
			if math.Abs(u.Activity.Score-score) < .01 {
				near++
			}
		}
	}
	if early < 150 || late < 30 || near < early*19/20 {
		t.Errorf("%d of %d early users have the score of the file within .01; %d others were asked", near, early, late)
	}
	t.Logf("%d of %d early users within .01, %d others", near, early, late)
	// Who is new today is too new.
	v.send(1)
	if u := user("visitor%200"); u.Impressions != 1 || u.Activity != nil {
		t.Errorf("someone new is %+v", u)
	}
	other := emptyDatabase(t, dir)
	if err := other.Serve(t.Context(), ServeOptions{Dir: filepath.Join(dir, "other"), Listen: "127.0.0.1:0", Activity: file}); err == nil || !strings.Contains(err.Error(), "no impressions of the days that the predictor learned from") {
		t.Errorf("with the predictor of another log: %v", err)
	}
}

func TestReasonsOfActivity(t *testing.T) {
	why := &activity.Why{Score: activity.Score{Probability: .25}, Features: []activity.Contribution{
		{Feature: "browsed_sessions", Value: "1", Unit: "sessions", Move: .5}, {Feature: "recency", Value: "2.5", Unit: "days", Move: -.25}, {Feature: "click_rate", Value: "0.1", Unit: "share", Move: .125},
		{Feature: "dwell", Value: "none", Unit: "s", Move: -.0625}, {Feature: "province", Value: "hu nan", Move: .03125}, {Feature: "likes", Value: "0", Unit: "likes"}}}
	want := &server.Activity{Score: .25, Why: []server.Part{{Feature: "browsed_sessions", Value: "1 sessions", Adds: .5, Means: server.Plain("browsed_sessions")}, {Feature: "recency", Value: "2.5 days", Adds: -.25, Means: server.Plain("recency")},
		{Feature: "click_rate", Value: "10%", Adds: .125, Means: server.Plain("click_rate")}, {Feature: "dwell", Value: "none", Adds: -.0625, Means: server.Plain("dwell")}, {Feature: "province", Value: "hu nan", Adds: .03125, Means: "province"}}}
	if diff := cmp.Diff(want, activityOf(why)); diff != "" {
		t.Error(diff)
	}
	why.Features = slices.Repeat(why.Features[:1], 20)
	if got := activityOf(why); len(got.Why) != activityReasons || got.Rest != 6 { // 20 x .5 are 10, of which 8 x .5 are told apart
		t.Errorf("%d reasons, and %v beside", len(got.Why), got.Rest)
	}
}
