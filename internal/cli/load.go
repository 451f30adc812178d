package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/seguefeed/segue/internal/load"
)

func (a *app) loadCommand() *cobra.Command {
	var (
		c      load.Config
		kind   string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "load",
		Short: "Drive a server as users would, and measure it",
		Long: `Ask a running server for pages, send it events, or do what users do: a page, then looks and clicks on it.

Without --rate, each connection asks again as soon as it was answered (closed loop): how much the server can do. With --rate,
requests come at that pace whatever the server does (open loop), and a request's time counts from the moment it was due: how
long users wait.`,
		Example: `  segue load --url http://127.0.0.1:8087                                   # pages, 16 connections, as fast as they go
  segue load --url http://127.0.0.1:8087 --rate 1000 --duration 60s        # 1,000 pages a second
  segue load --url http://127.0.0.1:8087 --kind events --batch 100         # events, 100 a request
  segue load --url http://127.0.0.1:8087 --kind visits --rate 500 --json   # visits, for other tools to read`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			c.Kind, c.Key = load.Kind(kind), cmp.Or(c.Key, os.Getenv("SEGUE_KEY"))
			if err := aboveZero(cmd, "connections", "duration", "n", "batch", "users"); err != nil {
				return err
			}
			if err := c.Check(); err != nil {
				return byFlag(err, loadFlags)
			}
			if !a.quiet {
				fmt.Fprintf(a.stderr, "load: %s for %s\n", kind, c.Duration+c.WarmUp)
			}
			r, err := load.Run(cmd.Context(), c)
			if err != nil {
				return err
			}
			if asJSON {
				err = a.printJSON(r)
			} else {
				a.printDriven(r)
			}
			if err == nil && len(r.Failed) > 0 {
				return errors.New("load: some requests failed; they are counted above")
			}
			return err
		},
	}
	cmd.Flags().StringVar(&c.URL, "url", "http://127.0.0.1:8087", "address of the server")
	cmd.Flags().StringVar(&c.Key, "key", "", "key of the interface, where the server wants one; others see it in the list of processes, unlike the variable SEGUE_KEY, which is taken without it")
	cmd.Flags().StringVar(&kind, "kind", string(load.Feed), "feed, events or visits")
	cmd.Flags().IntVar(&c.Connections, "connections", 16, "connections at once")
	cmd.Flags().Float64Var(&c.Rate, "rate", 0, "requests (or visits) a second; 0: as fast as they go")
	cmd.Flags().DurationVar(&c.Duration, "duration", 30*time.Second, "how long to measure")
	cmd.Flags().DurationVar(&c.WarmUp, "warm-up", 0, "how long to go on before, uncounted")
	cmd.Flags().IntVar(&c.N, "n", 20, fmt.Sprintf("cards of a page, %d at most", load.MaxN))
	cmd.Flags().IntVar(&c.Batch, "batch", 100, fmt.Sprintf("with --kind events: events of a request, %d at most", load.MaxBatch))
	cmd.Flags().IntVar(&c.Users, "users", 20_000, "users to ask for, of those the server lists")
	cmd.Flags().Uint64Var(&c.Seed, "seed", 1, "of whom to ask for")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// loadFlags are the flags of settings, by the names of these.
var loadFlags = map[string]string{"URL": "url", "Kind": "kind", "Connections": "connections", "Rate": "rate", "Duration": "duration", "WarmUp": "warm-up", "N": "n", "Batch": "batch", "Users": "users"}

func (a *app) printDriven(r *load.Result) {
	fmt.Fprintf(a.stdout, "%s, %s loop, %d connections, %.1f s\n", r.Kind, r.Loop, r.Connections, r.Seconds)
	fmt.Fprintf(a.stdout, "  %s requests, %.0f a second", thousands(int64(r.Requests)), r.PerSecond)
	if r.Events > 0 {
		fmt.Fprintf(a.stdout, "; %s events acknowledged, %.0f a second", thousands(int64(r.Events)), r.EventsPerS)
	}
	fmt.Fprintf(a.stdout, "\n  time of a request in ms: median %.2f, 90%% %.2f, 99%% %.2f, 99.9%% %.2f, longest %.2f\n", r.MS.P50, r.MS.P90, r.MS.P99, r.MS.P999, r.MS.Max)
	if r.Late > 0 {
		fmt.Fprintf(a.stdout, "  %s requests that were due could not be sent: the server does not bear the rate\n", thousands(int64(r.Late)))
	}
	var why []string
	for reason := range r.Failed {
		why = append(why, reason)
	}
	slices.Sort(why)
	for _, reason := range why {
		fmt.Fprintf(a.stdout, "  failed: %s, %s\n", thousands(int64(r.Failed[reason])), reason)
	}
}
