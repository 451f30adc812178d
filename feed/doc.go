// Package feed makes the page: candidates from several generators are filtered, ranked, re-ranked (caps, fatigue, diversity, a floor of
// fresh cards) and laid out in columns, each card with where it came from and a reason in words. Every step has a switch of its own, and
// a page tells what each step did.
package feed
