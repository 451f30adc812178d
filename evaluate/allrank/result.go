// What a comparison gives out, and what it says in words.

package allrank

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/seguefeed/segue/evaluate"
)

// Result is a comparison.
type Result struct {
	Protocol   string   `json:"protocol"` // "all-rank"
	Cuts       []int    `json:"k"`
	Metric     string   `json:"metric"` // that models are sorted by
	Seed       uint64   `json:"seed"`
	Threads    int      `json:"threads"`
	Tuned      bool     `json:"tuned"`
	TuneTrials int      `json:"tune_trials,omitempty"`
	Machine    Machine  `json:"machine"`
	Split      Counts   `json:"split"`
	Models     []Judged `json:"models"` // the best first; those that failed last
	Verdict    []string `json:"verdict"`
	Notes      []string `json:"notes"`
}

// Machine is what times were measured on.
type Machine struct {
	OS     string `json:"os"`
	Arch   string `json:"arch"`
	CPU    string `json:"cpu,omitempty"`
	CPUs   int    `json:"cpus"`
	Go     string `json:"go"`
	Memory int64  `json:"memory_bytes,omitempty"`
}

// Judged is one model.
type Judged struct {
	Kind     string          `json:"kind"`
	Failed   string          `json:"failed,omitempty"` // why there are no figures
	Settings json.RawMessage `json:"settings,omitempty"`
	Cuts     []Cut           `json:"at,omitempty"`
	Gap      *Gap            `json:"from_best,omitempty"` // nil for the best

	Fit       Cost    `json:"fit"`
	Score     Cost    `json:"score"`      // ranking for all judged users, and measuring
	BaseBytes int64   `json:"base_bytes"` // resident memory before the fit: the split, and the program
	Tuning    *Tuning `json:"tuning,omitempty"`
}

// Cut is what lists of K places show.
type Cut struct {
	K       int                              `json:"k"`
	Metrics map[string]evaluate.MeanInterval `json:"metrics"` // means over users with their 95% intervals, by Metric.String
	evaluate.ExposureScore
}

// Gap is the best model's lead in the metric that models are sorted by, over the same users.
type Gap struct {
	evaluate.MeanInterval
	P float64 `json:"p"` // after Holm's correction for all models
}

// At is the cut of k places, nil where there is none.
func (j *Judged) At(k int) *Cut {
	for c := range j.Cuts {
		if j.Cuts[c].K == k {
			return &j.Cuts[c]
		}
	}
	return nil
}

// PeakBytes is what fitting and ranking took beyond what was held before.
func (j *Judged) PeakBytes() int64 {
	return max(0, max(j.Fit.PeakBytes, j.Score.PeakBytes)-j.BaseBytes)
}

func newResult(s *Split, cfg *Config) *Result {
	r := &Result{Protocol: "all-rank", Cuts: cfg.Cuts, Metric: cfg.Metric.String(), Seed: cfg.Seed, Threads: cfg.Threads, Tuned: cfg.Tune,
		Machine: thisMachine(), Split: s.Counts, Notes: []string{}}
	if cfg.Tune {
		r.TuneTrials = cfg.TuneTrials
	}
	c := s.Counts
	note := func(say bool, format string, args ...any) {
		if say {
			r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
		}
	}
	note(c.LowRated > 0, "%d rows with a lower rating were left out", c.LowRated)
	note(c.Repeated > 0, "%d interactions stand in their file more than once; each counts once", c.Repeated)
	note(c.Seen > 0, "%d test interactions stand in training too and were left out: what a user took in training is not ranked", c.Seen)
	note(c.UnknownUsers > 0, "%d test users (%d interactions) have nothing in training and were left out: the models know nothing of them",
		c.UnknownUsers, c.UnknownUserRows)
	note(c.ColdInteractions > 0, "%d test interactions are with items that no one took in training (%d such items): they belong to the catalogue and count as missed",
		c.ColdInteractions, c.ColdItems)
	return r
}

// rank sorts the models, holds them against the best, and puts the outcome in words. values are the users' values of the target.
func (r *Result) rank(ctx context.Context, values [][]float64, cfg *Config) error {
	var at []int
	var columns [][]float64
	var reasons []string
	for k, v := range values {
		if v == nil {
			reasons = append(reasons, r.Models[k].Kind+": "+r.Models[k].Failed)
			continue
		}
		at, columns = append(at, k), append(columns, v)
	}
	if len(at) == 0 {
		return errors.New("no model could be fitted: " + strings.Join(reasons, "; "))
	}
	gaps, err := evaluate.AgainstLeader(ctx, columns, cfg.resampling())
	if err != nil {
		return err
	}
	for k, g := range gaps {
		if !g.Leader {
			r.Models[at[k]].Gap = &Gap{g.Gap, g.Adjusted}
		}
	}
	slices.SortStableFunc(r.Models, func(a, b Judged) int {
		switch {
		case a.Failed != "" || b.Failed != "":
			return cmp.Compare(rankOf(a.Failed != ""), rankOf(b.Failed != ""))
		case a.Gap == nil || b.Gap == nil:
			return cmp.Compare(rankOf(a.Gap != nil), rankOf(b.Gap != nil))
		}
		return cmp.Compare(a.Gap.Value, b.Gap.Value)
	})
	r.say(cfg.Metric)
	return nil
}

// rankOf puts what is not last first.
func rankOf(last bool) int {
	if last {
		return 1
	}
	return 0
}

// say writes the verdict.
func (r *Result) say(t Target) {
	best := &r.Models[0]
	m := best.At(t.K).Metrics[t.Metric.String()]
	r.Verdict = append(r.Verdict, fmt.Sprintf("Best by %v: %s, %.4f (95%% interval %.4f to %.4f).", t, best.Kind, m.Value, m.Low, m.High))
	var worse, alike []string
	for _, j := range r.Models[1:] {
		switch {
		case j.Failed != "":
		case j.Gap.P < .05:
			worse = append(worse, j.Kind)
		default:
			alike = append(alike, j.Kind)
		}
	}
	if len(worse) > 0 {
		r.Verdict = append(r.Verdict, "Its lead is real (p below .05 by a paired test over users, after Holm's correction) over: "+strings.Join(worse, ", ")+".")
	}
	if len(alike) > 0 {
		r.Verdict = append(r.Verdict, "Its lead may be chance over: "+strings.Join(alike, ", ")+". Of these, take the one that is simplest or quickest.")
	}
}

// thisMachine describes the machine, as far as the system tells.
func thisMachine() Machine {
	m := Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), Go: runtime.Version()}
	eachLine("/proc/cpuinfo", func(name, value string) bool {
		if name == "model name" {
			m.CPU = value
		}
		return m.CPU == ""
	})
	eachLine("/proc/meminfo", func(name, value string) bool {
		if name != "MemTotal" {
			return true
		}
		var kilobytes int64
		if _, err := fmt.Sscanf(value, "%d kB", &kilobytes); err == nil {
			m.Memory = kilobytes << 10
		}
		return false
	})
	return m
}

// eachLine gives the lines "name: value" of a file of the system, where there is one, until more is not wanted.
func eachLine(file string, more func(name, value string) bool) {
	f, err := os.Open(file)
	if err != nil {
		return
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		name, value, _ := strings.Cut(s.Text(), ":")
		if !more(strings.TrimSpace(name), strings.TrimSpace(value)) {
			return
		}
	}
}
