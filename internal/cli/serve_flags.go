// What of the flags of serve cannot be. The library says it by its own names, of which these are the flags; what it takes 0 for is another thing here.

package cli

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seguefeed/segue"
	"github.com/seguefeed/segue/internal/setting"
	"github.com/seguefeed/segue/server"
)

// serveFlags are the flags of settings, by the names of these.
var serveFlags = map[string]string{
	"Activity": "activity", "Candidates": "candidates", "Credentials": "nats-credentials", "Explore": "explore", "ExploreCap": "explore-cap", "Limits.InFlight": "in-flight",
	"Limits.PerSecond": "rate", "Listen": "listen", "MaxAge": "events-max-age", "MaxBytes": "events-max-bytes", "NewShows": "new-shows", "Origins": "cors", "Positive": "positive",
	"Profile": "profile", "Replicas": "replicas", "SnapshotEvents": "snapshot-events", "SnapshotEvery": "snapshot-every", "Threads": "threads", "URL": "nats", "WarehouseEvery": "database-every",
}

// byFlag says an error of a setting by the flag that it came from, as wrong usage but where it is a file that cannot be used.
func byFlag(err error, flags map[string]string) error {
	var wrong *setting.Error
	if !errors.As(err, &wrong) || flags[wrong.Name] == "" {
		return err
	}
	if wrong.File {
		return fmt.Errorf("--%s: %w", flags[wrong.Name], wrong.Err)
	}
	return usagef("--%s: %v", flags[wrong.Name], wrong.Err)
}

// aboveZero checks flags that were given. Options take 0 for the default, and who writes it means none.
func aboveZero(cmd *cobra.Command, names ...string) error {
	for _, name := range names {
		f := cmd.Flags().Lookup(name)
		if value := f.Value.String(); f.Changed && (value == "0" || value == "0s" || strings.HasPrefix(value, "-")) {
			return usagef("--%s %s: more than 0 is expected", name, value)
		}
	}
	return nil
}

// exploring checks what is said of exploration, and takes 0 for what it says: in options it stands for the default.
func exploring(o *segue.ServeOptions) error {
	switch {
	case !(o.Explore >= 0 && o.Explore <= 1):
		return usagef("--explore %v: a chance from 0 to 1 is expected", o.Explore)
	case !(o.ExploreCap >= 0 && o.ExploreCap <= 1):
		return usagef("--explore-cap %v: a share from 0 to 1 is expected", o.ExploreCap)
	case o.NewShows < 1:
		return usagef("--new-shows %d: at least 1 is expected", o.NewShows)
	case o.Explore == 0 || o.ExploreCap == 0:
		o.Explore, o.ExploreCap = -1, 0
	}
	return nil
}

// readKeys reads a file of keys. No message of it holds a key.
func readKeys(path string) ([]server.Key, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, usagef("--keys: %v", err)
	}
	defer f.Close()
	var out []server.Key
	var lines []int // of out
	s := bufio.NewScanner(f)
	for line := 1; s.Scan(); line++ {
		text := strings.TrimSpace(s.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		parts := strings.Fields(text)
		if len(parts) != 3 || parts[1] != "read" && parts[1] != "write" {
			return nil, usagef("--keys: %s:%d: a name, read or write, and a key are expected, parted by spaces", path, line)
		}
		lines = append(lines, line)
		out = append(out, server.Key{Name: parts[0], Role: server.Role(parts[1]), Secret: parts[2]})
	}
	if err := s.Err(); err != nil {
		return nil, usagef("--keys: %s: %v", path, err)
	}
	if len(out) == 0 {
		return nil, usagef("--keys: %s holds no key", path)
	}
	var wrong *setting.Error
	if err := (server.Config{Keys: out}).Check(); errors.As(err, &wrong) {
		var k int
		var part string
		if _, err := fmt.Sscanf(wrong.Name, "Keys[%d].%s", &k, &part); err == nil && k < len(lines) {
			return nil, usagef("--keys: %s:%d: %s: %v", path, lines[k], map[string]string{"Name": "the name", "Role": "what it may", "Secret": "the key"}[part], wrong.Err)
		}
		return nil, err
	} else if err != nil {
		return nil, err
	}
	return out, nil
}
