// How likely a user was to be active, as only a simulator can say: she lives the month again and again.

package village

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"runtime"

	"github.com/seguefeed/segue/internal/splitmix"
)

// Late is the part of the month that activity is asked about.
type Late struct {
	FromDay   int     // 1..30: its first day; it ends with the month
	Threshold float64 // CTR from which on a user who is seen in it is active
}

// ActiveChances says, for users of the village that cfg makes (numbers from 0 to before cfg.Users, as UserTruth.User has
// them), how likely each is to be active in the late part, given that she is seen in it, and all that the simulator knows of
// her: the share of lives months, each with the same traits and other chances, smoothed by half a month of either kind. NaN
// stands for a user who is seen in none of them. Cost: len(users) x lives months.
func ActiveChances(ctx context.Context, cfg Config, users []int32, late Late, lives int) ([]float64, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if lives < 1 || late.FromDay < 1 || late.FromDay > monthDays {
		return nil, fmt.Errorf("village: %d lives, from day %d: expected at least one, and a day from 1 to %d", lives, late.FromDay, monthDays)
	}
	for _, u := range users {
		if u < 0 || int(u) >= cfg.Users {
			return nil, fmt.Errorf("village: there is no user %d among %d", u, cfg.Users)
		}
	}
	p, err := defaultParams()
	if err != nil {
		return nil, err
	}
	threads := cfg.Threads
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	cat, pop := newCatalogue(p, cfg.Seed, cfg.Users), newPopulation(p, cfg.Seed)
	months := make([]*month, threads)
	for i := range months {
		months[i] = newMonth(p, cat, pop)
	}
	out := make([]float64, len(users))
	const each = 256
	err = inOrder(ctx, (len(users)+each-1)/each, threads, func(worker, b int, _ *block) error {
		m := months[worker]
		for k := b * each; k < min(len(users), (b+1)*each); k++ {
			out[k] = m.activeChance(int(users[k]), late, lives)
		}
		return nil
	}, func(int, *block) error { return nil })
	return out, err
}

func (m *month) activeChance(user int, late Late, lives int) float64 {
	m.pop.draw(m.r, user, &m.u)
	from := int32(late.FromDay-1) * daySeconds
	var seen, active float64
	for life := range lives {
		m.live(splitmix.Mix(m.pop.seed^uint64(life+1)<<32), user)
		var shown, clicks float64
		for i := range m.rows {
			if row := &m.rows[i]; row.at >= from {
				shown++
				clicks += float64(row.flags & flagClick)
			}
		}
		if shown == 0 {
			continue
		}
		seen++
		if clicks/shown >= late.Threshold {
			active++
		}
	}
	if seen == 0 {
		return math.NaN()
	}
	return (active + .5) / (seen + 1)
}

// truthOrigin is the file that says which village a log is of.
const truthOrigin = "village.truth.json"

// origin is what it takes to make a village again.
type origin struct {
	Users      int    `json:"users"`
	Seed       uint64 `json:"seed"`
	Parameters string `json:"parameters"` // checksum of parameters.json
}

func parametersSum() string {
	return fmt.Sprintf("%08x", crc32.ChecksumIEEE(parametersJSON))
}

func (w *writing) writeOrigin() error {
	b, err := json.Marshal(origin{w.cfg.Users, w.cfg.Seed, parametersSum()})
	if err != nil {
		return fmt.Errorf("village: %w", err)
	}
	_, err = w.create(truthOrigin, string(b)+"\n")
	return err
}

// Origin reads which village the truth files in dir are of. A village of a program with other parameters is refused: this
// one would make other people.
func Origin(dir string) (Config, error) {
	file := filepath.Join(dir, truthOrigin)
	b, err := os.ReadFile(file)
	if err != nil {
		return Config{}, fmt.Errorf("the truth of a village: %w; `segue simulate` writes it beside the log", err)
	}
	var o origin
	if err := json.Unmarshal(b, &o); err != nil {
		return Config{}, fmt.Errorf("%s: %w", file, err)
	}
	if o.Parameters != parametersSum() {
		return Config{}, fmt.Errorf("%s: the village was made with other parameters than this program has; simulate it again", file)
	}
	cfg := Config{Users: o.Users, Seed: o.Seed}
	return cfg, cfg.check()
}

// ChancesOf is ActiveChances for users by the ids that the log has for them, each once; an id that is not of the village is an error.
func ChancesOf(ctx context.Context, cfg Config, ids []string, late Late, lives int) ([]float64, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	at := make(map[string]int, len(ids))
	for k, id := range ids {
		at[id] = k
	}
	var users []int32
	var place []int
	var id []byte
	for u := range cfg.Users {
		id = userIDs.append(id[:0], int64(u))
		if k, ok := at[string(id)]; ok {
			users, place = append(users, int32(u)), append(place, k)
		}
	}
	if len(users) < len(ids) {
		for _, k := range place {
			delete(at, ids[k])
		}
		for _, k := range at {
			return nil, fmt.Errorf("village: user %q is not of the village of %d users with seed %d, or stands twice", ids[k], cfg.Users, cfg.Seed)
		}
		return nil, fmt.Errorf("village: %d ids, of which only %d are different", len(ids), len(users))
	}
	chances, err := ActiveChances(ctx, cfg, users, late, lives)
	if err != nil {
		return nil, err
	}
	out := make([]float64, len(ids))
	for i, k := range place {
		out[k] = chances[i]
	}
	return out, nil
}
