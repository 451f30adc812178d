package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seguefeed/segue"
)

func (a *app) demoCommand() *cobra.Command {
	opt := segue.DemoOptions{Users: 100_000, Seed: 1}
	dir, asJSON := "", false
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Simulate a log, ingest it, analyse it, predict who will be active, say what to recommend and write the report",
		Example: `  segue demo
  segue demo --users 5000 --dir /tmp/try`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if opt.Users < 1 {
				return usagef("--users %d: a village needs at least one user", opt.Users)
			}
			if err := a.checkThreads(); err != nil {
				return err
			}
			mb, err := parseMemory(a.memory)
			if err != nil {
				return err
			}
			opt.MemoryMB, opt.Threads = mb, a.threads
			var demo segue.DemoResult
			err = a.withProgress(func(progress segue.Progress) error {
				opt.Progress = progress
				demo, err = segue.Demo(cmd.Context(), dir, opt)
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(demo)
			}
			fmt.Fprintf(a.stdout, "The report is in %s\nThe log is in %s, the database in %s. Ask it something: segue sql --db %s \"from users limit 5\"\n",
				demo.Page, demo.Log, demo.Database, demo.Database)
			if demo.Models != "" {
				gate := "It passed the gate."
				if demo.Gate.Forced {
					gate = "IT DID NOT PASS THE GATE (" + strings.Join(demo.Gate.Lost, "; ") + ") and is current because this is a demo."
				}
				fmt.Fprintf(a.stdout, "A recommender is in %s. %s See the page of someone new: segue recommend show somebody-new --db %s --models %s\n",
					demo.Models, gate, demo.Database, demo.Models)
			}
			return nil
		},
	}
	cmd.Flags().IntVar(&opt.Users, "users", opt.Users, "number of simulated users")
	cmd.Flags().Uint64Var(&opt.Seed, "seed", opt.Seed, "same seed, same village")
	cmd.Flags().StringVar(&dir, "dir", "segue-demo", "directory to write to; an earlier demo there is replaced")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print where everything is as JSON")
	a.engineFlags(cmd)
	return cmd
}
