package segue

import (
	"net/http"
	"strings"
	"testing"
)

// Which types of feedback count as a click, and which as an impression, is for who serves to say, at the first start and after it.
func TestServeTypesOfFeedback(t *testing.T) {
	dir := t.TempDir()
	s := emptyDatabase(t, dir)
	opt := ServeOptions{Dir: dir + "/serve", Positive: []string{"like"}, Read: []string{"look"}}
	v := serve(t, s, opt)
	for n, of := range []string{"like", "look", "hate"} { // one more of each user
		body := `[{"FeedbackType":"` + of + `","UserId":"` + of + `","ItemId":"a"},{"FeedbackType":"` + of + `","UserId":"all","ItemId":"` + of + `"}]`
		r, err := http.Post(v.home+"/api/feedback", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if r.Body.Close(); r.StatusCode != http.StatusOK {
			t.Fatalf("feedback %d: %d", n, r.StatusCode)
		}
	}
	for round := range 2 {
		for user, want := range map[string]string{"like": `"impressions":1,"clicks":1,`, "look": `"impressions":1,"clicks":0,`, "hate": `"impressions":0,"clicks":0,`, "all": `"impressions":2,"clicks":1,`} {
			if status, body := v.get("/v1/users/" + user); status != http.StatusOK || !strings.Contains(body, want) {
				t.Errorf("round %d: %s: %d %s; want %s", round, user, status, body, want)
			}
		}
		if round == 0 {
			v.stop()
			v = serve(t, s, opt)
		}
	}
	v.stop()
}
