// The cap: whatever coins and settings say, less than a share of any run of slots is explored.

package explore

import (
	"errors"
	"sync"
)

// Window is the number of consecutive slots that the cap holds over.
const Window = 1000

// Limiter keeps explored slots below a share of any Window consecutive slots served. It is safe for concurrent use. Memory: 1 KB.
type Limiter struct {
	most int // explored slots of a window

	mu    sync.Mutex
	ring  [Window]bool // the last slots; next is the oldest
	next  int
	slots int // served, up to Window
	count int // of true in ring
}

// NewLimiter makes a limiter: explored slots stay below share of Window slots. 0 means .1; above 1 there is no limit.
func NewLimiter(share float64) (*Limiter, error) {
	if share == 0 {
		share = .1
	}
	if !(share > 0) {
		return nil, errors.New("explore: the cap on explored slots is a share above 0")
	}
	most := 0 // the largest number below share*Window
	for most < Window && float64(most+1) < share*Window {
		most++
	}
	return &Limiter{most: most}, nil
}

// Admit says whether the next slots may explore. may are the slots of a page that could, will those that do if they may. If no window would
// hold too many explored slots even if all that could explore did, it counts the page as explored where will says so; else the page rests, and is
// counted as not explored. Since only what could be decides, whether a page rests says nothing of its own coins.
func (l *Limiter) Admit(may, will []bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	fits := l.fits(may)
	for _, w := range will {
		l.push(w && fits)
	}
	return fits
}

// fits goes through the windows that end at each of the slots.
func (l *Limiter) fits(may []bool) bool {
	count := l.count
	for k, m := range may {
		if k < Window {
			if l.ring[(l.next+k)%Window] {
				count--
			}
		} else if may[k-Window] {
			count--
		}
		if m {
			if count++; count > l.most {
				return false
			}
		}
	}
	return true
}

func (l *Limiter) push(explored bool) {
	if l.ring[l.next] {
		l.count--
	}
	l.ring[l.next] = explored
	if explored {
		l.count++
	}
	l.next, l.slots = (l.next+1)%Window, min(l.slots+1, Window)
}

// Share is the share of explored slots among the last of slots served: Window, or as many as there were. Of fewer than Window it may lie above the cap.
func (l *Limiter) Share() (share float64, of int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return float64(l.count) / float64(max(1, l.slots)), l.slots
}
