// What exploration learned outlives the process: a few hundred bytes in a file, written now and then and at the end.

package server

import (
	"errors"
	"io/fs"
	"os"

	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/internal/durable"
)

// learnedTicks is how often it is written, in viewEvery.
const learnedTicks = 300

// recall brings back what was learned before. A file that cannot be used is told, and learning begins anew.
func (e *Engine) recall() {
	if e.c.Learned == "" || e.learning.policy == nil {
		return
	}
	data, err := os.ReadFile(e.c.Learned)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		err = e.learning.policy.Load(data, feed.ContextColumns())
	}
	if err != nil {
		e.c.Logger.Warn("what exploration learned cannot be read, and it learns anew", "file", e.c.Learned, "error", err)
		return
	}
	e.learned = e.learning.policy.Seen()
}

// keepLearned writes what was learned, if there is more than was written.
func (e *Engine) keepLearned() {
	if e.c.Learned == "" || e.learning.policy == nil {
		return
	}
	seen := e.learning.policy.Seen()
	if seen == e.learned {
		return
	}
	if err := durable.Write(e.c.Learned, 0o644, e.learning.policy.Save(feed.ContextColumns())); err != nil {
		e.c.Logger.Warn("what exploration learned is not kept", "file", e.c.Learned, "error", err)
		return
	}
	e.learned = seen
}
