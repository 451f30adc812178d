// Package stat holds the statistical tests, intervals and summaries behind the sentences of a report.
//
// Every function is a pure function of its arguments and none of them panics. A question that the
// data cannot answer (an empty group, a column of constants, a negative count, a NaN among the
// values) is answered with NaN, so that the caller decides in one place what to say instead. All
// intervals have 95% confidence and all p values are two-sided.
//
// Functions named ...Counts take values compressed to (value, how often) pairs, sorted by value, so
// that millions of users cost as much as they have distinct values.
//
// The results are held to scipy's and statsmodels' in the tests; testdata/reference.py is the script
// that made the numbers.
package stat
