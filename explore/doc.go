// Package explore decides which slots of a page show a card to learn about it rather than the best one known, and which card that is. Every
// choice comes with its propensity: the exact chance with which this slot showed this card, so that another policy can be judged on the log.
//
// A page is made greedily first. Each slot then explores by a coin of its own, and shows a card drawn from a pool of its own, disjoint from the
// page and from other slots' pools: what one slot shows says nothing of another. A Policy gives the chances within a pool, a Budget lets slots whose pools
// have new cards explore more, so that these get their first impressions, and a Limiter keeps the share of explored slots below a cap whatever the coins say.
package explore
