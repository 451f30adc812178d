package cli

import (
	"github.com/spf13/cobra"
)

func (a *app) recommendCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "recommend",
		Short: "Recommend cards, and say how well that is done",
		Example: `  segue recommend evaluate --db feed.duckdb
  segue recommend train --db feed.duckdb --out models
  segue recommend show USER --db feed.duckdb --models models
  segue recommend bench --train train.txt --test test.txt`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.recommendEvaluateCommand(), a.recommendBenchCommand())
	return cmd
}
