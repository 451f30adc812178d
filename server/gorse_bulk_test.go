package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seguefeed/segue/stream"
)

func TestGorseBulk(t *testing.T) {
	g, f := newTestGorse()
	const (
		users    = `{"UserId":"a","Labels":{"x":1},"Comment":""}` + "\n" + `{"UserId":"b","Labels":null,"Comment":"c"}`
		items    = `{"ItemId":"i","IsHidden":true,"Categories":["c"],"Timestamp":"2020-01-02T03:04:05Z","Labels":[1],"Comment":"x"}`
		feedback = `{"FeedbackType":"t","UserId":"a","ItemId":"i","Value":3,"Timestamp":"2020-01-02T03:04:05.678Z","Comment":"x"}`
	)
	run(t, g,
		step{"GET /api/bulk/users", "", "200 "},
		step{"POST /api/bulk/users", "\ufeff" + users + "\r\n\n  \n", `200 {"RowAffected":2}`},
		step{"POST /api/bulk/items/", items, `200 {"RowAffected":1}`},
		step{"POST /api/bulk/feedback", feedback, `200 {"RowAffected":1}`},
		step{"POST /api/bulk/feedback", feedback, `200 {"RowAffected":1}`}, // overwrites: still 3
		step{"GET /api/bulk/users", "", "200 " + users},
		step{"GET /api/bulk/items", "", "200 " + items},
		step{"GET /api/bulk/feedback", "", "200 " + feedback},
		step{"POST /api/bulk/users", "", `200 {"RowAffected":0}`},
		step{"POST /api/bulk/users", users + "\n{\"UserId\":\"\"}", `400 line 3: UserId: a user is expected with "user"; 0 rows before are stored`},
		step{"POST /api/bulk/users", users + "\n" + strings.Repeat(" ", gorseMaxLine), "400 line 3: more than 262144 bytes; 2 rows before are stored"},
		step{"POST /api/bulk/users\nContent-Type: multipart/form-data", users, "400 body: no multipart boundary param in Content-Type"},
		step{"POST /api/bulk/users\nContent-Type: multipart/form-data; boundary=x", "--x--\r\n", "400 file: the form has no file"},
	)
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	w.WriteField("sep", ",")
	part, _ := w.CreateFormFile("file", "users.jsonl")
	for k := range 2001 {
		fmt.Fprintf(part, `{"UserId":"m%04d"}`+"\n", k)
	}
	w.Close()
	f.batches = nil
	run(t, g, step{"POST /api/bulk/users\nContent-Type: " + w.FormDataContentType(), form.String(), `200 {"RowAffected":2001}`})
	if want := []int{1000, 1000, 1}; !slices.Equal(f.batches, want) {
		t.Errorf("batches of %v; want %v", f.batches, want)
	}
	rec := httptest.NewRecorder()
	g.ServeHTTP(rec, httptest.NewRequest("GET", "/api/bulk/users", nil))
	if got := strings.Count(rec.Body.String(), "\n"); got != 2003 { // a, b and 2001
		t.Errorf("%d lines are exported; want 2003", got)
	}
	if got := rec.Header().Get("Content-Disposition"); got != "attachment; filename=users.jsonl" {
		t.Errorf("disposition %q", got)
	}
}

// breaking fails from its second page of users on.
type breaking struct {
	*fakeBackend
	pages int
}

func (b *breaking) Users(ctx context.Context, prefix, cursor string, n int) ([]UserView, string, error) {
	if b.pages++; b.pages > 1 {
		return nil, "", errors.New("broken")
	}
	return b.fakeBackend.Users(ctx, prefix, cursor, n)
}

// An export that breaks is seen to: the connection is cut, so that no client takes a part for the whole.
func TestGorseBrokenExport(t *testing.T) {
	f := newGorseFake(gorseNow.UnixMilli())
	for k := range 1500 {
		f.users[fmt.Sprint(k)] = fakeUser{}
	}
	s := httptest.NewServer(GorseHandler(&breaking{fakeBackend: f}))
	defer s.Close()
	resp, err := http.Get(s.URL + "/api/bulk/users")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("half an export came as a whole one")
	}
}

func BenchmarkGorseFeedback(b *testing.B) {
	row := `{"FeedbackType":"watch","UserId":"u%d","ItemId":"i%d","Value":1,"Timestamp":"2023-06-01T00:00:00Z"}`
	rows := make([]string, 100)
	for k := range rows {
		rows[k] = fmt.Sprintf(row, k, k)
	}
	body := "[" + strings.Join(rows, ",") + "]"
	b.Run("rows=100", func(b *testing.B) {
		g := newGorse(nothing{}, time.Now)
		for b.Loop() {
			w := httptest.NewRecorder()
			g.ServeHTTP(w, httptest.NewRequest("POST", "/api/feedback", strings.NewReader(body)))
			if w.Code != 200 {
				b.Fatal(w.Body)
			}
		}
	})
}

// nothing takes events and drops them, to time what is before it.
type nothing struct{ Backend }

func (nothing) Append(_ context.Context, events []stream.Event) (Taken, error) {
	return Taken{Accepted: len(events)}, nil
}
