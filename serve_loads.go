// A database into which files were loaded after the server had made its state of it: what is in them would never be known, since a snapshot goes on with the event
// log alone. So what was loaded is noted beside the snapshot.

package segue

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/seguefeed/segue/internal/durable"
	"github.com/seguefeed/segue/warehouse"
)

func (r *serving) loadsFile() string { return filepath.Join(r.opt.Dir, "loaded") }

// loads says which files the database has, in a word that changes when others are loaded.
func (r *serving) loads(ctx context.Context) (string, error) {
	contents, err := r.s.engine.Describe(ctx)
	if err != nil {
		return "", err
	}
	files, last := 0, time.Time{}
	for _, f := range contents.Loads {
		if f.Name == warehouse.LiveName {
			continue
		}
		if files++; f.LoadedAt.After(last) {
			last = f.LoadedAt
		}
	}
	return fmt.Sprintf("%d files, the last at %s", files, last.UTC().Format(time.RFC3339Nano)), nil
}

// outdated says whether files were loaded since the state was made. Where nothing is noted, a crash came between the snapshot and the note, and nobody knows.
func (r *serving) outdated(ctx context.Context) (bool, error) {
	noted, err := os.ReadFile(r.loadsFile())
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("serve: %w", err)
	}
	word, err := r.loads(ctx)
	return strings.TrimSpace(string(noted)) != word, err
}

// note writes down of which files the state was made.
func (r *serving) note(ctx context.Context) error {
	word, err := r.loads(ctx)
	if err != nil {
		return err
	}
	if err := durable.Write(r.loadsFile(), 0o644, []byte(word+"\n")); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
