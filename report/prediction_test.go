package report

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seguefeed/segue/activity"
	"github.com/seguefeed/segue/analysis"
	"github.com/seguefeed/segue/learn"
)

// writePrediction writes a report of a prediction alone.
func writePrediction(t *testing.T, r *activity.Results) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "report")
	if _, err := Write(context.Background(), dir, Input{Title: "Prediction", Prediction: r}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestPredictionGolden(t *testing.T) {
	got := read(t, writePrediction(t, predictionSample()), "report.json")
	golden := filepath.Join("testdata", "prediction.json")
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
func TestPredictionSentences(t *testing.T) {
	page := read(t, writePrediction(t, predictionSample()), "index.html")
	for _, want := range []string{
		// 600 of 1,000 came back, 120 of 600 were active
		"Of the 1,000 users seen 1 to 10 November, 60% came back 11 to 30 November, and 20% of those were then active: 12% of all early users.",
		// 1,000 of 1,600
		"62.5% of the users seen 11 to 30 November were not seen before",
		"with an AUC of 0.810; asking once, whether she will be active, with one of 0.790. The score that is kept asks in two stages",
		"boosting tells who of those who come back will be active 11 to 30 November with an AUC of 0.800",
		"Network and logistic regression cannot be told from it; tree &lt;b&gt;, volume only and base rate are worse.",
		"Counting impressions alone reaches 0.680; all that is known beyond volume adds 0.120.",
		"boosting is 0.010 short of that. One who knew each user&#39;s hidden traits would reach 0.870.",
		// the gains curve is at .35 on half the way from (0,0) to (.2,.7)
		"The tenth of users with the highest scores of boosting holds 35% of the active, 2.5 times",
		"in 1 of 2 groups of users of like score",
		"Boosting tells users apart best within &#34;tenure: new&#34; (AUC 0.820, 0.790 to 0.850) and least within &#34;tenure: longer&#34;",
		"when these features are dealt out among users anew: browsed sessions (0.050) and age (0.010).", "Grey points are users without a value",
		"Browsed sessions moves users most: by 0.4 in log-odds on average, and the more of it the higher",
		// of three columns beside the constant, one is below .05 after Holm
		"Of 3 columns of a logistic regression, 1 is beyond chance", "is that of browsed sessions: 2.5.",
		"There are no separate groups",
		"Of the segment &#34;browse, go deep&#34; (30% of early users) 30% are active later, of &#34;few impressions, few days&#34; (70%) 5%.",
		"Of 1,000 early users, 40% are not seen again 11 to 30 November, and half are gone by day 8; 40% are still seen on day 8 or later.",
		"By gender, no difference in how long users stay is seen.",
		"By days seen early, stays differ: at the end 100% of &#34;none gone&#34; are still there, and 20% of &#34;one&#34;.",
		// 24 and 18 points
		"the leaks are worth 21 points of accuracy on average, and most to the random forest: 88% with them, 64% without.",
		"3 features", "1 of rows before the as-of; 2 of the user table",
		`<ul class="key">`, "corrected among themselves (Holm)",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	body := page[strings.Index(page, "<body>"):strings.Index(page, "<script>")] // all but the styles and the programs
	for _, bad := range []string{"NaN", "Inf", "tree <b>", "<i>more"} {
		if i := strings.Index(body, bad); i >= 0 {
			t.Errorf("the page holds %q: %s", bad, body[max(0, i-60):i+20])
		}
	}
}

// A prediction without some of its parts, or without any, is told without them.
func TestPredictionParts(t *testing.T) {
	ids := func(r *activity.Results) (ids []string) {
		for _, a := range predictionAnswers(r) {
			ids = append(ids, strings.TrimPrefix(a.ID, "prediction-"))
		}
		return ids
	}
	all := []string{"funnel", "models", "curves", "groups", "drivers", "odds", "segments", "stay", "published", "features"}
	if got := ids(predictionSample()); !slices.Equal(got, all) {
		t.Errorf("the cards are %v, want %v", got, all)
	}
	if got := ids(nil); got != nil {
		t.Errorf("no prediction has the cards %v", got)
	}
	if got := ids(&activity.Results{}); !slices.Equal(got, all[:1]) {
		t.Errorf("an empty prediction has the cards %v", got)
	}
	bare := predictionSample()
	bare.Published, bare.Stay, bare.StayNote = nil, nil, "the log is too short"
	bare.Comparison.Groups, bare.Comparison.Ceiling = nil, nil
	bare.Comparison.Models, bare.Comparison.Best = bare.Comparison.Models[:1], 0
	bare.Drivers = &activity.Drivers{Model: "tree"}
	bare.Segments = &activity.Segments{}
	dir := writePrediction(t, bare)
	page := read(t, dir, "index.html")
	for _, want := range []string{"Not asked: the log is too short", "Not asked: no group has enough tested users"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "tables", "prediction_published.csv")); err == nil {
		t.Error("there is a table of what was not asked for")
	}
	writePrediction(t, &activity.Results{Comparison: &activity.Comparison{}, Drivers: &activity.Drivers{}, Stay: &activity.Stay{}, Published: &activity.Published{}})
}

func TestPredictionTables(t *testing.T) {
	dir := writePrediction(t, predictionSample())
	rows := strings.Split(read(t, dir, "tables", "prediction_models.csv"), "\n")
	// the best first, whose p is not known; then as the AUC falls
	for i, want := range []string{"model,auc,", "boosting,0.8,0.78,0.8200000000000001,0,,the best,", "network,0.795,", "logistic regression,0.79,"} {
		if !strings.HasPrefix(rows[i], want) {
			t.Errorf("row %d of the models' table is %q, want %q...", i, rows[i], want)
		}
	}
	if got := read(t, dir, "tables", "prediction_groups.csv"); !strings.Contains(got, "gender,unknown,50,0,,,,,,,,\n") {
		t.Errorf("a group without an AUC has one:\n%s", got)
	}
	// an odds ratio without an end: its table has an empty cell, its chart leaves it out
	if got := read(t, dir, "tables", "prediction_odds.csv"); !strings.Contains(got, "province=unknown,1.5,0,,0.9,") || strings.Contains(got, "intercept") {
		t.Errorf("the odds are\n%s", got)
	}
	for _, a := range predictionAnswers(predictionSample()) {
		for _, c := range a.Charts {
			if c.ID == "odds" && !slices.Equal(c.X.Categories, []string{"browsed sessions", "age"}) {
				t.Errorf("the chart of odds has %v", c.X.Categories)
			}
		}
	}
}

func TestCurveHeight(t *testing.T) {
	c := learn.Curve{X: []float64{0, .2, .2, 1}, Y: []float64{0, .5, .6, 1}}
	// a quarter of the way up to .2; in the middle of the rest from .6 to 1
	for x, want := range map[float64]float64{0: 0, .05: .125, .6: .8, 1: 1} {
		if got := at(c, x); math.Abs(got-want) > 1e-12 {
			t.Errorf("at %v the curve is %v, want %v", x, got, want)
		}
	}
	if !math.IsNaN(at(c, 1.5)) || !math.IsNaN(at(learn.Curve{}, .5)) {
		t.Error("a curve has a height beyond its ends")
	}
}

func TestRanks(t *testing.T) {
	nan := float32(math.NaN())
	// 1 is least; the two 5s share the ranks 1 and 2 of 0..3; 7 is greatest
	got := ranksOf([]float32{5, nan, 1, 5, 7}, false)
	want := []float64{.5, math.NaN(), 0, .5, 1}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-12 || math.IsNaN(got[i]) != math.IsNaN(want[i]) {
			t.Errorf("ranks are %v, want %v", got, want)
			break
		}
	}
	if r := rankCorrelation([]float32{1, 2, nan, 4}, []float32{10, 100, 0, 1000}); math.Abs(r-1) > 1e-12 {
		t.Errorf("what rises together has a rank correlation of %v", r)
	}
	// ranks 1 2 3 and 1 3 2: 1 - 6*(0+1+1)/(3*8)
	if r := rankCorrelation([]float32{1, 2, 3}, []float32{1, 3, 2}); math.Abs(r-.5) > 1e-12 {
		t.Errorf("the rank correlation is %v, want .5", r)
	}
	if r := rankCorrelation([]float32{1, 1}, []float32{1, 2}); !math.IsNaN(r) {
		t.Errorf("what does not vary has a rank correlation of %v", r)
	}
}

func TestAxisEnds(t *testing.T) {
	for _, c := range []struct {
		values    []float64
		low, high float64
	}{{[]float64{.717, .84}, .7, .85}, {[]float64{.5, .5}, .5, .55}, {[]float64{math.NaN(), .7}, .7, .75}, {[]float64{-.01, .3}, -.05, .3}} {
		if r := around(.05, c.values...); r == nil || r.Low != c.low || r.High != c.high {
			t.Errorf("%v lie within %v, want %v to %v", c.values, r, c.low, c.high)
		}
	}
	if around(.05, math.Inf(1)) != nil {
		t.Error("no known value has an axis")
	}
}

func TestSharedKeys(t *testing.T) {
	lines := func(small bool, names ...string) analysis.Chart {
		c := analysis.Chart{Kind: analysis.LineChart, Small: small}
		for _, n := range names {
			c.Series = append(c.Series, analysis.Series{Name: n, Line: n == "dashed"})
		}
		return c
	}
	keys := sharedKeys([]analysis.Chart{lines(true, "a", "b", "c", "d", "e", "dashed"), lines(true, "a", "b", "c", "d", "e"), lines(true, "a", "b", "c", "d", "f"), lines(true, "a"), lines(true, "a"), lines(false, "a", "b", "c", "d", "e")})
	for i, want := range []int{5, 5, 0, 0, 0, 0} {
		if len(keys[i]) != want {
			t.Errorf("picture %d shares %d names, want %d", i, len(keys[i]), want)
		}
	}
}
