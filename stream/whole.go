package stream

// Which block files were found whole. Checking reads all of a file, and a start would wait for gigabytes of it; so what was found is kept, beside the
// stream's other files, for as long as a file's size and time stay what they were. Files that are complete are also checked while the log is in use. What
// changes in a file without these two changing is found when it is read.

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/seguefeed/segue/internal/durable"
)

// wholeFile is what was found in a file without damage.
type wholeFile struct {
	Size                      int64
	ModNS                     int64 // when it was written last, nanoseconds since 1970
	First, Last, Begin, Whole wholeRecord
}

// wholeRecord is what is kept of a blockRecord.
type wholeRecord struct {
	Msg     uint64
	Erased  bool   `json:",omitempty"`
	Headers []byte `json:",omitempty"`
}

func keepRecord(r blockRecord) wholeRecord { return wholeRecord{r.msg, r.erased, r.headers} }

func (r wholeRecord) record() blockRecord {
	return blockRecord{msg: r.Msg, erased: r.Erased, headers: r.Headers}
}

// wholeFiles are those of a stream, by the names of the files.
type wholeFiles struct {
	path       string
	files      map[string]wholeFile
	read, kept int          // files that were read, and those of them that the list at path knows of
	data       bytes.Buffer // of the file that is read; a start reads many, and memory that is new takes longer than reading
}

// readWhole reads what is kept at path. What cannot be read is found anew.
func readWhole(path string) *wholeFiles {
	w := &wholeFiles{path: path}
	if data, err := os.ReadFile(path); err != nil || json.Unmarshal(data, &w.files) != nil || w.files == nil {
		w.files = map[string]wholeFile{}
	}
	return w
}

// scan is scanBlock of the file at path, unless it is known to be whole.
func (w *wholeFiles) scan(path, name string, newest bool, before uint64) (blockFile, error) {
	info, err := os.Stat(path)
	if err != nil {
		return blockFile{}, err
	}
	base := filepath.Base(path)
	if k, ok := w.files[base]; ok && !newest && k.Size == info.Size() && k.ModNS == info.ModTime().UnixNano() {
		return blockFile{path: path, first: k.First.record(), last: k.Last.record(), begin: k.Begin.record(), whole: k.Whole.record()}, nil
	}
	data, err := w.readFile(path, info.Size())
	if err != nil {
		return blockFile{}, err
	}
	f := scanBlock(path, data, name, newest, before)
	w.read++
	if delete(w.files, base); !newest && len(f.bad) == 0 && int64(len(data)) == info.Size() {
		w.files[base] = wholeFile{info.Size(), info.ModTime().UnixNano(), keepRecord(f.first), keepRecord(f.last), keepRecord(f.begin), keepRecord(f.whole)}
	}
	return f, nil
}

// readFile is os.ReadFile; what it gives holds until the next.
func (w *wholeFiles) readFile(path string, size int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	w.data.Reset()
	w.data.Grow(int(size) + bytes.MinRead)
	_, err = w.data.ReadFrom(f)
	return w.data.Bytes(), err
}

// keep writes what is known of the files at paths, if that is news.
func (w *wholeFiles) keep(paths []string) error {
	there := make(map[string]bool, len(paths))
	for _, path := range paths {
		there[filepath.Base(path)] = true
	}
	before := len(w.files)
	maps.DeleteFunc(w.files, func(base string, _ wholeFile) bool { return !there[base] })
	if w.read == w.kept && len(w.files) == before {
		return nil
	}
	data, err := json.Marshal(w.files)
	if err != nil {
		return err
	}
	if err := durable.Write(w.path, 0o644, data); err != nil {
		return err
	}
	w.kept = w.read
	return nil
}

const (
	wholeEvery = 10 * time.Second
	wholeRest  = 50 * time.Millisecond // between two files, for pages that are waited for
)

// checkOn checks files that are complete while the log is in use, until it is closed.
func (l *Log) checkOn(w *wholeFiles) {
	defer l.checking.Done()
	wait := time.NewTicker(wholeEvery)
	defer wait.Stop()
	for {
		select {
		case <-l.quit:
			return
		case <-wait.C:
		}
		if err := w.checkMore(blocksDir(l.cfg.Dir, l.cfg.Name), l.cfg.Name, func() bool {
			select {
			case <-l.quit:
				return false
			case <-time.After(wholeRest):
				return true
			}
		}); err != nil {
			l.log.Warn("files of the event log could not be checked; the next start takes longer", "error", err)
		}
	}
}

// checkMore checks the files that are complete and not known to be whole, and calls rest between two of them, which may end it. Damage is left to the next
// start and to readers, who say which events it took.
func (w *wholeFiles) checkMore(dir, name string, rest func() bool) error {
	paths, err := blockPaths(dir)
	if err != nil {
		return err
	}
	for k := range max(len(paths)-2, 0) { // the newest is written, the one before may be about to be complete
		before := w.read
		if _, err := w.scan(paths[k], name, false, 0); err != nil && !os.IsNotExist(err) { // given up meanwhile
			return err
		}
		if w.read > before && !rest() {
			break
		}
	}
	return w.keep(paths)
}
