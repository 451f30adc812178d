// Lists to take along: users and cards as CSV, written as they are read, so that a long list takes no memory.

package server

import (
	"encoding/csv"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// writeCSV writes rows until there is no next, at most rowsExported. A cell that a spreadsheet would take for a formula begins with a quote. What fails on the
// way breaks the answer off, so that the file is seen to be cut.
func (s *site) writeCSV(w http.ResponseWriter, r *http.Request, name string, head []string, some func(after string) (rows [][]string, next string, err error)) {
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
	out := csv.NewWriter(w)
	if err := out.Write(head); err != nil {
		return
	}
	deadline, after := http.NewResponseController(w), ""
	for written := 0; written < rowsExported; {
		if err := deadline.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil && !errors.Is(err, http.ErrNotSupported) { // for each batch: the whole list may take longer
			return
		}
		rows, next, err := some(after)
		if err != nil {
			if r.Context().Err() == nil { // else the client has what it wanted, as head does
				s.log.ErrorContext(r.Context(), "a list could not be written", "list", name, "error", err)
			}
			panic(http.ErrAbortHandler)
		}
		for _, row := range rows {
			for k, cell := range row {
				if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
					row[k] = "'" + cell
				}
			}
			if err := out.Write(row); err != nil {
				return
			}
		}
		out.Flush()
		written += len(rows)
		if after = next; next == "" || out.Error() != nil {
			return
		}
	}
}

func (s *site) usersCSV(w http.ResponseWriter, r *http.Request) {
	prefix, segment := strings.TrimSpace(r.FormValue("q")), r.FormValue("segment")
	name := "users"
	if segment != "" {
		name += "-" + strings.TrimSuffix(slugOf(strings.ReplaceAll(segment, " ", "")), "-")
	}
	head := []string{"user", "segment", "activity_score", "impressions", "clicks", "click_through_rate", "last_seen", "gender", "age", "province", "likes", "reasons"}
	s.writeCSV(w, r, name, head, func(after string) ([][]string, string, error) {
		users, next, _, err := s.usersOf(r.Context(), prefix, segment, after, MaxN, peopleLooked)
		rows := make([][]string, len(users))
		for k := range users {
			rows[k] = userRow(&users[k])
		}
		return rows, next, err
	})
}

func userRow(u *UserView) []string {
	row := []string{u.User, u.Segment, "", strconv.Itoa(u.Impressions), strconv.Itoa(u.Clicks), "", "", u.Gender, "", u.Province, "", ""}
	if u.Activity != nil {
		row[2] = strconv.FormatFloat(u.Activity.Score, 'f', 4, 64)
		var reasons []string
		for _, p := range u.Activity.Why[:min(len(u.Activity.Why), reasonsExported)] {
			part := partOf(p, 1)
			reasons = append(reasons, strings.TrimSpace(part.Means+" "+part.Value)+" "+part.Change)
		}
		row[11] = strings.Join(reasons, "; ")
	}
	if u.Impressions > 0 {
		row[5] = strconv.FormatFloat(float64(u.Clicks)/float64(u.Impressions), 'f', 4, 64)
	}
	if u.LastMS > 0 {
		row[6] = time.UnixMilli(u.LastMS).UTC().Format(time.RFC3339)
	}
	if u.Age != nil {
		row[8] = strconv.Itoa(*u.Age)
	}
	var likes []string
	for _, t := range u.Tastes {
		if t.Lift > 1 && len(likes) < 3 {
			likes = append(likes, t.Content)
		}
	}
	row[10] = strings.Join(likes, "; ")
	return row
}

// cardsCSV writes what the page of cards lists, in its order.
func (s *site) cardsCSV(w http.ResponseWriter, r *http.Request) {
	list := cardsList{query: strings.TrimSpace(r.FormValue("q")), order: r.FormValue("order")}
	list.settle()
	head := []string{"card", "content", "creator", "published", "shows", "clicks", "click_through_rate", "rate_drawn_to_mean", "hidden", "categories"}
	s.writeCSV(w, r, "cards-"+list.order, head, func(after string) ([][]string, string, error) {
		items, next, err := s.cardsOf(r.Context(), list, after, MaxN)
		rows := make([][]string, len(items))
		for k := range items {
			rows[k] = itemRow(&items[k])
		}
		return rows, next, err
	})
}

func itemRow(v *ItemView) []string {
	row := []string{v.Item, v.Content, v.Creator, "", strconv.FormatFloat(v.Shows, 'f', -1, 64), strconv.FormatFloat(v.Clicks, 'f', -1, 64), "", strconv.FormatFloat(v.Rate, 'f', 5, 64), strconv.FormatBool(v.Hidden), strings.Join(v.Categories, "; ")}
	if v.PublishedMS > 0 {
		row[3] = time.UnixMilli(v.PublishedMS).UTC().Format(time.RFC3339)
	}
	if v.Shows > 0 {
		row[6] = strconv.FormatFloat(v.Clicks/v.Shows, 'f', 5, 64)
	}
	return row
}
