package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/seguefeed/segue/stream"
)

// pagesTab is a tab of a headless browser before a server of the pages.
type pagesTab struct {
	*testing.T
	ctx  context.Context
	home string

	mu         sync.Mutex
	complaints []string
}

// openPagesTab starts a browser, or skips the test where there is none. What the console complains of and every request to anything but the server
// fails the test at its end.
func openPagesTab(t *testing.T, f *pagesFake) *pagesTab {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("no chromium or chrome on the PATH: the pages were not opened in a browser")
	}
	server := httptest.NewServer(pagesServer(f))
	t.Cleanup(server.Close)
	tab := &pagesTab{T: t, home: server.URL}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1300, 900),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()))
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	t.Cleanup(cancel)
	ctx, cancelAllocator := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancelAllocator)
	ctx, cancelTab := chromedp.NewContext(ctx, chromedp.WithListener(tab.listen))
	t.Cleanup(cancelTab)
	tab.ctx = ctx
	tab.do("watch", func(ctx context.Context, at *chromedp.Target) (none chromedp.Void, err error) {
		if _, err = cdp.Call(ctx, at, network.Enable, network.EnableParams{}); err == nil {
			_, err = cdp.Call(ctx, at, log.Enable, cdp.Empty{})
		}
		return none, err
	})
	tab.colours("light")
	t.Cleanup(func() {
		tab.mu.Lock()
		defer tab.mu.Unlock()
		for _, c := range tab.complaints {
			t.Error(c)
		}
	})
	return tab
}

func (tab *pagesTab) listen(ev any) {
	complaint := ""
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		complaint = "exception: " + ev.ExceptionDetails.Text
	case *runtime.EventConsoleAPICalled:
		if ev.Type == runtime.ConsoleAPICalledTypeError || ev.Type == runtime.ConsoleAPICalledTypeWarning {
			complaint = "console:"
			for _, a := range ev.Args {
				complaint += " " + string(a.Value)
			}
		}
	case *log.EventEntryAdded:
		if ev.Entry.Level == log.EntryLevelError {
			complaint = "log: " + ev.Entry.Text + " " + ev.Entry.URL
		}
	case *network.EventRequestWillBeSent:
		if u := ev.Request.URL; !strings.HasPrefix(u, tab.home+"/") && !strings.HasPrefix(u, "data:") {
			complaint = "request to " + u
		}
	}
	if complaint != "" {
		tab.mu.Lock()
		defer tab.mu.Unlock()
		tab.complaints = append(tab.complaints, complaint)
	}
}

func (tab *pagesTab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	tab.Helper()
	if err := chromedp.Do(tab.ctx, steps...); err != nil {
		tab.Fatalf("%s: %v", what, err)
	}
}

func (tab *pagesTab) open(path string) {
	tab.Helper()
	tab.do("open "+path, chromedp.Navigate(tab.home+path))
}

func (tab *pagesTab) click(css string) {
	tab.Helper()
	tab.do("click "+css, chromedp.Click(chromedp.CSS(css)))
}

// point moves the pointer to a place in the window.
func (tab *pagesTab) point(x, y float64) {
	tab.Helper()
	tab.do("point", func(ctx context.Context, at *chromedp.Target) (none chromedp.Void, err error) {
		_, err = cdp.Call(ctx, at, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: input.DispatchMouseEventTypeMouseMoved, X: x, Y: y})
		return none, err
	})
}

// inTab evaluates a script in the page.
func inTab[T any](tab *pagesTab, script string) T {
	tab.Helper()
	v, err := chromedp.Run(tab.ctx, chromedp.Evaluate[T](script))
	if err != nil {
		tab.Fatalf("%s: %v", script, err)
	}
	return v
}

// until waits for a script to be true. The page forbids scripts made from text, so that chromedp's own polling cannot be used. A page that is left while
// it is asked has no answer: the next one is asked.
func (tab *pagesTab) until(what, script string) {
	tab.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(30 * time.Millisecond) {
		isSo, err := chromedp.Run(tab.ctx, chromedp.Evaluate[bool](script))
		switch {
		case isSo && err == nil:
			return
		case err != nil && !pageLeft(err):
			tab.Fatalf("%s: %s: %v", what, script, err)
		case time.Now().After(end):
			tab.Fatalf("waited in vain until %s (%v); the word at the bottom: %q", what, err, inTab[string](tab, `(document.getElementById("toast") || {}).textContent || ""`))
		}
	}
}

// pageLeft is true for an answer that is missing because the page went away under the question, in the words of the browser's protocol.
func pageLeft(err error) bool {
	var e *cdproto.Error
	return errors.As(err, &e) && (e.Message == "Inspected target navigated or closed" || e.Message == "Execution context was destroyed.")
}

// colours sets what the system prefers. Nothing moves by itself, so that a click meets what it was aimed at.
func (tab *pagesTab) colours(scheme string) {
	tab.Helper()
	tab.do("prefer "+scheme, func(ctx context.Context, at *chromedp.Target) (none chromedp.Void, err error) {
		_, err = cdp.Call(ctx, at, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
		return none, err
	})
}

// TestMusicSquare invents a user, plays three cards of a topic, and finds more of the topic on the next page.
func TestMusicSquare(t *testing.T) {
	f := newPagesFake(120, 40)
	tab := openPagesTab(t, f)
	tab.open("/")
	tab.do("fill in", chromedp.SendKeys(chromedp.CSS("#name"), "Mira"), chromedp.SendKeys(chromedp.CSS("#age"), "24"))
	tab.click(".invent button")
	tab.until("her feed is there", `document.querySelectorAll(".tile-card").length === 20`)
	if got := inTab[string](tab, `document.querySelector("h1").textContent`); got != "Mira" {
		t.Errorf("the feed is that of %q, want Mira", got)
	}
	if !inTab[bool](tab, `document.getElementById("believes").textContent.includes("No taste is known yet")`) {
		t.Error("an invented user is believed to have tastes")
	}
	tab.until("cards in sight count as seen", `Number(document.querySelector("#believes .figures dd").textContent) > 0`)
	if n := inTab[int](tab, `document.querySelectorAll("#believes .tastes li.up").length`); n != 0 {
		t.Errorf("%d tastes rose before the first click", n)
	}

	// The topic that has the most cards on the page, but for the one it would show anyway; three of its cards are played.
	topic := inTab[string](tab, `(() => {
		const n = {}; for (const c of document.querySelectorAll(".tile-card")) n[c.dataset.topic] = (n[c.dataset.topic] || 0) + 1;
		return Object.keys(n).filter(t => n[t] >= 3).sort()[0] || ""; })()`)
	if topic == "" {
		t.Fatal("no topic has three cards on the page")
	}
	ofTopic := fmt.Sprintf(`Array.from(document.querySelectorAll(".tile-card")).filter(c => c.dataset.topic === %q)`, topic)
	before := inTab[int](tab, ofTopic+".length")
	played := inTab[[]string](tab, ofTopic+".slice(0, 3).map(c => c.dataset.item)")
	for _, item := range played {
		tab.click(fmt.Sprintf(`.tile-card[data-item=%q] .cover`, item))
		tab.until("it plays", `!document.getElementById("player").hidden && document.activeElement.id === "player-stop"`)
		tab.click("#player-stop")
		tab.until("it stopped, and the focus is back", fmt.Sprintf(`document.getElementById("player").hidden && document.activeElement.closest('[data-item=%q]') !== null`, item))
	}
	tab.until("the topic leads the tastes", fmt.Sprintf(`(() => { const l = document.querySelector("#believes .tastes li"); return l !== null && l.dataset.topic === %q && l.classList.contains("up") && l.textContent.includes("3 of"); })()`, topic))
	request := inTab[string](tab, `document.querySelector("[data-request]").dataset.request`)
	tab.click("[data-again]")
	tab.until("another page is there", fmt.Sprintf(`document.querySelector("[data-request]").dataset.request !== %q`, request))
	after := inTab[int](tab, ofTopic+".length")
	if after <= before {
		t.Errorf("%d cards of %s before three of them were played, %d on the next page", before, topic, after)
	}
	if !inTab[bool](tab, fmt.Sprintf(`Array.from(document.querySelectorAll("#mix .rose")).some(c => c.textContent.includes(%q))`, topic)) {
		t.Error("the line above the cards does not say that the topic rose")
	}
	way := inTab[[]string](tab, fmt.Sprintf(`Array.from(Array.from(document.querySelectorAll("#believes .path tbody tr")).find(r => r.cells[0].textContent === %q).cells).slice(1).map(c => c.innerText.replace(/\s*played/, ""))`, topic))
	if want := []string{fmt.Sprint(before, " ▶3"), fmt.Sprint(after, " ▲", after-before+3)}; !slices.Equal(way, want) { // played cards do not come again: before-3 were left
		t.Errorf("the way of the topic is told as %q, want %q", way, want)
	}
	if got := inTab[string](tab, fmt.Sprintf(`(document.querySelector('#believes .tastes [data-topic=%q] .was') || {textContent: ""}).textContent`, topic)); got != "new" {
		t.Errorf("beside the taste stands %q; it was not there when the feed was opened", got)
	}

	// More of it: like, skip, why, swipe, more cards.
	tab.click(`.tile-card[data-slot="0"] [data-act="like"]`)
	tab.until("what was done is known", `Array.from(document.querySelectorAll("#believes .doings li")).some(l => l.textContent.toLowerCase().includes("liked"))`)
	tab.click(`.tile-card[data-slot="1"] [data-act="skip"]`)
	tab.click(`.tile-card[data-slot="0"] [data-act="why"]`)
	tab.until("the reasons are open", `document.getElementById("why").open && document.querySelectorAll("#why .parts li").length === 3 && document.querySelectorAll("#why .tags li").length >= 2`)
	tab.do("escape", chromedp.KeyEvent("\u001b"))
	tab.until("the reasons are closed", `!document.getElementById("why").open`)
	tab.click(`.tile-card[data-slot="2"] .cover`)
	tab.click("#player-next")
	tab.until("the next card plays", `document.querySelector('.playing[data-slot="3"]') !== null`)
	tab.do("escape", chromedp.KeyEvent("\u001b"))
	tab.until("it stopped", `document.getElementById("player").hidden`)
	shown := inTab[[]string](tab, `Array.from(document.querySelectorAll(".tile-card"), c => c.dataset.item)`)
	tab.click("#more")
	tab.until("more cards are there", `document.querySelectorAll(".tile-card").length === 40`)
	all := inTab[[]string](tab, `Array.from(document.querySelectorAll(".tile-card"), c => c.dataset.item)`)
	slices.Sort(all)
	if n := len(slices.Compact(all)); n != 40 {
		t.Errorf("of 40 cards %d are different", n)
	}

	f.mu.Lock()
	defer f.mu.Unlock()
	kinds, slots := map[stream.Kind]int{}, map[string]bool{}
	var swipe stream.Event
	for _, e := range f.taken {
		kinds[e.Kind]++
		if e.Kind == stream.Swipe {
			swipe = e
		}
		if e.Kind == stream.Impression {
			at := fmt.Sprint(e.Request, " ", *e.Slot)
			if slots[at] {
				t.Errorf("slot %s was seen twice", at)
			}
			slots[at] = true
		}
		if e.Kind == stream.View && (e.Value == nil || *e.Value > 60) {
			t.Errorf("a card was viewed for %v seconds", e.Value)
		}
	}
	// 3 cards played and stopped, then one played, swiped on from, and the one after it stopped.
	for kind, want := range map[stream.Kind]int{stream.User: 1, stream.Click: 4, stream.View: 5, stream.Swipe: 1, stream.Like: 1} {
		if kinds[kind] != want {
			t.Errorf("%d events of %s, want %d", kinds[kind], kind, want)
		}
	}
	if len(f.ids) != len(f.taken) || kinds[stream.Impression] < 4 {
		t.Errorf("%d ids of %d events, %d impressions", len(f.ids), len(f.taken), kinds[stream.Impression])
	}
	if swipe.From != shown[2] || swipe.Item != shown[3] {
		t.Errorf("swiped from %s to %s, want from %s to %s", swipe.From, swipe.Item, shown[2], shown[3])
	}
	if u := f.users[f.taken[0].User]; u.name != "Mira" || u.profile.Age == nil || *u.profile.Age != 24 {
		t.Errorf("the invented user is %+v", u.profile)
	}
}

// TestEventsThatAreRefused are kept and sent again, and people are told.
func TestEventsThatAreRefused(t *testing.T) {
	f := newPagesFake(40, 5)
	f.refuse = stream.ErrRefused
	tab := openPagesTab(t, f)
	tab.open("/?user=" + fakeKey("user", 0))
	tab.click(".cover")
	tab.until("people are told", `document.getElementById("toast").textContent.includes("kept here and sent again")`)
	f.mu.Lock()
	f.refuse = nil
	f.mu.Unlock()
	tab.until("it has arrived", `document.getElementById("toast").textContent.includes("has arrived")`)
	tab.mu.Lock() // the browser logs answers of status 503 as errors, as it should
	tab.complaints = slices.DeleteFunc(tab.complaints, func(c string) bool { return strings.Contains(c, "503") })
	tab.mu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := len(slices.Collect(func(yield func(stream.Event) bool) {
		for _, e := range f.taken {
			if e.Kind == stream.Click && !yield(e) {
				return
			}
		}
	})); n != 1 {
		t.Errorf("the click was stored %d times", n)
	}
}

// TestOverviewIsAlive watches figures change, and stand still while they are paused.
func TestOverviewIsAlive(t *testing.T) {
	f := newPagesFake(40, 5)
	tab := openPagesTab(t, f)
	tab.open("/overview")
	value := `document.querySelector('[data-key="lag"] dd').textContent`
	first := inTab[string](tab, value)
	tab.until("a figure changed", fmt.Sprintf(`%s !== %q`, value, first))
	tab.until("its curve has a point more", `document.querySelector('[data-key="lag"] .line').getAttribute("d").split("L").length >= 2`)
	box := inTab[[]float64](tab, `(() => { const c = document.querySelector('[data-key="lag"] .curve'); c.scrollIntoView({block: "center", behavior: "instant"}); const r = c.getBoundingClientRect(); return [r.right - 1, r.y + r.height / 2]; })()`)
	tab.point(box[0], box[1])
	tab.until("the curve says what is pointed at", `/^\d\d:\d\d:\d\d: [\d,]+$/.test(document.querySelector('[data-key="lag"] .plot-say').textContent)`)
	tab.click("#pause")
	if inTab[string](tab, `document.getElementById("pause").getAttribute("aria-pressed")`) != "true" {
		t.Error("the button does not say that it is pressed")
	}
	f.mu.Lock()
	f.health = Health{Reasons: []string{"the disk is full"}}
	f.mu.Unlock()
	tab.click("#pause")
	tab.until("what is amiss is told", `(document.querySelector(".health.bad") || {textContent: ""}).textContent.includes("The disk is full.")`)
}

// TestTablesAndDays: a click on a head sorts the rows, a second one the other way round, and a day that is pointed at is told.
func TestTablesAndDays(t *testing.T) {
	f := newPagesFake(40, 30)
	tab := openPagesTab(t, f)
	shown := `Array.from(document.querySelectorAll("tbody tr"), r => Number(r.cells[3].textContent.replaceAll(",", "")))`
	tab.open("/cards?order=all&view=list")
	tab.click("th:nth-child(4) button")
	if got := inTab[[]float64](tab, shown); len(got) != 40 || !slices.IsSortedFunc(got, func(a, b float64) int { return cmp.Compare(b, a) }) {
		t.Errorf("sorted by shows: %v", got)
	}
	tab.click("th:nth-child(4) button")
	if got := inTab[[]float64](tab, shown); !slices.IsSorted(got) || inTab[string](tab, `document.querySelector("th:nth-child(4)").getAttribute("aria-sort")`) != "ascending" {
		t.Errorf("sorted the other way: %v", got)
	}
	tab.open("/card?id=" + url.QueryEscape(f.keys[0]))
	day := f.items[f.keys[0]].days[9]
	box := inTab[[]float64](tab, `(() => { const r = document.querySelectorAll(".life .slot")[9].getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`)
	tab.point(box[0], box[1])
	tab.until("the day is told", fmt.Sprintf(`document.querySelector(".life [data-say]").textContent.startsWith(%q)`, day.Day.Format("Monday, 2 January 2006")+": "+countText(day.Shows)+" shows, "))
}

// TestModelsByHand refuses and forces a version as a person would: with script, from the page of models on.
func TestModelsByHand(t *testing.T) {
	f := newPagesFake(10, 5)
	lost := f.versions[2].ID
	tab := openPagesTab(t, f)
	tab.open("/models")
	tab.click(fmt.Sprintf(`[id=%q] .button`, lost))
	tab.until("the warning is there", `document.querySelector(".confirm.loud") !== null`)
	tab.click(".danger")
	if inTab[bool](tab, `document.querySelector("form").checkValidity()`) || f.Health().Model == lost {
		t.Error("a version that did not pass can be activated without saying that one knows")
	}
	tab.click(`[name="force"]`)
	tab.click(".danger")
	tab.until("it is done", fmt.Sprintf(`(document.querySelector(".done") || {textContent: ""}).textContent.includes(%q)`, "Version "+lost+" makes the pages now."))
	f.mu.Lock()
	f.before = "gone"
	f.mu.Unlock()
	tab.click(`a[href="/models/rollback"]`)
	tab.until("it asks", `document.querySelector(".confirm") !== null`)
	tab.click(".confirm button")
	tab.until("it was refused in words", `(document.querySelector(".confirm .alert") || {textContent: ""}).textContent.includes("It was refused")`)
	tab.mu.Lock() // the browser logs answers of status 409 as errors, as it should
	tab.complaints = slices.DeleteFunc(tab.complaints, func(c string) bool { return strings.Contains(c, "409") })
	tab.mu.Unlock()
}
