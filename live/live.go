// Package live is what is believed now: users' recent rows, cards and their counts, each moved on by an event as soon as it is durable, so that the
// next page knows it. It is all in memory, within stated bounds, and comes back after a restart from a snapshot and the events after it.
package live
