package server

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// reportMaker makes reports when a test lets it.
type reportMaker struct {
	*testing.T
	dir   string
	made  atomic.Int32
	begun chan struct{}
	ready chan error // what becomes of it
}

func newReportMaker(t *testing.T) (*reportMaker, *Report) {
	m := &reportMaker{T: t, dir: filepath.Join(t.TempDir(), "report"), begun: make(chan struct{}, 10), ready: make(chan error)}
	r := NewReport(newPagesFake(1, 1), ReportConfig{Dir: m.dir, Make: m.make})
	t.Cleanup(r.Close)
	return m, r
}

func (m *reportMaker) make(ctx context.Context, tell func(string, int64, int64)) error {
	m.made.Add(1)
	tell("analyse", 1, 4)
	m.begun <- struct{}{} // for finish
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-m.ready:
		if err != nil {
			return err
		}
	}
	m.write("index.html", "<script>the report</script>")
	m.write("tables/a.csv", "a,b\n1,2\n")
	m.write(".segue-report", "a marker")
	m.write("tables/other.sh", "no file of reports")
	return nil
}

func (m *reportMaker) write(name, text string) {
	path := filepath.Join(m.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		m.Error(err)
	}
}

// finish lets the report that is being made end, and waits for what is said of it.
func (m *reportMaker) finish(r *Report, err error) {
	m.Helper()
	<-m.begun
	m.ready <- err
	for range 1000 {
		r.mu.Lock()
		making := r.making
		r.mu.Unlock()
		if !making {
			return
		}
		time.Sleep(time.Millisecond)
	}
	m.Fatal("it does not end")
}

func says(t *testing.T, w *httptest.ResponseRecorder, status int, texts ...string) {
	t.Helper()
	if w.Code != status {
		t.Errorf("status %d, want %d", w.Code, status)
	}
	for _, text := range texts {
		if not, never := strings.CutPrefix(text, "not "); strings.Contains(w.Body.String(), not) == never {
			t.Errorf("wanted %q in %q", text, w.Body.String())
		}
	}
}

func TestReportIsMadeOnce(t *testing.T) {
	m, r := newReportMaker(t)
	var wg sync.WaitGroup
	for range 8 { // at once
		wg.Go(func() {
			w := asked(r, "/report/", nil)
			says(t, w, http.StatusOK, "The report is being made", "not an earlier one")
			if w.Header().Get("Refresh") == "" || w.Header().Get("Content-Security-Policy") != pagesPolicy {
				t.Errorf("the header is %v", w.Header())
			}
		})
	}
	wg.Wait()
	m.finish(r, nil)
	for range 3 { // kept
		w := asked(r, "/report/", nil)
		says(t, w, http.StatusOK, "<script>the report</script>")
		if h := w.Header(); h.Get("Content-Security-Policy") != reportPolicy || h.Get("Refresh") != "" || h.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("the header is %v", h)
		}
	}
	if n := m.made.Load(); n != 1 {
		t.Errorf("it was made %d times", n)
	}
	// An hour later, anew; the last one stays at hand.
	late := time.Now().Add(61 * time.Minute)
	r.site.now = func() time.Time { return late }
	says(t, asked(r, "/report/", nil), http.StatusOK, "The report is being made", "There is an earlier one", `href="/report/index.html"`)
	<-m.begun
	m.begun <- struct{}{}                                                      // for finish
	says(t, asked(r, "/report/", nil), http.StatusOK, "analyse", `width="25"`) // 1 of 4
	says(t, asked(r, "/report/index.html", nil), http.StatusOK, "the report")
	r.site.now = time.Now
	m.finish(r, nil)
	says(t, asked(r, "/report/", nil), http.StatusOK, "the report")
	if n := m.made.Load(); n != 2 {
		t.Errorf("it was made %d times", n)
	}
}

func TestReportIsAskedForAnew(t *testing.T) {
	m, r := newReportMaker(t)
	w := asked(r, "/report/", url.Values{})
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/report/" {
		t.Errorf("a form is answered %d, to %q", w.Code, w.Header().Get("Location"))
	}
	w = asked(r, "/report/", url.Values{}, partHeader, "1")
	if w.Code != http.StatusNoContent || w.Header().Get(toHeader) != "/report/" {
		t.Errorf("the script is answered %d, to %q", w.Code, w.Header().Get(toHeader))
	}
	m.finish(r, nil)
	if n := m.made.Load(); n != 1 {
		t.Errorf("asked for twice at once it was made %d times", n)
	}
	asked(r, "/report/", url.Values{}) // though it is new
	says(t, asked(r, "/report/", nil), http.StatusOK, "is being made")
	m.finish(r, errors.New("the disk is full"))
	for range 2 {
		says(t, asked(r, "/report/", nil), http.StatusOK, "could not be made", "The disk is full.", "Try again", "There is an earlier one")
	}
	if n := m.made.Load(); n != 2 {
		t.Errorf("what failed is tried again unasked: %d times", n)
	}
	asked(r, "/report/", url.Values{})
	m.finish(r, nil)
	says(t, asked(r, "/report/", nil), http.StatusOK, "the report")
	if w := asked(r, "/report/", url.Values{}, "Sec-Fetch-Site", "cross-site"); w.Code != http.StatusForbidden || m.made.Load() != 3 {
		t.Errorf("another site's form is answered %d", w.Code)
	}
}

func TestReportFiles(t *testing.T) {
	m, r := newReportMaker(t)
	says(t, asked(r, "/report/index.html", nil), http.StatusNotFound) // and nothing is made
	asked(r, "/report/", nil)
	m.finish(r, nil)
	if err := os.WriteFile(filepath.Join(filepath.Dir(m.dir), "secret.csv"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := asked(r, "/report/tables/a.csv", nil)
	says(t, w, http.StatusOK, "a,b\n1,2\n")
	if w.Header().Get("Content-Type") != "text/csv; charset=utf-8" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("the header is %v", w.Header())
	}
	for _, path := range []string{"/report/tables", "/report/tables/", "/report/tables/b.csv", "/report/.segue-report", "/report/tables/other.sh", "/report/%2e%2e/secret.csv", "/report/..%2fsecret.csv", "/report/tables/..%2f..%2fsecret.csv"} {
		if w := asked(r, path, nil); w.Code == http.StatusOK || strings.Contains(w.Body.String(), "secret\n") || w.Body.String() == "secret" {
			t.Errorf("%s: status %d, %q", path, w.Code, w.Body.String())
		}
	}
}

func TestReportThatPanics(t *testing.T) {
	r := NewReport(newPagesFake(1, 1), ReportConfig{Dir: filepath.Join(t.TempDir(), "report"), Make: func(context.Context, func(string, int64, int64)) error { panic("at the wrong moment") }})
	defer r.Close()
	asked(r, "/report/", nil)
	r.done.Wait()
	says(t, asked(r, "/report/", nil), http.StatusOK, "could not be made", "A fault in the report")
}

// A server that ends breaks off what is being made.
func TestReportEnds(t *testing.T) {
	m, r := newReportMaker(t)
	asked(r, "/report/", nil)
	<-m.begun
	r.Close()
	says(t, asked(r, "/report/", nil), http.StatusOK, "The server is ending")
	asked(r, "/report/", url.Values{})
	if n := m.made.Load(); n != 1 {
		t.Errorf("after its end it was made %d times", n)
	}
	r.Close()
}

// Mounted where keys are set, it is behind them: reading needs one, asking anew one that may write.
func TestReportNeedsAKey(t *testing.T) {
	m, r := newReportMaker(t)
	s, err := New(Config{Backend: newScripted(), Keys: []Key{{"reader", RoleRead, "0123456789abcdef-r"}, {"writer", RoleWrite, "0123456789abcdef-w"}}})
	if err != nil {
		t.Fatal(err)
	}
	s.Mount("/report/", r)
	for _, c := range []struct {
		form   url.Values
		key    string
		status int
	}{{nil, "", http.StatusUnauthorized}, {url.Values{}, "", http.StatusUnauthorized}, {url.Values{}, "0123456789abcdef-r", http.StatusForbidden}, {nil, "0123456789abcdef-x", http.StatusUnauthorized}} {
		if w := asked(s, "/report/", c.form, "X-API-Key", c.key); w.Code != c.status || m.made.Load() != 0 {
			t.Errorf("key %q, form %v: status %d, want %d; it was made %d times", c.key, c.form, w.Code, c.status, m.made.Load())
		}
	}
	says(t, asked(s, "/report/", nil, "X-API-Key", "0123456789abcdef-r"), http.StatusOK, "is being made")
	m.finish(r, nil)
	w := asked(s, "/report/", nil, "X-API-Key", "0123456789abcdef-r")
	says(t, w, http.StatusOK, "the report")
	if w.Header().Get("Content-Security-Policy") != reportPolicy {
		t.Errorf("the policy is %q", w.Header().Get("Content-Security-Policy"))
	}
	if w := asked(s, "/report/", url.Values{}, "X-API-Key", "0123456789abcdef-w"); w.Code != http.StatusSeeOther {
		t.Errorf("one who may write is answered %d", w.Code)
	}
	m.finish(r, nil)
}
