package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/seguefeed/segue"
	"github.com/seguefeed/segue/village"
)

func (a *app) simulateCommand() *cobra.Command {
	var (
		cfg                      = village.Config{Users: 100_000, Seed: 1}
		out                      string
		nested                   string
		null                     string
		check                    bool
		fit                      string
		rounds, sweeps, villages int
		knobs                    []string
		asJSON                   bool
	)
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Make a log of simulated users",
		Long: `Simulate a village: users who come, look, click and swipe, as six files in the layout of the reference data set.
Beside them stands the truth that only a simulator knows, as Parquet: *.truth.parquet hold every user's taste and appetite,
every card's appeal and topic, the click probability of every impression and the examination of every slot. Read them to
judge a model, never to train one; --truth=false leaves them out.

--check holds a village against the figures published for the reference data set and says which it meets; 200,000 users
make its own sampling errors small.`,
		Example: `  segue simulate --users 20000 --seed 7 --out village
  segue simulate --check --users 200000
  segue simulate --fit village/parameters.json --users 50000 --rounds 5 --sweeps 2
  segue simulate --users 2085533 --out full          # the reference's size: 57.7 million impressions, 6 GB`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cfg.Users < 1 {
				return usagef("--users %d: a village needs at least one user", cfg.Users)
			}
			var err error
			if cfg.Nested, err = parseNested(nested); err != nil {
				return err
			}
			if cfg.Null, err = parseNull(null); err != nil {
				return err
			}
			if err := a.checkThreads(); err != nil {
				return err
			}
			cfg.Threads = a.threads
			switch {
			case check:
				return a.checkVillage(cmd, cfg, asJSON)
			case fit != "":
				return a.fitVillage(cmd, cfg, fit, knobs, rounds, sweeps, villages)
			}
			if out == "" {
				return usagef("simulate needs --out DIR, the directory to write to")
			}
			var summary village.Summary
			err = a.withProgress(func(progress segue.Progress) error {
				summary, err = segue.Simulate(cmd.Context(), out, cfg, progress)
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(summary)
			}
			fmt.Fprintf(a.stdout, "%s impressions of %s users and %s cards are in %s. Next: segue ingest %s\n",
				thousands(summary.Impressions), thousands(summary.Users), thousands(summary.Cards), out, out)
			return nil
		},
	}
	cmd.Flags().IntVar(&cfg.Users, "users", cfg.Users, "number of users")
	cmd.Flags().Uint64Var(&cfg.Seed, "seed", cfg.Seed, "same seed, same bytes")
	cmd.Flags().StringVar(&out, "out", "", "directory to write to")
	cmd.Flags().StringVar(&nested, "nested", "quoted", "how the nested list of swipes is written: quoted, or bare with all its commas")
	cmd.Flags().StringVar(&null, "null", "NA", "how nulls of the impressions are written: NA or empty")
	cmd.Flags().BoolVar(&cfg.Truth, "truth", true, "write the truth beside the log")
	cmd.Flags().BoolVar(&check, "check", false, "compare with the published figures instead of writing files")
	cmd.Flags().StringVar(&fit, "fit", "", "fit the model's parameters to the published figures, write them to this file, and simulate nothing")
	cmd.Flags().IntVar(&rounds, "rounds", 5, "with --fit: rounds that follow the slopes of all parameters together")
	cmd.Flags().IntVar(&villages, "villages", 8, "with --fit: villages that each step of a sweep is tried in, at most 8")
	cmd.Flags().StringSliceVar(&knobs, "knobs", nil, "with --fit: sweep only over parameters whose names begin with one of these, such as click,level")
	cmd.Flags().IntVar(&sweeps, "sweeps", 2, "with --fit: sweeps over the parameters, one after another, after the rounds")
	cmd.Flags().IntVar(&a.threads, "threads", 0, "processor threads to use (default: all)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func parseNested(s string) (village.Nested, error) {
	switch s {
	case "quoted":
		return village.Quoted, nil
	case "bare":
		return village.Bare, nil
	}
	return "", usagef("--nested %q is neither quoted nor bare", s)
}

func parseNull(s string) (village.Null, error) {
	switch s {
	case "NA":
		return "NA", nil
	case "empty", "":
		return "", nil
	}
	return "", usagef("--null %q is neither NA nor empty", s)
}

func (a *app) checkVillage(cmd *cobra.Command, cfg village.Config, asJSON bool) error {
	var figures []village.Figure
	err := a.withProgress(func(progress segue.Progress) error {
		cfg.Progress = func(done, total int64) {
			progress(segue.Step{Name: "simulate", Unit: segue.Impressions, Done: done, Total: total})
		}
		var err error
		figures, err = village.Check(cmd.Context(), cfg)
		return err
	})
	if err != nil {
		return err
	}
	if asJSON {
		return a.printJSON(figures)
	}
	var rows [][]string
	passed, group := 0, ""
	for _, f := range figures {
		verdict := "fail"
		if f.Pass {
			passed++
			verdict = "pass"
		}
		off, within := fmt.Sprintf("%+.1f%%", 100*f.Error), fmt.Sprintf("%.1f%%", 100*f.Tolerance)
		if f.Share {
			off, within = fmt.Sprintf("%+.2f points", 100*f.Error), fmt.Sprintf("%.2f points", 100*f.Tolerance)
		}
		name := f.Group
		if name == group {
			name = ""
		}
		group = f.Group
		rows = append(rows, []string{name, f.Name, fmt.Sprintf("%.5g", f.Published), fmt.Sprintf("%.5g", f.Simulated), off, within, verdict})
	}
	a.printTable([]string{"group", "figure", "published", "simulated", "off by", "allowed", "verdict"}, rows, 2)
	fmt.Fprintf(a.stdout, "\n%d of %d figures pass.\n", passed, len(figures))
	noted := false
	for _, f := range figures {
		if !f.Pass && f.Note != "" {
			if !noted {
				fmt.Fprintln(a.stdout, "\nWhat makes some of those that fail hard to meet:")
				noted = true
			}
			fmt.Fprintf(a.stdout, "  %s, %s: %s\n", f.Group, f.Name, f.Note)
		}
	}
	return nil
}

// fitVillage renews the model's parameters, for those who work on the model.
func (a *app) fitVillage(cmd *cobra.Command, cfg village.Config, file string, knobs []string, rounds, sweeps, villages int) error {
	if rounds < 0 || sweeps < 0 || rounds+sweeps == 0 || villages < 1 || villages > 8 {
		return usagef("--rounds %d, --sweeps %d, --villages %d: a fit needs at least one of either of the first, and 1 to 8 villages", rounds, sweeps, villages)
	}
	err := a.withProgress(func(progress segue.Progress) error {
		_, _, err := village.Fit(cmd.Context(), village.FitConfig{Users: cfg.Users, Seed: cfg.Seed, Rounds: rounds, Sweeps: sweeps, Villages: villages, Knobs: knobs, Threads: cfg.Threads,
			Round: func(parameters []byte) error { return os.WriteFile(file, parameters, 0o644) },
			Progress: func(round int, done, total int64, score float64) {
				name := fmt.Sprintf("round %d, loss %.3f", round, score)
				if round > rounds {
					name = fmt.Sprintf("sweep %d, score %.2f", round-rounds, score)
				}
				progress(segue.Step{Name: name, Unit: segue.Steps, Done: done, Total: total})
			}})
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "The parameters are in %s; build anew, and see what they give: segue simulate --check --users 200000\n", file)
	return nil
}
