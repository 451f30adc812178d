package allrank

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seguefeed/segue/candidate"
)

// searched gives company an axis for one test.
func searched(t *testing.T) {
	spaces["company"] = []axis{{param: "Tuning", low: 0, high: 10}, {param: "Loud", choices: []string{"true", "false"}}}
	t.Cleanup(func() { delete(spaces, "company") })
}

func TestValidation(t *testing.T) {
	train, test := village(200, 50, 4, 14, 3)
	s := read(t, train+"few i1 i2\nsome i3 i4 i5\n", test, ReadConfig{})
	v, next := Validation(s, 7, 0), Validation(s, 7, 1)
	for u := range s.Train.Users {
		all, _ := s.Train.Row(u)
		kept, _ := v.Train.Row(u)
		held, _ := v.Test.Row(u)
		want := max(1, int(math.Round(.2*float64(len(all)))))
		if len(all) < 3 {
			want = 0
		}
		if len(kept)+len(held) != len(all) || len(held) != want {
			t.Fatalf("user %s: %d kept and %d held of %d", s.Users[u], len(kept), len(held), len(all))
		}
		both := map[int32]bool{}
		for _, i := range append(append([]int32{}, kept...), held...) {
			both[i] = true
		}
		if other, _ := next.Test.Row(u); len(other) != want || slices.ContainsFunc(other, func(i int32) bool { return slices.Contains(held, i) }) {
			t.Fatalf("user %s: %v held for one fold, %v for the next", s.Users[u], held, other)
		}
		if len(both) != len(all) {
			t.Fatalf("user %s: an item on both sides", s.Users[u])
		}
	}
	if v.Counts.Judged != 201 {
		t.Errorf("%d users judged", v.Counts.Judged)
	}
	if same := Validation(s, 7, 0); !bytes.Equal(fingerprint(same), fingerprint(v)) {
		t.Error("the same seed divides otherwise")
	}
	if other := Validation(s, 8, 0); bytes.Equal(fingerprint(other), fingerprint(v)) {
		t.Error("another seed divides the same")
	}
}

func TestTuneFindsThePlantedValue(t *testing.T) {
	searched(t)
	s := read(t, firstOf(village(300, 60, 4, 15, 2)), secondOf(village(300, 60, 4, 15, 2)), ReadConfig{})
	cfg := Config{Learners: []candidate.Learner{&company{}}, Tune: true, Seed: 1, Cuts: []int{10}}
	r, err := Run(t.Context(), s, cfg)
	if err != nil {
		t.Fatal(err)
	}
	j := r.Models[0]
	var c company
	if err := json.Unmarshal(j.Settings, &c); err != nil {
		t.Fatal(err)
	}
	// At 0 the disturbance is 9 times a number up to 12; scores themselves are in the hundreds, so that a wide middle is as good.
	if math.Abs(c.Tuning-3) > 1.5 {
		t.Errorf("tuned to %v, planted at 3", c.Tuning)
	}
	tune := j.Tuning
	if len(tune.Trials) != 30 || tune.Metric != "ndcg@10" || tune.Trials[tune.Best].Value <= tune.Trials[0].Value || tune.Users != 300 || tune.Folds != 3 {
		t.Errorf("%d trials, best %d of %+v", len(tune.Trials), tune.Best, tune)
	}
	for k, trial := range tune.Trials {
		if trial.Value > tune.Trials[tune.Best].Value {
			t.Errorf("trial %d is better than the best", k)
		}
	}

	// The test file has no say: with another one, the same is chosen by the same trials.
	other := read(t, firstOf(village(300, 60, 4, 15, 2)), "u0 i59 i58\nu1 i57\n", ReadConfig{})
	again, err := Run(t.Context(), other, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if string(again.Models[0].Settings) != string(j.Settings) {
		t.Errorf("%s with one test file, %s with another", j.Settings, again.Models[0].Settings)
	}

	// What is set is not searched.
	cfg.Settings = []Setting{{"company", "TUNING", "9"}}
	cfg.TuneTrials = 4
	fixed, err := Run(t.Context(), s, cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, trial := range fixed.Models[0].Tuning.Trials {
		if !strings.Contains(string(trial.Settings), `"Tuning":9,`) {
			t.Errorf("%s", trial.Settings)
		}
	}
}

func TestTuneJournal(t *testing.T) {
	searched(t)
	s := read(t, firstOf(village(100, 40, 4, 12, 2)), secondOf(village(100, 40, 4, 12, 2)), ReadConfig{})
	name := filepath.Join(t.TempDir(), "trials.jsonl")
	cfg := Config{Learners: []candidate.Learner{&company{}}, Tune: true, TuneTrials: 9, Seed: 1, Journal: name, Threads: 2}
	first, err := Run(t.Context(), s, cfg)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(name)
	if err != nil || bytes.Count(kept, []byte("\n")) != 9 {
		t.Fatalf("%d lines, %v", bytes.Count(kept, []byte("\n")), err)
	}
	// Cut off within the last line, with a value changed: seven of the eight that are left are taken from the file, and what is missing is run again.
	lines := bytes.SplitAfter(kept, []byte("\n"))
	var e entry
	if err := json.Unmarshal(lines[4], &e); err != nil {
		t.Fatal(err)
	}
	e.Value = 99
	if lines[4], err = json.Marshal(e); err != nil {
		t.Fatal(err)
	}
	lines[4] = append(lines[4], '\n')
	lines[8] = lines[8][:len(lines[8])/2]
	if err := os.WriteFile(name, bytes.Join(lines, nil), 0o644); err != nil {
		t.Fatal(err)
	}
	cfg.Threads = 1
	second, err := Run(t.Context(), s, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if tune := second.Models[0].Tuning; tune.Best != 4 || tune.Trials[4].Value != 99 || tune.Trials[2].Value != first.Models[0].Tuning.Trials[2].Value {
		t.Errorf("the file was not read: %+v", tune)
	}
	whole, err := os.ReadFile(name)
	if err != nil || bytes.Count(whole, []byte("\n")) < 9 || !json.Valid(bytes.Split(whole, []byte("\n"))[8]) {
		t.Errorf("%s, %v", whole, err)
	}
	// Another seed divides the interactions otherwise: nothing that is kept counts.
	cfg.Seed = 2
	third, err := Run(t.Context(), s, cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, trial := range third.Models[0].Tuning.Trials {
		if trial.Value == 99 {
			t.Error("a value of another division was taken")
		}
	}
	if err := os.WriteFile(name, []byte("my notes\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), s, cfg); err == nil || !strings.Contains(err.Error(), "trials.jsonl:1:") {
		t.Errorf("%v", err)
	}
	if text, err := os.ReadFile(name); err != nil || string(text) != "my notes\n" {
		t.Errorf("a file of someone else's was changed: %q, %v", text, err)
	}
}

// TestTuneTime: the usual settings are tried whatever the time, and a trial that never ends is given up, so that others have their turn.
func TestTuneTime(t *testing.T) {
	searched(t)
	s := read(t, firstOf(village(100, 40, 4, 12, 2)), secondOf(village(100, 40, 4, 12, 2)), ReadConfig{})
	for _, bound := range []time.Duration{1, 40 * time.Millisecond} {
		r, err := Run(t.Context(), s, Config{Learners: []candidate.Learner{&company{Mode: "hang"}}, Tune: true, TuneTime: bound})
		if err != nil {
			t.Fatal(err)
		}
		tune := r.Models[0].Tuning
		if tune.Best != 0 || len(tune.Trials) < 1 || tune.Trials[0].Value == 0 || tune.Note == "" {
			t.Errorf("within %v: %+v", bound, tune)
		}
		for _, trial := range tune.Trials[1:] {
			if !strings.Contains(trial.Failed, "given up after") {
				t.Errorf("within %v: %+v", bound, trial)
			}
		}
	}
	// Usual settings that never end wait for the caller.
	ctx, stop := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cfg := Config{Learners: []candidate.Learner{&company{Mode: "wait"}}, Tune: true, TuneTime: time.Millisecond, Progress: func(p Progress) {
		if p.Work == "tune" {
			go func() { time.Sleep(10 * time.Millisecond); stop(why) }()
		}
	}}
	if _, err := Run(ctx, s, cfg); !errors.Is(err, why) {
		t.Errorf("%v", err)
	}
}

func TestAffordable(t *testing.T) {
	for _, c := range []struct {
		seconds, usual float64
		asked, want    int
	}{
		{0, 5, 30, 30},  // no bound
		{60, 2, 30, 30}, // 60 / 2
		{60, 4.1, 30, 14},
		{60, 45, 30, 2}, // one beside the usual settings is always tried
		{60, 600, 30, 2},
		{60, 45, 1, 1},
	} {
		tn := &tuner{cfg: &Config{TuneTime: time.Duration(c.seconds * 1e9)}}
		if got := tn.affordable(Trial{Seconds: c.usual}, c.asked); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

// TestUsualPoint: every method that is searched says where its usual settings lie, and the axes give them back there, with three digits, where they reach.
func TestUsualPoint(t *testing.T) {
	s := read(t, firstOf(village(300, 60, 4, 15, 2)), secondOf(village(300, 60, 4, 15, 2)), ReadConfig{})
	for _, l := range candidate.Learners() {
		space := spaces[l.Kind()]
		if space == nil {
			continue
		}
		p := usualPoint(space, l, s.Train)
		if len(p) != len(space) {
			t.Fatalf("%s: %v for %d axes", l.Kind(), p, len(space))
		}
		settled := l.(candidate.Settler).Settled(s.Train)
		for a, axis := range space {
			if !(p[a] >= 0 && p[a] <= 1) {
				t.Errorf("%s.%s lies at %v", l.Kind(), axis.param, p[a])
			}
			f, _ := field(settled, axis.param)
			if !f.CanFloat() || f.Float() <= axis.low || f.Float() >= axis.high {
				continue
			}
			if v, err := strconv.ParseFloat(axis.at(p[a]), 64); err != nil || math.Abs(v-f.Float()) > .006*f.Float() {
				t.Errorf("%s.%s is %v, its point gives %v", l.Kind(), axis.param, f.Float(), v)
			}
		}
	}
}

func TestTuneFailures(t *testing.T) {
	s := read(t, firstOf(village(100, 40, 4, 12, 2)), secondOf(village(100, 40, 4, 12, 2)), ReadConfig{})
	r, err := Run(t.Context(), s, Config{Learners: []candidate.Learner{&company{Mode: "fail"}, &candidate.Popularity{}}, Tune: true, TuneTrials: 3})
	if err != nil {
		t.Fatal(err)
	}
	if j := r.Models[1]; j.Kind != "company" || !strings.Contains(j.Failed, "none of 1 trials could be fitted, the first: it was told to") {
		t.Errorf("%+v", j)
	}
	pairs := read(t, "a x\na y\nb y\n", "a z\n", ReadConfig{})
	if _, err := Run(t.Context(), pairs, Config{Tune: true}); err == nil || !strings.Contains(err.Error(), "nothing to tune on") {
		t.Errorf("%v", err)
	}
}

func TestReflected(t *testing.T) {
	for _, c := range [][2]float64{{.3, .3}, {-.2, .2}, {1.25, .75}, {2.1, .1}, {-1.4, .6}} {
		if got := reflected(c[0]); math.Abs(got-c[1]) > 1e-12 {
			t.Errorf("%v: %v, want %v", c[0], got, c[1])
		}
	}
}
