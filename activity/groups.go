// The groups of users within which models are judged too: a model that is good on average may know nothing of newcomers.

package activity

import "fmt"

type group struct {
	by, name string
	in       func(row int) bool
}

// groups are by tenure, days seen, early impressions, gender and region.
func (s *Set) groups() ([]group, error) {
	at := map[string]int{}
	for _, name := range []string{"registered_months", "active_days", "impressions", "gender", "province"} {
		j, err := s.column(name)
		if err != nil {
			return nil, fmt.Errorf("groups: %w", err)
		}
		at[name] = j
	}
	value := func(name string) func(int) float64 {
		j := at[name]
		return func(row int) float64 { return float64(s.X.Row(row)[j]) }
	}
	months, days, shown, gender, province := value("registered_months"), value("active_days"), value("impressions"), value("gender"), value("province")
	between := func(v func(int) float64, from, to float64) func(int) bool {
		return func(row int) bool { return v(row) >= from && v(row) <= to }
	}
	const most = 1 << 30
	out := []group{
		{"tenure", "new, 6 months at most", between(months, 0, 6)},
		{"tenure", "longer", between(months, 7, most)},
		{"days seen early", "one", between(days, 1, 1)},
		{"days seen early", "two or three", between(days, 2, 3)},
		{"days seen early", "four or more", between(days, 4, most)},
		{"early impressions", "1 to 4", between(shown, 1, 4)},
		{"early impressions", "5 to 10", between(shown, 5, 10)},
		{"early impressions", "11 to 30", between(shown, 11, 30)},
		{"early impressions", "31 or more", between(shown, 31, most)},
	}
	for k, level := range s.Columns[at["gender"]].Levels {
		out = append(out, group{"gender", level, between(gender, float64(k), float64(k))})
	}
	regionOf := make([]string, len(s.Columns[at["province"]].Levels))
	for k, level := range s.Columns[at["province"]].Levels {
		regionOf[k] = region(level)
	}
	for _, r := range regions {
		out = append(out, group{"region", r, func(row int) bool {
			k := int(province(row))
			return k >= 0 && k < len(regionOf) && regionOf[k] == r
		}})
	}
	return out, nil
}

// regions are those of the National Bureau of Statistics of China, and all else.
var regions = []string{"east", "central", "west", "north-east", "elsewhere or unknown"}

// region is the region of a province in the reference log's spelling. "shan xi" stands for two provinces there, one of the
// west and one of the centre; it counts with Shaanxi, as in the published figures.
func region(province string) string {
	switch province {
	case "bei jing", "tian jin", "he bei", "shang hai", "jiang su", "zhe jiang", "fu jian", "shan dong", "guang dong", "hai nan":
		return "east"
	case "an hui", "jiang xi", "he nan", "hu bei", "hu nan":
		return "central"
	case "nei meng gu", "guang xi", "zhong qing", "chong qing", "si chuan", "gui zhou", "yun nan", "xi cang", "shan xi", "gan su", "qing hai", "ning xia", "xin jiang":
		return "west"
	case "liao ning", "ji lin", "hei long jiang":
		return "north-east"
	}
	return "elsewhere or unknown"
}
