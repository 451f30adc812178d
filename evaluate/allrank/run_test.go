package allrank

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/evaluate"
)

// figures are what must not hang on the machine.
func figures(t *testing.T, r *Result) string {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	delete(v, "machine")
	delete(v, "threads")
	for _, m := range v["models"].([]any) {
		m := m.(map[string]any)
		for _, key := range []string{"fit", "score", "base_bytes"} {
			delete(m, key)
		}
		delete(m["settings"].(map[string]any), "Threads")
	}
	if text, err = json.Marshal(v); err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestRun(t *testing.T) {
	train, test := village(300, 80, 4, 15, 5)
	s := read(t, train, test, ReadConfig{})
	cfg := Config{Learners: []candidate.Learner{&candidate.Random{}, &candidate.Popularity{}, &company{Tuning: 3}, &batched{company{Tuning: 3, Mode: "nan"}}}, Cuts: []int{20, 5, 5}, Seed: 1, Threads: 1,
		Replicates: 200, Metric: Target{evaluate.Recall, 5}}
	steps := map[string]int{}
	cfg.Progress = func(p Progress) { steps[p.Model+" "+p.Work] = max(steps[p.Model+" "+p.Work], p.Done) }
	r, err := Run(t.Context(), s, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if steps["company fit"] != 300 || steps["company rank"] != 300 || steps["random rank"] != 300 {
		t.Errorf("told %v", steps)
	}
	if kinds := []string{r.Models[0].Kind, r.Models[1].Kind, r.Models[2].Kind, r.Models[3].Kind}; strings.Join(kinds, " ") != "company popularity random batched" {
		t.Errorf("%v", kinds)
	}
	if f := r.Models[3]; !strings.Contains(f.Failed, "what is no number") || f.Cuts != nil {
		t.Errorf("%+v", f)
	}
	if len(r.Cuts) != 2 || r.Models[0].At(5) == nil || r.Models[0].At(20) == nil || r.Models[0].At(10) != nil {
		t.Errorf("%v", r.Cuts)
	}
	for _, j := range r.Models[:3] {
		for _, c := range j.Cuts {
			for name, m := range c.Metrics {
				if !(m.Low <= m.Value && m.Value <= m.High) || m.Low < 0 || m.High > 1 {
					t.Errorf("%s %s@%d: %+v", j.Kind, name, c.K, m)
				}
			}
		}
		if j.Fit.Seconds <= 0 || j.Score.Seconds <= 0 || j.BaseBytes < 1<<20 || j.Fit.PeakBytes < 1<<20 || j.Fit.CPUSeconds < 0 {
			t.Errorf("%+v", j)
		}
	}
	if r.Models[0].Gap != nil || r.Models[2].Gap.P > .05 || !strings.HasPrefix(r.Verdict[0], "Best by recall@5: company") || !strings.Contains(r.Verdict[1], "popularity, random") {
		t.Errorf("%q", r.Verdict)
	}
	// Chance: each of 80 - 12 items is as likely to be named, 5 in all, and every relevant item is found with 5/68 = .07.
	if m := r.Models[2].At(5).Metrics["recall"]; m.Low > 5./68 || m.High < 5./68 {
		t.Errorf("random recall %+v", m)
	}

	cfg.Threads = 5
	again, err := Run(t.Context(), s, cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.Models, again.Models = r.Models[:3], again.Models[:3]
	if a, b := figures(t, r), figures(t, again); a != b {
		t.Errorf("with one thread\n%s\nwith five\n%s", a, b)
	}
}

func TestRunRefuses(t *testing.T) {
	s := read(t, "1 a\n1 b\n2 c\n", "1 c\n2 a\n", ReadConfig{})
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{Config{Models: []string{"als"}}, `there is no model "als"`},
		{Config{Cuts: []int{0}}, "a list of 0 places; at least 1 is expected"},
		{Config{Cuts: []int{5}, Metric: Target{evaluate.NDCG, 10}}, "ndcg@10 is asked for, and lists are measured at 5 places only"},
		{Config{TuneTrials: -1}, "-1 trials"},
		{Config{Learners: []candidate.Learner{&company{Mode: "few"}}}, "no model could be fitted: company: the model knows 2 items and was fitted on 3"},
	} {
		if _, err := Run(t.Context(), s, c.cfg); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

// A fit that is cancelled ends the comparison within a second, and no goroutine stays.
func TestRunEndsWhenCancelled(t *testing.T) {
	s := read(t, "1 a\n1 b\n2 c\n", "1 c\n2 a\n", ReadConfig{})
	before := runtime.NumGoroutine()
	why := errors.New("enough")
	ctx, stop := context.WithCancelCause(t.Context())
	_, err := Run(ctx, s, Config{Learners: []candidate.Learner{&company{Mode: "wait"}}, Progress: func(p Progress) {
		if p.Work == "fit" {
			go func() { time.Sleep(10 * time.Millisecond); stop(why) }()
		}
	}})
	if !errors.Is(err, why) {
		t.Errorf("%v", err)
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}

func TestParseTarget(t *testing.T) {
	if got, err := ParseTarget("NDCG_all@20"); err != nil || got != (Target{evaluate.NDCGAll, 20}) || got.String() != "ndcg_all@20" {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "ndcg", "ndcg@", "ndcg@0", "auc@10", "ndcg@x"} {
		if _, err := ParseTarget(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}
