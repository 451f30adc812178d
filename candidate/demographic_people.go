// Kinds of users by gender, age and region. Provinces are many and most are small, so those of China go together by its seven customary
// geographic regions (as in the school geography of the People's Education Press and in the statistics of most ministries); places
// the table does not know stand for themselves.

package candidate

import (
	"slices"
	"strconv"
	"strings"

	"github.com/seguefeed/segue/warehouse"
)

// regionPlaces are regions and their places in the reference log's spellings: pinyin with a space between syllables. "shan xi" is Shaanxi and Shanxi both, which the log does not tell apart; it stands with
// Shaanxi, the larger of the two. "zhong qing" and "xi cang" are the log's readings of Chongqing and Xizang.
var regionPlaces = [][]string{
	{"North China", "bei jing", "tian jin", "he bei", "nei meng gu"},
	{"Northeast China", "liao ning", "ji lin", "hei long jiang"},
	{"East China", "shang hai", "jiang su", "zhe jiang", "an hui", "fu jian", "jiang xi", "shan dong"},
	{"Central China", "he nan", "hu bei", "hu nan"},
	{"South China", "guang dong", "guang xi", "hai nan"},
	{"Southwest China", "zhong qing", "chong qing", "si chuan", "gui zhou", "yun nan", "xi cang", "xi zang"},
	{"Northwest China", "shan xi", "gan su", "qing hai", "ning xia", "xin jiang"},
	{"Hong Kong, Macao and Taiwan", "xiang gang", "ao men", "tai wan"},
	{"other countries", "hai wai"},
	{"", "wei zhi", "unknown"},
}

// regionOf is the region of a province; "" for none.
func regionOf(province string) string {
	for _, places := range regionPlaces {
		if slices.Contains(places[1:], province) {
			return places[0]
		}
	}
	return province
}

// People divides users into cells of gender x age band x region. What the user table does not say is a value of its own: those who
// withhold their age have tastes in common too.
type People struct {
	Ages    []int16  // where each band but the first begins, ascending
	Regions []string // those that are told apart, the one with most users first; the others count as unknown
}

// PeopleConfig are the settings of NewPeople.
type PeopleConfig struct {
	Ages       []int16 // nil means 18, 25, 31 and 41
	MaxRegions int     // 0 means 12
}

const peopleGenders = 3 // unknown, men, women

// NewPeople chooses the regions to tell apart by the numbers of their users.
func NewPeople(p *warehouse.Profiles, cfg PeopleConfig) *People {
	if cfg.Ages == nil {
		cfg.Ages = []int16{18, 25, 31, 41}
	}
	if cfg.MaxRegions == 0 {
		cfg.MaxRegions = 12
	}
	users := map[string]int{}
	for _, province := range p.Province {
		users[province]++
	}
	regions := map[string]int{}
	for province, n := range users {
		if r := regionOf(province); r != "" {
			regions[r] += n
		}
	}
	names := make([]string, 0, len(regions))
	for r := range regions {
		names = append(names, r)
	}
	slices.SortFunc(names, func(a, b string) int {
		if regions[a] != regions[b] {
			return regions[b] - regions[a]
		}
		return strings.Compare(a, b)
	})
	ages := slices.Clone(cfg.Ages)
	slices.Sort(ages)
	return &People{Ages: slices.Compact(ages), Regions: names[:min(len(names), max(cfg.MaxRegions, 0))]}
}

func (p *People) ages() int    { return len(p.Ages) + 2 } // unknown, below the first bound, from each bound on
func (p *People) regions() int { return len(p.Regions) + 1 }

// Cells is the number of cells.
func (p *People) Cells() int { return peopleGenders * p.ages() * p.regions() }

// Cell is the cell of a user: (gender x ages + age) x regions + region, each 0 where it is unknown.
func (p *People) Cell(t Traits) int {
	gender := 0
	switch strings.ToLower(t.Gender) {
	case "male", "m", "man":
		gender = 1
	case "female", "f", "woman":
		gender = 2
	}
	age := 0
	if t.Age >= 0 {
		age = 1
		for _, from := range p.Ages {
			if t.Age >= from {
				age++
			}
		}
	}
	return (gender*p.ages()+age)*p.regions() + slices.Index(p.Regions, regionOf(t.Province)) + 1
}

// CellsOf is the cell of every user, by user id.
func (p *People) CellsOf(users *warehouse.Profiles) []int32 {
	cells := make([]int32, len(users.Gender))
	for i := range cells {
		cells[i] = int32(p.Cell(Traits{Gender: users.Gender[i], Age: users.Age[i], Province: users.Province[i]}))
	}
	return cells
}

// Levels of cells, from all users to one cell.
const (
	everyone = iota
	byGender
	byGenderAge
	byGenderAgeRegion
)

// words names a cell at a level, as in "men 18-24 in South China".
func (p *People) words(level, cell int) string {
	region, age := cell%p.regions(), cell/p.regions()%p.ages()
	gender := cell / p.regions() / p.ages()
	words := "people"
	if level >= byGender {
		words = []string{"people", "men", "women"}[gender]
	}
	if level >= byGenderAge && age > 0 {
		switch {
		case len(p.Ages) == 0:
		case age == 1:
			words += " under " + strconv.Itoa(int(p.Ages[0]))
		case age == len(p.Ages)+1:
			words += " " + strconv.Itoa(int(p.Ages[age-2])) + " and over"
		default:
			words += " " + strconv.Itoa(int(p.Ages[age-2])) + "-" + strconv.Itoa(int(p.Ages[age-1])-1)
		}
	}
	if level >= byGenderAgeRegion && region > 0 {
		words += " in " + p.Regions[region-1]
	}
	return words
}
