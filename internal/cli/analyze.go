package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/seguefeed/segue"
	"github.com/seguefeed/segue/analysis"
)

func (a *app) analyzeCommand() *cobra.Command {
	var (
		only   []string
		list   bool
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "analyze",
		Short: "Ask all questions and print the answers as JSON",
		Example: `  segue analyze --db feed.duckdb > answers.json
  segue analyze --db feed.duckdb --only usage-by-hour | jq -r '.answers[].findings[].sentence'
  segue analyze --list`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if list {
				return a.listQuestions(asJSON)
			}
			if err := checkQuestions(only); err != nil {
				return err
			}
			var results *analysis.Results
			err := a.withDatabase(cmd.Context(), true, func(s *segue.Segue, progress segue.Progress) error {
				var err error
				results, err = s.Analyze(cmd.Context(), segue.AnalyzeOptions{Only: only, Progress: progress})
				return err
			})
			if err != nil {
				return err
			}
			return a.printJSON(results)
		},
	}
	a.databaseFlags(cmd)
	cmd.Flags().StringSliceVar(&only, "only", nil, "ids of the questions to ask (default: all)")
	cmd.Flags().BoolVar(&list, "list", false, "list the questions and their ids")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the list as JSON too; the answers always are")
	return cmd
}

func (a *app) listQuestions(asJSON bool) error {
	questions := analysis.Questions()
	if asJSON {
		type question struct {
			ID    string `json:"id"`
			Title string `json:"title"`
		}
		out := make([]question, len(questions))
		for i, q := range questions {
			out[i] = question{q.ID, q.Title}
		}
		return a.printJSON(out)
	}
	var rows [][]string
	for _, q := range questions {
		rows = append(rows, []string{q.ID, q.Title})
	}
	a.printTable([]string{"id", "question"}, rows, 2)
	return nil
}

// checkQuestions refuses ids that no question has, before the database is opened.
func checkQuestions(only []string) error {
	for _, id := range only {
		if !slices.ContainsFunc(analysis.Questions(), func(q analysis.Question) bool { return q.ID == id }) {
			return usagef("--only %s: there is no such question; `segue analyze --list` has their ids", id)
		}
	}
	return nil
}

func (a *app) reportCommand() *cobra.Command {
	var (
		out      string
		title    string
		asJSON   bool
		predict  bool
		question segue.PredictOptions
		judge    bool
		pages    segue.RecommendOptions
	)
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Analyse the database and write the report",
		Long: `Write the engagement report: index.html, one page that opens without a network, report.json with every number, and each
table as CSV and Parquet under tables/.`,
		Example: `  segue report --db feed.duckdb
  segue report --db feed.duckdb --out november --title "November"
  segue report --db feed.duckdb --predict --recommend`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			var page string
			var asked *segue.PredictOptions
			if predict || question.Published {
				asked = &question
			}
			var judged *segue.RecommendOptions
			if judge {
				pages.Seed, pages.Truth, pages.Threads = question.Seed, question.Truth, a.threads
				judged = &pages
			}
			err := a.withDatabase(cmd.Context(), true, func(s *segue.Segue, progress segue.Progress) error {
				var err error
				page, err = s.Report(cmd.Context(), out, segue.ReportOptions{Title: title, Predict: asked, Recommend: judged, Progress: progress})
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(map[string]string{"page": page})
			}
			fmt.Fprintln(a.stdout, "The report is in", page)
			return nil
		},
	}
	a.databaseFlags(cmd)
	cmd.Flags().StringVar(&out, "out", "report", "directory to write to; an earlier report there is replaced")
	cmd.Flags().BoolVar(&predict, "predict", false, "also say who will be active, see segue predict")
	cmd.Flags().BoolVar(&judge, "recommend", false, "also say what to recommend and how good that is, see segue recommend evaluate")
	cmd.Flags().BoolVar(&question.Published, "published", false, "with the prediction, repeat the case study's procedure too")
	cmd.Flags().BoolVar(&question.Leaks, "leaks", false, "with --published: with its two leaks as well, to show their price")
	cmd.Flags().StringVar(&question.Truth, "truth", "", "of a simulated log: the directory it was written to, to know how good a model could be")
	questionFlags(cmd, &question)
	cmd.Flags().StringVar(&title, "title", "", "the report's title")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print where it is as JSON")
	return cmd
}
