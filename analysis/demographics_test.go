package analysis

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/warehouse"
)

// peopleLog is a warehouse that answers the questions about users with what a test planted.
type peopleLog struct {
	warehouse.Warehouse
	absent   []feedlog.Role
	pairs    []warehouse.UserPair
	traits   []warehouse.TraitUse
	months   []warehouse.MonthUse
	measures map[warehouse.Measure][]warehouse.MeasureUse
}

func (l *peopleLog) Describe(context.Context) (warehouse.Contents, error) {
	return warehouse.Contents{Impressions: 1, FirstDay: time.Date(2019, 11, 1, 0, 0, 0, 0, time.UTC), LastDay: time.Date(2019, 11, 30, 0, 0, 0, 0, time.UTC), Absent: l.absent}, nil
}
func (l *peopleLog) UserPairs(context.Context) ([]warehouse.UserPair, error) { return l.pairs, nil }
func (l *peopleLog) UsersByTraits(context.Context, float64, int) ([]warehouse.TraitUse, error) {
	return l.traits, nil
}
func (l *peopleLog) UsersByMonths(context.Context, float64) ([]warehouse.MonthUse, error) {
	return l.months, nil
}
func (l *peopleLog) UsersByMeasure(_ context.Context, m warehouse.Measure, _ float64, _ int) ([]warehouse.MeasureUse, error) {
	return l.measures[m], nil
}

// somebodyClicks makes active users possible.
var somebodyClicks = []warehouse.UserPair{{Impressions: 10, Clicks: 0, Users: 8}, {Impressions: 10, Clicks: 1, Users: 2}}

// answers asks all questions of this file's themes.
func answers(t *testing.T, l *peopleLog) map[string]Answer {
	t.Helper()
	r, err := ask(context.Background(), l, demographicsQuestions(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Fatal(err)
	}
	by := map[string]Answer{}
	for _, a := range r.Answers {
		if a.Off == "" && len(a.Findings) == 0 {
			t.Errorf("%s has no finding", a.ID)
		}
		for _, f := range a.Findings {
			if strings.Contains(f.Sentence, "NaN") || strings.Contains(f.Sentence, "Inf") || strings.Contains(f.Sentence, "unknown number") || strings.Contains(f.Sentence, "unknown share") || !strings.HasSuffix(f.Sentence, ".") {
				t.Errorf("%s: %q", a.ID, f.Sentence)
			}
		}
		for _, tb := range a.Tables {
			for _, c := range tb.Columns {
				if c.Len() != tb.Rows() {
					t.Errorf("%s: table %s: column %s has %d rows, the first %d", a.ID, tb.Name, c.Name, c.Len(), tb.Rows())
				}
			}
		}
		by[a.ID] = a
	}
	return by
}

// expect looks for a finding with a grade and the given words.
func expect(t *testing.T, a Answer, grade Grade, words ...string) Finding {
	t.Helper()
next:
	for _, f := range a.Findings {
		if f.Grade != grade {
			continue
		}
		for _, w := range words {
			if !strings.Contains(f.Sentence, w) {
				continue next
			}
		}
		return f
	}
	for _, f := range a.Findings {
		t.Logf("[%s] %s", f.Grade, f.Sentence)
	}
	t.Fatalf("%s: no finding of grade %q says %q", a.ID, grade, words)
	return Finding{}
}

// group adds users of one kind: active of them are active.
func (l *peopleLog) group(province, gender string, age int, users, active int64) {
	of := warehouse.TraitUse{Province: province, Age: age, Gender: gender, Tenure: warehouse.TenureKnown}
	if users > active {
		of.Users = users - active
		l.traits = append(l.traits, of)
	}
	if active > 0 {
		of.Active, of.Users = true, active
		l.traits = append(l.traits, of)
	}
}

func TestPlantedDifferencesOfTraits(t *testing.T) {
	l := &peopleLog{pairs: somebodyClicks}
	// Active shares: Beijing 10%, Tibet 30%; with 10,000 users in each, intervals are about a point wide. Women 15%, men 25%.
	// Ages: women 18, men 22.
	l.group("bei jing", "female", 18, 5000, 250)
	l.group("bei jing", "male", 22, 5000, 750)
	l.group("xi cang", "female", 18, 5000, 1250)
	l.group("xi cang", "male", 22, 5000, 1750)
	// 1,000 users without anything, none of them active: they count for the missing only.
	l.traits = append(l.traits, warehouse.TraitUse{Age: -1, Users: 900}, warehouse.TraitUse{Province: "bei jing", Age: 20, Gender: "unknown", Tenure: warehouse.TenureWrong, Users: 100})
	by := answers(t, l)

	f := expect(t, by["active-by-province"], Association, "10.0% in Beijing", "30.0% in Tibet")
	// Phi of 1000/9000 against 3000/7000: (1000*7000 - 9000*3000) / sqrt(10000 * 10000 * 4000 * 16000) = -2e7 / 8e7 = -.25.
	if math.Abs(f.Effect.Value-.25) > 1e-12 {
		t.Errorf("Cramer's V is %v, by hand .25", f.Effect.Value)
	}
	expect(t, by["active-by-province"], Descriptive, "is 20.0%", "1 of the 2 provinces (50.0%)")
	if got := by["active-by-province"].Tables[0].Columns[0].Strings; got[0] != "bei jing" || got[1] != "xi cang" {
		t.Errorf("the table's keys are %q", got)
	}
	if got := by["active-by-province"].Charts[0].X.Categories; got[0] != "Tibet" || got[1] != "Beijing" {
		t.Errorf("the chart's provinces are %q, the most active first", got)
	}

	f = expect(t, by["active-by-gender"], Association, "Men are more often active than women: 25.0% against 15.0%", "10.0 points")
	if math.Abs(f.Effect.Value-.10) > 1e-12 {
		t.Errorf("the difference is %v, planted .10", f.Effect.Value)
	}
	expect(t, by["active-by-gender"], Descriptive, "women are 50.0% of all and 37.5% of the active", "men are 50.0% of all and 62.5% of the active")

	// Mean ages: active (1500*18 + 2500*22)/4000 = 20.5, inactive (8500*18 + 7500*22)/16000 = 19.875.
	f = expect(t, by["active-by-age"], Association, "0.625 years older", "20.5 against 19.9")
	if math.Abs(f.Effect.Value-.625) > 1e-12 {
		t.Errorf("the difference of ages is %v, by hand .625", f.Effect.Value)
	}
	expect(t, by["active-by-age"], Association, "highest at 22 (25.0%) and lowest at 18 (15.0%)")
	expect(t, by["age-by-gender"], Descriptive, "Up to age 18 women outnumber men, from 22 on it is the other way round.")

	expect(t, by["missing-fields"], Descriptive, "Of 21,000 users with impressions, 20,000 (95.2%)", "province, age, gender and tenure known")
	f = expect(t, by["missing-fields"], Association, "Users whose gender is missing (4.76%) are less often active: 0% against 20.0%")
	if math.Abs(f.Effect.Value+.20) > 1e-12 {
		t.Errorf("the difference is %v, planted -.20", f.Effect.Value)
	}
	expect(t, by["missing-fields"], Descriptive, "100 users have a tenure outside 0 to 80 months")
}

func TestNoDifferenceOfTraits(t *testing.T) {
	l := &peopleLog{pairs: somebodyClicks}
	for _, p := range []string{"bei jing", "shang hai", "guang dong", "jiang su", "gan su"} {
		for _, age := range []int{18, 30} {
			l.group(p, "female", age, 1000, 200)
			l.group(p, "male", age, 1000, 200)
		}
	}
	l.traits = append(l.traits, warehouse.TraitUse{Age: -1, Users: 800}, warehouse.TraitUse{Age: -1, Active: true, Users: 200})
	by := answers(t, l)
	expect(t, by["active-by-province"], NoDifference, "no difference between 5 provinces (20.0% over all)")
	expect(t, by["active-by-gender"], NoDifference, "No difference is seen between the active shares of", "(20.0% and 20.0%)")
	expect(t, by["active-by-age"], NoDifference, "mean ages of active and inactive users (24 and 24 years)")
	expect(t, by["age-by-gender"], NoDifference, "mean ages of women and men")
	expect(t, by["missing-fields"], NoDifference, "Users whose age is missing (4.76%) show no difference in the active share (20.0% against 20.0%")
	for id, a := range by {
		for _, f := range a.Findings {
			if f.Grade == Association {
				t.Errorf("%s finds what was not planted: %s", id, f.Sentence)
			}
		}
	}
}

func TestActiveShareFallsWithGDP(t *testing.T) {
	gdp, err := provincialGDP()
	if err != nil {
		t.Fatal(err)
	}
	if len(gdp) != 30 || gdp["xi cang"] != 169.782 {
		t.Fatalf("%d provinces, Tibet %v", len(gdp), gdp["xi cang"])
	}
	l := &peopleLog{pairs: somebodyClicks}
	for key, v := range gdp {
		// The richer, the fewer active: from 10000 - 169.782 down to 10000 - 10767.107 / 2 of 20,000.
		l.group(key, "male", 20, 20000, 10000-int64(v/2))
	}
	l.group("ao men", "male", 20, 100, 20) // has no product
	a := answers(t, l)["active-by-gdp"]
	f := expect(t, a, Association, "larger gross domestic product have a lower active share", "over 30 provinces")
	if math.Abs(f.Effect.Value+1) > 1e-12 {
		t.Errorf("rho is %v of a relation that only falls", f.Effect.Value)
	}
	expect(t, a, Association, "below the mean active share tend to have larger products")
	if got := a.Tables[0].Rows(); got != 30 {
		t.Errorf("the table has %d provinces", got)
	}
	if !strings.Contains(strings.Join(a.Caveats, " "), "No product is known for Macau.") {
		t.Errorf("caveats: %q", a.Caveats)
	}
}

func TestPeopleOfNoLog(t *testing.T) {
	for _, a := range answers(t, &peopleLog{}) {
		if len(a.Findings) != 1 || a.Findings[0].Sentence != "The log holds no users with impressions." {
			t.Errorf("%s: %+v", a.ID, a.Findings)
		}
	}
	for _, a := range answers(t, &peopleLog{pairs: []warehouse.UserPair{{Impressions: 3, Users: 7}}}) {
		if len(a.Findings) != 1 || !strings.Contains(a.Findings[0].Sentence, "None of the 7 users clicked") {
			t.Errorf("%s: %+v", a.ID, a.Findings)
		}
	}
}

func TestPeopleOfOneKind(t *testing.T) {
	l := &peopleLog{pairs: somebodyClicks}
	l.group("bei jing", "female", 20, 10, 2)
	by := answers(t, l)
	expect(t, by["active-by-province"], Descriptive, "All users with known traits are of one province, Beijing: 20.0%")
	expect(t, by["active-by-gender"], Descriptive, "All users with known traits are women: 20.0%")
	expect(t, by["active-by-gdp"], Descriptive, "Not tested", "product and active share")
	expect(t, by["age-by-gender"], Descriptive, "are of 1 gender")

	none := &peopleLog{pairs: somebodyClicks, traits: []warehouse.TraitUse{{Age: -1, Users: 8}, {Age: -1, Active: true, Users: 2}}}
	by = answers(t, none)
	expect(t, by["active-by-province"], Descriptive, "None of the 10 users has province, age, gender and tenure known.")
	expect(t, by["missing-fields"], Descriptive, "The age of no user is known.")

	// A log without the columns: its questions are off, and what it has decides who is known.
	l.absent = []feedlog.Role{feedlog.UserAge, feedlog.UserMonths, feedlog.UserFollows}
	l.traits = []warehouse.TraitUse{{Province: "Bern", Age: -1, Gender: "female", Users: 8}, {Province: "Bern", Age: -1, Gender: "female", Active: true, Users: 2}}
	by = answers(t, l)
	for _, id := range []string{"active-by-age", "age-by-gender", "active-by-tenure", "ctr-by-tenure", "new-users", "follows-per-user"} {
		if by[id].Off == "" {
			t.Errorf("%s is asked without its column", id)
		}
	}
	expect(t, by["missing-fields"], Descriptive, "10 (100%) have province and gender known")
	expect(t, by["active-by-province"], Descriptive, "Bern")
	expect(t, by["active-by-gdp"], Descriptive, "None of the log's provinces")
}
