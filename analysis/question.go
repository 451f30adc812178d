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

// Env is what every question may use.
type Env struct {
	Warehouse warehouse.Warehouse
	Contents  warehouse.Contents
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
