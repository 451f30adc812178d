package server

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/seguefeed/segue/feature"
)

// Every feature that a score may be explained by has words of its own, in which there is nothing of how it is reckoned; and there are words for no others.
func TestPlainWords(t *testing.T) {
	r, err := trained["a"]()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, c := range r.Pairs.Columns() {
		names[c.Name] = true
	}
	for _, d := range feature.Extended() {
		names[d.Name] = true
	}
	of := map[string][]string{}
	for name := range names {
		words := Plain(name)
		of[words] = append(of[words], name)
		if plain[name] == "" || strings.ContainsAny(words, "_()+/0.") && !strings.Contains(words, "o'clock") || strings.Contains(words, "lift") || strings.Contains(words, "CTR") || strings.Contains(words, "smoothed") {
			t.Errorf("%s is called %q", name, words)
		}
	}
	for words, names := range of {
		slices.Sort(names)
		if len(names) > 1 && !slices.Equal(names, []string{"mean_depth", "user_mean_depth"}) {
			t.Errorf("%v are all called %q", names, words)
		}
	}
	for name := range maps.Keys(plain) {
		if !names[name] {
			t.Errorf("there is no feature %s", name)
		}
	}
	if got := Plain("of_a_later_model"); got != "of a later model" {
		t.Errorf("a feature without words is called %q", got)
	}
}
