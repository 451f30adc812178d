// Gorse sends a log to servers of Gorse's interface, and asks them how soon a like counts: what docs/BENCHMARKS.md compares, with the same requests for each.
//
//	go run ./scripts/gorse --log log http://127.0.0.1:8088 http://127.0.0.1:8087     # sends it: users, items, then feedback, 1,000 rows a request
//	go run ./scripts/gorse --log log --likes 40 http://127.0.0.1:8088 ...            # each of so many users likes the first item of her page, and asks again
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seguefeed/segue/feedlog"
)

func main() {
	dir, likes := flag.String("log", "log", "`folder` of the log, as segue simulate writes it"), flag.Int("likes", 0, "`users` who like, in place of sending the log")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "gorse: the address of a server is expected, such as http://127.0.0.1:8088; see --help")
		os.Exit(2)
	}
	rows, err := read(ctx, *dir)
	for _, address := range flag.Args() {
		if err == nil && *likes > 0 {
			err = like(ctx, address, rows.users[:min(*likes, len(rows.users))], os.Stdout)
		} else if err == nil {
			err = send(ctx, address, rows, os.Stdout)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gorse:", err)
		os.Exit(1)
	}
}

// Rows of the interface.
type (
	user struct{ UserId string }
	item struct {
		ItemId     string
		Timestamp  time.Time
		Categories []string
	}
	feedback struct {
		FeedbackType, UserId, ItemId string
		Value                        float64
		Timestamp                    time.Time
	}
	rows struct {
		users    []user
		items    []item
		feedback []feedback
	}
)

// read reads a log. An impression is feedback click where it was clicked, else read. Memory: that of all rows.
func read(ctx context.Context, dir string) (rows, error) {
	var out rows
	var last time.Time
	table := func(name string, decode func(f *os.File, opt feedlog.Options) error) error {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		defer f.Close()
		return decode(f, feedlog.Options{Name: name})
	}
	err := table("user_demographics.csv", func(f *os.File, opt feedlog.Options) error {
		_, err := feedlog.DecodeUsers(ctx, f, opt, func(batch []feedlog.User) error {
			for _, u := range batch {
				out.users = append(out.users, user{strings.Clone(u.UserID)})
			}
			return nil
		})
		return err
	})
	if err != nil {
		return out, err
	}
	err = table("impression_data.csv", func(f *os.File, opt feedlog.Options) error {
		_, err := feedlog.DecodeImpressions(ctx, f, opt, func(batch []feedlog.Impression) error {
			for _, i := range batch {
				kind, at := "read", time.UnixMilli(i.ShownAtMS).UTC()
				if i.Clicked {
					kind = "click"
				}
				if at.After(last) {
					last = at
				}
				out.feedback = append(out.feedback, feedback{kind, strings.Clone(i.UserID), strings.Clone(i.CardID), 1, at})
			}
			return nil
		})
		return err
	})
	if err != nil {
		return out, err
	}
	return out, table("mlog_demographics.csv", func(f *os.File, opt feedlog.Options) error {
		_, err := feedlog.DecodeCards(ctx, f, opt, func(batch []feedlog.Card) error {
			for _, c := range batch {
				row := item{ItemId: strings.Clone(c.CardID), Timestamp: last.AddDate(0, 0, -int(max(c.AgeDays, 0)))}
				if c.Content != "" {
					row.Categories = []string{strings.Clone(c.Content)}
				}
				out.items = append(out.items, row)
			}
			return nil
		})
		return err
	})
}

// ask sends a request with a body in JSON, where there is one, and reads the answer into to.
func ask(ctx context.Context, method, url string, body, to any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(b))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-API-Key", os.Getenv("SEGUE_KEY"))
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer a.Body.Close()
	b, err = io.ReadAll(a.Body)
	if err != nil {
		return err
	}
	if a.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s: %.200s", method, url, a.Status, b)
	}
	return json.Unmarshal(b, to)
}

const together = 1000 // rows a request

// send sends all rows by one connection and tells how many feedback rows a second were taken.
func send(ctx context.Context, address string, all rows, w io.Writer) error {
	var taken any
	for part := range slices.Chunk(all.users, together) {
		if err := ask(ctx, http.MethodPost, address+"/api/users", part, &taken); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(all.items, together) {
		if err := ask(ctx, http.MethodPost, address+"/api/items", part, &taken); err != nil {
			return err
		}
	}
	begun := time.Now()
	for part := range slices.Chunk(all.feedback, together) {
		if err := ask(ctx, http.MethodPost, address+"/api/feedback", part, &taken); err != nil {
			return err
		}
	}
	took := time.Since(begun).Seconds()
	fmt.Fprintf(w, "%s took %d rows of feedback in %.1f s, %.0f a second\n", address, len(all.feedback), took, float64(len(all.feedback))/took)
	return nil
}

// like lets users like what comes first on their pages, and tells of how many the next page has another order or other items besides that one.
func like(ctx context.Context, address string, users []user, w io.Writer) error {
	changed := 0
	for _, u := range users {
		var before, after []string
		page := address + "/api/recommend/" + u.UserId + "?n=20"
		if err := ask(ctx, http.MethodGet, page, nil, &before); err != nil {
			return err
		}
		if len(before) == 0 {
			return fmt.Errorf("%s recommends nothing to %s", address, u.UserId)
		}
		var taken any
		if err := ask(ctx, http.MethodPost, address+"/api/feedback", []feedback{{"click", u.UserId, before[0], 1, time.Now().UTC()}}, &taken); err != nil {
			return err
		}
		if err := ask(ctx, http.MethodGet, page, nil, &after); err != nil {
			return err
		}
		if moved(before[1:], slices.DeleteFunc(after, func(id string) bool { return id == before[0] })) {
			changed++
		}
	}
	fmt.Fprintf(w, "%s: pages of %d of %d users are others right after a like, besides the item that was liked\n", address, changed, len(users))
	return nil
}

// moved says whether two pages differ, as far as both go.
func moved(a, b []string) bool {
	n := min(len(a), len(b))
	return !slices.Equal(a[:n], b[:n])
}
