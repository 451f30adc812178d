package cli

import (
	"fmt"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seguefeed/segue"
	"github.com/seguefeed/segue/activity"
)

// defaultPredictor is the file of the trained predictor unless another is named.
const defaultPredictor = "segue.predictor"

func (a *app) predictCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "predict",
		Short: "Say who will be active, from the first days",
		Long: `From what users did in the first days of the log, say who will be active in the days that follow: compare models, train a
predictor, score everyone, and explain a user's score. A user is active when her click-through rate is at or above the mean
over users.`,
		Example: `  segue predict compare --db feed.duckdb
  segue predict train --db feed.duckdb --out feed.predictor
  segue predict score --db feed.duckdb --predictor feed.predictor --out scores.parquet
  segue predict explain USER --db feed.duckdb --predictor feed.predictor`,
	}
	cmd.AddCommand(a.predictCompareCommand(), a.predictTrainCommand(), a.predictScoreCommand(), a.predictExplainCommand())
	return cmd
}

// questionFlags are those that say what is predicted.
func questionFlags(cmd *cobra.Command, opt *segue.PredictOptions) {
	cmd.Flags().IntVar(&opt.Early, "early", activity.DefaultEarly, "days, from the first of the log, or of its last long stretch where it has gaps of more than a week, that features are read from; the label is over those that follow")
	cmd.Flags().Float64Var(&opt.Threshold, "threshold", 0, "click-through rate from which on a user is active (default: the mean over users)")
	cmd.Flags().Uint64Var(&opt.Seed, "seed", 1, "of the split of users and of what models draw")
}

func (a *app) predictCompareCommand() *cobra.Command {
	var opt segue.PredictOptions
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "compare",
		Short: "Hold all models against each other",
		Long: `Fit every model on 60% of the users seen in both windows, calibrate on 20%, and judge on the rest. The leakage audit runs first.
With --truth, of a simulated log, it is told what the best possible model could reach.`,
		Example: `  segue predict compare --db feed.duckdb
  segue predict compare --db feed.duckdb --models "logistic regression,boosting" --json
  segue predict compare --db feed.duckdb --early 7 --published --leaks`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if (opt.Leaks || opt.Grids) && !opt.Published {
				return usagef("--leaks and --grids belong to --published, the case study's procedure")
			}
			if _, err := activity.Entries(opt.Models, opt.Seed); err != nil {
				return usagef("--models %s: known are %s", strings.Join(opt.Models, ","), strings.Join(activity.ModelNames(), ", "))
			}
			var results *activity.Results
			err := a.withDatabase(cmd.Context(), true, func(s *segue.Segue, progress segue.Progress) error {
				var err error
				opt.Progress = progress
				results, err = s.Predict(cmd.Context(), opt)
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(results.JSON())
			}
			a.printPrediction(results)
			return nil
		},
	}
	a.databaseFlags(cmd)
	questionFlags(cmd, &opt)
	cmd.Flags().StringSliceVar(&opt.Models, "models", nil, "models to compare, by name (default: all)")
	cmd.Flags().StringVar(&opt.Truth, "truth", "", "of a simulated log: the directory it was written to, to know how good a model could be")
	cmd.Flags().BoolVar(&opt.Published, "published", false, "repeat the case study's procedure too")
	cmd.Flags().BoolVar(&opt.Leaks, "leaks", false, "with --published: with its two leaks, to show their price")
	cmd.Flags().BoolVar(&opt.Grids, "grids", false, "with --published: choose hyper-parameters from its grids anew, not as it chose them")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print everything as JSON")
	return cmd
}

func inPercent(x float64) string { return fmt.Sprintf("%.1f%%", 100*x) }

func (a *app) printPrediction(r *activity.Results) {
	f, c := r.Funnel, r.Comparison
	fmt.Fprintf(a.stdout, "Who is active? %s.\n", r.Question)
	fmt.Fprintf(a.stdout, "Of %s users seen early, %s came back; of those, %s (%s) were active, with a click-through rate of %.2f%% or more.\n\n",
		thousands(f.EarlyOnly+f.Both), thousands(f.Both), thousands(f.ActiveOfBoth), inPercent(float64(f.ActiveOfBoth)/float64(f.Both)), 100*f.Threshold)
	var rows [][]string
	for k, m := range c.Models {
		verdict := "worse"
		switch {
		case k == c.Best:
			verdict = "best"
		case m.P >= .05:
			verdict = "no worse for sure"
		}
		p := "-"
		if !math.IsNaN(m.P) {
			p = fmt.Sprintf("%.2g", m.P)
		}
		rows = append(rows, []string{m.Name, fmt.Sprintf("%.4f", m.AUC.Value), fmt.Sprintf("%.4f to %.4f", m.AUC.Low, m.AUC.High), fmt.Sprintf("%.3f", m.PR), fmt.Sprintf("%.4f", m.LogLoss),
			fmt.Sprintf("%.4f", m.ECE), fmt.Sprintf("%.2f", m.Lift), fmt.Sprintf("%.4f", m.FromBest), p, fmt.Sprintf("%.1f s", m.FitSeconds), verdict})
	}
	a.printTableAligned([]string{"model", "AUC", "95% interval", "precision", "log-loss", "ECE", "lift", "behind", "p", "fit", ""}, rows, func(i int) bool { return i > 0 && i < 10 })
	fmt.Fprintf(a.stdout, "\nLearned from %s users, judged on %s others, of whom %s were active. precision is the average precision; lift that of the top tenth;\nbehind is the AUC of the best less this one, p that of DeLong's test after Holm's correction.\n",
		thousands(int64(c.Train)), thousands(int64(c.Test)), inPercent(c.BaseRate))
	if c.Ceiling != nil {
		fmt.Fprintf(a.stdout, "What early behaviour can tell at best: AUC %.4f, the best model is %.4f behind. Who knew all hidden traits would reach %.4f.\n", c.Ceiling.Reachable.Value, c.Ceiling.Gap, c.Ceiling.Known.Value)
	}
	j := r.Judged
	fmt.Fprintf(a.stdout, "\nOf all seen early: comes back AUC %.4f, active then %.4f; both as two stages %.4f, at once %.4f.\n", j.BackAUC.Value, j.ThenAUC.Value, j.TwoStageAUC.Value, j.OneStageAUC.Value)
	fmt.Fprint(a.stdout, "What drives it: ")
	for k, w := range r.Drivers.Permutation[:min(6, len(r.Drivers.Permutation))] {
		if k > 0 {
			fmt.Fprint(a.stdout, ", ")
		}
		fmt.Fprintf(a.stdout, "%s %.3f", w.Feature, w.Mean)
	}
	fmt.Fprintf(a.stdout, " (AUC lost when the feature is shuffled).\n%s\n", r.Segments.Remark())
	if r.Published != nil {
		a.printPublished(r.Published)
	}
	fmt.Fprintln(a.stdout, "\nNext: segue predict train, segue predict score; the report shows all of it: segue report --predict")
}

func (a *app) predictTrainCommand() *cobra.Command {
	var opt segue.PredictOptions
	var out string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "train",
		Short: "Train the predictor and keep it in a file",
		Long: `Train two models, will she come back and will she then be active, and one that asks both at once, on 60% of the users; calibrate
on 20% and judge on the rest. The leakage audit runs first and refuses what sees the future.`,
		Example: `  segue predict train --db feed.duckdb --out feed.predictor`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			var p *activity.Predictor
			err := a.withDatabase(cmd.Context(), true, func(s *segue.Segue, progress segue.Progress) error {
				var err error
				opt.Progress = progress
				p, err = s.TrainPredictor(cmd.Context(), out, opt)
				return err
			})
			if err != nil {
				return err
			}
			j := p.Judged
			if asJSON {
				return a.printJSON(activity.Plain(j))
			}
			way, ece := "at once", j.OneStageECE
			if p.TwoStage {
				way, ece = "in two stages", j.TwoStageECE
			}
			fmt.Fprintf(a.stdout, "The predictor is in %s: %s.\nOn %s users it did not see, %s of them active: AUC %.4f in two stages (comes back %.4f, active then %.4f), %.4f at once.\nIt asks %s; expected calibration error %.4f. Next: segue predict score --predictor %s\n",
				out, p.Question, thousands(int64(j.Users)), inPercent(j.Share), j.TwoStageAUC.Value, j.BackAUC.Value, j.ThenAUC.Value, j.OneStageAUC.Value, way, ece, out)
			return nil
		},
	}
	a.databaseFlags(cmd)
	questionFlags(cmd, &opt)
	cmd.Flags().StringVar(&out, "out", defaultPredictor, "file to write the predictor to")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print how good it is as JSON")
	return cmd
}

func (a *app) predictScoreCommand() *cobra.Command {
	var predictor, out string
	var costs activity.Costs
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "score",
		Short: "Score everyone seen early, into a Parquet file",
		Long: `Write one line a user seen in the early days: the probability of being active later, its 95% interval (the share of the active
among tested users with such a probability), the probabilities of coming back and of then being active, the segment, and the
three features that move her most (+ towards active). With --missed and --wasted, the costs of a user who needed a contact and
got none and of a contact that was not needed, it also says from which probability on a contact pays.`,
		Example: `  segue predict score --db feed.duckdb --predictor feed.predictor --out scores.parquet
  segue predict score --missed 5 --wasted 1`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			choose := cmd.Flags().Changed("missed") || cmd.Flags().Changed("wasted")
			if choose && (costs.Missed < 0 || costs.Wasted < 0 || costs.Missed+costs.Wasted == 0) {
				return usagef("--missed %v --wasted %v: both must be 0 or more, and one above it", costs.Missed, costs.Wasted)
			}
			p, err := segue.LoadPredictor(predictor)
			if err != nil {
				return err
			}
			n := 0
			err = a.withDatabase(cmd.Context(), true, func(s *segue.Segue, progress segue.Progress) error {
				n, err = s.Score(cmd.Context(), p, out, segue.PredictOptions{Seed: p.Seed, Progress: progress})
				return err
			})
			if err != nil {
				return err
			}
			var choice *activity.Choice
			if choose {
				if choice, err = p.Choose(costs); err != nil {
					return err
				}
			}
			if asJSON {
				return a.printJSON(map[string]any{"file": out, "users": n, "contact": activity.Plain(choice)})
			}
			fmt.Fprintf(a.stdout, "The scores of %s users are in %s.\n", thousands(int64(n)), out)
			if choice != nil {
				fmt.Fprintf(a.stdout, "Contact those with a probability below %.3f: %s of the tested users; of those contacted, %s turned out not to be active, and of all who turned out so, %s got no contact.\nCost a user %.4f; of contacting everyone %.4f, of contacting nobody %.4f.\n",
					choice.Threshold, inPercent(choice.Contacted), inPercent(choice.Needed), inPercent(choice.MissedShare), choice.Cost, choice.Everyone, choice.Nobody)
			}
			return nil
		},
	}
	a.databaseFlags(cmd)
	cmd.Flags().StringVar(&predictor, "predictor", defaultPredictor, "file of the predictor")
	cmd.Flags().StringVar(&out, "out", "scores.parquet", "file to write")
	cmd.Flags().Float64Var(&costs.Missed, "missed", 1, "cost of a user who needed a contact and got none")
	cmd.Flags().Float64Var(&costs.Wasted, "wasted", 1, "cost of a contact that was not needed")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (a *app) predictExplainCommand() *cobra.Command {
	var predictor string
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "explain USER",
		Short:   "Say why a user has her score",
		Example: `  segue predict explain NCMCMENCLCNCMCNCNC --db feed.duckdb --predictor feed.predictor`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := segue.LoadPredictor(predictor)
			if err != nil {
				return err
			}
			var why *activity.Why
			err = a.withDatabase(cmd.Context(), true, func(s *segue.Segue, progress segue.Progress) error {
				why, err = s.Explain(cmd.Context(), p, args[0], segue.PredictOptions{Seed: p.Seed, Progress: progress})
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(activity.Plain(why))
			}
			sc := why.Score
			fmt.Fprintf(a.stdout, "User %s, segment %q: probability of being active %.3f (users like her: %.3f to %.3f); of coming back %.3f, and of then being active %.3f.\n\n",
				why.User, sc.Segment, sc.Probability, sc.Low, sc.High, sc.Back, sc.Then)
			var rows [][]string
			for _, f := range why.Features[:min(12, len(why.Features))] {
				rows = append(rows, []string{f.Feature, strings.TrimSpace(f.Value + " " + f.Unit), fmt.Sprintf("%+.3f", f.Move), f.Why})
			}
			a.printTableAligned([]string{"feature", "hers", "moves log-odds by", "why it may tell something"}, rows, func(i int) bool { return i == 2 })
			fmt.Fprintf(a.stdout, "\nThe mean user has log-odds of %.3f; the features move her to %.3f (exact Shapley values of the one-stage model).\n", why.Base, why.Log)
			return nil
		},
	}
	a.databaseFlags(cmd)
	cmd.Flags().StringVar(&predictor, "predictor", defaultPredictor, "file of the predictor")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (a *app) auditCommand() *cobra.Command {
	var opt segue.PredictOptions
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Look for leaks of the future into the features and the split",
		Long: `Compute every feature again from a log that ends before the days to be predicted, and look for columns that differ, for the level,
for oversampling before the split, for users on both sides of it, for test rows in what is fitted, and for features too good to
be true. Exit code 3 if there is any.`,
		Example: `  segue audit --db feed.duckdb`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			var alarms []activity.Alarm
			err := a.withDatabase(cmd.Context(), true, func(s *segue.Segue, progress segue.Progress) error {
				var err error
				opt.Progress = progress
				alarms, err = s.Audit(cmd.Context(), opt)
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				if alarms == nil {
					alarms = []activity.Alarm{}
				}
				if err := a.printJSON(alarms); err != nil {
					return err
				}
			} else {
				a.printAudit(alarms)
			}
			if len(alarms) > 0 {
				return &activity.LeakError{Alarms: alarms}
			}
			return nil
		},
	}
	a.databaseFlags(cmd)
	questionFlags(cmd, &opt)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the alarms as JSON")
	return cmd
}

func (a *app) printAudit(alarms []activity.Alarm) {
	var rows [][]string
	for _, check := range activity.Checks {
		found := "none"
		for _, al := range alarms {
			if al.Check == check {
				found = al.Column + ": " + al.What
			}
		}
		rows = append(rows, []string{check, found})
	}
	a.printTable([]string{"check", "found"}, rows, 2)
}

// printPublished prints the case study's table beside ours.
func (a *app) printPublished(p *activity.Published) {
	header := []string{"model", "published"}
	for _, arm := range p.Arms {
		header = append(header, arm.Name)
	}
	if len(p.Arms) > 1 {
		header = append(header, "the leaks add")
	}
	var rows [][]string
	for _, r := range p.Rows {
		row := []string{r.Model, inPercent(r.Published)}
		for _, s := range r.Scores {
			row = append(row, inPercent(s.Accuracy))
		}
		if r.Both != nil {
			row = append(row, fmt.Sprintf("%+.1f points (%+.1f to %+.1f)", 100*r.Both.Added, 100*r.Both.Low, 100*r.Both.High))
		}
		rows = append(rows, row)
	}
	fmt.Fprintln(a.stdout, "\nThe case study's procedure, accuracy on its test part:")
	a.printTable(header, rows, 1)
	for _, arm := range p.Arms {
		for _, al := range arm.Alarms {
			fmt.Fprintf(a.stdout, "The audit refuses %q: %s: %s.\n", arm.Name, al.Column, al.What)
		}
	}
	for _, n := range p.Notes {
		fmt.Fprintln(a.stdout, n)
	}
}
