package live

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// TestSaveThatIsKilled kills a process that takes one snapshot after the other, at many moments: the last one that was taken is whole, and what those that were
// broken off leave does not grow with their number.
func TestSaveThatIsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process several times")
	}
	dir := t.TempDir()
	for k := range 8 {
		child := exec.Command(os.Args[0], "-test.run", "^TestSaveKilledChild$")
		child.Env = append(os.Environ(), "SEGUE_KILLED_SAVE="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := 0
		for in := bufio.NewScanner(out); in.Scan() && in.Text() == "saved"; {
			if lines++; lines == 2 {
				time.AfterFunc(time.Duration(k)*time.Millisecond, func() { child.Process.Kill() })
			}
		}
		child.Wait()
		if lines < 2 {
			t.Fatalf("the process has taken %d snapshots", lines)
		}
		if s, err := Load(dir, Config{Clock: testClock}); err != nil || s.UserCount() != 3 {
			t.Fatalf("after kill %d: %v", k, err)
		}
		if files, _ := os.ReadDir(dir); len(files) > 2 {
			t.Fatalf("after kill %d: %v stand there; the snapshot and one that was broken off are expected", k, files)
		}
	}
}

// TestSaveKilledChild is the process that TestSaveThatIsKilled starts.
func TestSaveKilledChild(t *testing.T) {
	dir := os.Getenv("SEGUE_KILLED_SAVE")
	if dir == "" {
		t.Skip("only TestSaveThatIsKilled starts it")
	}
	s := newState(Config{})
	for k := range 3 {
		apply(s, at("user", fmt.Sprint("user ", k), "", 0))
	}
	for {
		if err := s.Save(dir); err != nil {
			t.Fatal(err)
		}
		fmt.Println("saved")
	}
}
