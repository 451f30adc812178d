package village

import (
	"context"
	"encoding/json"
	"testing"
)

func TestFitBringsTheFiguresNearer(t *testing.T) {
	ctx := context.Background()
	p, err := defaultParams()
	if err != nil {
		t.Fatal(err)
	}
	all, err := targets()
	if err != nil {
		t.Fatal(err)
	}
	cfg := FitConfig{Users: 1500, Seed: 3, Rounds: 1, Threads: 2}
	before, err := (&fit{cfg: cfg, p: p, targets: all}).trial(ctx)
	if err != nil {
		t.Fatal(err)
	}
	b, figures, err := Fit(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	fitted, err := parseParams(b)
	if err != nil {
		t.Fatalf("the parameters do not read: %v", err)
	}
	after, err := (&fit{cfg: cfg, p: fitted, targets: all}).trial(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if !(after < before) {
		t.Errorf("the loss was %v and is %v", before, after)
	}
	if len(figures) < 200 {
		t.Errorf("%d figures, want those of users and the feed", len(figures))
	}
	again, _, err := Fit(ctx, cfg)
	if err != nil || string(again) != string(b) {
		t.Errorf("the same fit gives other parameters (%v)", err)
	}
}

func TestEveryKnobIsAParameter(t *testing.T) {
	p, err := defaultParams()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range knobs {
		v, err := at(p, k.path)
		if err != nil {
			t.Error(err)
		} else if *v < k.low || *v > k.high {
			t.Errorf("%s is %v, outside %v to %v", k.path, *v, k.low, k.high)
		}
	}
	for _, path := range []string{"click", "click.nothing", "click.tenure.5", "people.provinces"} {
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
