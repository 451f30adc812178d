package analysis

import (
	"context"

	"github.com/seguefeed/segue/feedlog"
	"github.com/seguefeed/segue/warehouse"
)

// Question is one question of the analysis.
type Question struct {
	ID    string
	Theme string
	Title string
	// Needs are the roles a log must have for the question to be asked.
	Needs []feedlog.Role
	// Ask fills findings, tables, charts and caveats; Run fills the rest of the answer.
	Ask func(ctx context.Context, env *Env) (Answer, error)
}

// Env is what every question may use. What several questions need is computed once and kept, so one Env
// serves one run; it is not for concurrent use.
type Env struct {
	Warehouse warehouse.Warehouse
	Contents  warehouse.Contents

	activity memo[*UserActivity]
	days     memo[[]warehouse.DayUse]
	hours    memo[[]warehouse.HourUse]
	levels   memo[[]warehouse.LevelUse]
	traits   memo[[]warehouse.TraitUse]
	months   memo[[]warehouse.MonthUse]
}

// memo keeps the first answer to a question, with the queries behind it, so that every later answer that
// rests on it names them too. Errors are not kept.
type memo[T any] struct {
	done    bool
	value   T
	queries []Query
}

func (m *memo[T]) get(ctx context.Context, ask func(context.Context) (T, error)) (T, error) {
	tell := warehouse.TraceOf(ctx)
	if m.done {
		for _, q := range m.queries {
			tell(q.Name, q.Text)
		}
		return m.value, nil
	}
	var queries []Query
	v, err := ask(warehouse.WithTrace(ctx, func(name, text string) {
		queries = append(queries, Query{name, text})
		tell(name, text)
	}))
	if err == nil {
		m.done, m.value, m.queries = true, v, queries
	}
	return v, err
}

// Questions lists all questions in the order of the report.
func Questions() []Question {
	var all []Question
	all = append(all, usageQuestions()...)
	all = append(all, activityQuestions()...)
	all = append(all, demographicsQuestions()...)
	all = append(all, contentQuestions()...)
	return all
}
