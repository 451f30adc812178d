package village

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestFitBringsTheFiguresNearer(t *testing.T) {
	ctx := context.Background()
	p, err := defaultParams()
	if err != nil {
		t.Fatal(err)
	}
	// Away from where they were fitted to, they must be seen to come back.
	p.Click.Mu -= .3
	p.Arrival.VisitMu += .2
	p.Page.StartZero -= .1
	start, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	run := func() (before, after float64, b []byte) {
		p, err := parseParams(start)
		if err != nil {
			t.Fatal(err)
		}
		f, err := newFit(p, FitConfig{Users: 1500, Seed: 3, Rounds: 1, Threads: 2})
		if err != nil {
			t.Fatal(err)
		}
		r, err := f.trial(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.run(ctx); err != nil {
			t.Fatal(err)
		}
		last, err := f.trial(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if b, err = json.Marshal(f.p); err != nil {
			t.Fatal(err)
		}
		return r.loss(1), last.loss(1), b
	}
	before, after, b := run()
	if !(after < before) {
		t.Errorf("the loss was %v and is %v", before, after)
	}
	if _, err := parseParams(b); err != nil {
		t.Errorf("the parameters do not read: %v", err)
	}
	if _, _, again := run(); string(again) != string(b) {
		t.Error("the same fit gives other parameters")
	}
}

func TestEveryKnobIsAParameter(t *testing.T) {
	p, err := defaultParams()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range knobs {
		for path := range strings.SplitSeq(k.path, ",") {
			v, err := at(p, path)
			if err != nil {
				t.Error(err)
			} else if *v < k.low || *v > k.high {
				t.Errorf("%s is %v, outside %v to %v", path, *v, k.low, k.high)
			}
		}
	}
	all, err := targets()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range counted {
		if !slices.ContainsFunc(all, func(t target) bool { return t.Name == name }) {
			t.Errorf("no target has the name %q", name)
		}
	}
	for _, path := range []string{"click", "click.nothing", "click.tenure.7", "people.provinces", "people.provinces.atlantis.keen"} {
		if _, err := at(p, path); err == nil {
			t.Errorf("%s is taken for a number", path)
		}
	}
	// parameters.json holds what params has, no more and no less: it comes back as it is.
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parseParams(b); err != nil {
		t.Error(err)
	}
}
