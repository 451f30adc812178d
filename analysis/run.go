package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
)

// Options direct one run of the analysis.
type Options struct {
	Only []string // ids of the questions to ask; empty means all. An id that does not exist is an error
	// Progress is told, before each question, how many are done of how many, and the title of the next; after the last one,
	// done = total and the title is "".
	Progress func(done, total int, title string)
}

// Results are the answers of one run. Their JSON is the same bytes for the same log: NaN and infinities are null, and
// nothing that varies from run to run is in it.
type Results struct {
	Answers []Answer `json:"answers"`
}

// Run asks the questions, one after the other in the order of Questions, and then decides all tests together: a
// tested finding whose q-value is above FalseDiscovery becomes "no difference seen" and its sentence says so.
//
// A question whose roles the log lacks is answered by Off. The first failing question ends the run with an error that
// names it; a cancelled context with its error.
func Run(ctx context.Context, wh warehouse.Warehouse, opt Options) (*Results, error) {
	questions, err := chosen(Questions(), opt.Only)
	if err != nil {
		return nil, err
	}
	return ask(ctx, wh, questions, opt)
}

// chosen keeps the questions that are named, in their own order.
func chosen(all []Question, only []string) ([]Question, error) {
	if len(only) == 0 {
		return all, nil
	}
	var kept []Question
	for _, q := range all {
		if slices.Contains(only, q.ID) {
			kept = append(kept, q)
		}
	}
	for _, id := range only {
		if !slices.ContainsFunc(all, func(q Question) bool { return q.ID == id }) {
			ids := make([]string, len(all))
			for i, q := range all {
				ids[i] = q.ID
			}
			return nil, fmt.Errorf("there is no question %q; the questions are: %s", id, strings.Join(ids, ", "))
		}
	}
	return kept, nil
}

func ask(ctx context.Context, wh warehouse.Warehouse, questions []Question, opt Options) (*Results, error) {
	contents, err := wh.Describe(ctx)
	if err != nil {
		return nil, fmt.Errorf("analyse: %w", err)
	}
	env := &Env{Warehouse: wh, Contents: contents}
	progress := opt.Progress
	if progress == nil {
		progress = func(int, int, string) {}
	}
	results := &Results{Answers: make([]Answer, 0, len(questions))}
	for i, q := range questions {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		progress(i, len(questions), q.Title)
		a, err := answer(ctx, env, q)
		if err != nil {
			return nil, fmt.Errorf("analyse: question %s: %w", q.ID, err)
		}
		results.Answers = append(results.Answers, a)
	}
	settle(results.Answers)
	progress(len(questions), len(questions), "")
	return results, nil
}

// answer asks one question and fills in what is not the question's own.
func answer(ctx context.Context, env *Env, q Question) (Answer, error) {
	blank := Answer{ID: q.ID, Theme: q.Theme, Title: q.Title, Findings: []Finding{}}
	if off := missing(env.Contents, q.Needs); off != "" {
		blank.Off = off
		return blank, nil
	}
	var queries []Query
	started := time.Now()
	a, err := q.Ask(warehouse.WithTrace(ctx, func(name, text string) {
		if !slices.ContainsFunc(queries, func(q Query) bool { return q.Name == name }) {
			queries = append(queries, Query{Name: name, Text: text})
		}
	}), env)
	if err != nil {
		return blank, err
	}
	a.ID, a.Theme, a.Title, a.Queries, a.Charts = q.ID, q.Theme, q.Title, queries, drawable(a.Charts)
	if a.Findings == nil {
		a.Findings = blank.Findings
	}
	a.Seconds = time.Since(started).Seconds()
	return a, nil
}

// missing says which roles of needs the log lacks, in a sentence's end; "" when none.
func missing(contents warehouse.Contents, needs []feedlog.Role) string {
	var lacking []string
	for _, r := range needs {
		if !contents.Has(r) {
			lacking = append(lacking, string(r))
		}
	}
	if len(lacking) == 0 {
		return ""
	}
	return "the log has no column for " + listed(lacking)
}

// settle corrects all p-values of a run together and turns each tested finding into what its q-value allows.
func settle(answers []Answer) {
	var tested []*Finding
	var p []float64
	for i := range answers {
		for j := range answers[i].Findings {
			f := &answers[i].Findings[j]
			if f.Test != nil && !math.IsNaN(f.Test.P) {
				tested = append(tested, f)
				p = append(p, f.Test.P)
			}
		}
	}
	for i, q := range stat.BenjaminiHochberg(p) {
		tested[i].settle(q)
	}
}
