// `recommend evaluate`: rankers, generators and pages judged on a log.

package cli

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seguefeed/segue"
	"github.com/seguefeed/segue/activity"
	"github.com/seguefeed/segue/evaluate"
	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/rank"
)

// recommendFlags are those of training and evaluating alike.
func (a *app) recommendFlags(cmd *cobra.Command, opt *segue.RecommendOptions, rankers *[]string) {
	f := cmd.Flags()
	f.IntVar(&opt.ChooseDays, "choose-days", 0, "days on which rankers are compared and one is chosen (default: 3, of short logs a tenth)")
	f.IntVar(&opt.ListLength, "n", 20, "cards of a page")
	f.IntVar(&opt.Users, "users", 2000, "users that lists and pages are made for, to judge them")
	f.StringSliceVar(&opt.Generators, "generators", nil, "candidate generators to use: "+strings.Join(feed.GeneratorNames(), ", ")+" (default: these); by name only: "+strings.Join(feed.ExtraGenerators(), ", "))
	f.StringSliceVar(rankers, "rankers", nil, "rankers to compare: "+strings.Join(evaluate.RankerNames(), "; ")+" (default: all)")
	f.Uint64Var(&opt.Seed, "seed", 1, "of what models draw and of the choice of users: same seed, same figures")
	pageFlags(cmd, &opt.Settings, feed.Defaults())
}

// pageFlags are the switches of a page, which are d where they are not given.
func pageFlags(cmd *cobra.Command, s *feed.Settings, d feed.Settings) {
	*s = d
	f := cmd.Flags()
	f.IntVar(&s.Candidates, "candidates", d.Candidates, "cards that are ranked for a page")
	f.StringVar((*string)(&s.Diversity), "diversity", string(d.Diversity), "how a page is kept from being more of the same: none, mmr or dpp")
	f.Float64Var(&s.Lambda, "lambda", d.Lambda, "weight of value against diversity, above 0 and at most 1")
	f.IntVar(&s.CreatorCap, "creator-cap", d.CreatorCap, "cards of one creator on a page at most; 0 for no cap")
	f.IntVar(&s.TopicCap, "topic-cap", d.TopicCap, "cards of one topic on a page at most; 0 for no cap")
	f.Float64Var(&s.Fatigue, "fatigue", d.Fatigue, "factor on a card's value for each time it was passed over lately; 0 for none")
	f.IntVar(&s.DropAfter, "drop-after", d.DropAfter, "drop cards passed over so often; 0 never")
	f.BoolVar(&s.HideClicked, "hide-clicked", d.HideClicked, "drop cards that she opened before")
	f.Float64Var(&s.FreshShare, "fresh", d.FreshShare, "least share of a page for fresh cards")
	f.IntVar(&s.FreshDays, "fresh-days", d.FreshDays, "days a card is fresh for")
}

// chosenRankers are the settings of the named rankers; nil means all.
func chosenRankers(names []string, seed uint64) ([]rank.Config, error) {
	if names == nil {
		return nil, nil
	}
	var out []rank.Config
	for _, name := range names {
		k := slices.Index(evaluate.RankerNames(), name)
		if k < 0 {
			return nil, usagef("--rankers %s: there is no such ranker; there are %s", name, strings.Join(evaluate.RankerNames(), "; "))
		}
		out = append(out, evaluate.Rankers(seed)[k])
	}
	return out, nil
}

// checkRecommend puts the named rankers in and refuses names that are none.
func checkRecommend(opt *segue.RecommendOptions, rankers []string) (err error) {
	if opt.Algorithms, err = chosenRankers(rankers, opt.Seed); err != nil {
		return err
	}
	if err := feed.CheckGenerators(opt.Generators); err != nil {
		return usagef("--generators: %v", err)
	}
	return nil
}

func (a *app) recommendEvaluateCommand() *cobra.Command {
	var opt segue.RecommendOptions
	var rankers []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "evaluate",
		Short: "Say how good recommendations would be: learn on the first days of the log, judge on the last",
		Long: `Learn on the first days of the log, choose a ranker on the next, and judge on the last. Two questions are kept apart:

  re-ranking   of the cards really shown in a session, do those that are clicked rank higher?
  retrieval    of the whole catalogue as it stood, are the cards she will click among the first?

Everything is as of the moment: features are of rows before the page, statistics of the days before. Intervals and comparisons are over
users. With --truth, of a simulated log, the true click chance of every list is known, and with it the share of what could be
gained over popularity at all.

How much less is looked at further down the page is said by four methods: raw click rates, which mislead, slots compared within
visits, the same card in different slots (swaps), and both together (paired), which is what rankers use.`,
		Example: `  segue recommend evaluate --db feed.duckdb
  segue recommend evaluate --db segue-demo/segue.duckdb --truth segue-demo/log
  segue recommend evaluate --db feed.duckdb --rankers boosted,logistic --generators popular,ease --diversity dpp --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkRecommend(&opt, rankers); err != nil {
				return err
			}
			var results *evaluate.Results
			err := a.withDatabase(cmd.Context(), true, func(s *segue.Segue, progress segue.Progress) error {
				var err error
				opt.Progress, opt.Threads = progress, a.threads
				results, err = s.EvaluateRecommender(cmd.Context(), opt)
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(activity.Plain(results))
			}
			a.printEvaluation(results)
			return nil
		},
	}
	a.databaseFlags(cmd)
	a.recommendFlags(cmd, &opt, &rankers)
	cmd.Flags().IntVar(&opt.JudgeDays, "judge-days", 0, "last days of the log, on which all is judged (default: 4, of short logs an eighth)")
	cmd.Flags().StringVar(&opt.Truth, "truth", "", "of a simulated log: the directory it was written to, to know the true click chances")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print everything as JSON")
	return cmd
}

func (a *app) printEvaluation(r *evaluate.Results) {
	s := r.Split
	fmt.Fprintf(a.stdout, "Learned on %s, chose on %s, judged on %s: %s users, %s sessions, %s impressions, %s clicks.\n",
		dayRange(s.TrainFrom, s.TrainTo), dayRange(s.ChooseFrom, s.ChooseTo), dayRange(s.JudgeFrom, s.JudgeTo),
		thousands(int64(s.Users)), thousands(int64(s.Sessions)), thousands(int64(s.Impressions)), thousands(int64(s.Clicks)))
	fmt.Fprintf(a.stdout, "\nRe-ranking: of the cards shown in a session, do those that are clicked rank higher? The ranker chosen is %s.\n", r.Chosen)
	a.printMethods(r.Rerank, "ndcg@10", "mrr", "auc_user", "dcg_ips@10", "auc", "log_loss", "ece")
	fmt.Fprintf(a.stdout, "\nRetrieval: of the whole catalogue, are the cards she will click among the first? For %s users.\n", thousands(int64(r.Retrieve.Users)))
	a.printMethods(r.Retrieve, firstMeasures(r.Retrieve, 3, "new_cards", "repeats", "diversity", "coverage")...)
	if r.Truth != nil {
		fmt.Fprintln(a.stdout, "\nThe truth of the simulated log: how likely she really was to click what each would have shown.")
		a.printMethods(r.Truth, firstMeasures(r.Truth, 3)...)
	}
	a.printPosition(r.Position)
	fmt.Fprintln(a.stdout, "\n* no worse than the best of the column for sure (5%, paired over users, Holm's correction). Intervals are at the 95% level, over users.")
	for _, n := range r.Notes {
		fmt.Fprintln(a.stdout, "Note:", n)
	}
}

// firstMeasures are the names of the first n measures of t, and others.
func firstMeasures(t *evaluate.Table, n int, others ...string) []string {
	var names []string
	for _, m := range t.Measures[:min(n, len(t.Measures))] {
		names = append(names, m.Name)
	}
	return append(names, others...)
}

// printMethods prints a row a method: the first measure with its interval.
func (a *app) printMethods(t *evaluate.Table, measures ...string) {
	var columns []int
	head := []string{"method"}
	for _, name := range measures {
		k := slices.IndexFunc(t.Measures, func(m evaluate.Measure) bool { return m.Name == name })
		if k < 0 {
			continue
		}
		if columns = append(columns, k); len(columns) == 2 {
			head = append(head, "95% interval")
		}
		head = append(head, name)
	}
	if len(columns) == 1 {
		head = append(head, "95% interval")
	}
	var rows [][]string
	for _, r := range t.Rows {
		row := []string{r.Method}
		for n, k := range columns {
			c := r.Cells[k]
			text := "-"
			if !math.IsNaN(c.Value) {
				text = fmt.Sprintf("%.4f", c.Value)
				if t.Measures[k].Paired && (c.Gap == 0 || c.P >= .05) {
					text += "*"
				}
			}
			row = append(row, text)
			if n == 0 {
				interval := "-"
				if !math.IsNaN(c.Low) {
					interval = fmt.Sprintf("%.4f to %.4f", c.Low, c.High)
				}
				row = append(row, interval)
			}
		}
		rows = append(rows, row)
	}
	a.printTableAligned(head, rows, func(i int) bool { return i > 0 })
}
