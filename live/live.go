// Package live is what is believed now: users' recent rows, cards and their counts, each moved on by an event as soon as it is durable, so that the
// next page knows it. It is all in memory, within stated bounds, and comes back after a restart from a snapshot and the events after it.
//
// What is kept of a user is a set of small records, impressions and doings each for itself, in order of time; which doing belongs to which row is found
// when she is read. A set does not ask in which order it was filled, so events that come late or out of order end in the state that ordered ones would have
// made, as far back as records are kept apart (Config.Late) and kept at all (Config.MaxRows).
//
// Memory, by measurement: 16 bytes a record and a tenth for room to grow, some 70 bytes a user with a key of 16; of a card some 200 bytes, and up to
// 800 for its neighbours and 128 for who clicked it last. 2,000,000 users with 57,000,000 rows and 250,000 cards take 1.3 GB. All of it is free of pointers
// but for cards' texts, so that the garbage collector passes over it; a program that holds a large state should still set a GOMEMLIMIT, since the
// collector otherwise waits until the heap has doubled.
package live
