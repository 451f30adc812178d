// This file serves logs whose rows are not grouped by user: the impressions go to files of a range of users each, and come
// back one range at a time, sorted, to take the same path as a log that is grouped.

package duckdb

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
)

// usersAStage is how many users share a staging file; their impressions are in memory together.
const usersAStage = 1 << 17

// stages holds impressions on disk by range of user ids.
type stages struct {
	dir   string
	files []*stage
	buf   []byte
	keys  []uint64
}

// rowsACheck is after how many rows a cancellation is looked for.
const rowsACheck = 1 << 14

type stage struct {
	f *os.File
	w *bufio.Writer
}

func newStages(dir string) (*stages, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("sort impressions by user: %w", err)
	}
	return &stages{dir: dir}, nil
}

// add keeps one impression with its swipes.
func (s *stages) add(user int32, r shown, list []swiped) error {
	i := int(user) / usersAStage
	for len(s.files) <= i {
		s.files = append(s.files, nil)
	}
	if s.files[i] == nil {
		f, err := os.Create(filepath.Join(s.dir, fmt.Sprintf("stage-%d", i)))
		if err != nil {
			return fmt.Errorf("sort impressions by user: %w", err)
		}
		s.files[i] = &stage{f, bufio.NewWriterSize(f, 64<<10)}
	}
	b := s.buf[:0]
	b = binary.LittleEndian.AppendUint32(b, uint32(user))
	b = binary.LittleEndian.AppendUint64(b, uint64(r.atMS))
	b = binary.LittleEndian.AppendUint32(b, uint32(r.card))
	b = binary.LittleEndian.AppendUint32(b, uint32(r.position))
	b = binary.LittleEndian.AppendUint32(b, math.Float32bits(r.view))
	b = binary.LittleEndian.AppendUint32(b, uint32(r.swipes))
	b = append(b, byte(r.dt), byte(r.flags))
	for _, sw := range list {
		b = binary.LittleEndian.AppendUint64(b, uint64(sw.atMS))
		b = binary.LittleEndian.AppendUint32(b, uint32(sw.card))
		b = binary.LittleEndian.AppendUint32(b, uint32(sw.position))
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(sw.view))
		b = append(b, byte(sw.flags))
	}
	s.buf = b
	if _, err := s.files[i].w.Write(b); err != nil {
		return fmt.Errorf("sort impressions by user: %w", err)
	}
	return nil
}

// stagedRow is an impression as it comes back.
type stagedRow struct {
	user int32
	shown
}

const (
	stagedRowBytes   = 4 + 8 + 4 + 4 + 4 + 4 + 2
	stagedSwipeBytes = 8 + 4 + 4 + 4 + 1
)

// replay hands every user's impressions to v in order of user id, within a user in file order.
func (s *stages) replay(v *visits, check func() error) error {
	for _, st := range s.files {
		if st == nil {
			continue
		}
		if err := check(); err != nil {
			return err
		}
		if err := st.w.Flush(); err != nil {
			return fmt.Errorf("sort impressions by user: %w", err)
		}
		if _, err := st.f.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("sort impressions by user: %w", err)
		}
		rows, list, err := readStage(bufio.NewReaderSize(st.f, 1<<20), check)
		if err != nil {
			return fmt.Errorf("sort impressions by user: %w", err)
		}
		// Small keys are sorted, of the user and the row's number, and the rows stay where they are.
		s.keys = s.keys[:0]
		for i := range rows {
			s.keys = append(s.keys, uint64(rows[i].user)<<32|uint64(i))
		}
		slices.Sort(s.keys)
		for i, key := range s.keys {
			if i%rowsACheck == 0 {
				if err := check(); err != nil {
					return err
				}
			}
			r := &rows[uint32(key)]
			if r.user != v.user {
				v.flush()
				v.user = r.user
			}
			mine := list[r.firstAt : r.firstAt+max(r.swipes, 0)]
			r.firstAt, r.seq = int32(len(v.list)), int32(len(v.rows))
			v.list = append(v.list, mine...)
			v.rows = append(v.rows, r.shown)
		}
	}
	return nil
}

func readStage(in io.Reader, check func() error) (rows []stagedRow, list []swiped, err error) {
	var b [stagedRowBytes]byte
	for {
		if len(rows)%rowsACheck == 0 {
			if err := check(); err != nil {
				return nil, nil, err
			}
		}
		if _, err := io.ReadFull(in, b[:]); err != nil {
			if errors.Is(err, io.EOF) {
				return rows, list, nil
			}
			return nil, nil, err
		}
		r := stagedRow{user: int32(binary.LittleEndian.Uint32(b[0:])), shown: shown{
			atMS: int64(binary.LittleEndian.Uint64(b[4:])), card: int32(binary.LittleEndian.Uint32(b[12:])), position: int32(binary.LittleEndian.Uint32(b[16:])),
			view: math.Float32frombits(binary.LittleEndian.Uint32(b[20:])), swipes: int32(binary.LittleEndian.Uint32(b[24:])), dt: int8(b[28]), flags: flags(b[29]),
			firstAt: int32(len(list)),
		}}
		for range max(r.swipes, 0) {
			if _, err := io.ReadFull(in, b[:stagedSwipeBytes]); err != nil {
				return nil, nil, err
			}
			list = append(list, swiped{atMS: int64(binary.LittleEndian.Uint64(b[0:])), card: int32(binary.LittleEndian.Uint32(b[8:])),
				position: int32(binary.LittleEndian.Uint32(b[12:])), view: math.Float32frombits(binary.LittleEndian.Uint32(b[16:])), flags: flags(b[20])})
		}
		rows = append(rows, r)
	}
}

// remove deletes the files.
func (s *stages) remove() {
	for _, st := range s.files {
		if st != nil {
			st.f.Close()
		}
	}
	_ = os.RemoveAll(s.dir)
}
