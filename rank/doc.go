// Package rank orders candidate cards for a user. It learns how likely a card is clicked when it is looked at, and what follows a click, from
// rows of feature.PairSet: impressions with the features of their user and card just before they were shown.
//
// Not every card on a page is looked at, and who comes to the deeper slots is keener than the rest, so that clicks say as much about the slot and
// the visit as about the card. view.go cuts sessions into views of the page, position.go estimates from them how examination falls with the slot,
// and ranker.go trains with it and predicts without. value.go adds what follows the click.
package rank
