package main

import (
	"errors"
	"io"
	"math"
	"net/http"
	"os"
	"strings"
	"testing"
)

func TestLine(t *testing.T) {
	// Through (0,1), (1,3), (2,4), (3,8) by hand: means 1.5 and 4; sxx 5, sxy 1.5*3+.5*1+.5*0+1.5*4 = 11, so 2.2. What is left: .3, .1, -1.1, .7: 1.8 in squares,
	// over 2 and 5: .18.
	slope, se := line([]float64{0, 1, 2, 3}, []float64{1, 3, 4, 8})
	if math.Abs(slope-2.2) > 1e-12 || math.Abs(se-math.Sqrt(.18)) > 1e-12 {
		t.Errorf("%v, give or take %v", slope, se)
	}
	if slope, _ := line([]float64{1, 1, 1}, []float64{1, 2, 3}); !math.IsNaN(slope) {
		t.Errorf("a line through one moment: %v", slope)
	}
}

func samplesOf(mb func(k int) float64, goroutines func(k int) float64) (out []sample) {
	for k := range 360 {
		out = append(out, sample{seconds: 10 * float64(k+1), rssMB: mb(k), goroutines: goroutines(k)})
	}
	return out
}

func TestJudges(t *testing.T) {
	flat := func(int) float64 { return 80 }
	for name, c := range map[string]struct {
		mb     func(k int) float64
		growth float64
		ok     bool
	}{
		"flat":                     {func(int) float64 { return 900 }, 0, true},
		"up to a bound":            {func(k int) float64 { return 900 * (1 - math.Exp(-float64(k)/40)) }, 0, true}, // at half of the time all but a hundredth is there
		"a saw":                    {func(k int) float64 { return 900 + float64(k%30)*8 }, 0, true},
		"a leak of 200 MB an hour": {func(k int) float64 { return 500 + 200*float64(k)/360 }, 0, false}, // 100 in the half; 64 or a tenth of some 650 are allowed
		"the same, allowed":        {func(k int) float64 { return 500 + 200*float64(k)/360 }, 120, true},
	} {
		if v := judgeMemory(samplesOf(c.mb, flat), c.growth); v.ok != c.ok {
			t.Errorf("%s: %+v", name, v)
		}
	}
	if v := judgeMemory(samplesOf(func(int) float64 { return 1 }, flat)[:3], 0); v.ok {
		t.Errorf("of two samples: %+v", v)
	}
	if v := judgeGoroutines(samplesOf(flat, func(k int) float64 { return 80 + float64(k%9) })); !v.ok {
		t.Errorf("%+v", v)
	}
	if v := judgeGoroutines(samplesOf(flat, func(k int) float64 { return 80 + float64(k) })); v.ok {
		t.Errorf("a leak of a goroutine a sample: %+v", v)
	}
	if judgeFailures(map[string]int{"500": 1}).ok || !judgeFailures(nil).ok {
		t.Error("failures are judged wrongly")
	}
}

func TestRead(t *testing.T) {
	env := map[string]string{"SOAK_SECONDS": "90", "SOAK_RATE": "12.5", "SOAK_GROWTH_MB": "200"}
	s, err := read(func(name string) string { return env[name] })
	if err != nil || s.seconds != 90 || s.rate != 12.5 || s.growthMB != 200 || s.users != 20_000 || s.out != "soak.csv" {
		t.Errorf("%+v, %v", s, err)
	}
	for name, bad := range map[string]string{"SOAK_SECONDS": "-1", "SOAK_RATE": "x", "SOAK_USERS": "0", "SOAK_DB": "a"} {
		if _, err := read(func(asked string) string { return map[string]string{name: bad}[asked] }); err == nil {
			t.Errorf("%s=%s is taken", name, bad)
		}
	}
}

func TestMemoryOfAProcess(t *testing.T) {
	if mb, err := rss(os.Getpid()); err != nil || mb < 1 || mb > 1e5 {
		t.Errorf("%v MB, %v", mb, err)
	}
}

type answers func(r *http.Request) (*http.Response, error)

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

// Acknowledged are the events of requests that were answered with 200; failures after the kill are not counted.
func TestLedger(t *testing.T) {
	status, fail := 200, error(nil)
	l := newLedger(answers(func(r *http.Request) (*http.Response, error) {
		if fail != nil {
			return nil, fail
		}
		return &http.Response{StatusCode: status, Status: "status", Body: http.NoBody}, nil
	}))
	do := func(method, body string) {
		r, err := http.NewRequest(method, "http://x/", io.NopCloser(strings.NewReader(body)))
		if err != nil {
			t.Fatal(err)
		}
		l.RoundTrip(r)
	}
	a, b, c := `{"kind":"click","user":"u","item":"a","request":"r","at_ms":1}`, `{"kind":"view","user":"u","item":"b","request":"r","at_ms":2}`, `{"kind":"impression","user":"u","item":"c","request":"r","at_ms":3}`
	do("POST", "["+a+","+b+"]")
	do("GET", "")
	status = 503
	do("POST", "["+c+"]")
	fail = errors.New("reset")
	do("GET", "")
	l.killed.Store(true)
	do("GET", "")
	if took, acked, failed := l.since(); len(took) != 1 || acked != 2 || failed != 2 {
		t.Errorf("%d times, %d acknowledged, %d failed: %v", len(took), acked, failed, l.failures())
	}
	first, second, other := l.hash(uint8(2), "u", "a", int64(1), "r"), l.hash(uint64(9), "u", "b", int64(2), "r"), l.hash(1, "u", "c", 3, "r")
	for name, x := range map[string]struct {
		in   []uint64
		want found
	}{
		"all":          {[]uint64{second, first}, found{}},
		"and one more": {[]uint64{second, other, first}, found{foreign: 1}},
		"one missing":  {[]uint64{second}, found{missing: 1}},
		"one twice":    {[]uint64{second, first, second, second}, found{twice: 1}},
	} {
		if got, err := l.against(func(take func(uint64)) error {
			for _, h := range x.in {
				take(h)
			}
			return nil
		}); err != nil || got != x.want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
