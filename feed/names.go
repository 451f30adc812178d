// What cards, contents and creators are called where the log has no titles: by its own ids.

package feed

import (
	"strconv"

	"github.com/seguefeed/segue/candidate"
	"github.com/seguefeed/segue/warehouse"
)

// keyNames names things by the log's own ids.
type keyNames struct {
	cards    *warehouse.Cards
	cardKeys []string
}

// KeyNames are names by the log's own ids: "card KCGC", "content 5036", "creator HCOC". cardKeys are by card id; nil: cards are named by number.
func KeyNames(cards *warehouse.Cards, cardKeys []string) candidate.Names {
	return keyNames{cards, cardKeys}
}

func (n keyNames) Card(i int32) string {
	if i < 0 {
		return ""
	}
	if int(i) < len(n.cardKeys) {
		return "card " + n.cardKeys[i]
	}
	return "card " + strconv.Itoa(int(i))
}

// Content is the narrowest level of the taxonomy, or the spelling of the log where it has no levels.
func (n keyNames) Content(c int32) string {
	if c < 0 || int(c) >= len(n.cards.Contents) {
		return ""
	}
	if leaf := n.cards.Contents[c].Levels[2]; leaf >= 0 {
		return "content " + strconv.Itoa(int(leaf))
	}
	return "content " + n.cards.Contents[c].Key
}

func (n keyNames) Creator(c int32) string {
	if c < 0 || int(c) >= len(n.cards.CreatorKeys) {
		return ""
	}
	return "creator " + n.cards.CreatorKeys[c]
}
