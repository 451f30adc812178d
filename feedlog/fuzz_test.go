package feedlog

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// accounts decodes text twice, with one worker and with three, and holds the decoder to what is true of any input: it ends, it
// accounts for the same rows and rejects however it is divided, lines rise, and a reject says what and where.
func accounts(t *testing.T, table Table, text string) {
	t.Helper()
	type outcome struct {
		Rows    int64
		Errors  []string
		Refused string
	}
	var first *outcome
	for _, workers := range []int{1, 3} {
		var o outcome
		line := int64(0)
		opt := Options{Name: "f.csv", Workers: workers, MaxLineBytes: 1 << 12, Reject: func(e *RowError) error {
			if e.Line <= line && line > 0 || e.Line < 2 {
				t.Errorf("a reject on line %d after one on line %d", e.Line, line)
			}
			if line = e.Line; e.Want == "" || e.File != "f.csv" {
				t.Errorf("a reject that does not say what was expected: %+v", e)
			}
			o.Errors = append(o.Errors, e.Error())
			return nil
		}}
		stats, err := decodeAny(context.Background(), strings.NewReader(text), table, opt)
		if err != nil {
			o.Refused = err.Error()
		}
		o.Rows = stats.Rows
		if stats.Rejected != int64(len(o.Errors)) {
			t.Errorf("%d rejects counted, %d handed on", stats.Rejected, len(o.Errors))
		}
		// No more records than lines below the header.
		if lines := int64(strings.Count(text, "\n") + 1); stats.Rows+stats.Rejected > lines {
			t.Errorf("%d rows and %d rejects of %d lines", stats.Rows, stats.Rejected, lines)
		}
		if first == nil {
			first = &o
		} else if d := cmp.Diff(*first, o); d != "" {
			t.Errorf("three workers see it otherwise (-one +three)\n%s", d)
		}
	}
}

func headerOf(t Table) string {
	var names []string
	for _, c := range ReferenceLayout(t).Columns {
		names = append(names, c.Header)
	}
	return strings.Join(names, ",") + "\n"
}

func FuzzDecodeImpressions(f *testing.F) {
	const tail = ",29,3,1574980776000,1,0,0,0,0,1,NC,12.5,PC\n"
	for _, s := range []string{"NA" + tail, quoted(python) + tail + python + tail, quoted(json) + tail + json + tail, "[]" + tail + "\r\n\n\"" + tail, "\"a\nb\"" + tail, "[{" + tail, "\xff" + tail} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, rows string) { accounts(t, Impressions, headerOf(Impressions)+rows) })
}

func FuzzDecodeUsers(f *testing.F) {
	f.Add("MC,an hui,21,male,608,44,9\nNC,,,,,,\n")
	f.Fuzz(func(t *testing.T, rows string) { accounts(t, Users, headerOf(Users)+rows) })
}

func FuzzDecodeCards(f *testing.F) {
	f.Add("\"NC\",\"PC\",\"MC\",\"LC\",35,1,\"5000,5006,5036\",13003\n")
	f.Fuzz(func(t *testing.T, rows string) { accounts(t, Cards, headerOf(Cards)+rows) })
}

func FuzzDecodeCardDays(f *testing.F) {
	f.Add("KC,26,7907,71,1,2,3,4,5,6\n")
	f.Fuzz(func(t *testing.T, rows string) { accounts(t, CardDays, headerOf(CardDays)+rows) })
}

func FuzzDecodeCreators(f *testing.F) {
	f.Add("\"JC\",\"male\",54,29,28,0,8\n")
	f.Fuzz(func(t *testing.T, rows string) { accounts(t, Creators, headerOf(Creators)+rows) })
}

func FuzzDecodeCreatorDays(f *testing.F) {
	f.Add("\"PC\",8,1256\n")
	f.Fuzz(func(t *testing.T, rows string) { accounts(t, CreatorDays, headerOf(CreatorDays)+rows) })
}

// FuzzHeader reads any file as each table.
func FuzzHeader(f *testing.F) {
	f.Add("a,b\n1,2\n")
	f.Add("\"userId\",\"x\ny\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, table := range Tables {
			accounts(t, table, text)
		}
	})
}

// FuzzNumbers holds what is read as a number to be one, and finite.
func FuzzNumbers(f *testing.F) {
	for _, s := range []string{"1.44", "-5", "1e3", "NaN", "0x1p3", "19.0", ".", "-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if v, ok := parseFloat(s); ok && (math.IsNaN(float64(v)) || math.IsInf(float64(v), 0)) {
			t.Errorf("%q reads as %v", s, v)
		}
		if v, ok := parseInt(s, -10, 10); ok && (v < -10 || v > 10) {
			t.Errorf("%q reads as %d, outside its range", s, v)
		}
	})
}
