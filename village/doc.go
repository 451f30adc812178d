// Package village simulates a population of users, cards and creators whose true
// tastes and habits are known, and writes the log that their month in the feed
// leaves behind: the six files of the reference distribution.
package village
