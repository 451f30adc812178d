package report

import (
	"context"
	"os/exec"
	"path/filepath"
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

// browser starts a headless browser, or skips the test where there is none.
func browser(t *testing.T, listen func(ev any)) context.Context {
	t.Helper()
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
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1300, 900),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()))
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, cancelAllocator := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancelAllocator)
	ctx, cancelTab := chromedp.NewContext(ctx, chromedp.WithListener(listen))
	t.Cleanup(cancelTab)
	return ctx
}

// TestInABrowser opens the page from its file, draws every chart, and fails on a console error, an empty chart or a request to
// anything but the file.
func TestInABrowser(t *testing.T) {
	var mu sync.Mutex
	var complaints []string
	complain := func(s string) {
		mu.Lock()
		defer mu.Unlock()
		complaints = append(complaints, s)
	}
	ctx := browser(t, func(ev any) {
		switch ev := ev.(type) {
		case *runtime.EventExceptionThrown:
			complain("exception: " + ev.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			if ev.Type == runtime.ConsoleAPICalledTypeError || ev.Type == runtime.ConsoleAPICalledTypeWarning {
				var said []string
				for _, a := range ev.Args {
					said = append(said, string(a.Value))
				}
				complain("console: " + strings.Join(said, " "))
			}
		case *log.EventEntryAdded:
			if ev.Entry.Level == log.EntryLevelError {
				complain("log: " + ev.Entry.Text)
			}
		case *network.EventRequestWillBeSent:
			if u := ev.Request.URL; !strings.HasPrefix(u, "file://") && !strings.HasPrefix(u, "data:") {
				complain("request to " + u)
			}
		}
	})
	in := sample()
	in.Prediction, in.Recommendation = predictionSample(), recommendSample()
	dir := filepath.Join(t.TempDir(), "report")
	page, err := Write(t.Context(), dir, in)
	if err != nil {
		t.Fatal(err)
	}
	want := 0 // all charts but the one that has no data
	for _, a := range slices.Concat(in.Answers, predictionAnswers(in.Prediction), recommendAnswers(in.Recommendation)) {
		want += len(a.Charts)
	}
	want--
	do := func(what string, steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	watch := func(ctx context.Context, tab *chromedp.Target) (none chromedp.Void, err error) {
		if _, err = cdp.Call(ctx, tab, network.Enable, network.EnableParams{}); err == nil {
			_, err = cdp.Call(ctx, tab, log.Enable, cdp.Empty{})
		}
		return none, err
	}
	do("open the page", watch, chromedp.Navigate("file://"+page), chromedp.Evaluate[chromedp.Void](`window.drawAllCharts()`), chromedp.Sleep(300*time.Millisecond))
	pictures := ask[[]int](t, ctx, `Array.from(document.querySelectorAll(".chart")).map(c => c.querySelectorAll("svg").length)`)
	// What is painted beyond axes and their lines: those have neither a fill nor a width of 2.
	marks := ask[[]int](t, ctx, `Array.from(document.querySelectorAll(".chart")).map(c => c.querySelectorAll("svg path[fill]:not([fill=none]):not([fill=transparent]), svg path[stroke-width='2']").length)`)
	wide := ask[int](t, ctx, `document.documentElement.scrollWidth - window.innerWidth`)
	heights := ask[[]int](t, ctx, `(window.dispatchEvent(new Event("beforeprint")), Array.from(document.querySelectorAll(".chart:not(.tall) svg")).map(s => s.getBoundingClientRect().height))`)
	do("end printing", chromedp.Evaluate[chromedp.Void](`window.dispatchEvent(new Event("afterprint"))`))
	do("press the button for dark", chromedp.Click(chromedp.CSS("#theme")))
	theme := ask[string](t, ctx, `document.documentElement.dataset.theme`)
	do("narrow the window", chromedp.EmulateViewport(375, 800), chromedp.Sleep(300*time.Millisecond))
	narrow := ask[int](t, ctx, `document.documentElement.scrollWidth - window.innerWidth`)

	mu.Lock()
	defer mu.Unlock()
	for _, c := range complaints {
		t.Error(c)
	}
	if len(pictures) != want {
		t.Errorf("%d charts on the page, want the %d with data", len(pictures), want)
	}
	for i := range pictures {
		if pictures[i] != 1 || marks[i] == 0 {
			t.Errorf("chart %d of the page is empty: %d pictures, %d marks in it", i, pictures[i], marks[i])
		}
	}
	for i, h := range heights {
		if h > 260 {
			t.Errorf("chart %d is printed %d pixels high: one to a sheet", i, h)
		}
	}
	if wide > 0 || narrow > 0 {
		t.Errorf("the page is wider than the window: by %d at 1300 pixels, by %d at 375", wide, narrow)
	}
	if theme != "dark" {
		t.Errorf("the button for dark leaves the page %q", theme)
	}
}

// ask evaluates a script in the page.
func ask[T any](t *testing.T, ctx context.Context, script string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script))
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return v
}
