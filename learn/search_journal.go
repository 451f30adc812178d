// The file that makes a search resumable: one JSON object a line and finished trial. A trial is known by a hash of all that
// its score depends on: the learner with its settings, the fold's rows, the sampling, the score's name and the data.

package learn

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"os"
)

// journalEntry is a line.
type journalEntry struct {
	Key       string          `json:"key"`
	Kind      string          `json:"kind"`
	Config    json.RawMessage `json:"config"` // for people
	Fold      int             `json:"fold"`
	ScoreName string          `json:"score_name"`
	Score     float64         `json:"score"`
	Seconds   float64         `json:"seconds"`
}

// journal is the file, open for more lines.
type journal struct {
	f       *os.File
	entries map[string]journalEntry
}

// openJournal reads what is there; a last line that was cut off is taken away. The file is made where it does not exist.
func openJournal(path string) (*journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("learn: search: the journal of trials: %w", err)
	}
	j := &journal{f: f, entries: map[string]journalEntry{}}
	if err := j.read(path); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return j, nil
}

func (j *journal) read(path string) error {
	r := bufio.NewReader(j.f)
	var whole int64 // bytes of the lines that are as they were written
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("learn: search: the journal of trials: %w", err)
		}
		ended := err != nil
		if ended && len(line) == 0 {
			break
		}
		var e journalEntry
		bad := json.Unmarshal(line, &e)
		if bad == nil && e.Key == "" {
			bad = errors.New("it has no key")
		}
		_, more := r.Peek(1)
		last := ended || errors.Is(more, io.EOF)
		switch {
		case (bad != nil || ended) && last && ours(line):
			// Cut off while being written: the trial is run again.
		case bad != nil || ended:
			return fmt.Errorf("%s:%d: %.60q is not a finished trial of a search (%w): take the line out, or name another file", path, n, bytes.TrimSpace(line), bad)
		default:
			j.entries[e.Key] = e
			whole += int64(len(line))
		}
		if last {
			break
		}
	}
	if err := j.f.Truncate(whole); err != nil {
		return fmt.Errorf("learn: search: the journal of trials: %w", err)
	}
	if _, err := j.f.Seek(whole, io.SeekStart); err != nil {
		return fmt.Errorf("learn: search: the journal of trials: %w", err)
	}
	return nil
}

// ours says whether line begins as our lines do: no other file that is named by mistake loses a line.
func ours(line []byte) bool {
	const start = `{"key":"`
	n := min(len(line), len(start))
	return string(line[:n]) == start[:n]
}

// found is the finished trial of that key.
func (j *journal) found(key string) (journalEntry, bool) {
	e, ok := j.entries[key]
	return e, ok
}

// add writes a line.
func (j *journal) add(e journalEntry) error {
	line, err := json.Marshal(e)
	if err == nil {
		_, err = j.f.Write(append(line, '\n'))
	}
	if err != nil {
		return fmt.Errorf("learn: search: the journal of trials: %w", err)
	}
	return nil
}

func (j *journal) close() { _ = j.f.Close() } // each line has been written by then

// trialKeys are the keys of all trials.
func (r *running) trialKeys() ([]string, error) {
	data := fingerprint(r.d)
	folds := make([][]byte, len(r.Folds))
	for f, fold := range r.Folds {
		h := sha256.New()
		for _, rows := range [][]int32{fold.Train, fold.Test} {
			number(h, uint64(len(rows)))
			for _, i := range rows {
				var b [4]byte
				binary.LittleEndian.PutUint32(b[:], uint32(i))
				h.Write(b[:])
			}
		}
		folds[f] = h.Sum(nil)
	}
	keys := make([]string, 0, len(r.trials))
	for f := range r.Folds {
		for l, learner := range r.learners {
			config, err := json.Marshal(learner)
			if err != nil {
				return nil, fmt.Errorf("learn: search: learner %d as JSON: %w", l, err)
			}
			h := sha256.New()
			for _, part := range [][]byte{[]byte(learner.Kind()), fmt.Appendf(nil, "%T", learner), config, []byte(r.ScoreName), folds[f], data} {
				number(h, uint64(len(part)))
				h.Write(part)
			}
			for _, v := range []uint64{uint64(f), math.Float64bits(r.Oversample), math.Float64bits(r.Undersample), r.Seed} {
				number(h, v)
			}
			keys = append(keys, hex.EncodeToString(h.Sum(nil)[:16]))
		}
	}
	return keys, nil
}

// fingerprint is a hash of all of d.
func fingerprint(d *Data) []byte {
	h := sha256.New()
	number(h, uint64(d.X.Rows))
	number(h, uint64(d.X.Cols))
	numbers(h, d.X.Data)
	numbers(h, d.Weight)
	for _, y := range d.Y {
		if y {
			h.Write([]byte{1})
		} else {
			h.Write([]byte{0})
		}
	}
	for _, c := range d.columns() {
		number(h, uint64(len(c.Levels)))
		for _, s := range append([]string{c.Name}, c.Levels...) {
			number(h, uint64(len(s)))
			io.WriteString(h, s)
		}
	}
	return h.Sum(nil)
}

func number(h hash.Hash, v uint64) { h.Write(binary.LittleEndian.AppendUint64(nil, v)) }

// numbers hashes v a block at a time.
func numbers(h hash.Hash, v []float32) {
	number(h, uint64(len(v)))
	b := make([]byte, 0, 1<<14)
	for _, x := range v {
		if b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x)); len(b) == cap(b) {
			h.Write(b)
			b = b[:0]
		}
	}
	h.Write(b)
}
