package allrank

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seguefeed/segue/candidate"
)

func TestApply(t *testing.T) {
	c := &company{hidden: 1}
	for _, s := range [][2]string{{"tuning", "2.5"}, {"PENALTY", "-1e-2"}, {"Mode", "nan"}, {"wide", "-7"}, {"lo-ud", "true"}, {"se_ed", "18446744073709551615"}, {"threads", "3"}} {
		if err := apply(c, s[0], s[1]); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	want := company{Tuning: 2.5, Penalty: -.01, Mode: "nan", Wide: -7, Loud: true, Seed: math.MaxUint64, Threads: 3}
	if c.Tuning != want.Tuning || c.Penalty != want.Penalty || c.Mode != want.Mode || c.Wide != want.Wide || c.Loud != want.Loud || c.Seed != want.Seed || c.Threads != want.Threads {
		t.Errorf("%+v, want %+v", *c, want)
	}
	for _, s := range []struct{ param, value, want string }{
		{"tuning", "much", `company.tuning: "much" is not a number`},
		{"tuning", "NaN", "is not a number"},
		{"tuning", "Inf", "is not a number"},
		{"wide", "300", "is not a whole number"},
		{"wide", "1.5", "is not a whole number"},
		{"seed", "-1", "is not a whole number of at least 0"},
		{"loud", "perhaps", "is not true or false"},
		{"lists", "1", `company has no parameter "lists"; there are Tuning, Penalty, Mode, Wide, Loud, Seed, Threads`},
		{"hidden", "1", "no parameter"},
	} {
		if err := apply(c, s.param, s.value); err == nil || !strings.Contains(err.Error(), s.want) {
			t.Errorf("%s=%s: %v, want %q", s.param, s.value, err, s.want)
		}
	}
	if err := apply(&candidate.Popularity{}, "k", "1"); err == nil || !strings.Contains(err.Error(), "popularity has no parameters") {
		t.Errorf("%v", err)
	}
	if err := apply(company{}, "tuning", "1"); err == nil { // not by a pointer: nothing could be set
		t.Error("no error for a learner that cannot be set")
	}
	b := &batched{}
	if err := apply(b, "tuning", "4"); err != nil || b.Tuning != 4 { // a field of an embedded config
		t.Errorf("%v, %v", b.Tuning, err)
	}
}

func TestChosen(t *testing.T) {
	all := []candidate.Learner{&company{Tuning: 1}, &batched{}, &candidate.Popularity{}}
	got, err := chosen(all, []string{"Popularity", "company"}, []Setting{{"COMPANY", "tuning", "2"}, {"company", "tuning", "3"}}, 9, 2)
	if err != nil {
		t.Fatal(err)
	}
	if kinds := kindsOf(got); !slices.Equal(kinds, []string{"company", "popularity"}) {
		t.Fatalf("%v", kinds)
	}
	if c := got[0].(*company); c.Tuning != 3 || c.Seed != 9 || c.Threads != 2 {
		t.Errorf("%+v", c)
	}
	if c := all[0].(*company); c.Tuning != 1 || c.Seed != 0 {
		t.Errorf("the learner that was given was changed: %+v", c)
	}
	for _, c := range []struct {
		models   []string
		settings []Setting
		want     string
	}{
		{[]string{"als"}, nil, `there is no model "als"; there are company, batched, popularity`},
		{nil, []Setting{{"als", "dim", "1"}}, `there is no model "als"`},
		{[]string{"popularity"}, []Setting{{"company", "dim", "1"}}, `company has no parameter "dim"`},
	} {
		if _, err := chosen(all, c.models, c.settings, 0, 1); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

func TestParseSetting(t *testing.T) {
	if s, err := ParseSetting("ease.l2=300"); err != nil || s != (Setting{"ease", "l2", "300"}) {
		t.Errorf("%v, %v", s, err)
	}
	if s, err := ParseSetting("knn.path=a=b.c"); err != nil || s != (Setting{"knn", "path", "a=b.c"}) {
		t.Errorf("%v, %v", s, err)
	}
	for _, bad := range []string{"", "ease", "ease.l2", "l2=3", ".l2=3", "ease.=3"} {
		if _, err := ParseSetting(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

// Every parameter that is searched exists, can take both ends of its axis, and does not stand still between them.
func TestSpacesFitTheMethods(t *testing.T) {
	for _, l := range candidate.Learners() {
		for _, a := range spaces[l.Kind()] {
			for _, x := range []float64{0, .3, 1} {
				if err := apply(clone(l), a.param, a.at(x)); err != nil {
					t.Errorf("%v at %v: %v", a, x, err)
				}
			}
			if a.at(0) == a.at(1) {
				t.Errorf("%s.%s has one value only", l.Kind(), a.param)
			}
		}
	}
}

func TestAxis(t *testing.T) {
	for _, c := range []struct {
		a    axis
		x    float64
		want string
	}{
		{axis{low: 10, high: 1000, log: true, whole: true}, .5, "100"},
		{axis{low: 1, high: 10}, .123456, "2.11"}, // 2.111104
		{axis{low: 1e-4, high: 1, log: true}, .5, "0.01"},
		{axis{low: .1234, high: 1}, 0, "0.1234"}, // rounding does not leave the axis
		{axis{choices: []string{"a", "b", "c"}}, .34, "b"},
		{axis{choices: []string{"a", "b", "c"}}, 1, "c"},
		{axis{low: -.5, high: .5}, .5, "0"},
	} {
		if got := c.a.at(c.x); got != c.want {
			t.Errorf("%+v at %v: %s, want %s", c.a, c.x, got, c.want)
		}
	}
}
