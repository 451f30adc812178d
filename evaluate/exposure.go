// What all lists of a method together show.

package evaluate

import "slices"

// topCreators is the share of creators whose places are counted as those of the top.
const topCreators = .01

// exposureOf is the share of living cards that any list holds, and the share of places that the top creators of the catalogue have.
func exposureOf(lists Lists, c *Catalogue) (coverage, top float64) {
	seen, places := make(map[int32]bool), make(map[int32]int)
	total := 0
	for _, list := range lists {
		for _, card := range list {
			seen[card] = true
			if creator := c.Cards.Creator[card]; creator >= 0 {
				places[creator]++
				total++
			}
		}
	}
	var counts []int
	for _, n := range places {
		counts = append(counts, n)
	}
	slices.SortFunc(counts, func(a, b int) int { return b - a })
	most := 0
	for _, n := range counts[:min(len(counts), max(1, int(topCreators*float64(len(c.Cards.CreatorKeys)))))] {
		most += n
	}
	return float64(len(seen)) / float64(max(c.Alive, 1)), float64(most) / float64(max(total, 1))
}
