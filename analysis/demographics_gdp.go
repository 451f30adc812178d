package analysis

import (
	"context"
	_ "embed"
	"encoding/csv"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/seguefeed/segue/internal/stat"
)

// The gross domestic product of provinces in 2019; its source and its licence stand in data/README.md.
//
//go:embed data/provincial_gdp_2019.csv
var gdpFile string

// provincialGDP reads the embedded file: billion yuan by the log's key of a province.
func provincialGDP() (map[string]float64, error) {
	rows, err := csv.NewReader(strings.NewReader(gdpFile)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("provincial_gdp_2019.csv: %w", err)
	}
	gdp := make(map[string]float64, len(rows))
	for i, r := range rows {
		if i == 0 {
			continue
		}
		v, err := strconv.ParseFloat(r[1], 64)
		if err != nil {
			return nil, fmt.Errorf("provincial_gdp_2019.csv:%d: %q is not a number: %w", i+1, r[1], err)
		}
		gdp[r[0]] = v
	}
	return gdp, nil
}

// gdpProvince is one province whose product is known.
type gdpProvince struct {
	key    string
	gdp    float64
	tally  tally
	higher bool // active share at or above the mean of all provinces
}

func askGDP(ctx context.Context, env *Env) (Answer, error) {
	p, a, ok, err := env.knownPeople(ctx)
	if !ok {
		return a, err
	}
	gdp, err := provincialGDP()
	if err != nil {
		return Answer{}, err
	}
	keys, groups, mean := p.provinces()
	var with []gdpProvince
	var without []string
	for i, k := range keys {
		if v, ok := gdp[k]; ok {
			with = append(with, gdpProvince{k, v, groups[i], groups[i].atOrAbove(mean)})
		} else {
			without = append(without, provinceName(k))
		}
	}
	if len(with) == 0 {
		return nothing("None of the log's provinces is one whose gross domestic product is known here (mainland China, 2019)."), nil
	}
	products := each(with, func(g gdpProvince) float64 { return g.gdp })
	shares := each(with, func(g gdpProvince) float64 { return g.tally.share().Value })
	var low, high []float64
	for _, g := range with {
		if g.higher {
			high = append(high, g.gdp)
		} else {
			low = append(low, g.gdp)
		}
	}
	a.Findings = []Finding{gdpCorrelation(products, shares)}
	if len(low) == 0 || len(high) == 0 {
		a.Findings = append(a.Findings, described("All provinces with a known product lie on one side of the mean active share, so there are no two groups to compare.", nil, 0))
	} else {
		groups := gdpGroups(low, high)
		groups.Weight = 0 // the correlation says the same with less noise, and is ranked for both
		a.Findings = append(a.Findings, groups)
	}
	a.Caveats = append(p.caveats(), "The unit is the province: what holds of provinces need not hold of the people in them. A large product comes with many people as well as with wealth.",
		"Cutting the provinces into two groups, as the published case study does, throws away how far they lie from the mean; the correlation is the better evidence.",
		"Product: National Bureau of Statistics of China, first release for 2019. Provinces with a lower or higher active share lie below, or at and above, the mean of all provinces' shares ("+percent(mean)+").")
	if len(without) > 0 {
		a.Caveats = append(a.Caveats, "No product is known for "+listed(without)+".")
	}
	if slices.ContainsFunc(with, func(g gdpProvince) bool { return g.key == "shan xi" }) {
		a.Caveats = append(a.Caveats, `The log's key "shan xi" stands for two provinces; the product is Shaanxi's, as in the published case study.`)
	}
	group := each(with, func(g gdpProvince) string {
		if g.higher {
			return "higher"
		}
		return "lower"
	})
	a.Tables = []Table{{Name: "active_by_gdp", Title: "Gross domestic product and active share by province", Columns: append([]Column{
		texts("province", "province, as logged", each(with, func(g gdpProvince) string { return g.key })), texts("name", "name", each(with, func(g gdpProvince) string { return provinceLabel(g.key) })),
		floats("gdp_billion_yuan", "product in 2019", Money, products), texts("active_share_group", "active share against the mean", group)},
		shareColumns(each(with, func(g gdpProvince) tally { return g.tally }))...)}}
	a.Charts = gdpCharts(with, products, shares, low, high, mean)
	return a, nil
}

func gdpCorrelation(products, shares []float64) Finding {
	rho, test := stat.Spearman(products, shares)
	return tested("t test of Spearman's rank correlation", test, effectOf("Spearman's rho of product and active share over provinces", rho, Plain), rho.Value,
		fmt.Sprintf("Provinces with a larger gross domestic product have a %s active share (Spearman's rho %s, %s, over %d provinces).",
			moreOrLess(rho.Value, "higher", "lower"), figures(rho.Value), figuresInterval(rho), len(products)),
		fmt.Sprintf("The active share shows no relation to the gross domestic product over %s.", counted(int64(len(products)), "province", "provinces")))
}

func gdpGroups(low, high []float64) Finding {
	a, b := stat.NewCounted(low, nil), stat.NewCounted(high, nil)
	d, _ := stat.WelchT(a.Moments(), b.Moments())
	rank := stat.MannWhitney(a, b)
	means := fmt.Sprintf("%s against %s billion yuan on average", figures(meanOf(low)), figures(meanOf(high)))
	return tested("Mann-Whitney U", rank.Test, effectOf("mean product of provinces with a lower active share less that of those with a higher one", d, Money), rank.Delta.Value,
		fmt.Sprintf("The %s below the mean active share %s products than the %d at or above it (%s; Cliff's delta %s, %s).",
			counted(int64(len(low)), "province", "provinces"), tendTo(rank.Delta.Value, len(low)), len(high), means, figures(rank.Delta.Value), figuresInterval(rank.Delta)),
		fmt.Sprintf("The products of the %s below the mean active share and the %d at or above it show no difference (%s).", counted(int64(len(low)), "province", "provinces"), len(high), means))
}

// tendTo says which way n provinces tend.
func tendTo(delta float64, n int) string {
	if n == 1 {
		return "tends to have " + moreOrLess(delta, "larger", "smaller")
	}
	return "tend to have " + moreOrLess(delta, "larger", "smaller")
}

func gdpCharts(with []gdpProvince, products, shares, low, high []float64, mean float64) []Chart {
	scatter := Chart{ID: "active-by-gdp", Title: "Active share against gross domestic product", Kind: ScatterChart, X: Axis{Label: "gross domestic product, 2019", Unit: Money, Log: true},
		Y: Axis{Label: "active share", Unit: Share}, Marks: []Mark{{Value: mean, Label: "mean of provinces"}},
		Series: []Series{{Name: "provinces", X: products, Y: shares, Labels: each(with, func(g gdpProvince) string { return provinceLabel(g.key) }),
			Sizes: each(with, func(g gdpProvince) float64 { return float64(g.tally.users) })}},
		Alt: "A point for each province: its gross domestic product on a logarithmic axis, and its active share."}
	// A province of a few hundred users must not turn the line.
	line := stat.FitLine(each(products, math.Log10), shares, each(with, func(g gdpProvince) float64 { return float64(g.tally.users) }))
	if !math.IsNaN(line.Intercept) && !math.IsNaN(line.Slope.Value) {
		from, to := products[0], products[0]
		for _, x := range products {
			from, to = min(from, x), max(to, x)
		}
		scatter.Series = append(scatter.Series, Series{Name: "trend, weighted by users", X: []float64{from, to}, Y: []float64{line.At(math.Log10(from)), line.At(math.Log10(to))}, Line: true})
	}
	box := Chart{ID: "gdp-by-active-group", Title: "Gross domestic product of provinces below and above the mean active share", Kind: BoxPlot, X: Axis{Label: "active share", Unit: Text},
		Y: Axis{Label: "product, 2019", Unit: Money}, Alt: "Box plots of the gross domestic product of the provinces below the mean active share and of those at or above it."}
	var boxes []Box
	for _, g := range []struct {
		name string
		v    []float64
	}{{"lower", low}, {"higher", high}} {
		if len(g.v) > 0 {
			box.X.Categories = append(box.X.Categories, g.name)
			boxes = append(boxes, boxOf(stat.NewCounted(g.v, nil)))
		}
	}
	box.Series = []Series{{Name: "gross domestic product", Boxes: boxes}}
	return []Chart{scatter, box}
}
