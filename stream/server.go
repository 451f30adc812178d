package stream

// The NATS server inside this process. It opens no port.

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// embedded is a running server. What it logs as an error while a write waits for its answer ends the wait, since it answers no write that failed.
type embedded struct {
	nats    *server.Server
	trouble chan string
}

// startServer starts a server that keeps its files in dir and syncs every write.
func startServer(dir string, log *slog.Logger) (*embedded, error) {
	s, err := server.NewServer(&server.Options{ServerName: "segue", DontListen: true, NoSigs: true, JetStream: true, StoreDir: dir, SyncAlways: true,
		JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: 1 << 62, DisableJetStreamBanner: true, MaxPayload: MaxGroupBytes + 64<<10})
	if err != nil {
		return nil, err
	}
	e := &embedded{nats: s, trouble: make(chan string, 1)}
	s.SetLoggerV2(&serverLog{log, e.trouble}, false, false, false)
	s.Start()
	if !s.ReadyForConnections(time.Minute) || !s.JetStreamEnabled() {
		err := errors.New("the embedded log does not start")
		select {
		case why := <-e.trouble:
			err = fmt.Errorf("%w: %s", err, why)
		default:
		}
		e.stop()
		return nil, err
	}
	return e, nil
}

func (e *embedded) stop() {
	e.nats.Shutdown()
	e.nats.WaitForShutdown()
}

// grace is what an answer may take longer than an error that the server logs meanwhile.
const grace = 300 * time.Millisecond

// untilTrouble ends ctx soon after the server logs an error.
func (e *embedded) untilTrouble(ctx context.Context) (context.Context, func()) {
	select {
	case <-e.trouble:
	default:
	}
	ctx, cancel := context.WithCancelCause(ctx)
	ended, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		select {
		case why := <-e.trouble:
			select {
			case <-time.After(grace):
				cancel(errors.New(why))
			case <-ended:
			}
		case <-ended:
		}
	}()
	return ctx, func() {
		close(ended)
		<-gone
		cancel(nil)
	}
}

// serverLog hands what the server says to slog.
type serverLog struct {
	log     *slog.Logger
	trouble chan string
}

func (s *serverLog) Noticef(format string, args ...any) { s.log.Debug(fmt.Sprintf(format, args...)) }
func (s *serverLog) Debugf(format string, args ...any)  { s.log.Debug(fmt.Sprintf(format, args...)) }
func (s *serverLog) Tracef(format string, args ...any)  { s.log.Debug(fmt.Sprintf(format, args...)) }
func (s *serverLog) Warnf(format string, args ...any)   { s.log.Warn(fmt.Sprintf(format, args...)) }
func (s *serverLog) Fatalf(format string, args ...any)  { s.Errorf(format, args...) }

func (s *serverLog) Errorf(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	s.log.Error(text)
	select {
	case s.trouble <- text:
	default:
	}
}

// blocksDir is where the embedded server keeps the messages of a stream.
func blocksDir(dir, name string) string {
	return filepath.Join(dir, server.JetStreamStoreDir, server.DEFAULT_GLOBAL_ACCOUNT, "streams", name, "msgs")
}
