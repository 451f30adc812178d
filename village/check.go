// The check holds a village against the figures published for the reference
// data set, which targets.json lists with their sources.

package village

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"runtime"
)

//go:embed targets.json
var targetsJSON []byte

// target is one published figure.
type target struct {
	Group  string  `json:"group"`
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Source string  `json:"source"`
	Share  bool    `json:"share"` // a share of 1: held to one point rather than to 5%
	Error  float64 `json:"error"` // standard error of the published figure, where it is of a sample
	Note   string  `json:"note"`
}

func targets() ([]target, error) {
	var all []target
	if err := json.Unmarshal(targetsJSON, &all); err != nil {
		return nil, fmt.Errorf("targets.json: %w", err)
	}
	return all, nil
}

// Figure is one published figure beside the village's own.
type Figure struct {
	Group     string  `json:"group"`
	Name      string  `json:"name"`
	Published float64 `json:"published"`
	Simulated float64 `json:"simulated"`
	Share     bool    `json:"share"`     // Error and Tolerance are differences; else they are relative to Published
	Error     float64 `json:"error"`     // simulated less published
	Tolerance float64 `json:"tolerance"` // 5%, one point for shares, or two standard errors of a figure from a sample if that is more
	Pass      bool    `json:"pass"`
	Source    string  `json:"source"`
	Note      string  `json:"note,omitempty"` // why a figure is hard to meet
}

// Check simulates a village and holds it against the published figures. cfg.Users
// of 200,000 or more make sampling errors small beside the tolerances. Memory:
// about 100 bytes a user.
func Check(ctx context.Context, cfg Config) ([]Figure, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	p, err := defaultParams()
	if err != nil {
		return nil, err
	}
	all, err := targets()
	if err != nil {
		return nil, err
	}
	threads := cfg.Threads
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	l, err := watch(ctx, p, cfg.Seed, cfg.Users, threads, true, cfg.Progress)
	if err != nil {
		return nil, err
	}
	return compare(all, l.figures(false))
}

// compare holds each target against its figure.
func compare(all []target, have *figures) ([]Figure, error) {
	var out []Figure
	for _, t := range all {
		v, ok := have.value[[2]string{t.Group, t.Name}]
		if !ok {
			return nil, fmt.Errorf("targets.json: the village has no figure %q of %q", t.Name, t.Group)
		}
		f := Figure{Group: t.Group, Name: t.Name, Published: t.Value, Simulated: v, Share: t.Share, Source: t.Source, Note: t.Note}
		f.Error, f.Tolerance = v-t.Value, math.Max(.01, 2*t.Error)
		if !t.Share {
			scale := math.Max(math.Abs(t.Value), 1e-12)
			f.Error, f.Tolerance = f.Error/scale, math.Max(.05, 2*t.Error/scale)
			if t.Value == 0 {
				f.Error = v
			}
		}
		f.Pass = math.Abs(f.Error) <= f.Tolerance
		out = append(out, f)
	}
	return out, nil
}
