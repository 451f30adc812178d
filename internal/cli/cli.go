// Package cli is the command line: flags, output and exit codes. All work is the segue package's.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/seguefeed/segue"
	"github.com/seguefeed/segue/activity"
	"github.com/seguefeed/segue/warehouse"
)

// Exit codes, as the help states them.
const (
	exitDone     = 0
	exitFailed   = 1
	exitUsage    = 2
	exitRejected = 3
)

// Main runs one command line and returns the exit code. Ctrl-C and SIGTERM cancel the work; a second
// one ends the process at once. All ends within a second but the commit of a large load, which the engine cannot break off, and a
// server: then it is said that a second one would.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-ended:
			return
		case <-ctx.Done():
			stop()
		}
		select {
		case <-ended:
			return
		case <-time.After(time.Second):
		}
		text := "finishing what cannot be broken off; Ctrl-C again ends it at once, and the database then holds all of a load or nothing of it"
		if a.served.Load() {
			text = "ending: what is in flight is answered, events go on into the database for some seconds, and a snapshot is taken; Ctrl-C again ends it at once, and the next start goes on from the event log"
		}
		fmt.Fprintln(stderr, "\nsegue:", text)
	}()
	return a.run(ctx, args)
}

// Run is Main without signals, for tests and embedders.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return (&app{stdin: stdin, stdout: stdout, stderr: stderr}).run(ctx, args)
}

func (a *app) run(ctx context.Context, args []string) int {
	root := a.command()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	return a.explain(ctx, err)
}

// app is what every command shares.
type app struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer

	db      string
	memory  string
	threads int
	quiet   bool

	served atomic.Bool // a server answered: being told to end is no interruption
}

func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "segue",
		Short: "Turn a content feed's impression log into more active users",
		Long: `segue reads the impression log of a content feed and says who engages, when and with what.

Exit codes: 0 done; 1 failed; 2 wrong usage; 3 the data were rejected.`,
		Example: `  segue demo                                  # a simulated log, ingested, analysed, reported
  segue ingest csv_data --db feed.duckdb      # six CSV files, or a zip of them
  segue report --db feed.duckdb --out report  # an HTML page, JSON, CSV and Parquet`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return usagef("there is no command %q; `segue --help` lists them", args[0])
		},
		RunE: func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	root.SetIn(a.stdin)
	root.SetOut(a.stdout) // before the completion commands are added, which keep it
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%v; `%s --help` shows the flags", err, cmd.CommandPath())
	})
	root.PersistentFlags().BoolVarP(&a.quiet, "quiet", "q", false, "show no progress")
	root.AddCommand(
		a.demoCommand(), a.predictCommand(), a.auditCommand(), a.simulateCommand(), a.ingestCommand(), a.checkCommand(),
		a.analyzeCommand(), a.reportCommand(), a.sqlCommand(), a.learnCommand(), a.recommendCommand(), a.serveCommand(), a.loadCommand(), a.versionCommand(),
	)
	root.Version = segue.Version
	root.SetVersionTemplate("segue {{.Version}}\n")
	root.SetHelpCommand(helpCommand())
	addCompletion(root)
	wrapArgs(root)
	return root
}

// databaseFlags adds the flags of every command that opens a database.
func (a *app) databaseFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.db, "db", "segue.duckdb", "the database file")
	a.engineFlags(cmd)
}

// engineFlags adds the flags that bound the engine.
func (a *app) engineFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.memory, "memory", "2GB", "memory the engine may use, such as 500MB or 4GB; beyond it, it works on disk")
	cmd.Flags().IntVar(&a.threads, "threads", 0, "processor threads to use (default: all)")
}

// usageError is a wrong command line.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// wrapArgs makes every command's complaint about its arguments a usage error.
func wrapArgs(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(c *cobra.Command, args []string) error {
			err := check(c, args)
			var usage *usageError
			if err == nil || errors.As(err, &usage) {
				return err
			}
			return usagef("%v; `%s --help` shows how it is used", err, c.CommandPath())
		}
	}
	for _, sub := range cmd.Commands() {
		wrapArgs(sub)
	}
}

// explain prints what went wrong and returns its exit code.
func (a *app) explain(ctx context.Context, err error) int {
	var usage *usageError
	var rejects *warehouse.TooManyRejectsError
	var leak *activity.LeakError
	switch {
	case errors.As(err, &usage):
		fmt.Fprintln(a.stderr, "segue:", usage.text)
		return exitUsage
	case errors.As(err, &rejects) || errors.As(err, &leak):
		fmt.Fprintln(a.stderr, "segue:", err)
		return exitRejected
	case ctx.Err() != nil && !a.served.Load():
		fmt.Fprintln(a.stderr, "segue: interrupted; nothing half-done was kept")
		return exitFailed
	}
	fmt.Fprintln(a.stderr, "segue:", strings.TrimSpace(err.Error()))
	return exitFailed
}
