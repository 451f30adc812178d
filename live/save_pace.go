// Rests between the parts of a snapshot that is written beside other work: a gigabyte is three seconds of a processor, and pages would have one less.

package live

import (
	"context"
	"io"
	"os"
	"time"
)

// pace keeps the writing of a snapshot slow.
type pace struct {
	ctx   context.Context
	f     *os.File
	dirty int64     // where what is on the disk ends
	began time.Time // of the work since the last rest
}

const (
	paceRest  = 3                     // times as long as the work before it,
	paceMost  = 50 * time.Millisecond // and no longer: where others have the processors, work takes long without being much
	paceLeast = time.Millisecond      // of work, below which there is no rest yet
	paceDirty = 32 << 20              // bytes that may wait for the disk
)

// rest is called after each part.
func (p *pace) rest() error {
	if time.Since(p.began) < paceLeast {
		return p.ctx.Err()
	}
	at, err := p.f.Seek(0, io.SeekCurrent)
	if err == nil && at-p.dirty >= paceDirty {
		err, p.dirty = p.f.Sync(), at
	}
	if err != nil {
		return err
	}
	t := time.NewTimer(min(paceRest*time.Since(p.began), paceMost))
	defer t.Stop()
	select {
	case <-p.ctx.Done():
		return p.ctx.Err()
	case <-t.C:
	}
	p.began = time.Now()
	return nil
}
