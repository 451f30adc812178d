// What a fit costs: time on the clock, time of the processors, and memory at its peak.

package allrank

import (
	"bytes"
	"os"
	"runtime/metrics"
	"strconv"
	"time"
)

// Cost is what a piece of work took.
type Cost struct {
	Seconds    float64 `json:"seconds"`
	CPUSeconds float64 `json:"cpu_seconds"` // of all threads of the process, in user code
	PeakBytes  int64   `json:"peak_bytes"`  // the process's resident memory at its peak, looked at each hundredth of a second
}

// meter watches the process from its start to its stop.
type meter struct {
	began time.Time
	cpu   float64
	quit  chan struct{}
	peak  chan int64
}

func startMeter() *meter {
	m := &meter{began: time.Now(), cpu: userCPU(), quit: make(chan struct{}), peak: make(chan int64)}
	go m.watch(memoryNow())
	return m
}

func (m *meter) watch(peak int64) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-m.quit:
			m.peak <- max(peak, memoryNow())
			return
		case <-tick.C:
			peak = max(peak, memoryNow())
		}
	}
}

// stop ends the watch.
func (m *meter) stop() Cost {
	close(m.quit)
	peak := <-m.peak
	return Cost{Seconds: time.Since(m.began).Seconds(), CPUSeconds: userCPU() - m.cpu, PeakBytes: peak}
}

// memoryNow is the process's resident memory where the system tells it, and else what the runtime holds.
func memoryNow() int64 {
	if text, err := os.ReadFile("/proc/self/statm"); err == nil { // pages: all, resident, ...
		if f := bytes.Fields(text); len(f) > 1 {
			if pages, err := strconv.ParseInt(string(f[1]), 10, 64); err == nil {
				return pages * int64(os.Getpagesize())
			}
		}
	}
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64() - s[1].Value.Uint64())
}

// runtimeCPU is the runtime's own estimate of time in user code, renewed at each collection.
func runtimeCPU() float64 {
	s := []metrics.Sample{{Name: "/cpu/classes/user:cpu-seconds"}}
	metrics.Read(s)
	return s[0].Value.Float64()
}
