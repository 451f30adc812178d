// The file that makes tuning resumable: a JSON object a line and finished trial. A trial is known by a hash of all that its value depends
// on: the method and its settings, the validation part, and the metric. Failed trials are run again.

package allrank

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/seguefeed/segue/candidate"
)

// entry is a line.
type entry struct {
	Key      string          `json:"key"`
	Kind     string          `json:"kind"`
	Settings json.RawMessage `json:"settings"` // for people
	Metric   string          `json:"metric"`
	Value    float64         `json:"value"`
	Seconds  float64         `json:"seconds"`
}

// journal is the file, open for more lines. A nil journal keeps nothing.
type journal struct {
	name string
	f    *os.File
	has  map[string]entry
}

// openJournal reads what is there; a last line that was cut off is taken away. The file is made where it does not exist; "" is a nil
// journal.
func openJournal(name string) (*journal, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("the journal of trials: %w", err)
	}
	j := &journal{name: name, f: f, has: map[string]entry{}}
	if err := j.read(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return j, nil
}

func (j *journal) read() error {
	r := bufio.NewReader(j.f)
	var whole int64 // bytes of the lines that are as they were written
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("the journal of trials: %w", err)
		}
		if err != nil {
			if len(line) > 0 && !bytes.HasPrefix([]byte(lineStart), line[:min(len(line), len(lineStart))]) {
				return j.foreign(n, line)
			}
			break // nothing, or what was cut off while it was written
		}
		var e entry
		if json.Unmarshal(line, &e) != nil || e.Key == "" {
			return j.foreign(n, line)
		}
		j.has[e.Key] = e
		whole += int64(len(line))
	}
	if err := j.f.Truncate(whole); err != nil {
		return fmt.Errorf("the journal of trials: %w", err)
	}
	if _, err := j.f.Seek(whole, io.SeekStart); err != nil {
		return fmt.Errorf("the journal of trials: %w", err)
	}
	return nil
}

// lineStart is how each of our lines begins: no other file that is named by mistake loses its last line.
const lineStart = `{"key":"`

func (j *journal) foreign(n int, line []byte) error {
	return fmt.Errorf("%s:%d: %.60q is not a finished trial; take the line out, or name another file", j.name, n, bytes.TrimSpace(line))
}

func (j *journal) found(key string) (entry, bool) {
	if j == nil {
		return entry{}, false
	}
	e, ok := j.has[key]
	return e, ok
}

func (j *journal) add(e entry) error {
	if j == nil {
		return nil
	}
	line, err := json.Marshal(e)
	if err == nil {
		_, err = j.f.Write(append(line, '\n'))
	}
	if err != nil {
		return fmt.Errorf("the journal of trials: %w", err)
	}
	j.has[e.Key] = e
	return nil
}

func (j *journal) close() {
	if j != nil {
		_ = j.f.Close() // each line has been written by then
	}
}

// key is the trial's hash. The number of threads does not change a model, so it does not count.
func (t *tuner) key(l candidate.Learner, folds int) (string, error) {
	l = clone(l)
	if _, ok := field(l, "Threads"); ok {
		if err := apply(l, "Threads", "0"); err != nil {
			return "", err
		}
	}
	settings, err := json.Marshal(l)
	if err != nil {
		return "", fmt.Errorf("settings as JSON: %w", err)
	}
	h := sha256.New()
	print := t.print
	if folds < len(t.valid) {
		print = append(slices.Clone(print), byte(folds))
	}
	for _, part := range [][]byte{print, []byte(l.Kind()), fmt.Appendf(nil, "%T", l), settings, []byte(t.cfg.Metric.String())} {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(part))))
		h.Write(part)
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}

// fingerprint is a hash of both parts of a split.
func fingerprint(s *Split) []byte {
	h := sha256.New()
	b := make([]byte, 0, 1<<14)
	for _, m := range []*candidate.Matrix{s.Train, s.Test} {
		b = binary.LittleEndian.AppendUint64(b, uint64(m.Items))
		for u := range m.Users {
			b = binary.LittleEndian.AppendUint64(b, uint64(m.Start[u+1]))
			row, _ := m.Row(u)
			for _, i := range row {
				b = binary.LittleEndian.AppendUint32(b, uint32(i))
			}
			if len(b) > 1<<13 {
				h.Write(b)
				b = b[:0]
			}
		}
	}
	h.Write(b)
	return h.Sum(nil)
}
