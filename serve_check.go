// What of the options of a server cannot be, said before anything is made: a folder that stays behind of a start that failed would be taken for a server's.

package segue

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"syscall"

	"github.com/seguefeed/segue/activity"
	"github.com/seguefeed/segue/internal/setting"
	"github.com/seguefeed/segue/server"
)

// Check says what in opt cannot be, of what can be told before the database is opened: settings, keys, the address, and the files for https, of a cluster's
// credentials and of the predictor.
func (opt ServeOptions) Check(ctx context.Context) error {
	_, err := opt.check(ctx)
	return err
}

// check is Check, and gives the predictor, nil where there is none.
func (opt ServeOptions) check(ctx context.Context) (*activity.Predictor, error) {
	if opt.Listen == "" {
		opt.Listen = defaultListen
	}
	if err := opt.checkSettings(ctx); err != nil {
		return nil, err
	}
	if err := server.CheckAddress(opt.Listen, opt.HTTP.Keys); err != nil {
		return nil, err
	}
	if err := server.CheckTLS(opt.HTTP.TLSCert, opt.HTTP.TLSKey); err != nil {
		return nil, err
	}
	var predictor *activity.Predictor
	if opt.Activity != "" {
		var err error
		if predictor, err = LoadPredictor(opt.Activity); err != nil {
			return nil, setting.WrongFile("serve", "Activity", err)
		}
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", opt.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("serve: another program, perhaps another server, answers at %s already; stop it, or choose another address with --listen: %w", opt.Listen, err)
	}
	if err != nil {
		return nil, fmt.Errorf("serve: %w", err)
	}
	return predictor, l.Close()
}

// checkSettings says which of them cannot be, whatever there is on this machine.
func (opt ServeOptions) checkSettings(ctx context.Context) error {
	bad := func(name, problem string, args ...any) error { return setting.Wrong("serve", name, problem, args...) }
	switch {
	case opt.SnapshotEvery < 0:
		return bad("SnapshotEvery", "%v; more than 0 is expected", opt.SnapshotEvery)
	case opt.SnapshotEvents < 0:
		return bad("SnapshotEvents", "%d; at least 1 is expected", opt.SnapshotEvents)
	case opt.WarehouseEvery < 0:
		return bad("WarehouseEvery", "%v; more than 0 is expected", opt.WarehouseEvery)
	case opt.Threads < 0:
		return bad("Threads", "%d; at least 1 is expected", opt.Threads)
	case !(opt.Explore <= 1):
		return bad("Explore", "%v; a chance from 0 to 1 is expected", opt.Explore)
	case !(opt.ExploreCap >= 0 && opt.ExploreCap <= 1):
		return bad("ExploreCap", "%v; a share from 0 to 1 is expected", opt.ExploreCap)
	case opt.NewShows < 0:
		return bad("NewShows", "%d; at least 1 is expected", opt.NewShows)
	case opt.Candidates < 0:
		return bad("Candidates", "%d; at least 1 is expected", opt.Candidates)
	}
	_, port, err := net.SplitHostPort(opt.Listen)
	if err == nil {
		_, err = net.DefaultResolver.LookupPort(ctx, "tcp", port)
	}
	if err != nil {
		return bad("Listen", "%q; an address such as 127.0.0.1:8087 or :8087 is expected", opt.Listen)
	}
	if opt.Stream.URL == "" {
		opt.Stream.Dir = filepath.Join(opt.Dir, "events")
	}
	if err := opt.HTTP.Check(); err != nil {
		return err
	}
	if err := opt.Stream.Check(); err != nil {
		return err
	}
	return (&serving{opt: opt}).config(opt.Zone).Check()
}
