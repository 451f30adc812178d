package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seguefeed/segue"
	"github.com/seguefeed/segue/server"
)

func (a *app) demoCommand() *cobra.Command {
	opt := segue.DemoOptions{Users: 100_000, Seed: 1}
	dir, listen, noServe, asJSON := "", "", false, false
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Simulate a log, ingest it, analyse it, predict who will be active, say what to recommend, write the report and serve the feed",
		Long: `Simulate a log and do with it all that segue does: ingest it, analyse it, predict who will be active, say what to recommend, and write the
report. Then serve the feed of it, for a browser on this machine, until Ctrl-C; --no-serve ends instead, as --json does.

The simulated log is of November 2019. In the database its days are moved by whole weeks, to end within the last seven days, so that there are cards
that are new; --shift-days 0 leaves them.`,
		Example: `  segue demo
  segue demo --users 5000 --dir /tmp/try --listen 127.0.0.1:9000
  segue demo --no-serve
  segue serve --db segue-demo/segue.duckdb --models segue-demo/models --activity segue-demo/segue.predictor --dir segue-demo/serve`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if opt.Users < 1 {
				return usagef("--users %d: a village needs at least one user", opt.Users)
			}
			if err := checkShift(opt.ShiftDays); err != nil {
				return err
			}
			if err := a.checkThreads(); err != nil {
				return err
			}
			mb, err := parseMemory(a.memory)
			if err != nil {
				return err
			}
			opt.MemoryMB, opt.Threads = mb, a.threads
			if !cmd.Flags().Changed("shift-days") {
				opt.ShiftDays = segue.DemoShift(time.Now())
			}
			serves := !noServe && !asJSON
			if serves { // before it takes long
				if err := mayListen(cmd.Context(), listen); err != nil {
					return err
				}
			}
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
			tellDemo(a.stdout, &demo)
			if !serves {
				return nil
			}
			if !cmd.Flags().Changed("memory") {
				a.memory = servingMemory
			}
			a.db = demo.Database
			err = a.serve(cmd.Context(), segue.ServeOptions{Dir: demo.Serve, Models: demo.Models, Activity: demo.Predictor, Listen: listen,
				Logger: slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
			if cmd.Context().Err() != nil && errors.Is(err, context.Canceled) {
				return nil // while it started; all that a demo makes is there
			}
			return err
		},
	}
	cmd.Flags().IntVar(&opt.Users, "users", opt.Users, "number of simulated users")
	cmd.Flags().Uint64Var(&opt.Seed, "seed", opt.Seed, "same seed, same village")
	cmd.Flags().StringVar(&dir, "dir", "segue-demo", "directory to write to; an earlier demo there is replaced")
	cmd.Flags().IntVar(&opt.ShiftDays, "shift-days", 0, "days by which those of the log, which is of November 2019, are moved (default: as many weeks as let it end last week)")
	cmd.Flags().BoolVar(&noServe, "no-serve", false, "end when everything is made, for scripts")
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8087", "address on this machine to serve at")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print where everything is as JSON, and do not serve")
	a.engineFlags(cmd)
	return cmd
}

// tellDemo says where everything is, and what to do with it.
func tellDemo(w io.Writer, demo *segue.DemoResult) {
	fmt.Fprintf(w, "The report is in %s\nThe log is in %s, the database in %s, with days from %s to %s. Ask it something:\n  segue sql --db %s \"from users limit 5\"\n",
		demo.Page, demo.Log, demo.Database, demo.FirstDay, demo.LastDay, demo.Database)
	if demo.Models == "" {
		return
	}
	fmt.Fprintf(w, "A recommender is in %s. ", demo.Models)
	if demo.Gate.Forced {
		fmt.Fprintf(w, "IT DID NOT PASS THE GATE, and is current because this is a demo:\n  %s\n", strings.Join(demo.Gate.Lost, "\n  "))
	} else {
		fmt.Fprintln(w, "It passed the gate.")
	}
	fmt.Fprintf(w, "See the page of someone new:\n  segue recommend show somebody-new --db %s --models %s\n", demo.Database, demo.Models)
}

// mayListen says why nothing can be served at an address.
func mayListen(ctx context.Context, address string) error {
	if err := server.CheckAddress(address, nil); err != nil {
		return usagef("--listen: %v", err)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return usagef("--listen: %v; choose another address, or --no-serve", err)
	}
	return l.Close()
}
