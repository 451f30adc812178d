package analysis

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/seguefeed/segue/internal/stat"
	"github.com/seguefeed/segue/warehouse"
)

// provinceNames are the provinces of the reference log in the spelling readers know. Other keys are shown as they are.
var provinceNames = map[string]string{
	"an hui": "Anhui", "ao men": "Macau", "bei jing": "Beijing", "fu jian": "Fujian", "gan su": "Gansu", "guang dong": "Guangdong", "guang xi": "Guangxi",
	"gui zhou": "Guizhou", "hai nan": "Hainan", "hai wai": "overseas", "he bei": "Hebei", "he nan": "Henan", "hei long jiang": "Heilongjiang", "hu bei": "Hubei",
	"hu nan": "Hunan", "ji lin": "Jilin", "jiang su": "Jiangsu", "jiang xi": "Jiangxi", "liao ning": "Liaoning", "nei meng gu": "Inner Mongolia", "ning xia": "Ningxia",
	"qing hai": "Qinghai", "shan dong": "Shandong", "shan xi": "Shanxi and Shaanxi", "shang hai": "Shanghai", "si chuan": "Sichuan", "tai wan": "Taiwan", "tian jin": "Tianjin",
	"wei zhi": "an unknown province", "xi cang": "Tibet", "xiang gang": "Hong Kong", "xin jiang": "Xinjiang", "yun nan": "Yunnan", "zhe jiang": "Zhejiang", "zhong qing": "Chongqing",
}

func provinceName(key string) string {
	if name, ok := provinceNames[key]; ok {
		return name
	}
	return key
}

// provinceLabel is a province on an axis or in a table.
func provinceLabel(key string) string {
	return upperFirst(strings.TrimPrefix(provinceName(key), "an "))
}

// provinces are the tallies of the known users' provinces, and the plain mean of their active shares.
func (p people) provinces() (keys []string, groups []tally, mean float64) {
	keys, groups = tallies(p.known, func(t warehouse.TraitUse) string { return t.Province })
	return keys, groups, meanOf(each(groups, func(t tally) float64 { return t.share().Value }))
}

// atOrAbove reports whether a group's active share reaches the mean of all groups'. The mean of equals may be off by a rounding.
func (t tally) atOrAbove(mean float64) bool { return t.share().Value >= mean*(1-1e-12) }

func askProvince(ctx context.Context, env *Env) (Answer, error) {
	p, a, ok, err := env.knownPeople(ctx)
	if !ok {
		return a, err
	}
	keys, groups, mean := p.provinces()
	names := each(keys, provinceName)
	a.Caveats = p.caveats()
	if slices.Contains(keys, "shan xi") {
		a.Caveats = append(a.Caveats, `The log spells two provinces "shan xi", Shanxi and Shaanxi; they stand as one here.`)
	}
	if slices.Contains(keys, "wei zhi") {
		a.Caveats = append(a.Caveats, `The log's own "wei zhi" (unknown) is a province like the others here, as in the published case study.`)
	}
	if len(groups) == 1 {
		a.Findings = append(a.Findings, described(fmt.Sprintf("All users with known traits are of one province, %s: %s of them are active (%s).",
			names[0], percent(groups[0].share().Value), percentInterval(groups[0].share())), exactly("active share", groups[0].share().Value, Share), 0))
	} else {
		var above int64
		for _, g := range groups {
			if g.atOrAbove(mean) {
				above++
			}
		}
		a.Findings = append(a.Findings, provincesDiffer(names, groups), described(fmt.Sprintf("The mean of the provinces' active shares is %s; %d of the %d provinces (%s) lie at or above it.",
			percent(mean), above, len(groups), percent(share(above, int64(len(groups))))), exactly("mean of the provinces' active shares", mean, Share), 0))
		a.Caveats = append(a.Caveats, "Where two provinces are named, they are those whose intervals lie lowest and highest of all, so their difference is larger than that of two named beforehand.")
	}
	a.Tables = []Table{{Name: "active_by_province", Title: "Users and active users by province", Columns: append([]Column{texts("province", "province, as logged", keys), texts("name", "name", each(keys, provinceLabel))}, shareColumns(groups)...)}}
	kept, few := charted(groups)
	if few != "" {
		a.Caveats = append(a.Caveats, few)
	}
	order := at(kept, byShare(at(groups, kept)))
	sorted := each(order, func(i int) tally { return groups[i] })
	x := Axis{Label: "province", Unit: Text, Categories: each(order, func(i int) string { return provinceLabel(keys[i]) })}
	alt := "The share of active users in each province with its 95% interval."
	most := make([]int, len(groups)) // by users
	for i := range most {
		most[i] = i
	}
	slices.SortStableFunc(most, func(i, j int) int { return cmp.Compare(groups[j].users, groups[i].users) })
	if len(sorted) > 1 {
		alt = fmt.Sprintf("The share of active users in each province with its 95%% interval, from %s in %s to %s in %s.", percent(sorted[len(sorted)-1].share().Value), x.Categories[len(sorted)-1],
			percent(sorted[0].share().Value), x.Categories[0])
	}
	a.Charts = []Chart{
		{ID: "active-by-province", Title: "Active share by province", Kind: HBarChart, X: x, Y: Axis{Label: "active share", Unit: Share}, Series: []Series{shareSeries("active share", sorted)},
			Marks: []Mark{{Value: mean, Label: "mean of provinces"}}, Alt: alt},
		{ID: "users-by-province", Title: "Users by province", Kind: HBarChart, X: Axis{Label: "province", Unit: Text, Categories: each(most, func(i int) string { return provinceLabel(keys[i]) })}, Y: Axis{Label: "users", Unit: Count},
			Series: []Series{{Name: "users", Y: each(most, func(i int) float64 { return float64(groups[i].users) })}},
			Alt:    fmt.Sprintf("Users with known traits in each province, most in %s.", provinceName(keys[most[0]]))},
	}
	return a, nil
}

// byShare orders groups by active share, the highest first, ties as they stand.
func byShare(groups []tally) []int {
	order := make([]int, len(groups))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(groups[j].share().Value, groups[i].share().Value) })
	return order
}

func provincesDiffer(names []string, groups []tally) Finding {
	lo, hi := extremes(groups)
	chi := stat.ChiSquared(byActivity(groups))
	all := tally{}
	for _, g := range groups {
		all.users, all.active = all.users+g.users, all.active+g.active
	}
	return tested("chi-squared", chi.Test, effectOf("Cramer's V of province and being active", chi.CramersV, Plain), chi.CramersV.Value,
		fmt.Sprintf("The active share differs between provinces, most surely from %s in %s (%s) to %s in %s (%s); over all provinces Cramer's V is %s.",
			percent(groups[lo].share().Value), names[lo], percentInterval(groups[lo].share()), percent(groups[hi].share().Value), names[hi], percentInterval(groups[hi].share()), figures(chi.CramersV.Value)),
		fmt.Sprintf("The active share shows no difference between %d provinces (%s over all).", len(groups), percent(all.share().Value)))
}
