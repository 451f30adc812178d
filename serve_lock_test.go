package segue

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A second server on the folder of one that runs, with another database, is refused before it changes anything there.
func TestServeAloneInItsFolder(t *testing.T) {
	dir := t.TempDir()
	opt := ServeOptions{Dir: filepath.Join(dir, "serve"), SnapshotEvery: time.Hour}
	v := serve(t, emptyDatabase(t, dir), opt)
	defer v.stop()
	held := func() (all [][]byte) {
		for _, name := range []string{"loaded", filepath.Join("state", "live.state")} {
			b, err := os.ReadFile(filepath.Join(opt.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, b)
		}
		return all
	}
	before := held()
	other, _ := loadedVillage(t, 300)
	opt.Listen = "127.0.0.1:0"
	if err := other.Serve(t.Context(), opt); err == nil || !strings.Contains(err.Error(), "another server has the folder") {
		t.Fatalf("a second server: %v", err)
	}
	for k, b := range held() {
		if !bytes.Equal(b, before[k]) {
			t.Errorf("the second server has changed file %d", k)
		}
	}
}
