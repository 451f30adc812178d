// Package candidate holds the candidate generators: given a user's recent history and the moment, each names some cards out of
// the whole catalogue and says why. One generator a file.
//
// Item-side models (EASE, iALS, item kNN, ...) are fitted on a Matrix of users by items and know items only; a user is folded
// in from her History when she asks, so that someone unknown yesterday is served today and training does not grow with what is
// kept of users. Such a model is a Scorer: scores of all items for one history. Generators that also look at the moment and at who asks
// (popular at this hour, with people like her, new from a creator) are Generators; FromScorer makes a Generator of a Scorer.
//
// Items are dense numbers from 0, the warehouse's card ids.
package candidate
