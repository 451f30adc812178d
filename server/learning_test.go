package server

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seguefeed/segue/explore"
	"github.com/seguefeed/segue/feed"
	"github.com/seguefeed/segue/stream"
)

// With a ridge of 1 and contexts of one number, theta is the clicks' sum of x over 1 + the sum of x squared, so that what was learned of which card can be
// read off: here every card has a power of two for its context.
func TestLearningFromWhatBecameOfCards(t *testing.T) {
	policy, err := explore.NewLinUCB(explore.LinUCBConfig{Context: 1, Ridge: 1})
	if err != nil {
		t.Fatal(err)
	}
	l := newLearning(policy)
	l.room = 1500 // the ring grows from 1,024 to this
	keys := make([]string, 4000)
	for i := range keys {
		keys[i] = fmt.Sprint("card ", i)
	}
	start := time.UnixMilli(1_574_000_000_000)
	serve := func(request string, item int, x float32, at time.Time) {
		l.served(request, &feed.Page{Cards: []feed.Placed{{Item: int32(item), Explored: true, Context: []float32{x}}, {Item: int32(item)}}}, keys, at)
	}
	tell := func(kind stream.Kind, request string, item int) {
		l.happened([]stream.Event{{Kind: kind, Request: request, Item: keys[item]}})
	}
	squares, clicked := 0., 0.
	check := func(what string) {
		t.Helper()
		if want := clicked / (1 + squares); math.Abs(policy.Theta()[0]-want) > 1e-9 {
			t.Errorf("%s: theta %v, want %v", what, policy.Theta()[0], want)
		}
	}
	serve("a", 0, 1, start)
	serve("a", 1, 2, start)
	serve("a", 2, 4, start)
	serve("b", 0, 8, start)
	check("nothing happened yet")
	tell(stream.Click, "a", 1)
	squares, clicked = squares+4, clicked+2
	check("a click")
	tell(stream.Click, "a", 1)
	tell(stream.Click, "c", 0)
	tell(stream.Click, "a", 3)
	check("a click again, and of what was never shown")
	tell(stream.Impression, "b", 0) // seen, and let pass
	tell(stream.Impression, "a", 0) // seen, and clicked once the ring has grown and come round

	for i := range 1400 { // 1,404 wait: the ring has grown past 1,024
		serve("many", 10+i, .5, start.Add(time.Minute))
	}
	check("while others come")
	tell(stream.Click, "a", 0)
	squares, clicked = squares+1, clicked+1
	check("a click after the ring has grown")
	for i := range 100 { // 1,504 would: the oldest four go
		serve("more", 10+i, .5, start.Add(2*time.Minute))
	}
	squares += 64
	check("one that was seen and let pass, gone for want of room; one that was not seen says nothing")
	if l.n != 1500 || len(l.by) != 1500 {
		t.Errorf("%d wait and %d can be found; 1,500 are expected", l.n, len(l.by))
	}
	tell(stream.Impression, "more", 10)
	serve("last", 5, .5, start.Add(time.Minute+learnWait+time.Second))
	check("those of the first minute are forgotten, none of them seen")
	serve("last", 6, .5, start.Add(2*time.Minute+learnWait+time.Second))
	squares += .25
	check("the one of the second minute that was seen")
	if l.n != 2 || len(l.by) != 2 {
		t.Errorf("%d wait and %d can be found; 2 are expected", l.n, len(l.by))
	}
}

// What an engine learned of clicks is there when it starts again; a file of something else is told of, and nothing is lost but what it held.
func TestEngineKeepsWhatItLearned(t *testing.T) {
	file := filepath.Join(t.TempDir(), "explored")
	start := func() *rig {
		return newRig(t, rigOf{model: "a", log: newLog(1, false), engine: func(c *EngineConfig) { c.Explore, c.ExploreCap, c.Learned = 1, 2, file }})
	}
	r := start()
	clicks := 0
	for k := range 5 {
		p := r.page(FeedRequest{User: userKey(k)})
		for slot, c := range p.Cards {
			if c.Explored {
				r.send(r.did(stream.Click, userKey(k), c.Item, onPage(p, slot)))
				clicks++
			}
		}
	}
	want := r.learning.policy.Theta()
	if got := r.learning.policy.Seen(); clicks < 20 || got != uint64(clicks) {
		t.Fatalf("%d clicks were learned of %d", got, clicks)
	}
	r.Engine.Close()
	again := start()
	if got := again.learning.policy.Seen(); got != uint64(clicks) {
		t.Errorf("after a start %d clicks are known of %d", got, clicks)
	}
	for k, v := range again.learning.policy.Theta() {
		if math.Abs(v-want[k]) > 1e-9 {
			t.Errorf("weight %d is %v, and was %v", k, v, want[k])
		}
	}
	again.Engine.Close()
	if err := os.WriteFile(file, []byte("of something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	odd := start()
	if odd.learning.policy.Seen() != 0 || !strings.Contains(odd.logged.String(), "learns anew") {
		t.Errorf("of a file of something else %d clicks are known: %s", odd.learning.policy.Seen(), odd.logged.String())
	}
}
