// Where to search each method's hyper-parameters. A range holds what has been of use on splits from a hundred thousand to a few million
// interactions; the defaults lie inside. A method that is not listed here keeps its settings.

package allrank

import (
	"math"
	"strconv"
)

// axis is a parameter and the values it is searched over: numbers from low to high, or one of some texts.
type axis struct {
	param     string
	low, high float64
	log       bool // evenly by ratio; low is above 0
	whole     bool
	choices   []string // where it is no number
}

// spaces are the axes of each kind.
var spaces = map[string][]axis{
	"itemknn": {
		{param: "Neighbours", low: 10, high: 1000, log: true, whole: true},
		{param: "Shrink", low: 1, high: 1000, log: true},
		{param: "Weighting", choices: []string{"none", "tfidf", "bm25"}},
		{param: "Asymmetry", low: -.4, high: .5},
	},
}

// at is the value of a place between 0 and 1 on the axis, as text, with three digits: more would claim what a search cannot know.
func (a axis) at(x float64) string {
	if a.choices != nil {
		return a.choices[min(int(x*float64(len(a.choices))), len(a.choices)-1)]
	}
	v := a.low + x*(a.high-a.low)
	if a.log {
		v = a.low * math.Pow(a.high/a.low, x)
	}
	if a.whole {
		return strconv.FormatFloat(math.Round(v), 'f', -1, 64)
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', 2, 64), 64)
	if err != nil {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return strconv.FormatFloat(min(max(rounded, a.low), a.high), 'g', -1, 64)
}
