// Package feed makes the page: candidates from several generators are filtered, ranked, re-ranked (caps, fatigue, diversity, a floor of
// fresh cards) and laid out in columns, each card with where it came from and a reason in words; some slots may then show a card of a pool of
// theirs instead, by chance, to learn about it. Every step has a switch of its own, and a page tells what each step did.
package feed
