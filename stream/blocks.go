package stream

// Damage in the files of the embedded log. The server itself, when it starts after a crash, cuts a file off where it cannot read on and says little
// of it; so its files are checked before it starts. They are of records: length uint32 (highest bit: has headers), seq uint64, time int64, length of
// subject uint16, subject, [length of headers uint32, headers,] data, and 8 bytes of HighwayHash over all but the lengths, keyed by the stream's name.
// The highest bits of seq mark records that stand for something erased, and those that tell of what was dropped.

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/minio/highwayhash"

	"github.com/seguefeed/segue/internal/durable"
)

const (
	recordHead   = 22
	recordLeast  = recordHead + 8
	recordMost   = 32 << 20
	hasHeaders   = 1 << 31
	seqErased    = 1 << 63
	seqTombstone = 1 << 62
)

// blockRecord is a record of a block file.
type blockRecord struct {
	size         int
	msg          uint64
	erased, tomb bool
	headers      []byte
}

// blockFile is what was found in a file.
type blockFile struct {
	path        string
	first, last blockRecord // messages; of none, msg is 0
	begin       blockRecord // the first that is not erased
	whole       blockRecord // the last that is not erased
	bad         []badBytes
}

// badBytes are bytes From to To (exclusive) of a file that no record can be made of, between two messages, 0 if unknown. Torn is what ends the
// newest file: a write that was cut short.
type badBytes struct {
	from, to      int
	before, after blockRecord
	torn          bool
}

// checkBlocks looks for damage in the block files of the stream, and for events that were acknowledged, up to seq acked, and are not in them. It reads
// all of every file that is not known to be whole, 8 MiB of memory each at a time. Damage is a DamageError. With accept, what cannot be read is replaced, after a copy was put
// beside in "damaged", by a record that tells the server to go on behind it, and the lost ranges are returned.
func checkBlocks(dir, name string, known []Range, whole *wholeFiles, front, acked uint64, accept bool) ([]Range, error) {
	msgs := blocksDir(dir, name)
	paths, err := blockPaths(msgs)
	if err != nil {
		return nil, err
	}
	var files []blockFile
	var lost []Range
	var where, why string
	add := func(path, reason string, r Range) {
		if r.From > r.To || slices.ContainsFunc(known, func(k Range) bool { return k.From <= r.From && r.To <= k.To }) {
			return
		}
		lost = append(lost, r)
		if where == "" {
			where, why = path, reason
		}
	}
	repair := false
	var next, end blockRecord // the message before, and the last one that is not erased
	first := uint64(0)        // seq
	for k, path := range paths {
		file, err := whole.scan(path, name, k == len(paths)-1, next.msg)
		if err != nil {
			return nil, err
		}
		for _, gap := range file.gaps(next, front == 0) {
			add(path, gap.why, gap.lost)
		}
		for _, bad := range file.bad {
			repair = repair || !bad.torn
		}
		if file.last.msg != 0 {
			next = file.last
		}
		if file.whole.msg != 0 {
			end = file.whole
			if first == 0 {
				first, _ = file.begin.events()
			}
		}
		files = append(files, file)
	}
	if err := whole.keep(paths); err != nil {
		return nil, err
	}
	if front > 0 && first > front {
		add(msgs, "events at the beginning are not there", Range{front, first - 1})
	}
	if _, last := end.events(); last < acked {
		add(msgs, "events at the end were acknowledged that are not there", Range{last + 1, acked})
	}
	if len(lost) == 0 && !repair {
		return nil, nil
	}
	if where == "" {
		where, why = msgs, "a record that says what was dropped is damaged"
	}
	if !accept {
		return nil, &DamageError{Lost: join(lost), Where: where, Why: why}
	}
	for _, file := range files {
		if err := file.mend(dir, name); err != nil {
			return nil, err
		}
	}
	if err := os.Remove(filepath.Join(msgs, "index.db")); err != nil && !errors.Is(err, fs.ErrNotExist) { // so that the server reads the files anew
		return nil, err
	}
	return join(lost), nil
}

func blockPaths(dir string) ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.blk"))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(paths, func(a, b string) int { return blockNumber(a) - blockNumber(b) })
	return paths, nil
}

func blockNumber(path string) int {
	n, _ := strconv.Atoi(strings.TrimSuffix(filepath.Base(path), ".blk")) // of another file: 0
	return n
}

// events gives the seqs of the first and the last event of a message; 0 if the record does not say.
func (r blockRecord) events() (first, last uint64) {
	head := func(name string) uint64 {
		_, value, found := bytes.Cut(r.headers, []byte("\r\n"+name+": "))
		if !found {
			return 0
		}
		value, _, _ = bytes.Cut(value, []byte("\r"))
		n, _ := strconv.ParseUint(string(value), 10, 64)
		return n
	}
	first = head(firstHeader)
	return first, first + max(head(countHeader), 1) - 1
}

// blockGap is of events that are missing.
type blockGap struct {
	lost Range
	why  string
}

// gaps are the events missing within the file and between it and the message before. Of a log whose beginning is not known, the message before the
// first may have been there.
func (f *blockFile) gaps(before blockRecord, anywhere bool) (gaps []blockGap) {
	between := func(a, b blockRecord, why string) {
		if b.msg == 0 || b.erased || a.erased || a.msg != 0 && b.msg <= a.msg+1 {
			return
		}
		first, _ := b.events()
		_, last := a.events()
		switch {
		case a.msg != 0:
			gaps = append(gaps, blockGap{Range{last + 1, first - 1}, why})
		case first > 1 && anywhere: // the message before may have had so many
			gaps = append(gaps, blockGap{Range{max(first, MaxGroup+1) - MaxGroup, first - 1}, why})
		}
	}
	begins := true
	for _, bad := range f.bad {
		why := fmt.Sprintf("bytes %d to %d cannot be read", bad.from, bad.to-1)
		a := bad.before
		if a.msg == 0 {
			a = before
		}
		if bad.before.msg == 0 {
			begins = false
		}
		if bad.after.msg != 0 {
			between(a, bad.after, why)
		}
	}
	if begins && before.msg != 0 {
		between(before, f.first, "the messages before it are missing")
	}
	return gaps
}

// scanBlock reads a file. Before is the number of the message before it, newest that no file comes after.
func scanBlock(path string, data []byte, name string, newest bool, before uint64) blockFile {
	f := blockFile{path: path}
	sum := blockSum(name, path)
	open := -1 // index of the bad bytes that await the message after
	for at := 0; at < len(data); {
		r, ok := readRecord(data[at:], sum)
		if !ok {
			to := resync(data, at, sum, max(f.last.msg, before))
			f.bad = append(f.bad, badBytes{from: at, to: to, before: f.last, torn: newest && to == len(data)})
			open = len(f.bad) - 1
			at = to
			continue
		}
		at += r.size
		if r.tomb || r.msg == 0 || r.msg <= f.last.msg {
			continue
		}
		if f.last.msg != 0 && r.msg > f.last.msg+1 && open < 0 && !r.erased && !f.last.erased { // messages are missing though all bytes are read
			f.bad = append(f.bad, badBytes{from: at - r.size, to: at - r.size, before: f.last, after: r})
		}
		if open >= 0 {
			f.bad[open].after, open = r, -1
		}
		if f.first.msg == 0 {
			f.first = r
		}
		f.last = r
		if !r.erased {
			f.whole = r
			if f.begin.msg == 0 {
				f.begin = r
			}
		}
	}
	return f
}

func blockSum(name, path string) hash.Hash64 {
	key := sha256.Sum256(fmt.Appendf(nil, "%s-%d", name, blockNumber(path)))
	sum, err := highwayhash.New64(key[:])
	if err != nil {
		panic(err) // of a key that is not of 32 bytes
	}
	return sum
}

// readRecord reads the record that data begins with, if its checksum holds.
func readRecord(data []byte, sum hash.Hash64) (blockRecord, bool) {
	if len(data) < recordLeast {
		return blockRecord{}, false
	}
	size, subject := int(binary.LittleEndian.Uint32(data)&^hasHeaders), int(binary.LittleEndian.Uint16(data[20:]))
	headers := binary.LittleEndian.Uint32(data)&hasHeaders != 0
	rest := recordHead + subject
	if headers {
		rest += 4
	}
	if size < recordLeast || size > len(data) || size > recordMost || rest > size-8 {
		return blockRecord{}, false
	}
	sum.Reset()
	sum.Write(data[4:20])
	sum.Write(data[recordHead : recordHead+subject])
	sum.Write(data[rest : size-8])
	if sum.Sum64() != binary.LittleEndian.Uint64(data[size-8:]) {
		return blockRecord{}, false
	}
	seq := binary.LittleEndian.Uint64(data[4:])
	r := blockRecord{size: size, msg: seq &^ (seqErased | seqTombstone), erased: seq&seqErased != 0, tomb: seq&seqTombstone != 0}
	if headers {
		n := int(binary.LittleEndian.Uint32(data[rest-4:]))
		if n < 0 || n > size-8-rest {
			return blockRecord{}, false
		}
		r.headers = slices.Clone(data[rest : rest+n])
	}
	return r, true
}

// resync finds where the next record begins that can be read after the one at at.
func resync(data []byte, at int, sum hash.Hash64, before uint64) int {
	for to := at + recordLeast; to+recordLeast <= len(data); to++ {
		seq := binary.LittleEndian.Uint64(data[to+4:]) &^ (seqErased | seqTombstone)
		if size := binary.LittleEndian.Uint32(data[to:]) &^ hasHeaders; int(size) > len(data)-to || size < recordLeast || seq > before+1<<32 {
			continue
		}
		if _, ok := readRecord(data[to:], sum); ok {
			return to
		}
	}
	return len(data)
}

// mend replaces the bad bytes of the file.
func (f *blockFile) mend(dir, name string) error {
	if !slices.ContainsFunc(f.bad, func(b badBytes) bool { return b.to > b.from }) {
		return nil
	}
	data, err := os.ReadFile(f.path)
	if err != nil {
		return err
	}
	aside := filepath.Join(dir, "damaged")
	if err := os.MkdirAll(aside, 0o755); err != nil {
		return err
	}
	if err := durable.Write(filepath.Join(aside, fmt.Sprintf("%s.%d", filepath.Base(f.path), time.Now().UnixNano())), 0o644, data); err != nil {
		return err
	}
	sum := blockSum(name, f.path)
	for _, b := range f.bad {
		if b.to == b.from {
			continue
		}
		if b.after.msg == 0 { // to the file's end: the server goes on from the record before
			data = data[:b.from]
			break
		}
		record := data[b.from:b.to]
		clear(record)
		binary.LittleEndian.PutUint32(record, uint32(len(record)))
		stands := b.after.msg - 1
		if stands <= b.before.msg { // no message was there
			stands = 0
		}
		binary.LittleEndian.PutUint64(record[4:], stands|seqErased)
		sum.Reset()
		sum.Write(record[4:20])
		sum.Write(record[recordHead : len(record)-8])
		binary.LittleEndian.PutUint64(record[len(record)-8:], sum.Sum64())
	}
	return durable.Write(f.path, 0o644, data)
}

// memo is what a log notes in a file beside the server's own.
type memo struct {
	Lost    []Range `json:"lost,omitempty"`    // losses that were accepted
	Trimmed uint64  `json:"trimmed,omitempty"` // the events before were given up, or as many of them as whole groups allow
	Aged    bool    `json:"aged,omitempty"`    // events may have been dropped by their age
}

// front is the seq up to which the log's first event must be; 0 if it may be any.
func (m *memo) front() uint64 {
	if m.Aged {
		return 0
	}
	return max(m.Trimmed, 1)
}

func readMemo(path string) (m memo, err error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil {
		return m, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

func (m *memo) write(path string) error {
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return durable.Write(path, 0o644, append(data, '\n'))
}
