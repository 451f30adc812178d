package candidate

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/seguefeed/segue/warehouse"
)

var errStopped = errors.New("stopped by the test")

// peopleLog has users of three kinds: men of 20 in Guangdong, who like card 2, men of 20 in Beijing, who like card 1, and women of 28
// in Zhejiang, who like card 0. Everyone likes card 9 a little, and few are men of 50 in Hunan, who like what men like.
func peopleLog() *memoryLog {
	r := rand.New(rand.NewPCG(6, 6))
	l := &memoryLog{cards: plainCards(12), profiles: &warehouse.Profiles{}}
	add := func(users int, gender string, age int16, province string, likes int32) {
		for range users {
			u := int32(len(l.profiles.Gender))
			l.profiles.Gender, l.profiles.Age, l.profiles.Province = append(l.profiles.Gender, gender), append(l.profiles.Age, age), append(l.profiles.Province, province)
			for k := range 96 {
				row := memoryRow{user: u, card: int32(k % 12), day: plantedDay - 1, hour: 12}
				chance := map[int32]float64{likes: .3, 9: .1}[row.card]
				if r.Float64() < chance+.03 {
					row.flags = warehouse.Clicked
				}
				l.rows = append(l.rows, row)
			}
		}
	}
	add(100, "male", 20, "guang dong", 2)
	add(60, "male", 20, "bei jing", 1)
	add(160, "female", 28, "zhe jiang", 0)
	add(2, "male", 50, "hu nan", 2)
	return l
}

func TestDemographicFindsTheFavouriteOfACell(t *testing.T) {
	l := peopleLog()
	people := NewPeople(l.profiles, PeopleConfig{})
	use, err := CountPeople(t.Context(), l, l.stats(t), plantedDay-1, people, l.profiles, CellConfig{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := FitDemographic(people, use, DemographicConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		who    Traits
		item   int32
		reason string
	}{
		{Traits{"male", 20, "guang dong"}, 2, "popular with men 18-24 in South China"},
		{Traits{"male", 24, "hai nan"}, 2, "popular with men 18-24 in South China"}, // the same region
		{Traits{"male", 20, "bei jing"}, 1, "popular with men 18-24 in North China"},
		{Traits{"female", 28, "zhe jiang"}, 0, "popular with women 25-30 in East China"},
		{Traits{"female", -1, ""}, 0, "popular with women"},                         // no such cell: her gender's
		{Traits{"male", 20, "Utah"}, 2, "popular with men 18-24"},                   // more men of 20 like card 2 than card 1
		{Traits{"male", 50, "hu nan"}, 2, "popular with men"},                       // a cell too small for a list of its own
		{Traits{"", -1, ""}, 0, "popular"},                                          // half of all are women
		{Traits{"F", 26, "shang hai"}, 0, "popular with women 25-30 in East China"}, // another spelling
	} {
		got := firstItem(t, d.Candidates(&Query{Traits: c.who}, 5, nil))
		if reason := d.Reason(got, noNames{}); got.Item != c.item || reason != c.reason {
			t.Errorf("%+v: card %d, %q; want card %d, %q", c.who, got.Item, reason, c.item, c.reason)
		}
	}
}

func TestDemographicRefusesOtherCells(t *testing.T) {
	if _, err := FitDemographic(&People{Ages: []int16{18}}, &CellUse{Start: make([]int64, 3)}, DemographicConfig{}); err == nil {
		t.Error("counts of other cells, and no error")
	}
}

// TestPeopleCells goes through all cells: each is that of the traits that it is of, and its words are its own.
func TestPeopleCells(t *testing.T) {
	p := NewPeople(&warehouse.Profiles{Province: []string{"bei jing", "hai nan", "tian jin", "Utah", "Utah", "Utah", "wei zhi", ""}}, PeopleConfig{Ages: []int16{40, 18}, MaxRegions: 2})
	// Utah has three users, North China two, South China one: the two largest are told apart.
	if len(p.Regions) != 2 || p.Regions[0] != "Utah" || p.Regions[1] != "North China" {
		t.Fatalf("regions %v", p.Regions)
	}
	seen := map[int]bool{}
	words := map[string]bool{}
	for _, gender := range []string{"", "male", "female"} {
		for _, age := range []int16{-1, 3, 18, 60} {
			for _, province := range []string{"", "Utah", "bei jing"} {
				cell := p.Cell(Traits{gender, age, province})
				if cell < 0 || cell >= p.Cells() || seen[cell] {
					t.Errorf("%q, %d, %q: cell %d of %d", gender, age, province, cell, p.Cells())
				}
				seen[cell] = true
				words[p.words(byGenderAgeRegion, cell)] = true
			}
		}
	}
	if len(seen) != p.Cells() || len(words) != p.Cells() {
		t.Errorf("%d cells and %d descriptions of %d", len(seen), len(words), p.Cells())
	}
	if cell := p.Cell(Traits{"male", 60, "hai nan"}); p.words(byGenderAgeRegion, cell) != "men 40 and over" {
		t.Errorf("words %q", p.words(byGenderAgeRegion, cell))
	}
	if w := p.words(byGenderAgeRegion, p.Cell(Traits{"female", 3, "tian jin"})); w != "women under 18 in North China" {
		t.Errorf("words %q", w)
	}
}

// TestRegionsHoldEveryPlaceOfTheLog: the 35 values of the reference log, each in one region.
func TestRegionsHoldEveryPlaceOfTheLog(t *testing.T) {
	log := []string{"bei jing", "tian jin", "he bei", "shan xi", "nei meng gu", "liao ning", "ji lin", "hei long jiang", "shang hai", "jiang su", "zhe jiang", "an hui",
		"fu jian", "jiang xi", "shan dong", "he nan", "hu bei", "hu nan", "guang dong", "guang xi", "hai nan", "zhong qing", "si chuan", "gui zhou", "yun nan", "xi cang",
		"gan su", "qing hai", "ning xia", "xin jiang", "xiang gang", "ao men", "tai wan", "hai wai", "wei zhi"}
	if len(log) != 35 {
		t.Fatal(len(log))
	}
	in := map[string]int{}
	for _, places := range regionPlaces {
		for _, p := range places[1:] {
			in[p]++
		}
	}
	for _, p := range log {
		if in[p] != 1 {
			t.Errorf("%s stands in %d regions", p, in[p])
		}
	}
	if regionOf("wei zhi") != "" || regionOf("Utah") != "Utah" {
		t.Error("the unknown is no region, and places that the table does not have stand for themselves")
	}
}
