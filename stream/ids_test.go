package stream

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"
)

// TestIDTable holds the table to a map: the newest ids are found, with their seqs; what is found is right; memory is bounded.
func TestIDTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		window := rapid.IntRange(1, 300).Draw(t, "window")
		table := newIDTable(window)
		var seqs []uint64
		seq := uint64(0)
		for k := range rapid.IntRange(0, 1000).Draw(t, "ids") {
			seq += uint64(1 + k%3/2*rapid.IntRange(0, 5).Draw(t, "gap"))
			table.add(idOf(fmt.Sprint(k)), seq)
			seqs = append(seqs, seq)
		}
		for k, want := range seqs {
			got, ok := table.find(idOf(fmt.Sprint(k)))
			if !ok && k >= len(seqs)-window {
				t.Fatalf("id %d of %d is forgotten; the window is %d", k, len(seqs), window)
			}
			if ok && got != want {
				t.Fatalf("id %d: seq %d, want %d", k, got, want)
			}
		}
		if _, ok := table.find(idOf("none")); ok {
			t.Fatal("an id is found that was not added")
		}
		if table.last() != seq || table.len() > 2*window {
			t.Fatalf("last %d, want %d; %d ids, at most %d", table.last(), seq, table.len(), 2*window)
		}
	})
}

// TestIDTableOfMany: many at once are known as they are one by one, also those that come again, and those that do not fit into one half.
func TestIDTableOfMany(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		window := rapid.IntRange(1, 2000).Draw(t, "window")
		one, many := newIDTable(window), newIDTable(window)
		seq := uint64(0)
		var all []string
		for range rapid.IntRange(1, 5).Draw(t, "times") {
			var ids []idSlot
			first := seq + 1
			for range rapid.IntRange(0, 1500).Draw(t, "ids") {
				name := fmt.Sprint(len(all))
				if len(all)%7 == 3 {
					name = all[len(all)/2] // again
				}
				if seq++; len(ids) > 0 { // the first one's is first
					seq += uint64(len(all) % 5 / 4)
				}
				id := idOf(name)
				all, ids = append(all, name), append(ids, idSlot{id.hi, id.lo, uint32(seq-first) + 1})
				one.add(id, seq)
			}
			many.addMany(first, ids)
		}
		for _, name := range all {
			want, was := one.find(idOf(name))
			if got, ok := many.find(idOf(name)); ok != was || got != want {
				t.Fatalf("id %s: seq %d, %v, want %d, %v", name, got, ok, want, was)
			}
		}
		if one.last() != many.last() || one.len() != many.len() {
			t.Fatalf("last %d of %d, want %d of %d", many.last(), many.len(), one.last(), one.len())
		}
	})
}

// TestIDFiles: what was added is read again; a file that is cut, or harmed, at any byte gives a beginning of it and is gone on with.
func TestIDFiles(t *testing.T) {
	events := func(from, to int) (s []Stored) {
		for k := from; k <= to; k++ {
			s = append(s, Stored{uint64(k), click(fmt.Sprint(k))})
		}
		return s
	}
	open := func(dir string, stream int64) (*idFiles, *idTable) {
		table := newIDTable(20)
		files, err := openIDFiles(dir, stream, 20, table)
		if err != nil {
			t.Fatal(err)
		}
		return files, table
	}
	added := func(files *idFiles, s []Stored) {
		if err := files.add(s); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	files, _ := open(dir, 7)
	for k := range 11 {
		added(files, events(5*k+1, 5*k+5)) // 55: files of 1 to 20, 21 to 40 and 41 to 55, of which the first goes
	}
	files.close()
	files, table := open(dir, 7)
	files.close()
	if table.last() != 55 || table.len() != 35 {
		t.Fatalf("%d ids up to %d; 35 up to 55 are expected", table.len(), table.last())
	}
	paths, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(paths) != 2 {
		t.Fatalf("files %v, want 2", paths)
	}
	whole := map[string][]byte{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		whole[path] = data
	}
	for _, harm := range []string{"cut", "flipped"} {
		for _, path := range paths {
			for at := 0; at < len(whole[path]); at += 3 {
				for p, data := range whole {
					if p == path && harm == "cut" {
						data = data[:at]
					}
					if p == path && harm == "flipped" {
						data = append([]byte(nil), data...)
						data[at] ^= 4
					}
					write(t, p, data)
				}
				files, table := open(dir, 7)
				last := int(table.last())
				for k := max(1, last-table.len()+1); k <= last; k++ {
					if seq, ok := table.find(idOf(fmt.Sprint(k))); !ok || seq != uint64(k) {
						t.Fatalf("%s %s at %d: id %d has seq %d, %v", harm, path, at, k, seq, ok)
					}
				}
				added(files, events(last+1, 60))
				files.close()
				files, table = open(dir, 7)
				files.close()
				if table.last() != 60 {
					t.Fatalf("%s %s at %d: then up to %d, want 60", harm, path, at, table.last())
				}
				left, _ := filepath.Glob(filepath.Join(dir, "*"))
				for _, p := range left {
					os.Remove(p)
				}
			}
		}
	}
	for p, data := range whole {
		write(t, p, data)
	}
	files, table = open(dir, 8)
	files.close()
	if table.len() != 0 {
		t.Errorf("%d ids of another stream are taken", table.len())
	}
}

// FuzzIDFile: no content of a file does harm, and what is taken of it ascends.
func FuzzIDFile(f *testing.F) {
	dir := f.TempDir()
	files, err := openIDFiles(dir, 7, 20, newIDTable(20))
	if err != nil {
		f.Fatal(err)
	}
	if err := files.add([]Stored{{1, click("a")}, {2, click("b")}, {5, click("c")}}); err != nil {
		f.Fatal(err)
	}
	files.close()
	paths, _ := filepath.Glob(filepath.Join(dir, "*"))
	data, err := os.ReadFile(paths[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:40])
	f.Fuzz(func(t *testing.T, data []byte) {
		table := newIDTable(20)
		size, n := (&idFiles{stream: 7}).load(data, table)
		if size > len(data) || n > len(data)/idBytes || n > 0 && table.last() == 0 {
			t.Fatalf("%d bytes, %d ids of %d bytes, last %d", size, n, len(data), table.last())
		}
	})
}

// FuzzScanBlock: no content of a block file does harm, and what is bad in it is within it.
func FuzzScanBlock(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, 100))
	f.Fuzz(func(t *testing.T, data []byte) {
		b := scanBlock("1.blk", data, "segue", true, 0)
		at := 0
		for _, bad := range b.bad {
			if bad.from < at || bad.to < bad.from || bad.to > len(data) {
				t.Fatalf("bad bytes %d to %d of %d", bad.from, bad.to, len(data))
			}
			at = bad.to
		}
		b.gaps(blockRecord{}, true)
	})
}
