// A snapshot of the state in a file, and back.
//
// Layout: the 8 bytes "segueLIV" and uint32 version; sections one after the other; the index, which is of each section uint32 what it is, uint64 where
// it begins and how long it is, and uint32 its CRC-32C; and at the end uint64 where the index begins, uint32 its CRC-32C, uint32 version and "segueLIV".
//
// Sections are not of one moment. Shards of users come first, each with the number of the last event in it, and the rest after all of them, so that it
// knows every event that a shard knows: relations of items in 64 parts, and the cards and counts. Events from the first shard's moment on are applied again
// after a load; each part skips what it has.

package live

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/seguefeed/segue/internal/durable"
)

const (
	snapshotName    = "live.state"
	snapshotMagic   = "segueLIV"
	snapshotVersion = 3
	tailSize        = 8 + 4 + 4 + 8
	indexEntry      = 4 + 8 + 8 + 4
	firstRelations  = shardCount // sections below are shards, by number
	globalSection   = shardCount + relationParts
	sectionCount    = globalSection + 1
)

// ErrNoSnapshot is given where there is none.
var ErrNoSnapshot = errors.New("live: there is no snapshot")

// ErrVersion is given for a snapshot that another version of this program took and this one does not read: the state is to be made anew from the warehouse.
var ErrVersion = errors.New("live: the snapshot is of another version")

// ErrForeign is given for a file that is no snapshot.
var ErrForeign = errors.New("live: this is no snapshot")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// section is one in the index.
type section struct {
	what     uint32
	at, size uint64
	sum      uint32
}

// Save writes a snapshot to dir, which is made, in the place of the one that is there; a crash leaves the old one or the new one whole, and perhaps a part
// of the new one beside it, over which the next is written. One process at a time may save to a folder. Readers do not wait for it. Who applies events
// waits while one of 256 parts of the users is copied, and once while cards and counts are: for 2,000,000 users with 57 million rows and 250,000 cards 3 ms
// each time and 20 ms at the end, where nothing else wants the processors. It takes memory for one such part, and 64 MB for cards and counts.
func (s *State) Save(dir string) error {
	return s.save(dir, func(*os.File) func() error { return func() error { return nil } })
}

// SaveBeside is Save beside work that goes first: it takes a quarter of one processor, for four times as long, and brings to the disk what it has written
// as it goes, so that others who sync do not wait for a gigabyte at once. ctx ends it, and the snapshot that is there stays.
func (s *State) SaveBeside(ctx context.Context, dir string) error {
	return s.save(dir, func(f *os.File) func() error { return (&pace{ctx: ctx, f: f, began: time.Now()}).rest })
}

// save writes a snapshot with rests between its parts.
func (s *State) save(dir string, rests func(*os.File) func() error) error {
	s.saving.Lock()
	defer s.saving.Unlock()
	err := os.MkdirAll(dir, 0o755)
	if err == nil {
		err = durable.Replace(filepath.Join(dir, snapshotName), 0o600, func(f *os.File) error { return s.write(f, rests(f)) })
	}
	if err != nil {
		return fmt.Errorf("live: save: %w", err)
	}
	return nil
}

// write writes a snapshot, and calls rest after each part.
func (s *State) write(w io.Writer, rest func() error) error {
	head := binary.LittleEndian.AppendUint32([]byte(snapshotMagic), snapshotVersion)
	if _, err := w.Write(head); err != nil {
		return err
	}
	at := uint64(len(head))
	var index []byte
	put := func(what int, b []byte) error {
		index = binary.LittleEndian.AppendUint32(index, uint32(what))
		index = binary.LittleEndian.AppendUint64(index, at)
		index = binary.LittleEndian.AppendUint64(index, uint64(len(b)))
		index = binary.LittleEndian.AppendUint32(index, crc32.Checksum(b, castagnoli))
		at += uint64(len(b))
		if _, err := w.Write(b); err != nil {
			return err
		}
		return rest()
	}
	x := &codec{}
	for k := range s.shards {
		x.b = x.b[:0]
		s.hold(func() { s.shards[k].keep(x, s.seq.Load()) }) // nobody else changes the shard, so readers may go on
		if err := put(k, x.b); err != nil {
			return err
		}
	}
	for k := range relationParts {
		x.b = x.b[:0]
		s.hold(func() { s.relations.keep(x, k, s.seq.Load()) })
		if err := put(firstRelations+k, x.b); err != nil {
			return err
		}
	}
	x.b = slices.Grow(x.b[:0], s.globalSize())
	clear(x.b[:cap(x.b)]) // the system gives memory when it is touched: now, not while events wait
	s.hold(func() { s.keep(x) })
	if err := put(globalSection, x.b); err != nil {
		return err
	}
	tail := binary.LittleEndian.AppendUint64(index, at)
	tail = binary.LittleEndian.AppendUint32(tail, crc32.Checksum(index, castagnoli))
	tail = binary.LittleEndian.AppendUint32(tail, snapshotVersion)
	_, err := w.Write(append(tail, snapshotMagic...))
	return err
}

// globalSize is about how long the last section is.
func (s *State) globalSize() int {
	return 1<<20 + 256*s.ItemCount() + int(s.text.Load())
}

// hold does something while nobody applies events, and remembers how long that took.
func (s *State) hold(do func()) {
	s.apply.Lock()
	defer s.apply.Unlock()
	began := time.Now()
	do()
	if took := int64(time.Since(began)); took > s.pause.Load() {
		s.pause.Store(took)
	}
}

// SavePause is the longest that a snapshot has kept events waiting since the state was made.
func (s *State) SavePause() time.Duration { return time.Duration(s.pause.Load()) }

// Load is the state that Save wrote to dir, with other settings where cfg has others; ErrNoSnapshot where there is none. A file that was changed or cut
// off gives ErrDamaged, and whatever it claims, no more memory is taken than some times the bytes that it has.
func Load(dir string, cfg Config) (*State, error) {
	f, err := os.Open(filepath.Join(dir, snapshotName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", ErrNoSnapshot, err)
	}
	if err != nil {
		return nil, fmt.Errorf("live: load: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("live: load: %w", err)
	}
	s, err := load(f, info.Size(), cfg)
	if err != nil {
		return nil, fmt.Errorf("live: load %s: %w", f.Name(), err)
	}
	return s, nil
}

// loaders is how many sections are read at a time.
const loaders = 2

func load(r io.ReaderAt, size int64, cfg Config) (*State, error) {
	index, err := readIndex(r, size)
	if err != nil {
		return nil, err
	}
	s := New(cfg)
	x, err := readSection(r, index[globalSection], nil)
	if err != nil {
		return nil, err
	}
	s.keep(x)
	if err := x.done(); err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	var wg sync.WaitGroup
	errs := make([]error, globalSection)
	for worker := range loaders {
		wg.Go(func() {
			var b []byte
			for k := worker; k < globalSection; k += loaders {
				x, err := readSection(r, index[k], b)
				if err == nil {
					if b = x.b; k < firstRelations {
						s.shards[k].restore(x, s, k)
					} else {
						s.relations.keep(x, k-firstRelations, 0)
					}
					err = x.done()
				}
				errs[k] = err
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	s.seq.Store(s.global)
	for k := range s.shards {
		sh := &s.shards[k]
		if sh.seq > s.global {
			return nil, fmt.Errorf("%w: users know of event %d and the rest only of %d", ErrDamaged, sh.seq, s.global)
		}
		s.seq.Store(min(s.seq.Load(), sh.seq))
	}
	for part, seq := range s.relations.seq {
		if seq < s.shards[shardCount-1].seq || seq > s.global {
			return nil, fmt.Errorf("%w: relations %d know of event %d, between %d and %d", ErrDamaged, part, seq, s.shards[shardCount-1].seq, s.global)
		}
	}
	return s, nil
}

// readIndex reads where the sections are, by what they are.
func readIndex(r io.ReaderAt, size int64) ([]section, error) {
	const headSize = len(snapshotMagic) + 4
	if size < int64(headSize) {
		return nil, ErrForeign
	}
	head := make([]byte, headSize)
	if _, err := r.ReadAt(head, 0); err != nil {
		return nil, err
	}
	if string(head[:len(snapshotMagic)]) != snapshotMagic {
		return nil, ErrForeign
	}
	if v := binary.LittleEndian.Uint32(head[len(snapshotMagic):]); v != snapshotVersion {
		return nil, fmt.Errorf("%w: %d; this program reads version %d", ErrVersion, v, snapshotVersion)
	}
	const all = sectionCount*indexEntry + tailSize
	if size < int64(headSize+all) {
		return nil, fmt.Errorf("%w: it ends early", ErrDamaged)
	}
	b := make([]byte, all)
	if _, err := r.ReadAt(b, size-all); err != nil {
		return nil, err
	}
	entries, tail := b[:sectionCount*indexEntry], b[sectionCount*indexEntry:]
	if string(tail[16:]) != snapshotMagic || binary.LittleEndian.Uint32(tail[12:]) != snapshotVersion || binary.LittleEndian.Uint64(tail) != uint64(size-all) ||
		binary.LittleEndian.Uint32(tail[8:]) != crc32.Checksum(entries, castagnoli) {
		return nil, fmt.Errorf("%w: its index is not as it was written", ErrDamaged)
	}
	out := make([]section, sectionCount)
	at := uint64(headSize)
	for k := range out {
		e := entries[k*indexEntry:]
		out[k] = section{binary.LittleEndian.Uint32(e), binary.LittleEndian.Uint64(e[4:]), binary.LittleEndian.Uint64(e[12:]), binary.LittleEndian.Uint32(e[20:])}
		if out[k].what != uint32(k) || out[k].at != at || out[k].size > uint64(size-all)-at {
			return nil, fmt.Errorf("%w: section %d does not follow the one before it", ErrDamaged, k)
		}
		at += out[k].size
	}
	if at != uint64(size-all) {
		return nil, fmt.Errorf("%w: there is more than its sections", ErrDamaged)
	}
	return out, nil
}

// readSection reads a section, into b where it has room.
func readSection(r io.ReaderAt, at section, b []byte) (*codec, error) {
	b = slices.Grow(b[:0], int(at.size))[:at.size]
	if _, err := r.ReadAt(b, int64(at.at)); err != nil && !(errors.Is(err, io.EOF) && at.size == 0) {
		return nil, err
	}
	if crc32.Checksum(b, castagnoli) != at.sum {
		return nil, fmt.Errorf("%w: the checksum of section %d is another", ErrDamaged, at.what)
	}
	return &codec{b: b, reading: true}, nil
}
