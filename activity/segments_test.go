package activity

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/seguefeed/segue/learn"
)

// plantedUsers is a set with the columns of segments; row gives a user's values, standard normal numbers at hand.
func plantedUsers(n int, row func(i int, z func() float64) []float64) *Set {
	r := rand.New(rand.NewPCG(9, 9))
	s := &Set{X: learn.NewMatrix(n, len(segmentFeatures)), Back: make([]bool, n), Active: make([]bool, n)}
	for _, f := range segmentFeatures {
		s.Columns = append(s.Columns, learn.Column{Name: f.name})
	}
	for i := range n {
		s.Users = append(s.Users, int32(i))
		for j, v := range row(i, r.NormFloat64) {
			s.X.Row(i)[j] = float32(v)
		}
	}
	return s
}

// Three kinds of users far apart: a third passes by, a half browses without a click, a sixth clicks and watches.
func TestSegmentsFindGroups(t *testing.T) {
	kind := func(i int) int { return []int{0, 0, 1, 1, 1, 2}[i%6] }
	s := plantedUsers(1200, func(i int, z func() float64) []float64 {
		// impressions, days, browsed share, mean depth, clicks, view seconds, swipes, recency
		mean := [][]float64{{4, 1, .1, 2, 0, 0, 0, 8}, {30, 4, .6, 12, .2, 4, 0, 3}, {60, 7, .9, 20, 9, 200, 30, 1}}[kind(i)]
		out := make([]float64, len(mean))
		for j, m := range mean {
			out[j] = m + .12*z()*[]float64{15, 2, .25, 5, 2, 50, 8, 2}[j]
		}
		return out
	})
	for i := range s.Users {
		s.Back[i], s.Active[i] = kind(i) > 0, kind(i) == 2
	}
	sg, err := FindSegments(t.Context(), s, 1)
	if err != nil {
		t.Fatal(err)
	}
	if !sg.Groups || len(sg.Names) != 3 || !strings.HasPrefix(sg.Remark(), "3 separate groups") {
		t.Fatalf("%d segments, groups %v: %s\n%+v", len(sg.Names), sg.Groups, sg.Remark(), sg.Choice)
	}
	if !slices.Equal(sg.Sizes, []int{600, 400, 200}) {
		t.Errorf("sizes %v", sg.Sizes)
	}
	if !slices.Equal(sg.Back, []float64{1, 0, 1}) || !slices.Equal(sg.Active, []float64{0, 0, 1}) {
		t.Errorf("back %v, active %v", sg.Back, sg.Active)
	}
	a := make([]int32, 1200)
	if err := sg.Assign(t.Context(), s.X, a); err != nil {
		t.Fatal(err)
	}
	for i, c := range a {
		if want := []int32{1, 0, 2}[kind(i)]; c != want {
			t.Fatalf("user %d of kind %d is in segment %d", i, kind(i), c)
		}
	}
	if p := sg.Profiles[2]; p[0] < 58 || p[0] > 62 || p[4] < 8.9 || p[4] > 9.1 {
		t.Errorf("the profile of those who click is %v", p)
	}
	if sg.MixtureAgreement < .99 || sg.MixtureBest < 3 {
		t.Errorf("a mixture agrees to %v and has %d components", sg.MixtureAgreement, sg.MixtureBest)
	}
	if slices.Contains(sg.Names, "") || len(slices.Compact(slices.Sorted(slices.Values(sg.Names)))) != 3 {
		t.Errorf("names %q", sg.Names)
	}
}

// One cloud, stretched by how often users come: whatever k-means makes of it, these are no groups.
func TestSegmentsOfAGradient(t *testing.T) {
	s := plantedUsers(1500, func(i int, z func() float64) []float64 {
		keen := z()
		out := make([]float64, 8)
		for j := range out {
			out[j] = 10 + 2*keen + z()
		}
		out[7] = 10 - 2*keen + z()
		return out
	})
	sg, err := FindSegments(t.Context(), s, 1)
	if err != nil {
		t.Fatal(err)
	}
	if sg.Groups || len(sg.Names) != gradientCuts || !strings.Contains(sg.Remark(), "no separate groups") || !strings.Contains(sg.Remark(), "gradient") {
		t.Errorf("%d segments, groups %v: %s", len(sg.Names), sg.Groups, sg.Remark())
	}
	total := 0
	for _, n := range sg.Sizes {
		total += n
	}
	if total != 1500 {
		t.Errorf("%d users in segments", total)
	}
}

func TestSegmentsAlike(t *testing.T) {
	sg := &Segments{Names: []string{"few", "many", "few", "few"}}
	sg.apart()
	if !slices.Equal(sg.Names, []string{"few", "many", "few (2)", "few (3)"}) {
		t.Errorf("%q", sg.Names)
	}
}
