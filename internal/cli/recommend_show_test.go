package cli

import (
	"testing"

	"github.com/spf13/cobra"

	"github.com/seguefeed/segue/feed"
)

// The switches that are given change a version's own settings, and the others leave them.
func TestGivenPageFlags(t *testing.T) {
	cmd := new(cobra.Command)
	pageFlags(cmd, new(feed.Settings), feed.Settings{})
	if err := cmd.ParseFlags([]string{"--creator-cap", "0", "--diversity=dpp", "--lambda", ".5", "--hide-clicked=false"}); err != nil {
		t.Fatal(err)
	}
	got := feed.Defaults()
	got.TopicCap, got.Shortlist = 1, .25
	want := got
	want.CreatorCap, want.Diversity, want.Lambda, want.HideClicked = 0, feed.DPP, .5, false
	if givenPageFlags(cmd, &got); got != want {
		t.Errorf("%+v; want %+v", got, want)
	}
}
