package stream

// The ids in files, so that a start need not read the log for them: a file for each half of the table, of frames that are appended after each write.
// They are not synced. What a frame's checksum does not hold for is cut off and read from the log again; what they have is also evidence of which
// events were acknowledged, should the log's own files be damaged.

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/cespare/xxhash/v2"
)

const (
	idMagic  = "SEGIDS1\n"
	idHeader = 24 // magic, stream, last seq of the file before
	idFrame  = 20 // count uint32, first seq uint64, xxhash64 of these and what follows; then 12 bytes an id, of seqs without a gap
	idBytes  = 12
)

// idFiles appends to the file of the newer half.
type idFiles struct {
	dir    string
	stream int64 // tells this stream from one that had its name before
	window int
	f      *os.File
	n      int    // ids in f
	last   uint64 // seq that was added last
	before string // the file of the older half
	buf    []byte
	err    error // after which nothing is added: the files must not have a gap
}

// openIDFiles reads into t what the files of dir have of the stream.
func openIDFiles(dir string, stream int64, window int, t *idTable) (*idFiles, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*.ids"))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(paths, func(a, b string) int { return cmp.Compare(filepath.Base(a), filepath.Base(b)) })
	files := &idFiles{dir: dir, stream: stream, window: window}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		size, n := 0, 0
		if files.err == nil {
			size, n = files.load(data, t)
		}
		if size == 0 { // of another stream, or after a gap
			files.err = errGap
			if err := os.Remove(path); err != nil {
				return nil, err
			}
			continue
		}
		if size < len(data) {
			if err := os.Truncate(path, int64(size)); err != nil {
				return nil, err
			}
			files.err = errGap // what comes later is after it
		}
		if err := files.use(path, n); err != nil {
			return nil, err
		}
	}
	files.err, files.last = nil, t.last()
	return files, nil
}

var errGap = errors.New("stream: ids are missing in the files")

// load adds to t the ids of a file, and gives the bytes and ids of it that hold.
func (f *idFiles) load(data []byte, t *idTable) (size, n int) {
	if len(data) < idHeader || string(data[:8]) != idMagic || int64(binary.LittleEndian.Uint64(data[8:])) != f.stream {
		return 0, 0
	}
	if before := binary.LittleEndian.Uint64(data[16:]); t.len() > 0 && before != t.last() {
		return 0, 0
	}
	at, last := idHeader, t.last()
	begin := uint64(0)
	ids := make([]idSlot, 0, len(data)/idBytes)
	for len(data)-at >= idFrame {
		count, first := int(binary.LittleEndian.Uint32(data[at:])), binary.LittleEndian.Uint64(data[at+4:])
		if count < 1 || count > (len(data)-at-idFrame)/idBytes || first <= last {
			break
		}
		frame := data[at+idFrame : at+idFrame+count*idBytes]
		if frameSum(data[at:at+12], frame) != binary.LittleEndian.Uint64(data[at+12:]) {
			break
		}
		if len(ids) == 0 || first-begin >= math.MaxUint32-uint64(count) {
			t.addMany(begin, ids)
			begin, ids = first, ids[:0]
		}
		for k := range count {
			id := frame[k*idBytes:]
			ids = append(ids, idSlot{binary.LittleEndian.Uint64(id), binary.LittleEndian.Uint32(id[8:]), uint32(first-begin) + uint32(k) + 1})
		}
		at, n, last = at+idFrame+len(frame), n+count, first+uint64(count)-1
	}
	t.addMany(begin, ids)
	return at, n
}

func frameSum(head, ids []byte) uint64 {
	h := xxhash.New()
	h.Write(head)
	h.Write(ids)
	return h.Sum64()
}

// use goes on with the file at path.
func (f *idFiles) use(path string, n int) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	if f.f != nil {
		if f.before != "" {
			if err := os.Remove(f.before); err != nil && !errors.Is(err, fs.ErrNotExist) {
				file.Close()
				return err
			}
		}
		f.before = f.f.Name()
		f.f.Close()
	}
	f.f, f.n = file, n
	return nil
}

// add appends the ids of events, ascending by seq.
func (f *idFiles) add(events []Stored) error {
	if f.err != nil {
		return nil // was said
	}
	f.err = f.write(events)
	return f.err
}

func (f *idFiles) write(events []Stored) error {
	for len(events) > 0 {
		if f.f == nil || f.n >= f.window {
			if err := f.use(filepath.Join(f.dir, fmt.Sprintf("%020d.ids", events[0].Seq)), 0); err != nil {
				return err
			}
			head := binary.LittleEndian.AppendUint64([]byte(idMagic), uint64(f.stream))
			if _, err := f.f.Write(binary.LittleEndian.AppendUint64(head, f.last)); err != nil {
				return err
			}
		}
		n := 1
		for n < len(events) && n < f.window-f.n && events[n].Seq == events[0].Seq+uint64(n) {
			n++
		}
		b := binary.LittleEndian.AppendUint32(f.buf[:0], uint32(n))
		b = binary.LittleEndian.AppendUint64(b, events[0].Seq)
		b = append(b, bytes.Repeat([]byte{0}, 8)...)
		for k := range n {
			id := idOf(events[k].ID)
			b = binary.LittleEndian.AppendUint64(b, id.hi)
			b = binary.LittleEndian.AppendUint32(b, id.lo)
		}
		binary.LittleEndian.PutUint64(b[12:], frameSum(b[:12], b[idFrame:]))
		f.buf = b
		if _, err := f.f.Write(b); err != nil {
			return err
		}
		f.n, f.last, events = f.n+n, events[n-1].Seq, events[n:]
	}
	return nil
}

func (f *idFiles) close() error {
	if f.f == nil {
		return nil
	}
	return f.f.Close()
}
