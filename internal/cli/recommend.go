package cli

import (
	"github.com/spf13/cobra"
)

func (a *app) recommendCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "recommend",
		Short:   "Recommend items, and say how well that is done",
		Example: "  segue recommend bench --train train.txt --test test.txt",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.recommendBenchCommand())
	return cmd
}
