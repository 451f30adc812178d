// `recommend show`: the page a user would get, what to leave out of it, and why its cards stand there.

package cli

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seguefeed/segue"
	"github.com/seguefeed/segue/activity"
	"github.com/seguefeed/segue/feed"
)

func (a *app) recommendShowCommand() *cobra.Command {
	dir, version, asJSON := defaultModels, "", false
	opt := segue.ShowOptions{N: 20}
	cmd := &cobra.Command{
		Use:   "show USER",
		Short: "Show the page a user would get, and why",
		Long: `Make the page that a user would get after the log's last day: two columns of cards, each with the chance of a click, where it came
from and the reason a user could read. A user the log does not know gets the page of someone new.

A content category is named as pages and the report do (5003,5021,5115) or by the number of one of its levels (5115; 5003 for all
beneath it). Caps, diversity, fatigue and the like are those that the version was trained with, but for what is given here. With
--explain, the ranker's log-odds of a click are taken apart for each card: what each feature adds (Shapley values) to those of the
average card. The JSON has all features.`,
		Example: `  segue recommend show KCGCNC --db feed.duckdb
  segue recommend show KCGCNC --db feed.duckdb --n 6 --explain
  segue recommend show KCGCNC --db feed.duckdb --content 5115 --block-creator HCOC --exclude MCGC --exclude NCOC
  segue recommend show somebody-new --db feed.duckdb --diversity dpp --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if opt.N < 1 || opt.N > 1000 {
				return usagef("--n %d: 1 to 1000 cards are expected", opt.N)
			}
			opt.Settings = func(s *feed.Settings) { givenPageFlags(cmd, s) }
			var page *segue.ShownPage
			err := a.withDatabase(cmd.Context(), true, func(s *segue.Segue, _ segue.Progress) error {
				var err error
				page, err = s.ShowPage(cmd.Context(), dir, version, args[0], opt)
				return err
			})
			if err != nil {
				return unknownFlag(err)
			}
			if asJSON {
				return a.printJSON(activity.Plain(page))
			}
			a.printPage(page)
			if opt.Explain {
				a.printWhy(page)
			}
			return nil
		},
	}
	a.databaseFlags(cmd)
	pageFlags(cmd, new(feed.Settings), feed.Settings{})
	f := cmd.Flags()
	f.StringVar(&dir, "models", dir, "folder of versions")
	f.StringVar(&version, "version", "", "the version to use (default: the current one)")
	f.IntVar(&opt.N, "n", opt.N, "cards of the page")
	f.StringArrayVar(&opt.BlockedCreators, "block-creator", nil, "no card of this creator, by the log's own id; may be given again")
	f.StringArrayVar(&opt.Contents, "content", nil, "only cards of this content category, by its name or the number of a level; may be given again")
	f.StringArrayVar(&opt.Exclude, "exclude", nil, "not this card, by the log's own id; may be given again")
	f.BoolVar(&opt.Explain, "explain", false, "take the ranker's score of each card apart: what its features add to the log-odds of a click")
	f.BoolVar(&asJSON, "json", false, "print the page as JSON")
	return cmd
}

// givenPageFlags changes s by those switches of a page that were given: the others are the version's own.
func givenPageFlags(cmd *cobra.Command, s *feed.Settings) {
	own := new(cobra.Command)
	pageFlags(own, s, *s)
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if own.Flags().Lookup(f.Name) != nil {
			_ = own.Flags().Set(f.Name, f.Value.String()) // it was taken once
		}
	})
}

// unknownFlag is err or, of an id that no catalogue holds, one that names the flag and says where ids stand.
func unknownFlag(err error) error {
	var u *segue.UnknownError
	if !errors.As(err, &u) {
		return err
	}
	flag, query := "--exclude", "select card_key from cards limit 20"
	switch u.Kind {
	case segue.KnownCreator:
		flag, query = "--block-creator", "select creator_key from creators limit 20"
	case segue.KnownContent:
		flag, query = "--content", "from contents"
	}
	return usagef("%s %s: %v. `segue sql %q` lists the log's; for what is newer than the version, train anew: segue recommend train", flag, u.ID, u, query)
}

func (a *app) printPage(p *segue.ShownPage) {
	fmt.Fprintf(a.stdout, "%s: %s.\n", p.User, p.Facts)
	if len(p.Cards) == 0 {
		fmt.Fprintln(a.stdout, "No card is left: fewer of --content, --block-creator, --exclude or a wider --candidates leave more.")
		return
	}
	var rows [][]string
	for _, c := range p.Cards {
		var sources []string
		for _, s := range c.Sources {
			sources = append(sources, s.Name)
		}
		slices.Sort(sources)
		reason := c.Reason
		if c.Fresh {
			reason += " (fresh)"
		}
		rows = append(rows, []string{placeOf(c), c.Card, c.Content, fmt.Sprintf("%.1f%%", 100*c.Click), reason, strings.Join(sources, ", ")})
	}
	a.printTable([]string{"slot", "card", "content", "click", "reason", "named by"}, rows, 6)
	named := 0
	for _, s := range p.Trace.Named {
		named += s.N
	}
	fmt.Fprintf(a.stdout, "\nOf %s candidates of %d generators, %s different ones; version %s.\n", thousands(int64(named)), len(p.Trace.Named), thousands(int64(p.Trace.Distinct)), p.Model)
}

func placeOf(c segue.ShownCard) string {
	return fmt.Sprintf("%d %s", c.Slot+1, [...]string{"left", "right"}[c.Column%2])
}

// Features that printWhy names: of the user and the moment, and of each card.
const (
	whyOfUser = 4
	whyOfCard = 3
)

// printWhy says what the ranker saw: first of the user and the moment, which is the same for all cards but for how it goes together with them,
// then of each card.
func (a *app) printWhy(p *segue.ShownPage) {
	if len(p.Cards) == 0 {
		return
	}
	fmt.Fprintf(a.stdout, "\nWhy: the ranker's log-odds of a click in full view. The average card has %.2f (a chance of %s); features add to that (Shapley values).\n",
		p.Cards[0].Why.Base, inPercent(1/(1+math.Exp(-p.Cards[0].Why.Base))))
	if !p.Cards[0].Why.Calibrated {
		fmt.Fprintln(a.stdout, "They are those before calibration by steps, which makes the chances of the page of them.")
	}
	fmt.Fprintln(a.stdout, "\nThe user and the moment, on average over the cards:")
	a.printAdds(userAdds(p.Cards), whyOfUser)
	for _, c := range p.Cards {
		var user float64
		var card []feed.Contribution
		for _, f := range c.Why.Of {
			if f.User {
				user += f.LogOdds
			} else {
				card = append(card, f)
			}
		}
		fmt.Fprintf(a.stdout, "\n%s, card %s: log-odds %.2f = %.2f, %+.2f by the user and the moment, %+.2f by the card:\n", placeOf(c), c.Card, c.Why.LogOdds, c.Why.Base, user, c.Why.LogOdds-c.Why.Base-user)
		a.printAdds(card, whyOfCard)
	}
}

// userAdds are what features of the user and the moment add, on average over the cards, largest first.
func userAdds(cards []segue.ShownCard) []feed.Contribution {
	at := map[string]int{}
	var out []feed.Contribution
	for _, c := range cards {
		for _, f := range c.Why.Of {
			if !f.User {
				continue
			}
			k, ok := at[f.Feature]
			if !ok {
				k = len(out)
				at[f.Feature] = k
				out = append(out, f)
				out[k].LogOdds = 0
			}
			out[k].LogOdds += f.LogOdds / float64(len(cards))
		}
	}
	slices.SortStableFunc(out, func(a, b feed.Contribution) int {
		switch x, y := math.Abs(a.LogOdds), math.Abs(b.LogOdds); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return strings.Compare(a.Feature, b.Feature)
	})
	return out
}

// printAdds prints the first n of features, a line each, and what the others add.
func (a *app) printAdds(of []feed.Contribution, n int) {
	if len(of) == 0 {
		fmt.Fprintln(a.stdout, "  nothing")
	}
	rest := 0.0
	for k, f := range of {
		if k < n {
			fmt.Fprintf(a.stdout, "  %+.2f  %s, %s (%s)\n", f.LogOdds, f.Feature, f.Value, f.Why)
			continue
		}
		rest += f.LogOdds
	}
	if more := len(of) - n; more > 0 {
		fmt.Fprintf(a.stdout, "  %+.2f  by %d others\n", rest, more)
	}
}
