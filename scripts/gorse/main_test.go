package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// store is a server that counts rows, and puts the item liked last at the end of everybody's page where it heeds.
type store struct {
	heeds bool
	rows  map[string]int
	page  []string
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var answer any = map[string]int{"RowAffected": 1}
	switch {
	case strings.HasPrefix(r.URL.Path, "/api/recommend/"):
		answer = s.page
	default:
		var rows []map[string]any
		if err := json.NewDecoder(r.Body).Decode(&rows); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.rows[r.URL.Path] += len(rows)
		if s.heeds && r.URL.Path == "/api/feedback" {
			s.page = []string{"c", "b"}
		}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func TestSendAndLike(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"user_demographics.csv": "userId,province,age,gender,registeredMonthCnt,followCnt,level\nu1,guang dong,21,male,3,5,7\nu2,bei jing,30,female,20,2,5\n",
		"mlog_demographics.csv": "mlogId,songId,artistId,creatorId,publishTime,type,contentId,talkId\nc1,s1,a1,k1,31,1,\"5000,5001,5002\",7\n",
		"impression_data.csv":   "detailMlogInfoList,dt,impressPosition,impressTime,isClick,isComment,isIntoPersonalHomepage,isShare,isViewComment,isLike,mlogId,mlogViewTime,userId\nNA,1,1,1572566400000,0,0,0,0,0,0,c1,NA,u1\nNA,1,1,1572570000000,1,0,0,0,0,1,c1,20,u1\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all, err := read(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	at := func(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
	want := rows{[]user{{"u1"}, {"u2"}}, []item{{"c1", at(1572570000000 - 31*86_400_000), []string{"5000,5001,5002"}}},
		[]feedback{{"read", "u1", "c1", 1, at(1572566400000)}, {"click", "u1", "c1", 1, at(1572570000000)}}}
	if d := cmp.Diff(want, all, cmp.AllowUnexported(rows{})); d != "" {
		t.Errorf("rows (-want +got)\n%s", d)
	}
	for _, test := range []struct {
		heeds bool
		want  string
	}{{true, "pages of 1 of 2 users"}, {false, "pages of 0 of 2 users"}} { // the second of those who are heeded sees c first and likes it: b is left, as before
		s := &store{heeds: test.heeds, rows: map[string]int{}, page: []string{"a", "b", "c"}}
		server := httptest.NewServer(s)
		defer server.Close()
		var out strings.Builder
		if err := send(t.Context(), server.URL, all, &out); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(map[string]int{"/api/users": 2, "/api/items": 1, "/api/feedback": 2}, s.rows); d != "" {
			t.Errorf("rows sent (-want +got)\n%s", d)
		}
		s.page = []string{"a", "b", "c"}
		out.Reset()
		if err := like(t.Context(), server.URL, all.users, &out); err != nil || !strings.Contains(out.String(), test.want) {
			t.Errorf("a server that heeds: %v: %q, %v; want %q", test.heeds, out.String(), err, test.want)
		}
	}
	refuses := httptest.NewServer(http.NotFoundHandler())
	defer refuses.Close()
	if err := send(t.Context(), refuses.URL, all, &strings.Builder{}); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("a server that refuses: %v", err)
	}
}
