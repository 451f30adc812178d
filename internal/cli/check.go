package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seguefeed/segue"
	"github.com/seguefeed/segue/warehouse"
)

func (a *app) checkCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Say what is odd about the data that were loaded",
		Long: `Look for rows that could be read but do not fit: impressions of unknown users or cards, rows listed twice, days that
contradict their times, view time or actions without a click, and the like. Each check prints its count and examples.`,
		Example: `  segue check --db feed.duckdb
  segue check --db feed.duckdb --json | jq '.[] | select(.count > 0)'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			var checks []warehouse.DataCheck
			err := a.withDatabase(cmd.Context(), true, func(s *segue.Segue, _ segue.Progress) error {
				var err error
				checks, err = s.Check(cmd.Context())
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(checks)
			}
			a.printChecks(checks)
			return nil
		},
	}
	a.databaseFlags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (a *app) printChecks(checks []warehouse.DataCheck) {
	var rows [][]string
	for _, c := range checks {
		count, of := thousands(c.Count), thousands(c.Of)
		if c.Off != "" {
			count, of = "-", "-"
		}
		rows = append(rows, []string{c.Title, count, of})
	}
	a.printTable([]string{"check", "found", "of"}, rows, 1)
	for _, c := range checks {
		if c.Off != "" {
			fmt.Fprintf(a.stdout, "\n%s: not run: %s\n", c.Title, c.Off)
		}
		if len(c.Examples) == 0 {
			continue
		}
		fmt.Fprintf(a.stdout, "\n%s, for example:\n", c.Title)
		for _, e := range c.Examples {
			fmt.Fprintln(a.stdout, "  "+e)
		}
	}
}
