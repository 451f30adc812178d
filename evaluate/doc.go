// Package evaluate says how good recommendations are, offline, and how sure that is.
//
// toplist.go has the measures of one user's ranked list, toplist_exposure.go those of all lists together, and toplist_interval.go
// the intervals of their means over users and the tests of differences between models. Package allrank runs them over splits of
// anyone's own by the protocol of the literature.
package evaluate
