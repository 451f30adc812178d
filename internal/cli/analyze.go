package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seguefeed/segue"
	"github.com/seguefeed/segue/analysis"
)

func (a *app) analyzeCommand() *cobra.Command {
	var (
		only []string
		list bool
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
				for _, q := range analysis.Questions() {
					fmt.Fprintf(a.stdout, "%-34s %s\n", q.ID, q.Title)
				}
				return nil
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
	cmd.Flags().Bool("json", true, "print JSON; it always does")
	return cmd
}

func (a *app) reportCommand() *cobra.Command {
	var (
		out    string
		title  string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Analyse the database and write the report",
		Long: `Write the engagement report: index.html, one page that opens without a network, report.json with every number, and each
table as CSV and Parquet under tables/.`,
		Example: `  segue report --db feed.duckdb
  segue report --db feed.duckdb --out november --title "November"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			var page string
			err := a.withDatabase(cmd.Context(), true, func(s *segue.Segue, progress segue.Progress) error {
				var err error
				page, err = s.Report(cmd.Context(), out, segue.ReportOptions{Title: title, Progress: progress})
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
	cmd.Flags().StringVar(&title, "title", "", "the report's title")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print where it is as JSON")
	return cmd
}
