// Samples of a server at work, and what they say.

package main

import (
	"bufio"
	"fmt"
	"math"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sample is how the server is at a moment, and how pages were since the one before.
type sample struct {
	seconds        float64
	rssMB, heapMB  float64
	goroutines     float64
	lag            float64 // events that are not in the database yet
	pages          int
	p50, p99, most float64 // ms
	acknowledged   int     // events, since the beginning
	failed         int     // requests, since the beginning
}

const sampleHeader = "seconds,rss_mb,heap_mb,goroutines,lag_events,pages,page_p50_ms,page_p99_ms,page_max_ms,events_acknowledged,requests_failed"

// String is a line of CSV.
func (s sample) String() string {
	return fmt.Sprintf("%.1f,%.1f,%.1f,%.0f,%.0f,%d,%.2f,%.2f,%.2f,%d,%d", s.seconds, s.rssMB, s.heapMB, s.goroutines, s.lag, s.pages, s.p50, s.p99, s.most, s.acknowledged, s.failed)
}

func (r *rig) sample(at time.Duration) (sample, error) {
	s := sample{seconds: at.Seconds()}
	took, acked, failed := r.ledger.since()
	s.acknowledged, s.failed, s.pages = acked, failed, len(took)
	if n := len(took); n > 0 {
		s.p50, s.p99, s.most = took[n/2], took[n*99/100], took[n-1]
	}
	answer, err := http.Get(r.url + "/metrics")
	if err != nil {
		return s, err
	}
	defer answer.Body.Close()
	figures := map[string]*float64{"go_goroutines": &s.goroutines, "go_memstats_heap_inuse_bytes": &s.heapMB, "segue_stream_lag_events": &s.lag}
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if into := figures[name]; into != nil {
			*into, _ = strconv.ParseFloat(value, 64)
		}
	}
	s.heapMB /= 1 << 20
	s.rssMB, err = rss(r.cmd.Process.Pid)
	return s, err
}

// rss is the memory that a process has, in MB.
func rss(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil { // not Linux
		if text, err = exec.Command("ps", "-o", "rss=", "-p", fmt.Sprint(pid)).Output(); err != nil {
			return 0, err
		}
		text = append([]byte("VmRSS: "), text...)
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	var kB float64
	_, err = fmt.Sscan(rest, &kB)
	return kB / 1024, err
}

// verdict is one thing that was judged.
type verdict struct {
	ok   bool
	text string
}

func judgeFailures(failed map[string]int) verdict {
	if len(failed) == 0 {
		return verdict{true, "no request failed"}
	}
	return verdict{false, fmt.Sprintf("requests failed: %v", failed)}
}

// line is the least-squares line through points: its slope, and the slope's standard error, which takes the points for independent.
func line(x, y []float64) (slope, se float64) {
	n := float64(len(x))
	var mx, my float64
	for k := range x {
		mx, my = mx+x[k]/n, my+y[k]/n
	}
	var sxx, sxy float64
	for k := range x {
		sxx += (x[k] - mx) * (x[k] - mx)
		sxy += (x[k] - mx) * (y[k] - my)
	}
	if len(x) < 3 || sxx == 0 {
		return math.NaN(), math.NaN()
	}
	slope = sxy / sxx
	var rest float64
	for k := range x {
		d := y[k] - my - slope*(x[k]-mx)
		rest += d * d
	}
	return slope, math.Sqrt(rest / (n - 2) / sxx)
}

const slack = 64 // MB by which memory may grow whatever it is

// judgeMemory fits a line through the memory of the second half, when what is kept within bounds (rows of users, ids of events, pages of the database) has come to
// most of its bound. It is flat where, along that line, it grows by no more than growth, in MB; 0 means slack, or a tenth of the mean.
func judgeMemory(samples []sample, growth float64) verdict {
	half := samples[len(samples)/2:]
	var at, mb []float64
	mean, most := 0., 0.
	for _, s := range half {
		at, mb = append(at, s.seconds), append(mb, s.rssMB)
		mean += s.rssMB / float64(len(half))
		most = max(most, s.rssMB)
	}
	if growth == 0 {
		growth = max(slack, mean/10)
	}
	slope, se := line(at, mb)
	if math.IsNaN(slope) {
		return verdict{false, "memory: too few samples"}
	}
	span := at[len(at)-1] - at[0]
	return verdict{slope*span <= growth, fmt.Sprintf("memory in the second half: mean %.0f MB, at most %.0f; slope %+.1f MB an hour, give or take %.1f: %+.0f MB in %.0f s, and %.0f are allowed",
		mean, most, slope*3600, 2*se*3600, slope*span, span, growth)}
}

// judgeGoroutines holds the second half against the first, whose start is left out: connections come and go, a leak goes on.
func judgeGoroutines(samples []sample) verdict {
	n := len(samples)
	first, second := samples[n/8:n/2], samples[n/2:]
	of := func(part []sample) float64 {
		var all []float64
		for _, s := range part {
			all = append(all, s.goroutines)
		}
		if len(all) == 0 {
			return 0
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	a, b := of(first), of(second)
	return verdict{a > 0 && b <= 1.2*a+20, fmt.Sprintf("goroutines: median %.0f in the first half, %.0f in the second", a, b)}
}
