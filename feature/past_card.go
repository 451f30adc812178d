package feature

// CardClicks says how often she clicked a card.
func (p *Past) CardClicks(card int32) int {
	if s := p.cards.find(card); s != nil {
		return int(s.clicks)
	}
	return 0
}
