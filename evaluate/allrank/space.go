// Where to search each method's hyper-parameters. A range holds what has been of use on splits from a hundred thousand to a few million
// interactions; the defaults lie inside. A method that is not listed here keeps its settings.

package allrank

import (
	"math"
	"reflect"
	"slices"
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

// spaces are the axes of each kind. Where 0 stands for a default, axes keep away from it.
var spaces = map[string][]axis{
	"itemknn": {
		{param: "Neighbours", low: 20, high: 1000, log: true, whole: true},
		{param: "Weighting", choices: []string{"none", "tfidf", "bm25"}},
		{param: "Shrink", low: .1, high: 1000, log: true},
		{param: "Alpha", low: .2, high: .9},
	},
	"userknn": {
		{param: "Neighbours", low: 20, high: 1000, log: true, whole: true},
		{param: "Weighting", choices: []string{"none", "tfidf", "bm25"}},
		{param: "Shrink", low: .1, high: 100, log: true},
		{param: "Alpha", low: .2, high: .9},
		{param: "Power", low: .5, high: 4},
	},
	"rp3beta": {
		{param: "Neighbours", low: 20, high: 1000, log: true, whole: true},
		{param: "Alpha", low: .2, high: 2},
		{param: "Beta", low: .02, high: 1},
		{param: "Unnormalised", choices: []string{"false", "true"}},
	},
	"ease": {
		{param: "L2", low: 5, high: 5000, log: true},
		{param: "Dropout", low: 0, high: .8},
	},
	"slim": {
		{param: "L1", low: .1, high: 50, log: true},
		{param: "L2", low: 2, high: 2000, log: true},
		{param: "Signed", choices: []string{"false", "true"}},
	},
	"ials": {
		{param: "Dim", low: 16, high: 256, log: true, whole: true},
		{param: "Alpha", low: .003, high: 1, log: true},
		{param: "Reg", low: 3e-4, high: .1, log: true},
		{param: "RegExponent", low: .2, high: 1.2},
		{param: "Epochs", low: 5, high: 30, log: true, whole: true},
	},
	"bpr": {
		{param: "Dim", low: 16, high: 256, log: true, whole: true},
		{param: "Epochs", low: 10, high: 100, log: true, whole: true},
		{param: "Rate", low: .01, high: .2, log: true},
		{param: "Reg", low: 1e-4, high: .1, log: true},
		{param: "Popular", low: .05, high: 1},
		{param: "FoldAlpha", low: 3e-4, high: .1, log: true},
		{param: "FoldReg", low: .5, high: 100, log: true},
	},
	"puresvd": {
		{param: "Dim", low: 8, high: 256, log: true, whole: true},
		{param: "Damping", low: 0, high: 1},
	},
	"graphfilter": {
		{param: "Dim", low: 8, high: 512, log: true, whole: true},
		{param: "Normalisation", low: .02, high: .7},
		{param: "Decay", low: .1, high: 3},
		{param: "Linear", low: .1, high: 100, log: true},
	},
	"embedding": {
		{param: "Dim", low: 16, high: 256, log: true, whole: true},
		{param: "Window", low: 2, high: 100, log: true, whole: true},
		{param: "Negative", low: 2, high: 20, log: true, whole: true},
		{param: "Power", low: -1, high: 1},
		{param: "Subsample", low: 1e-5, high: .1, log: true},
		{param: "Epochs", low: 5, high: 50, log: true, whole: true},
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

// place is where a parameter's value lies on the axis, 0 to 1; outside its range, the nearest end, and the first choice for a text that is none of them.
func (a axis) place(v reflect.Value) float64 {
	if a.choices != nil {
		at := 0
		switch v.Kind() {
		case reflect.Bool:
			at = slices.Index(a.choices, strconv.FormatBool(v.Bool()))
		case reflect.String:
			at = slices.Index(a.choices, v.String())
		}
		return (float64(max(at, 0)) + .5) / float64(len(a.choices))
	}
	var x float64
	switch {
	case v.CanFloat():
		x = v.Float()
	case v.CanInt():
		x = float64(v.Int())
	case v.CanUint():
		x = float64(v.Uint())
	}
	x = min(max(x, a.low), a.high)
	if a.log {
		return math.Log(x/a.low) / math.Log(a.high/a.low)
	}
	return (x - a.low) / (a.high - a.low)
}
