package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/seguefeed/segue"
	"github.com/seguefeed/segue/server"
)

const (
	servingMemory = "256MB" // of the engine
	// leastEventBytes has room for some of the largest requests beside what the next snapshot lets go.
	leastEventBytes = 16 << 20
	// startingGC is for the first seconds, until keepSmall has looked: what is read then stays, and with 25 looking through it was a fifth of a start.
	startingGC   = 400
	startingTime = 5 * time.Second
	tracesWait   = 3 * time.Second // for a collector to take the last traces
)

func (a *app) serveCommand() *cobra.Command {
	var (
		o       segue.ServeOptions
		keys    string
		logJSON bool
		rate    float64
		zone    string
	)
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the feed: pages in milliseconds, and events that are never lost",
		Long: `Serve pages of two columns, take back what users do on them, and show it on pages of its own: all in this process.

In a browser: / is Music Square, where you are any user, real or invented; /overview has the live figures and the full report,
/users, /cards and /models the rest. For programs: the interface is described at /docs and /openapi.json; services that were
written for Gorse find theirs under /api. Health is at /health/live and /health/ready, figures for Prometheus at /metrics.

What happened goes into a durable event log under --dir before it is acknowledged, and from there into the database, so that
tomorrow's training and report see today's events. The log gives up what the database and a snapshot have once a thirty-second
of it is full. The database is held open meanwhile: no other segue can open it.

Without keys the server listens on this machine only. With a file of keys (--keys), each line being a name, read or write, and
the key, it may listen anywhere. OTEL_EXPORTER_OTLP_ENDPOINT in the environment sends traces to a collector there.

Ctrl-C or SIGTERM ends it: what is in flight is answered, events go on into the database for five seconds at most, and a
snapshot is taken; the next start goes on from there. After a crash it goes on from the last snapshot and the event log.`,
		Example: `  segue serve --db feed.duckdb --models models                      # http://127.0.0.1:8087
  segue serve --db feed.duckdb --models models --activity feed.predictor
  segue serve --db feed.duckdb --models models --listen :8443 --keys keys.txt --tls-cert cert.pem --tls-key key.pem
  segue serve --db new.duckdb                                       # with nothing yet: items and events make a feed
  segue serve --db feed.duckdb --models models --nats nats://a:4222,nats://b:4222 --replicas 3`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			err := aboveZero(cmd, "rate", "in-flight", "candidates", "replicas", "events-max-bytes", "snapshot-every", "snapshot-events", "database-every")
			if err != nil {
				return err
			}
			if n := o.Stream.MaxBytes; n != 0 && n < leastEventBytes {
				return usagef("--events-max-bytes %d: at least %d are expected; with less, requests of many events would be refused for ever", n, leastEventBytes)
			}
			if keys != "" {
				if o.HTTP.Keys, err = readKeys(keys); err != nil {
					return err
				}
			}
			if (o.HTTP.TLSCert == "") != (o.HTTP.TLSKey == "") {
				return usagef("--tls-cert and --tls-key go together")
			}
			if zone != "" {
				if o.Zone, err = segue.ParseZone(zone); err != nil {
					return usagef("--zone: %v", err)
				}
			}
			if err := exploring(&o); err != nil {
				return err
			}
			o.HTTP.Limits.PerSecond = rate
			if !cmd.Flags().Changed("memory") {
				a.memory = servingMemory
			}
			o.Logger = a.logger(logJSON)
			return a.serve(cmd.Context(), o)
		},
	}
	a.databaseFlags(cmd)
	f := cmd.Flags()
	f.Lookup("memory").DefValue = servingMemory // beside the state and the models; all commands share the variable
	f.Lookup("threads").Usage = "processor threads of the database (default: half of them while it serves)"
	f.StringVar(&o.Models, "models", "", "`folder` of models that segue recommend train wrote; without, pages are made from live counts")
	f.StringVar(&o.Activity, "activity", "", "`file` of a predictor that segue predict train wrote on this database, for activity scores of users")
	f.StringVar(&o.Dir, "dir", "segue-serve", "`folder` for the event log, snapshots and the report")
	f.StringVar(&o.Listen, "listen", "127.0.0.1:8087", "`address` to listen at; beyond this machine only with --keys")
	f.StringVar(&keys, "keys", "", "`file` of keys: a line each of name, read or write, and key")
	f.StringVar(&o.HTTP.TLSCert, "tls-cert", "", "`file` of the certificate, for https")
	f.StringVar(&o.HTTP.TLSKey, "tls-key", "", "`file` of its key")
	f.BoolVar(&o.HTTP.BehindTLS, "behind-tls", false, "a proxy before the server speaks TLS: cookies are marked for it")
	f.StringSliceVar(&o.HTTP.Origins, "cors", nil, "`origins` whose pages may call the interface, such as https://app.example.com")
	f.Float64Var(&rate, "rate", 0, "requests a second that each key may make (default 20,000)")
	f.IntVar(&o.HTTP.Limits.InFlight, "in-flight", 0, "requests that may be worked on at once (default 512)")
	f.Float64Var(&o.Explore, "explore", .08, "share of slots that explore in the mean, up to 1, those most that have new cards to try out; 0: none does")
	f.Float64Var(&o.ExploreCap, "explore-cap", .1, "share that explored slots stay below, over any 1,000, up to 1; 0: none explores")
	f.IntVar(&o.Candidates, "candidates", 200, "cards that are ranked for a page")
	f.IntVar(&o.NewShows, "new-shows", 100, "impressions that each card of the last week is to get before it stands on its own; where there is one such card, it is tried out on up to half of the pages")
	f.StringSliceVar(&o.Positive, "positive", nil, "`types` of feedback that count as a click, such as like,star (default: all that --read does not name)")
	f.StringSliceVar(&o.Read, "read", nil, "`types` of feedback that count as an impression, none of them in --positive (default read,view,impression)")
	f.StringVar(&o.Stream.URL, "nats", "", "`addresses` of a NATS cluster to keep the event log in, instead of files here")
	f.StringVar(&o.Stream.Credentials, "nats-credentials", "", "`file` of credentials for it")
	f.IntVar(&o.Stream.Replicas, "replicas", 0, "copies of the event log in that cluster (default 1)")
	f.Int64Var(&o.Stream.MaxBytes, "events-max-bytes", 0, "bytes of the event log, beyond which new events are refused, 16 MiB at least (default 16 GiB)")
	f.DurationVar(&o.Stream.MaxAge, "events-max-age", 0, "age at which events leave the log, here once the database has them, in a cluster in any case; 0: never")
	f.BoolVar(&o.Stream.AcceptLoss, "accept-loss", false, "start although files of the event log are damaged or events that the database lacks have left it, with what can be read of it")
	f.DurationVar(&o.SnapshotEvery, "snapshot-every", 5*time.Minute, "how often a snapshot is taken, which makes a restart quick")
	f.IntVar(&o.SnapshotEvents, "snapshot-events", 0, "events after which a snapshot is taken before its time (default 100,000)")
	f.DurationVar(&o.WarehouseEvery, "database-every", 10*time.Second, "how long events gather before they go into the database")
	f.BoolVar(&o.HTTP.Profile, "profile", false, "offer the profiles that /debug/pprof lists, to keys that may write")
	f.StringVar(&zone, "zone", "", "time zone of days, such as +08:00, for a database without impressions (default UTC)")
	f.BoolVar(&logJSON, "log-json", false, "log JSON")
	return cmd
}

// serve opens the database the flags name and serves until ctx ends. Progress is shown until the server answers.
func (a *app) serve(ctx context.Context, o segue.ServeOptions) (err error) {
	if err := o.Check(ctx); errors.Is(err, server.ErrOpen) {
		return usagef("--listen %s: others than this machine reach this address; --keys is expected with it, or an address such as 127.0.0.1:8087", o.Listen)
	} else if err != nil { // before a database is made
		return byFlag(err, serveFlags)
	}
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(startingGC)
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		go keepSmall(ctx)
	}
	if o.HTTP.Traces, err = server.TracerFromEnv(os.Getenv, o.Logger); err != nil {
		return err
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), tracesWait)
		defer cancel()
		if late := o.HTTP.Traces.Close(end); late != nil {
			o.Logger.Warn("the last traces were not taken by the collector", "error", late)
		}
	}()
	s, err := a.openDatabase(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	start := newReporter(a.stderr, a.quiet)
	var once sync.Once
	started := func(failed bool) { once.Do(func() { start.close(failed) }) }
	o.Progress, o.Threads = start.tell, a.threads
	o.Started = func(at net.Addr) {
		started(false)
		a.served.Store(true)
		scheme := "http"
		if o.HTTP.TLSCert != "" {
			scheme = "https"
		}
		fmt.Fprintf(a.stdout, "The feed is served at %s://%s/ (interface: /docs). Ctrl-C ends it.\n", scheme, at)
	}
	err = s.Serve(ctx, o)
	started(err != nil)
	return err
}

// logger writes to standard error. Its JSON has how long something took in milliseconds, as requests have it: slog would write a number of nanoseconds.
func (a *app) logger(asJSON bool) *slog.Logger {
	o := &slog.HandlerOptions{Level: slog.LevelInfo}
	if a.quiet {
		o.Level = slog.LevelWarn
	}
	if !asJSON {
		return slog.New(slog.NewTextHandler(a.stderr, o))
	}
	o.ReplaceAttr = func(_ []string, at slog.Attr) slog.Attr {
		if at.Value.Kind() == slog.KindDuration {
			return slog.Float64(at.Key+"_ms", float64(at.Value.Duration().Microseconds())/1000)
		}
		return at
	}
	return slog.New(slog.NewJSONHandler(a.stderr, o))
}
