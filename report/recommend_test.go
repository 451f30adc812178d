package report

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seguefeed/segue/analysis"
	"github.com/seguefeed/segue/evaluate"
	"github.com/seguefeed/segue/internal/chart"
)

// writeRecommendation writes a report of recommenders alone.
func writeRecommendation(t *testing.T, r *evaluate.Results) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "report")
	if _, err := Write(context.Background(), dir, Input{Title: "Recommendation", Recommendation: r}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestRecommendGolden(t *testing.T) {
	got := read(t, writeRecommendation(t, recommendSample()), "report.json")
	golden := filepath.Join("testdata", "recommend.json")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := read(t, golden); got != want {
		t.Errorf("report.json differs from %s; look at the difference, and renew it with -update", golden)
	}
	if !json.Valid([]byte(got)) {
		t.Error("report.json is no JSON")
	}
}

// What the sample's numbers mean, in the sentences that say it.
func TestRecommendSentences(t *testing.T) {
	page := read(t, writeRecommendation(t, recommendSample()), "index.html")
	for _, want := range []string{
		// (.07 - .04) / (.12 - .04) = .375; the page is judged although other whole pages have more
		"Cards of “the page” are clicked 7% of the times they are looked at, the most popular cards 4%, and the best there could be 12%: it makes 37.5% of the gain that there is to make, 95% interval 32.5% to 42.5%.",
		"The most is gained by “boosted trees, whole catalogue”: 45% (95% interval 40% to 50%).",
		"share of the oracle&#39;s gain is 25% for the best generator alone (“ease &lt;b&gt;”), 45% for ranking the whole catalogue, 42.5% for ranking what the generators name and 37.5% for the page with its rules.",
		"Worse than the most popular cards, the whole interval below it: “fresh” and “random”.",
		// shares 2.5%, 1.25% and -0.6%, each plus or minus 5%; popularity itself is not told from itself
		"Not to be told from the most popular cards: “demographic”, “popularity in her topic” and “trending”.",
		"of the cards that a user clicks in the judged days, 7% are among the 20 it names her (95% interval 6.4% to 7.6%); of the most popular cards, 3% are.",
		"“candidates, ranked” cannot be told from “boosted trees, whole catalogue”: the difference is not real as far as can be seen. 11 other methods are worse, beyond chance.",
		"together show 15% of the cards that could be shown, those of the most popular cards 1%.",
		"cannot credit a card that nobody was shown",
		"“boosted trees” ranks clicked cards higher than “popularity”: NDCG at 10 is 0.58 against 0.5, and the difference of 0.08 is real (p &lt; 0.001).",
		"“boosted trees, position ignored” cannot be told from “boosted trees”",
		"That is better than the order in which the cards really lay (0.54)",
		"gives the clicked one the higher score 64% of the time, “popularity” 55%.",
		// .07 * 1.4 among the last group
		"By clicks before, “the page” does best beside “popularity” among “10 clicks or more” (true click rate: 9.8% against 4%) and worst among “never seen” (7% against 4%).",
		"Browsing: what lies in slot 8 is looked at 0.61 times as often as what lies on top (95% interval 0.53 to 0.69); read raw, clicks there would say 1.8 times.",
		// raw less truth at the slots 1, 2, 4 and 8: 1.2/8 a slot, (.15+.3+.6+1.2)/4
		"the estimate is off the planted truth by 0.01 on average over the slots below the top, the raw curve by 0.56, that within visits by 0.04 and swaps by 0.02; its interval holds the truth in 4 of 4 slots.",
		"off by 0.4 points on average (expected calibration error); in 2 of 3 groups",
		"furthest off in “card age: 0 to 3”: 6% promised, 5% clicked, over 800 impressions.",
		// of .074, .0736, .0724 and .0704 the second alone is within a hundredth of the first
		"Lambda of maximal marginal relevance from 1 to 0.5 takes diversity from 0.4 to 0.7, and true click rate from 7.4% to 7.04%; at 0.9 it is 0.5 with no more than 1% of the highest true click rate lost.",
		"The dearest step is “fresh floor” (10% of the places are for cards younger than 3 days): without it, true click rate would be 7.4% rather than 7%.",
		"repeats by “fatigue” (5% with it, 20% without)", "next to nothing is changed by “hide clicked”.", "Most time goes into “diversity”: 210 µs a page.",
		// .4 + .25 + .1
		"75% of what “boosted trees” gained by looking at features came from card rate (40%), user lift (25%) and content match (10%).",
		"12 cards for a light user with a mean chance of 7.6%, of which she clicked 1 later",
		"Rankers learned from what happened 1 to 23 November, one was chosen by what happened 24 to 26 November, and all is judged on 27 to 30 November: 900 users, 150 of them never seen before, in 2,500 sessions with 30,000 impressions and 1,200 clicks.",
		"4,000 cards could be shown by the last day; 500 of them (12.5%) were published after",
		"A note of the run.", "Only a simulated log tells the truth.", "<h2>What to recommend</h2>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	body := page[strings.Index(page, "<body>"):strings.Index(page, "<script>")] // all but the styles and the programs
	for _, bad := range []string{"NaN", "Inf", "ease <b>", "ZgotmplZ"} {
		if i := strings.Index(body, bad); i >= 0 {
			t.Errorf("the page holds %q: %s", bad, body[max(0, i-60):i+20])
		}
	}
}

// An example page is drawn as cards: in the order of slots, a colour a content, the clicked one marked.
func TestExamplePages(t *testing.T) {
	r := recommendSample()
	slices.Reverse(r.Pages[2].Cards)
	pages := examplePages(r)
	heavy := pages[2]
	if heavy.Who != "Heavy user" || heavy.Columns != 2 || heavy.Clicked != 1 || len(heavy.Cards) != 12 {
		t.Fatalf("the page of the heavy user is %+v", heavy)
	}
	first, clicked := heavy.Cards[0], heavy.Cards[6]
	// the highest chance of all pages is .12: the seventh card has .12 - 6*.008 = .072, which is 60 hundredths of it
	if first.Name != "NCKC20" || first.Width != 100 || first.Chance != "12%" || first.True != "10%" || !clicked.Clicked || clicked.Width != 60 {
		t.Errorf("its first card is %+v and its seventh %+v", first, clicked)
	}
	colours := map[string]int{}
	for _, p := range pages {
		for _, c := range p.Cards {
			if h, seen := colours[c.Content]; seen && h != c.Hue {
				t.Errorf("content %q has the colours %d and %d", c.Content, h, c.Hue)
			}
			colours[c.Content] = c.Hue
		}
	}
	if len(colours) < 4 || hue("a") == hue("b") {
		t.Errorf("contents share colours: %v", colours)
	}
	for i := range r.Pages {
		for k := range r.Pages[i].Cards {
			r.Pages[i].Cards[k].True = math.NaN()
		}
	}
	page := read(t, writeRecommendation(t, r), "index.html")
	if n := strings.Count(page, `<section class="screen"`); n != 3 {
		t.Errorf("%d pages are drawn, want 3", n)
	}
	if n := strings.Count(page, `class="cover"`); n != 36 {
		t.Errorf("%d cards are drawn, want 36", n)
	}
	if n := strings.Count(page, "<b>Clicked</b>"); n != 2 {
		t.Errorf("%d cards are marked as clicked, want 2", n)
	}
	if strings.Contains(page, "<span>true") {
		t.Error("a true chance is shown that nobody knows")
	}
	if !regexp.MustCompile(`style="--hue:\d+"`).MatchString(page) {
		t.Error("covers have no colour")
	}
	if strings.Contains(read(t, write(t), "index.html"), ".glass") {
		t.Error("a report without recommendations carries their style")
	}
}

// An evaluation without some of its parts, or of another outcome, is told as it is.
func TestRecommendParts(t *testing.T) {
	ids := func(r *evaluate.Results) (ids []string) {
		for _, a := range recommendAnswers(r) {
			if a.Theme != recommendTheme {
				t.Errorf("%s is of the theme %q", a.ID, a.Theme)
			}
			ids = append(ids, strings.TrimPrefix(a.ID, "recommend-"))
		}
		return ids
	}
	all := []string{"truth", "candidates", "rankers", "groups", "slots", "calibration", "tradeoffs", "switches", "learned", "examples", "split"}
	if got := ids(recommendSample()); !slices.Equal(got, all) {
		t.Errorf("the cards are %v, want %v", got, all)
	}
	if got := ids(nil); got != nil {
		t.Errorf("no evaluation has the cards %v", got)
	}
	if got := ids(&evaluate.Results{}); !slices.Equal(got, []string{"split"}) {
		t.Errorf("an empty evaluation has the cards %v", got)
	}
	// Everything is there and holds nothing.
	page := read(t, writeRecommendation(t, &evaluate.Results{
		Truth: hollow(), Retrieve: hollow(), Rerank: hollow(), Groups: []evaluate.GroupTable{{}}, Position: []evaluate.Curve{{}}, Calibration: &evaluate.Calibration{},
		TradeOffs: []evaluate.TradeOff{{}}, Switches: []evaluate.Switch{{}}, Importance: []evaluate.Gain{{}}, Pages: []evaluate.ExamplePage{{}},
	}), "index.html")
	if n := strings.Count(page, "Not asked: "); n != 9 {
		t.Errorf("%d cards say that they have nothing, want 9", n)
	}
}

// hollow is a table whose one value is not known.
func hollow() *evaluate.Table {
	return &evaluate.Table{Measures: []evaluate.Measure{{Name: "recall@20", Label: "Recall at 20"}}, Rows: []evaluate.Row{{Method: "m", Cells: []evaluate.Cell{{Value: math.NaN()}}}}}
}

// The log of real users, on which the ranker that was chosen did not turn out the best.
func TestRecommendWithoutTruth(t *testing.T) {
	r := recommendSample()
	r.Truth, r.Chosen = nil, "logistic regression"
	for i := range r.Position {
		r.Position[i].Truth = nil
	}
	page := read(t, writeRecommendation(t, r), "index.html")
	for _, want := range []string{
		"“logistic regression” ranks clicked cards higher than “popularity”: NDCG at 10 is 0.55 (95% interval 0.54 to 0.56) against 0.5 (95% interval 0.49 to 0.51); “boosted trees” has 0.58, and the difference of 0.03 is real (p 0.01).",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, bad := range []string{"planted truth", "simulated village", "judges the same lists without that doubt"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page speaks of the %s", bad)
		}
	}
	summary := page[strings.Index(page, `id="summary"`):strings.Index(page, `id="how"`)]
	if !strings.Contains(summary, "finds most") {
		t.Error("the summary does not say which method finds most, though nothing surer is known")
	}
	r.Chosen = "random"
	if page := read(t, writeRecommendation(t, r), "index.html"); !strings.Contains(page, "“random” does not rank clicked cards higher than “popularity”: NDCG at 10 is 0.48 against 0.5; “boosted trees” has 0.58") {
		t.Error("a chosen ranker that is worse than popularity is not said to be")
	}
}

func TestRecommendTables(t *testing.T) {
	dir := writeRecommendation(t, recommendSample())
	rows := strings.Split(read(t, dir, "tables", "recommend_rankers.csv"), "\n")
	for i, want := range []string{"method,kind,ndcg_at_10,auc_user,auc,log_loss,train_seconds", "boosted trees,ranker,0.58,0.64,", `"boosted trees, position ignored",ranker,0.575,`} {
		if !strings.HasPrefix(rows[i], want) {
			t.Errorf("row %d of the rankers' table is %q, want %q...", i, rows[i], want)
		}
	}
	got := read(t, dir, "tables", "recommend_rankers_intervals.csv")
	for _, want := range []string{"NDCG at 10,boosted trees,0.58,0.57,0.59,0,,the best\n", ",0.3,\"no worse, as far as can be seen\"\n", ",0.01,worse\n", "\"Log-loss, nats\",random,,,,,,\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("the intervals do not hold %q:\n%s", want, got)
		}
	}
	for _, name := range []string{"recommend_truth", "recommend_truth_intervals", "recommend_truth_measures", "recommend_candidates", "recommend_groups", "recommend_slots", "recommend_calibration", "recommend_calibration_slices", "recommend_tradeoffs",
		"recommend_page_measures", "recommend_switches", "recommend_features", "recommend_examples", "recommend_split", "recommend_judged"} {
		for _, ext := range []string{".csv", ".parquet"} {
			if _, err := os.Stat(filepath.Join(dir, "tables", name+ext)); err != nil {
				t.Error(err)
			}
		}
	}
	// two switched-off measures have no interval, so no columns for one; a page without a known age has an empty cell
	if head, _, _ := strings.Cut(read(t, dir, "tables", "recommend_tradeoffs.csv"), "\n"); !strings.HasSuffix(head, "repeats_high,coverage") {
		t.Errorf("the settings' table has the columns %s", head)
	}
	if !strings.Contains(read(t, dir, "tables", "recommend_examples.csv"), "a new user,MCLCNCOC0,0,NCKC00,1000,HCOCPC,,0.12,0.1,,popular with women of your age,\"popular, demographic\"\n") {
		t.Error("the first card of the new user has another row")
	}
}

// Points of a curve carry the settings that they stand for.
func TestPointLabels(t *testing.T) {
	c := analysis.Chart{Kind: analysis.LineChart, X: analysis.Axis{Unit: analysis.Share}, Y: analysis.Axis{Unit: analysis.Plain},
		Series: []analysis.Series{{Name: "banded", X: []float64{1, 2}, Y: []float64{1, 2}, Low: []float64{0, 1}, High: []float64{2, 3}}, {Name: "named", X: []float64{1, 2}, Y: []float64{3, 4}, Labels: []string{"a", "b"}}}}
	option, ok := chart.Option(c)
	if !ok {
		t.Fatal("there is nothing to draw")
	}
	labelPoints(c, option)
	all := option["series"].([]any) // a line and the two parts of its band, then the other line
	named := all[3].(map[string]any)
	if p := named["data"].([]any)[1].(map[string]any); p["name"] != "b" || p["value"].([]any)[1] != 4. || named["label"] == nil {
		t.Errorf("the second point of the second line is %v", p)
	}
	if first := all[0].(map[string]any); first["label"] != nil {
		t.Error("a line without labels has some")
	}
}

func TestRoundAxisEnds(t *testing.T) {
	for _, c := range []struct {
		values    []float64
		low, high float64
	}{
		{[]float64{.0412, .0738, math.NaN()}, .04, .08}, // a fifth of .0326 is .0065: steps of .01
		{[]float64{.47, .59}, .45, .6},                  // a fifth of .12 is .024: steps of .05
		{[]float64{5}, 5, 6},                            // one value: a step of a fifth of it, 1
	} {
		if r := roundly(c.values...); r == nil || r.Low != c.low || r.High != c.high {
			t.Errorf("%v lie within %+v, want %v to %v", c.values, r, c.low, c.high)
		}
	}
	if roundly(math.NaN()) != nil {
		t.Error("no known value has an axis")
	}
}

func TestMovedShares(t *testing.T) {
	m := []evaluate.Measure{{Name: "a"}, {Name: "b"}, {Name: "c", Lower: true}}
	at := func(v ...float64) evaluate.Point {
		p := evaluate.Point{}
		for _, x := range v {
			p.Values = append(p.Values, evaluate.Cell{Value: x})
		}
		return p
	}
	all := []evaluate.TradeOff{{Measures: m, Points: []evaluate.Point{at(1, 0, 0), at(1, 4, 9)}}, {Measures: m, Points: []evaluate.Point{at(2, 1, 1), at(3, 2, 1)}}}
	// b goes from 0 to 4 over all: by the first knob all the way, by the second a quarter of it
	got := movedShares(all)
	if got[0][1] != 1 || got[1][1] != .25 || got[0][0] != 0 || got[1][0] != .5 {
		t.Errorf("knobs move measures by %v", got)
	}
	if movedMost(all[0], got[0]) != 1 || movedMost(all[0], []float64{1, 0, 1}) != -1 {
		t.Error("the measure that is moved most is not the one that more of is better")
	}
}
