// Package evaluate says how good recommendations are, offline, and how sure that is.
//
// Lists against what users took, on splits of anyone's own: toplist.go has the measures of one user's ranked list, toplist_exposure.go
// those of all lists together, and toplist_interval.go the intervals of their means over users and the tests of differences between
// models. Package allrank runs them by the protocol of the literature.
//
// Methods of a feed on its own log: options.go says what is asked and results.go what is answered; rerank.go, retrieve.go and truth.go are the three questions.
package evaluate
