// Package live is what is believed now: users' recent rows, cards and their counts, each moved on by an event as soon as it is durable, so that the
// next page knows it. It is all in memory, within stated bounds, and comes back after a restart from a snapshot and the events after it.
//
// What is kept of a user is a set of small records, impressions and doings each for itself, in order of time; which doing belongs to which row is found
// when she is read. A set does not ask in which order it was filled, so events that come late or out of order end in the state that ordered ones would have
// made, as far back as records are kept apart (Config.Late) and kept at all (Config.MaxRows).
//
// Memory: six to seven bytes for most records (packed.go), 17 at most, and some percent for room to grow; 44 bytes a user and about 12 besides the key; of an item some
// 250 bytes, and up to 800 for its neighbours and 128 for who clicked it last. Measured, 2,000,000 users with keys of 16 bytes and 55.8 million rows, with 250,000 items, take 0.6 GB.
// Nearly all of it is free of pointers, so that the garbage collector passes over it; a program that holds a large state should still set a memory limit or a
// low GOGC, since the collector otherwise waits until the heap has doubled.
package live
