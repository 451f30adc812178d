// What only a simulated log tells: how likely she really was to click each card that a method would have shown her, whoever showed her what.

package evaluate

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Truth knows the true chance of a click of the asking user on each of the cards, shown to her in full view at the moment of the ask;
// earlier shows count. It may be called from one goroutine at a time.
type Truth func(ask *Ask, cards []int32, out []float64) error

// OracleName is the row of the one who knows.
const OracleName = "oracle"

// OracleLists names the cards with the highest true chances of all that are alive.
func OracleLists(ctx context.Context, asks []Ask, alive []int32, truth Truth) (Lists, error) {
	chance, order := make([]float64, len(alive)), make([]int32, len(alive))
	out := make(Lists, len(asks))
	for a := range asks {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		if err := truth(&asks[a], alive, chance); err != nil {
			return nil, err
		}
		for k := range order {
			order[k] = int32(k)
		}
		slices.SortFunc(order, func(x, y int32) int {
			switch {
			case chance[x] > chance[y]:
				return -1
			case chance[x] < chance[y]:
				return 1
			}
			return int(x - y)
		})
		for _, k := range order[:min(asks[a].N, len(order))] {
			out[a] = append(out[a], alive[k])
		}
	}
	return out, nil
}

// TrueClicks are, by ask, the clicks that a page of the list would have got: the mean true chance of its places, an empty place counting 0.
func TrueClicks(ctx context.Context, asks []Ask, lists Lists, truth Truth) ([]float64, error) {
	out := make([]float64, len(asks))
	var chance []float64
	for a := range asks {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		chance = slices.Grow(chance[:0], len(lists[a]))[:len(lists[a])]
		if err := truth(&asks[a], lists[a], chance); err != nil {
			return nil, err
		}
		for _, p := range chance {
			out[a] += p
		}
		out[a] /= float64(asks[a].N)
	}
	return out, nil
}

// TruthTable judges lists by the truth. clicks[m] are the TrueClicks of method m; bases are the methods that gains are over, oracle that of the one
// who knows. The share of the oracle's gain over a base is (mean of the method - mean of the base) / (mean of the oracle - mean of the base), a
// ratio of means over the same users: its interval draws users again for all three.
func TruthTable(ctx context.Context, methods []Lister, clicks [][]float64, bases []int, oracle int, r Resampling) (*Table, error) {
	if len(methods) == 0 || oracle < 0 || oracle >= len(methods) {
		return nil, fmt.Errorf("evaluate: the oracle is method %d of %d", oracle, len(methods))
	}
	t := &Table{Users: len(clicks[0]), Lists: len(clicks[0])}
	for _, m := range methods {
		t.Rows = append(t.Rows, Row{Method: m.Method, Kind: m.Kind, Seconds: m.Seconds})
	}
	cells, err := cellsBelow(ctx, t.Rows, clicks, r)
	if err != nil {
		return nil, err
	}
	t.add(Measure{Name: "true_click_rate", Label: "True click rate", Unit: "share", Why: "mean true chance of a click on a listed card, looked at", Paired: true}, cells)
	for k, base := range bases {
		if base < 0 || base >= len(methods) {
			return nil, fmt.Errorf("evaluate: gains over method %d of %d", base, len(methods))
		}
		shares, err := gainShares(ctx, clicks, base, oracle, r)
		if err != nil {
			return nil, err
		}
		m := Measure{Name: "oracle_share", Label: "Share of the oracle's gain", Unit: "share", Why: fmt.Sprintf("of what could be gained over %q by knowing all true chances", methods[base].Method)}
		if k > 0 {
			m.Name, m.Label = "oracle_share_"+strings.ReplaceAll(methods[base].Method, " ", "_"), "Share of the oracle's gain over "+methods[base].Method
		}
		t.add(m, shares)
	}
	return t, nil
}

// gainShares are the ratios of TruthTable. Replicates are those of MeanIntervals: the same draws for all columns.
func gainShares(ctx context.Context, clicks [][]float64, base, oracle int, r Resampling) ([]Cell, error) {
	if r.Replicates == 0 {
		r.Replicates = 1000
	}
	if r.Threads <= 0 {
		r.Threads = 1
	}
	means := replicateMeans(ctx, clicks, r)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	whole := make([]float64, len(clicks))
	for m, column := range clicks {
		for _, v := range column {
			whole[m] += v
		}
	}
	out := make([]Cell, len(clicks))
	for m := range clicks {
		ratios := make([]float64, 0, len(means[m]))
		for k := range means[m] {
			if v := (means[m][k] - means[base][k]) / (means[oracle][k] - means[base][k]); !math.IsNaN(v) && !math.IsInf(v, 0) {
				ratios = append(ratios, v)
			}
		}
		c := noCell()
		c.Value = (whole[m] - whole[base]) / (whole[oracle] - whole[base])
		if slices.Sort(ratios); len(ratios) > 0 {
			at := func(q float64) float64 { return ratios[int(q*float64(len(ratios)-1)+.5)] }
			c.Low, c.High = at(.025), at(.975)
		}
		out[m] = c
	}
	return out, nil
}
