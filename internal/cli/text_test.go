package cli

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/seguefeed/segue"
)

func TestThousands(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567", 57750395: "57,750,395"} {
		if got := thousands(n); got != want {
			t.Errorf("thousands(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestBytesText(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1500: "1.5 kB", 999_600: "1.0 MB", 6_300_000_000: "6.3 GB", 123_456_789: "123 MB"} {
		if got := bytesText(n); got != want {
			t.Errorf("bytesText(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestParseMemory(t *testing.T) {
	// 1 GiB is 1,073,741,824 bytes: 1073 whole MB
	for s, want := range map[string]int{"500MB": 500, "4GB": 4000, "1.5 gb": 1500, "1GiB": 1073, "200m": 200, "1TB": 1_000_000} {
		got, err := parseMemory(s)
		if err != nil || got != want {
			t.Errorf("parseMemory(%q) = %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "4", "GB", "-1GB", "2000TB", "50MB", "NaNGB", "InfGB", "1e300GB"} {
		var usage *usageError
		if mb, err := parseMemory(s); !errors.As(err, &usage) {
			t.Errorf("parseMemory(%q) = %d, %v; want a usage error", s, mb, err)
		}
	}
}

func TestParseShare(t *testing.T) {
	for s, want := range map[string]float64{"0": 0, "0.001": 0.001, "0.1%": 0.001, "1": 1, "100%": 1, " 5 % ": 0.05} {
		if got, err := parseShare(s); err != nil || got != want {
			t.Errorf("parseShare(%q) = %v, %v; want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "%", "2", "101%", "-0.1", "NaN", "Inf", "ten"} {
		var usage *usageError
		if got, err := parseShare(s); !errors.As(err, &usage) {
			t.Errorf("parseShare(%q) = %v, %v; want a usage error", s, got, err)
		}
	}
}

func TestLinesSayEachStepOnceAndNowAndThen(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	l := &lines{w: &out, now: func() time.Time { return now }, every: 5 * time.Second}
	l.tell(segue.Step{Name: "read", Unit: segue.Bytes, Total: 1_000_000})
	now = now.Add(2 * time.Second)
	l.tell(segue.Step{Name: "read", Unit: segue.Bytes, Done: 200_000, Total: 1_000_000}) // too soon to print
	now = now.Add(3 * time.Second)
	l.tell(segue.Step{Name: "read", Unit: segue.Bytes, Done: 500_000, Total: 1_000_000, Rows: 5000})
	now = now.Add(5 * time.Second)
	l.tell(segue.Step{Name: "sort", Unit: segue.Steps})
	now = now.Add(time.Second)
	l.close(false)
	// 5,000 rows in 5 s are 1,000 a second; over the step's 10 s, 500
	want := "read:  50%, 500 kB of 1.0 MB, 5,000 rows, 1,000 rows/s\n" +
		"read: done in 10 s, 500 kB, 5,000 rows, 500 rows/s\n" +
		"sort: done in 1.0 s\n"
	if got := out.String(); got != want {
		t.Errorf("printed\n%swant\n%s", got, want)
	}
}
