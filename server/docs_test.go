package server

import (
	"context"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// The pages name no other host and hold no script or style that their policy would stop.
func TestPagesAreSelfContained(t *testing.T) {
	c := newClient(t, Config{Backend: newScripted(), Keys: testKeys})
	inline := regexp.MustCompile(`(?i)<script[^>]*>[^<]|\son[a-z]+=|\sstyle=|javascript:`)
	for _, path := range []string{"/docs", "/docs/docs.js", "/docs/docs.css", "/login"} {
		w := c.ask("GET", path, "", "X-API-Key", readSecret)
		if w.Code != 200 || w.Body.Len() < 200 {
			t.Errorf("%s: %d, %d bytes", path, w.Code, w.Body.Len())
		}
		if strings.Contains(w.Body.String(), "http://") || strings.Contains(w.Body.String(), "https://") || inline.MatchString(w.Body.String()) && !strings.HasSuffix(path, ".js") {
			t.Errorf("%s is not self-contained", path)
		}
	}
}

// TestDocsInABrowser logs in with a key, tries an operation that reads and one that writes, and fails on an error of the console, a stopped style and a
// request to anyone else.
func TestDocsInABrowser(t *testing.T) {
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("no chromium or chrome on the PATH: the page was not opened in a browser")
	}
	b := newScripted()
	s, err := New(Config{Backend: b, Keys: testKeys})
	if err != nil {
		t.Fatal(err)
	}
	address, _ := listening(t, s)
	var mu sync.Mutex
	var complaints []string
	complain := func(said string) {
		mu.Lock()
		defer mu.Unlock()
		complaints = append(complaints, said)
	}
	listen := func(ev any) {
		switch ev := ev.(type) {
		case *runtime.EventExceptionThrown:
			complain("exception: " + ev.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			complain("console: " + string(ev.Type))
		case *log.EventEntryAdded:
			if ev.Entry.Level == log.EntryLevelError {
				complain("log: " + ev.Entry.Text)
			}
		case *network.EventRequestWillBeSent:
			if u := ev.Request.URL; !strings.HasPrefix(u, "http://"+address+"/") && !strings.HasPrefix(u, "data:") {
				complain("request to " + u)
			}
		}
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1000, 800),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()))
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	ctx, cancelAllocator := chromedp.NewExecAllocator(ctx, options...)
	defer cancelAllocator()
	ctx, cancelTab := chromedp.NewContext(ctx, chromedp.WithListener(listen))
	defer cancelTab()
	do := func(what string, steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	ask := func(script string) string {
		t.Helper()
		v, err := chromedp.Run(ctx, chromedp.Evaluate[string](script))
		if err != nil {
			t.Fatalf("%s: %v", script, err)
		}
		return v
	}
	until := func(script, want string) {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); !strings.Contains(ask(script), want); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s stays %q; %q is expected in it", script, ask(script), want)
			}
		}
	}
	watch := func(ctx context.Context, tab *chromedp.Target) (none chromedp.Void, err error) {
		if _, err = cdp.Call(ctx, tab, network.Enable, network.EnableParams{}); err == nil {
			_, err = cdp.Call(ctx, tab, log.Enable, cdp.Empty{})
		}
		return none, err
	}
	do("open the page", watch, chromedp.Navigate("http://"+address+"/docs"))
	until(`location.pathname + location.search`, "/login?next=%2Fdocs")
	do("log in", chromedp.Evaluate[chromedp.Void](`document.getElementById("key").value = "`+writeSecret+`"; document.querySelector("button").click()`))
	until(`location.pathname + " " + document.querySelectorAll("details.op").length`, "/docs 21")
	send := func(operation, fill string) string {
		return `(() => { const op = [...document.querySelectorAll("details.op")].find((o) => o.querySelector(".says").textContent === "` + operation + `"); op.open = true; const f = op.querySelector("form"); ` +
			fill + `; f.requestSubmit(); })()`
	}
	of := func(operation string) string {
		return `[...document.querySelectorAll("details.op")].find((o) => o.querySelector(".says").textContent === "` + operation + `").querySelector("form ~ pre").textContent`
	}
	shown := `[...document.querySelectorAll("details.op > div > pre:not([hidden])")].map((p) => p.textContent).join("")`
	do("ask for a page", chromedp.Evaluate[chromedp.Void](send("A page for a user", `f.elements["p:id"].value = "a/b ♫"; f.elements["p:n"].value = "2"; f.elements["p:exclude"].value = "x\ny&z"`)))
	until(shown, `"slot": 1`)
	for _, says := range []string{"Tell what happened", "Tell who users are", "Tell what items are", "Tell who a user is", "Tell what an item is", "Tell more of a user", "Tell more of an item"} {
		do("send the body that is offered", chromedp.Evaluate[chromedp.Void](send(says, `if (f.elements["p:id"]) f.elements["p:id"].value = "`+says+`".includes("user") ? "user" : "item"`)))
		until(of(says), "\n200 ")
	}
	do("tell of a click", chromedp.Evaluate[chromedp.Void](send("Tell what happened", `f.elements.body.value = '`+click+`'`)))
	until(of("Tell what happened"), `"accepted": 1`)
	if c := ask(`getComputedStyle(document.querySelector(".method")).fontWeight + document.cookie`); c != "700" {
		t.Errorf("weight and cookie that scripts see: %q", c)
	}
	do("narrow the window", chromedp.EmulateViewport(375, 800))
	if wide := ask(`String(Math.max(0, document.documentElement.scrollWidth - window.innerWidth))`); wide != "0" {
		t.Errorf("the page is %s pixels wider than the window", wide)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if r := b.asked[0]; r.User != "a/b ♫" || r.N != 2 || !slices.Equal(r.Exclude, []string{"x", "y&z"}) {
		t.Errorf("the backend was asked %+v", r)
	}
	if len(b.events) != 8 { // the click, and the seven bodies
		t.Errorf("%d events were stored", len(b.events))
	}
	mu.Lock()
	defer mu.Unlock()
	for _, said := range complaints {
		t.Error(said)
	}
}
