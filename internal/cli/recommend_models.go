// `recommend train`, `models`: versions of a recommender.

package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seguefeed/segue"
	"github.com/seguefeed/segue/activity"
	"github.com/seguefeed/segue/feed"
)

// defaultModels is the folder of versions unless another is named.
const defaultModels = "segue-models"

func (a *app) recommendTrainCommand() *cobra.Command {
	var opt segue.RecommendOptions
	var rankers []string
	var force, asJSON bool
	dir := defaultModels
	cmd := &cobra.Command{
		Use:   "train",
		Short: "Train a recommender on the whole log, if it passes the gate",
		Long: `Train candidate generators and a ranker on the whole log and write them as a version: a folder with a manifest (days, seed, settings,
metrics, checksums). First the same is trained without the log's last days and has to pass a gate there: its order of what was
shown has to beat chance and popularity, and its lists popularity and its own candidates. A model that does not pass is
written but not made current.`,
		Example: `  segue recommend train --db feed.duckdb
  segue recommend train --db feed.duckdb --out models --rankers boosted --generators popular,fresh,ease
  segue recommend models --models models`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkRecommend(&opt, rankers); err != nil {
				return err
			}
			var m *segue.TrainedModel
			var lost error // to the gate: all was done
			err := a.withDatabase(cmd.Context(), true, func(s *segue.Segue, progress segue.Progress) error {
				var err error
				opt.Progress, opt.Threads = progress, a.threads
				m, err = s.TrainRecommender(cmd.Context(), dir, opt, force)
				if errors.Is(err, segue.ErrGate) {
					lost, err = err, nil
				}
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return errors.Join(a.printJSON(activity.Plain(m)), lost)
			}
			a.printTrained(m)
			return lost
		},
	}
	a.databaseFlags(cmd)
	a.recommendFlags(cmd, &opt, &rankers)
	cmd.Flags().StringVar(&dir, "out", dir, "folder of versions")
	cmd.Flags().BoolVar(&force, "force", false, "make it current even if it does not pass the gate")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the manifest as JSON")
	return cmd
}

func (a *app) printTrained(m *segue.TrainedModel) {
	fmt.Fprintf(a.stdout, "Version %s is in %s: learned from %s impressions and %s clicks of %s.\n", m.ID, m.Folder, thousands(m.Data.Impressions), thousands(m.Data.Clicks),
		dayRange(m.Data.From, m.Data.To))
	fmt.Fprintln(a.stdout, "\nThe gate, on days it had not seen:")
	if m.JudgedTo.Before(m.Data.To) {
		fmt.Fprintf(a.stdout, "  (days up to %s; later ones have too few impressions to judge by)\n", m.JudgedTo.Format(time.DateOnly))
	}
	for _, why := range m.Gate.Why {
		fmt.Fprintln(a.stdout, " ", why)
	}
	switch {
	case m.Gate.Forced:
		fmt.Fprintf(a.stdout, "\nWARNING: IT DID NOT PASS THE GATE AND IS CURRENT BY --force. The version before is made current again by\n  segue recommend models --models %s --activate ID\n", filepath.Dir(m.Folder))
	case m.Current:
		fmt.Fprintf(a.stdout, "\nIt passed and is current. Next: segue recommend show USER --models %s\n", filepath.Dir(m.Folder))
	}
}

func (a *app) recommendModelsCommand() *cobra.Command {
	dir, activate, force, asJSON := defaultModels, "", false, false
	cmd := &cobra.Command{
		Use:   "models",
		Short: "List the versions of a recommender, or make one of them current",
		Example: `  segue recommend models --models models
  segue recommend models --models models --activate 20191201-080000.000`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if activate != "" {
				if err := a.activateVersion(dir, activate, force); err != nil {
					return err
				}
			}
			versions, err := feed.Versions(dir)
			if err != nil {
				return err
			}
			current, err := feed.Current(dir)
			if err != nil && len(versions) == 0 {
				return err
			}
			if asJSON {
				return a.printJSON(map[string]any{"current": current, "versions": versions})
			}
			var rows [][]string
			for _, v := range versions {
				state := ""
				switch {
				case v.ID == current && v.Gate.Forced:
					state = "current, by force"
				case v.ID == current:
					state = "current"
				}
				gate := "passed"
				if !v.Gate.Passed {
					gate = "not passed"
				}
				rows = append(rows, []string{v.ID, dayRange(v.Data.From, v.Data.To), thousands(v.Data.Clicks), gate, state})
			}
			a.printTable([]string{"version", "learned from", "clicks", "gate", ""}, rows, 5)
			return nil
		},
	}
	cmd.Flags().StringVar(&dir, "models", dir, "folder of versions")
	cmd.Flags().StringVar(&activate, "activate", "", "make this version current")
	cmd.Flags().BoolVar(&force, "force", false, "with --activate: even if it did not pass the gate")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the manifests as JSON")
	return cmd
}

// activateVersion makes a version current; one that did not pass the gate only by force, and then it says so.
func (a *app) activateVersion(dir, id string, force bool) error {
	v, err := feed.OpenVersion(dir, id)
	if err != nil {
		return err
	}
	if !v.Gate.Passed {
		if !force {
			return fmt.Errorf("version %s did not pass the gate (%s); --force makes it current all the same", id, strings.Join(v.Gate.Lost, "; "))
		}
		fmt.Fprintf(a.stdout, "WARNING: VERSION %s DID NOT PASS THE GATE AND IS MADE CURRENT BY --force.\n\n", id)
	}
	return feed.Activate(dir, id)
}
